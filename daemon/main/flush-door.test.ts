import { EventEmitter } from 'node:events';
import type { Socket } from 'node:net';
import { beforeEach, expect, test } from 'vitest';
import { ManualClock } from '../../protocol/common/manual-clock.ts';
import { FlushDoor } from './flush-door.ts';

/** The half of a socket that the door sees. */
class Visitor extends EventEmitter {
  heard = '';
  destroyed = false;
  unref(): void {}
  destroy(): void {
    if (this.destroyed) return;
    this.destroyed = true;
    this.emit('close');
  }
  end(text: string): void {
    this.heard += text;
    this.destroy();
  }
}

let clock: ManualClock;
let door: FlushDoor;
beforeEach(() => {
  clock = new ManualClock();
  door = new FlushDoor(clock);
});

function enter(words: string): Visitor {
  const visitor = new Visitor();
  door.admit(visitor as unknown as Socket);
  if (words !== '') visitor.emit('data', Buffer.from(words));
  return visitor;
}

/** Flushes that end when the test says so, in order. */
function flushes(): { begun: number; end(): Promise<void> } {
  const ends: (() => void)[] = [];
  const log = {
    begun: 0,
    async end() {
      ends.shift()?.();
      for (let turn = 0; turn < 10; turn++) await Promise.resolve();
    },
  };
  door.open(() => {
    log.begun += 1;
    return new Promise((resolve) => ends.push(resolve));
  });
  return log;
}

test('whoever comes during a flush waits for the next one, which all of them share', async () => {
  const log = flushes();
  const first = enter('flush\n');
  const [second, third] = [enter('flush\n'), enter('flush\n')];
  expect(log.begun).toBe(1);
  await log.end();
  expect([first.heard, second.heard, third.heard]).toEqual(['done\n', '', '']);
  expect(log.begun).toBe(2);
  const fourth = enter('flush\n');
  await log.end();
  expect([second.heard, third.heard, fourth.heard]).toEqual(['done\n', 'done\n', '']);
  expect(log.begun).toBe(3);
  await log.end();
  expect(fourth.heard).toBe('done\n');
  expect(clock.pendingTimers).toBe(0);
});

test('the word may come in pieces', async () => {
  const log = flushes();
  const visitor = enter('fl');
  visitor.emit('data', Buffer.from('ush'));
  expect(log.begun).toBe(0);
  visitor.emit('data', Buffer.from('\n'));
  expect(log.begun).toBe(1);
  await log.end();
  expect(visitor.heard).toBe('done\n');
});

test('only so many are let in at a time', () => {
  const inside = Array.from({ length: 16 }, () => enter('flush\n'));
  expect(enter('flush\n').destroyed).toBe(true);
  inside[0]!.destroy();
  expect(enter('flush\n').destroyed).toBe(false);
});

test('nobody stays for ever', () => {
  const [silent, waiting] = [enter(''), enter('flush\n')];
  clock.advance(2000);
  expect([silent.destroyed, waiting.destroyed]).toEqual([true, false]);
  clock.advance(58_000);
  expect(waiting.destroyed).toBe(true);
  expect(clock.pendingTimers).toBe(0);
});

test('closing sends everybody away', () => {
  const visitors = [enter('flush\n'), enter('')];
  door.close();
  expect(visitors.every((visitor) => visitor.destroyed)).toBe(true);
});
