import { beforeEach, expect, test } from 'vitest';
import { ManualClock } from '../../protocol/common/manual-clock.ts';
import { AlarmBook } from './book.ts';

const rule = { kind: 'all_pools_dead', raiseAfterMs: 15_000, healAfterMs: 10_000 } as const;
let clock: ManualClock;
let book: AlarmBook;
let told: string[];

beforeEach(() => {
  clock = new ManualClock();
  book = new AlarmBook(clock);
  told = [];
  book.events.on('raised', ({ subject, message }) => told.push(`raised ${subject}: ${message}`));
  book.events.on('healed', ({ subject, message }) => told.push(`healed ${subject}: ${message}`));
});

/** The rule sees the same every second, for so long. */
function see(trouble: boolean | null, seconds: number, subject = 'rig'): void {
  for (let i = 0; i < seconds; i++) {
    book.note(rule, trouble === null ? [] : [{ subject, trouble, message: trouble ? 'bad' : 'good' }]);
    clock.advance(1000);
  }
}

test('raised once when trouble has lasted, healed once when it has been gone for long enough', () => {
  see(false, 5);
  see(true, 15);
  expect(told).toEqual([]);
  see(true, 300);
  expect(told).toEqual(['raised rig: bad']);
  expect(book.active()).toMatchObject([{ kind: 'all_pools_dead', subject: 'rig', healed_at: null, message: 'bad' }]);
  see(false, 10);
  expect(told).toHaveLength(1);
  see(false, 300);
  expect(told).toEqual(['raised rig: bad', 'healed rig: good']);
  expect(book.list()).toMatchObject([{ healed_at: expect.any(Number), message: 'bad' }]);
  expect(book.active()).toEqual([]);
});

test('what comes and goes faster than either time is told never, or once', () => {
  for (let i = 0; i < 50; i++) {
    see(true, 10);
    see(false, 5);
  }
  expect(told).toEqual([]);
  see(true, 20);
  for (let i = 0; i < 50; i++) {
    see(false, 8);
    see(true, 8);
  }
  expect(told).toEqual(['raised rig: bad']);
});

test('what comes back again and again is slower to be called healed: a day of it rings a few times', () => {
  for (let i = 0; i < (24 * 3600) / 60; i++) {
    see(true, 30);
    see(false, 30);
  }
  expect(told.filter((line) => line.startsWith('raised')).length).toBeLessThanOrEqual(3);
});

test('while nothing can be told an alarm stays as it is, and times begin anew', () => {
  see(true, 20);
  see(null, 3600);
  see(false, 6);
  see(null, 5);
  see(false, 6);
  expect(told).toEqual(['raised rig: bad']);
  see(false, 6);
  expect(told).toHaveLength(2);
});

test('subjects are apart, and what ended is kept up to a bound', () => {
  see(true, 20, 'a');
  see(true, 20, 'b');
  expect(book.active().map(({ subject }) => subject)).toEqual(['a', 'b']);
  for (let i = 0; i < 40; i++) {
    const subject = `pool-${i}`;
    see(true, 20, subject);
    see(false, 20, subject);
  }
  expect(book.list()).toHaveLength(2 + 16);
  expect(book.list()[2]).toMatchObject({ subject: 'pool-39' });
});
