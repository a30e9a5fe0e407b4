import { expect, test } from 'vitest';
import { EventQueue } from './event-queue.ts';
import type { RigEvent } from './state.ts';

const event = (type: RigEvent['type'], n: number): RigEvent => ({ type, at: 0, device: null, message: '', data: { n } });
const drain = (queue: EventQueue): unknown[] => {
  const out: unknown[] = [];
  for (let next = queue.peek(); next; next = queue.peek()) {
    out.push([next.type, next.data.n]);
    queue.remove(next);
  }
  return out;
};

test('first in, first out, and an event stays until it is removed', () => {
  const queue = new EventQueue(10);
  queue.push(event('pool_lost', 1), 0);
  queue.push(event('pool_ready', 2), 0);
  expect(queue.peek()).toBe(queue.peek());
  expect(drain(queue)).toEqual([
    ['pool_lost', 1],
    ['pool_ready', 2],
  ]);
});

test('when full, the oldest routine event goes before anything else, and the loss is counted', () => {
  const queue = new EventQueue(3);
  queue.push(event('block_found', 1), 0);
  queue.push(event('share_accepted', 2), 0);
  queue.push(event('pool_lost', 3), 0);
  queue.push(event('pool_ready', 4), 0);
  queue.push(event('device_fault', 5), 0);
  expect(queue.dropped).toBe(2);
  expect(drain(queue).map((entry) => (entry as unknown[])[1])).toEqual([3, 4, 5]);
});

test('of accepted shares one a second is told, with the number left out', () => {
  const queue = new EventQueue(10);
  for (let n = 0; n < 5; n++) queue.push(event('share_accepted', n), n * 100);
  queue.push(event('share_rejected', 9), 400);
  queue.push(event('share_accepted', 6), 1000);
  expect(queue.size).toBe(3);
  expect(queue.dropped).toBe(0);
  queue.remove(queue.peek() as RigEvent);
  queue.remove(queue.peek() as RigEvent);
  expect(queue.peek()?.data).toEqual({ n: 6, coalesced: 4 });
});
