/** What is left of an operation that was ended can reach neither port of the board. */
import { expect, it } from 'vitest';
import { gpioGet } from '../../protocol/bitaxe-raw/commands.ts';
import { RigError } from '../../protocol/common/errors.ts';
import { MemoryTransport } from '../transport/memory.fixture.ts';
import { requesterTwice, requesterUntil, type Requester } from './i2c.ts';
import { LineView } from './line-view.ts';
import { Operation } from './operation.ts';

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Answers as it is told to, one after the other; the last for ever. */
function client(...answers: (Uint8Array | Error)[]): Requester & { asked: number } {
  return {
    asked: 0,
    async request() {
      const answer = answers[Math.min(this.asked++, answers.length - 1)]!;
      if (answer instanceof Error) throw answer;
      return answer;
    },
  };
}

const failed = (failure: string): RigError => new RigError('E_DEVICE_CONTROL', failure, { context: { failure } });

it('a requester asks nothing once its signal is aborted, and tells nothing that came after that', async () => {
  const below = client(Uint8Array.of(1));
  const abort = new AbortController();
  const requester = requesterUntil(below, abort.signal);
  expect(await requester.request(gpioGet(0), 'x')).toEqual(Uint8Array.of(1));
  const underWay = requester.request(gpioGet(0), 'x');
  abort.abort(new Error('enough'));
  await expect(underWay).rejects.toThrow('enough');
  await expect(requester.request(gpioGet(0), 'x')).rejects.toThrow('enough');
  expect(below.asked).toBe(2);
});

it('what was refused or not answered is asked once more; what is locked or gone is not', async () => {
  const spoilt = client(failed('timeout'), Uint8Array.of(1));
  expect(await requesterTwice(spoilt).request(gpioGet(0), 'x')).toEqual(Uint8Array.of(1));
  const absent = client(failed('refused'));
  await expect(requesterTwice(absent).request(gpioGet(0), 'x')).rejects.toThrow('refused');
  expect(absent.asked).toBe(2);
  await expect(requesterTwice(absent, ['timeout']).request(gpioGet(0), 'x')).rejects.toThrow('refused');
  expect(absent.asked).toBe(3);
  for (const failure of ['locked', 'gone']) {
    const dead = client(failed(failure));
    await expect(requesterTwice(dead).request(gpioGet(0), 'x')).rejects.toThrow(failure);
    expect(dead.asked).toBe(1);
  }
});

it('a view of the line that was cut off sends, changes and hears nothing, and the line stays open', async () => {
  const line = new MemoryTransport();
  await line.open();
  const view = new LineView(line);
  const heard: Uint8Array[] = [];
  view.events.on('data', (bytes) => heard.push(bytes));
  await view.write(Uint8Array.of(1));
  await view.setBaud(1_000_000);
  line.feed(Uint8Array.of(2));
  await turn();
  expect([line.written.length, heard.length, line.baud, view.isOpen]).toEqual([1, 1, 1_000_000, true]);
  await view.close();
  await view.write(Uint8Array.of(3));
  await view.setBaud(115_200);
  line.feed(Uint8Array.of(4));
  await turn();
  expect([line.written.length, heard.length, line.baud, view.isOpen, line.isOpen]).toEqual([1, 1, 1_000_000, false, true]);
});

it('an operation that is ended is over at once for whoever waits, and settled when nothing of it runs', async () => {
  const operation = new Operation();
  let release!: () => void;
  const running = operation.run(null, () => new Promise<void>((resolve) => (release = resolve)));
  operation.end(new Error('enough'));
  await expect(running).rejects.toThrow('enough');
  let settled = false;
  void operation.settled.then(() => (settled = true));
  await turn();
  expect(settled).toBe(false);
  release();
  await turn();
  expect(settled).toBe(true);
  // The first reason counts, and one that is aborted beforehand does not begin.
  operation.end(new Error('later'));
  await expect(operation.run(null, () => Promise.resolve())).rejects.toThrow('enough');
});
