import { beforeEach, expect, test, vi } from 'vitest';
import { ManualClock } from '../../protocol/common/manual-clock.ts';
import { EndpointState, HISTORY_LENGTH, STABLE_MS } from './endpoint-state.ts';

let clock: ManualClock;
let changed: ReturnType<typeof vi.fn<() => void>>;
let endpoint: EndpointState;

beforeEach(() => {
  clock = new ManualClock(1_000_000);
  changed = vi.fn<() => void>();
  endpoint = new EndpointState(clock, changed);
});

test('tells what it does, why and since when', () => {
  expect(endpoint.facts()).toEqual({ status: 'idle', reason: null, since: 1_000_000, failures: 0, next_attempt_at: null, last_heard_at: null, history: [] });
  clock.advance(500);
  endpoint.to('connecting', 'connecting to pool:3333');
  clock.advance(500);
  endpoint.heard();
  endpoint.to('connecting', 'connecting to other:3333');
  expect(endpoint.facts()).toMatchObject({ status: 'connecting', reason: 'connecting to other:3333', since: 1_000_500, last_heard_at: 1_001_000 });
  expect(endpoint.facts().history).toEqual([{ status: 'connecting', reason: 'connecting to pool:3333', at: 1_000_500 }]);
});

test('a failure says when the next attempt is, and the attempt takes that back', () => {
  endpoint.failed({ reason: 'refused', pauseMs: 2000 });
  expect(endpoint.facts()).toMatchObject({ status: 'backing_off', failures: 1, next_attempt_at: 1_002_000 });
  endpoint.to('connecting', null);
  expect(endpoint.facts().next_attempt_at).toBeNull();
  endpoint.failed({ reason: 'wrong worker', pauseMs: 300_000, refused: true });
  expect(endpoint.facts()).toMatchObject({ status: 'auth_failed', failures: 2, next_attempt_at: 1_300_000 });
});

test('failures count on through short spells of work and end with a long one', () => {
  const spell = (ms: number): void => {
    endpoint.to('mining', null);
    clock.advance(ms / 2);
    // Another wait for a job in between is the same spell.
    endpoint.to('waiting_for_job', null);
    endpoint.to('mining', null);
    clock.advance(ms / 2);
  };
  for (let i = 1; i <= 3; i++) {
    spell(STABLE_MS - 2);
    endpoint.failed({ reason: 'lost', pauseMs: 1 });
    expect(endpoint.failures).toBe(i);
  }
  spell(STABLE_MS);
  expect(endpoint.facts().failures).toBe(0);
  endpoint.failed({ reason: 'lost', pauseMs: 1 });
  expect(endpoint.failures).toBe(1);
});

test('the last changes are kept, and no more', () => {
  for (let i = 0; i < 30; i++) {
    endpoint.to('connecting', `attempt ${i}`);
    endpoint.failed({ reason: `failure ${i}`, pauseMs: 1 });
  }
  const { history } = endpoint.facts();
  expect(history).toHaveLength(HISTORY_LENGTH);
  expect(history.at(-1)).toMatchObject({ status: 'backing_off', reason: 'failure 29' });
  expect(history[0]).toMatchObject({ status: 'connecting', reason: 'attempt 22' });
});

test('listeners hear of every change and of nothing else, and nothing leaves stopped', () => {
  endpoint.to('mining', 'a');
  endpoint.to('mining', 'a');
  endpoint.to('mining', 'b');
  expect(changed).toHaveBeenCalledTimes(2);
  endpoint.to('stopped', null);
  endpoint.to('connecting', null);
  endpoint.failed({ reason: 'late', pauseMs: 1 });
  expect(endpoint.facts()).toMatchObject({ status: 'stopped', failures: 0 });
  expect(changed).toHaveBeenCalledTimes(3);
});
