import { expect, it } from 'vitest';
import { ManualClock } from '../../protocol/common/manual-clock.ts';
import { RateLimitedLog } from './rate-limited-log.ts';

function setUp(): { clock: ManualClock; log: RateLimitedLog; said: string[] } {
  const clock = new ManualClock();
  const said: string[] = [];
  return { clock, said, log: new RateLimitedLog(clock, (fields, message) => said.push(`${message} ${JSON.stringify(fields)}`)) };
}

it('says the first of each kind at once and the rest as a count a minute', () => {
  const { clock, log, said } = setUp();
  for (let n = 0; n < 5; n += 1) log.tell('a', { n }, 'disk full');
  log.tell('b', { n: 0 }, 'damaged');
  expect(said).toEqual(['disk full {"n":0}', 'damaged {"n":0}']);
  clock.advance(60_000);
  expect(said.slice(2)).toEqual(['disk full (4 more in the last minute) {"n":4,"repeats":4}']);
});

it('is silent after a quiet minute, and then says the next one at once', () => {
  const { clock, log, said } = setUp();
  log.tell('a', {}, 'disk full');
  clock.advance(60_000);
  log.tell('a', {}, 'disk full');
  expect(said).toEqual(['disk full {}', 'disk full {}']);
});

it('says at the end what it has not said yet, and leaves no timer', () => {
  const { clock, log, said } = setUp();
  log.tell('a', { n: 1 }, 'disk full');
  log.tell('a', { n: 2 }, 'disk full');
  log.close();
  expect(said.at(-1)).toBe('disk full (1 more) {"n":2,"repeats":1}');
  expect(clock.pendingTimers).toBe(0);
});
