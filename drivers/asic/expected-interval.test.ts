import { expect, it } from 'vitest';
import type { BoardFacts } from './board.ts';
import { ExpectedInterval } from './expected-interval.ts';

const facts = (zeroBits: number, hashesPerNonce: number, nonceIntervalMs = 1): BoardFacts =>
  ({ zeroBits, hashesPerNonce, nonceIntervalMs }) as BoardFacts;

it('of silicon it is what the board says, and adds up to what is due', () => {
  const interval = new ExpectedInterval();
  interval.hashing(0, true);
  for (let now = 0; now <= 10_000; now += 1000) expect(interval.look(now, facts(32, 2 ** 32, 500))).toBe(500);
  expect(interval.expectedNonces).toBe(20);
});

it('of simulated chips it is learned with room for a busy machine, and follows the ticket at once', () => {
  const interval = new ExpectedInterval();
  interval.restart(0);
  interval.hashing(0, true);
  expect(interval.look(0, facts(12, 2 ** 12))).toBe(10_000);
  for (let nonce = 1; nonce <= 1000; nonce++) interval.nonce(50 * nonce, 2 ** 12);
  expect(interval.look(50_000, facts(12, 2 ** 12))).toBe(150);
  // A silence does not make itself seem usual.
  expect(interval.look(90_000, facts(12, 2 ** 12))).toBe(150);
  // One nonce instead of 16, from now on: a reset would be the thanks for a quieter line.
  expect(interval.look(50_000, facts(12, 2 ** 16))).toBe(2400);
  for (let nonce = 0; nonce < 62; nonce++) interval.nonce(100_000, 2 ** 16);
  expect(interval.look(100_000, facts(12, 2 ** 16))).toBeCloseTo(2400, -2);
  expect(interval.expectedNonces).toBeNull();
});
