import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HEALTHY_MS, HOUR_MS, ISOLATION_MS, Ladder, MINUTE_MS, STARTS_PER_HOUR, type TroubleKind } from './ladder.ts';

const remedyOf = (ladder: Ladder, now: number, kind: TroubleKind, hashed = false): string => {
  const { remedy, alert } = ladder.trouble(now, kind, hashed);
  return `${remedy.do}${remedy.do === 'isolate' ? ` ${remedy.ms / MINUTE_MS}` : ''}${alert ? ' !' : ''}`;
};

describe('silence', () => {
  it('climbs rung by rung to isolation of growing length, and alerts once when that is the longest', () => {
    const ladder = new Ladder();
    let now = 0;
    const seen: string[] = [];
    for (let i = 0; i < 10; i++) {
      const step = ladder.trouble(now, 'nonces', false);
      seen.push(`${step.remedy.do}${step.remedy.do === 'isolate' ? ` ${Math.round(step.remedy.ms / MINUTE_MS)}` : ''}${step.alert ? ' !' : ''}`);
      if (step.remedy.do === 'isolate') now += step.remedy.ms;
      if (step.remedy.do !== 'resend') ladder.starting(now);
      now += 20_000;
    }
    expect(seen).toEqual(['resend', 'reset', 'reset', 'reopen', 'isolate 1', 'isolate 5', 'isolate 15', 'isolate 60 !', 'isolate 60', 'isolate 60']);
  });

  it('of chips that do not answer at all is not helped by more work', () => {
    expect(remedyOf(new Ladder(), 0, 'silent')).toBe('reset');
  });

  it('is forgotten after ten healthy minutes in one piece', () => {
    const ladder = new Ladder();
    for (let i = 0; i < 4; i++) remedyOf(ladder, 0, 'silent');
    expect(ladder.state(0)).toMatchObject({ rung: 4, isolations: 1 });
    for (let now = 0; now < HEALTHY_MS; now += 1000) ladder.healthy(now);
    expect(ladder.state(HEALTHY_MS)).toMatchObject({ rung: 4 });
    ladder.resting();
    for (let now = HEALTHY_MS; now <= 2 * HEALTHY_MS; now += 1000) ladder.healthy(now);
    expect(ladder.state(2 * HEALTHY_MS)).toMatchObject({ rung: 0, isolations: 0 });
  });
});

it('a regulator, sensor or controller that cannot be trusted isolates and alerts at once', () => {
  for (const kind of ['power', 'sensor', 'control'] as const) {
    const ladder = new Ladder();
    expect(remedyOf(ladder, 0, kind)).toBe('isolate 1 !');
    expect(remedyOf(ladder, 2 * MINUTE_MS, kind)).toBe('isolate 5');
  }
});

it('heat is waited out, three times an hour', () => {
  const ladder = new Ladder();
  const seen: string[] = [];
  for (let i = 0; i < 4; i++) seen.push(remedyOf(ladder, i * 10 * MINUTE_MS, 'overheat', true));
  expect(seen).toEqual(['cool', 'cool', 'cool', 'isolate 1 !']);
  expect(remedyOf(ladder, 3 * HOUR_MS, 'overheat', true)).toBe('cool');
});

it('few nonces are worth two resets an hour; after that a weak board is better than none', () => {
  const ladder = new Ladder();
  expect([0, 1, 2, 3].map((i) => remedyOf(ladder, i * 5 * MINUTE_MS, 'few', true))).toEqual(['reset', 'reset', 'bear !', 'bear']);
  expect(remedyOf(ladder, 2 * HOUR_MS, 'few', true)).toBe('reset');
});

it('isolates for as long as the budget of the hour takes, when that is longer', () => {
  const ladder = new Ladder();
  for (let i = 0; i < STARTS_PER_HOUR; i++) ladder.starting(i * MINUTE_MS);
  expect(ladder.waitMs(10 * MINUTE_MS)).toBe(50 * MINUTE_MS);
  expect(remedyOf(ladder, 10 * MINUTE_MS, 'silent')).toBe('isolate 50');
  expect(ladder.waitMs(HOUR_MS)).toBe(0);
});

describe('a plug that is pulled', () => {
  it('is waited for, often when the board had hashed', () => {
    const ladder = new Ladder();
    for (let i = 0; i < 30; i++) expect(remedyOf(ladder, i * 20_000, 'gone', true)).toBe('wait_for_port');
    expect(remedyOf(ladder, 599_000, 'gone', true)).toBe('isolate 1 !');
  });

  it('again and again before it had hashed is a fault of it', () => {
    const ladder = new Ladder();
    expect([1, 2, 3, 4, 5, 6, 7, 8, 9].map((i) => remedyOf(ladder, i * 30_000, 'gone'))).toEqual([...Array<string>(8).fill('wait_for_port'), 'isolate 1 !']);
  });
});

it('a port that cannot be opened is tried again soon, then every minute, without alarm', () => {
  const ladder = new Ladder();
  const waits = [1, 2, 3, 4, 5, 6, 7].map((i) => {
    const { remedy, alert } = ladder.trouble(i * MINUTE_MS, 'port', false);
    expect(alert).toBe(false);
    return remedy.do === 'isolate' ? remedy.ms / 1000 : remedy.do;
  });
  expect(waits).toEqual([2, 4, 8, 15, 30, 60, 60]);
  ladder.started();
  expect(ladder.trouble(HOUR_MS, 'port', false).remedy).toEqual({ do: 'isolate', ms: 2000 });
});

it('tells when an episode that somebody was told of is over', () => {
  const ladder = new Ladder();
  expect(remedyOf(ladder, 0, 'power')).toMatch(/!$/);
  const over: number[] = [];
  for (let now = 0; now <= 3 * HEALTHY_MS; now += 1000) if (ladder.healthy(now)) over.push(now);
  expect(over).toEqual([HEALTHY_MS]);
  expect(remedyOf(ladder, 4 * HEALTHY_MS, 'power')).toMatch(/!$/);
});

const KINDS: readonly TroubleKind[] = ['gone', 'silent', 'nonces', 'few', 'overheat', 'sensor', 'power', 'control', 'port'];

it('whatever happens: never more starts than the budget in any hour, never a wait without end, and people know', () => {
  const event = fc.record({
    after: fc.oneof(fc.integer({ min: 0, max: 60_000 }), fc.integer({ min: 0, max: HOUR_MS })),
    what: fc.oneof({ weight: 5, arbitrary: fc.constantFrom<TroubleKind | 'quiet' | 'forgive' | 'rest'>(...KINDS, 'rest') }, { weight: 1, arbitrary: fc.constantFrom<TroubleKind | 'quiet' | 'forgive' | 'rest'>('quiet', 'forgive') }),
    hashed: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(event, { maxLength: 300 }), (events) => {
      const ladder = new Ladder();
      const starts: number[] = [];
      let now = 0;
      let alerts = 0;
      for (const { after, what, hashed } of events) {
        now += after;
        if (what === 'quiet') {
          for (let end = now + HEALTHY_MS; now <= end; now += 30_000) ladder.healthy(now);
          continue;
        }
        if (what === 'forgive') {
          ladder.forgive();
          alerts = 0;
          continue;
        }
        if (what === 'rest') {
          const before = JSON.stringify({ ...ladder.state(now), starts_last_hour: 0 });
          ladder.resting();
          expect(JSON.stringify({ ...ladder.state(now), starts_last_hour: 0 })).toBe(before);
          continue;
        }
        const { remedy, alert } = ladder.trouble(now, what, hashed);
        if (alert) alerts++;
        if (remedy.do === 'isolate') {
          expect(remedy.ms).toBeGreaterThan(0);
          expect(remedy.ms).toBeLessThanOrEqual(HOUR_MS);
          now += remedy.ms;
        }
        if (remedy.do === 'cool') now += MINUTE_MS;
        if (remedy.do === 'reset' || remedy.do === 'reopen' || remedy.do === 'cool' || (remedy.do === 'isolate' && what !== 'port')) {
          // A reset that the budget does not allow is not even proposed.
          if (remedy.do === 'reset' || remedy.do === 'reopen') expect(ladder.waitMs(now)).toBe(0);
          now += ladder.waitMs(now);
          ladder.starting(now);
          starts.push(now);
        }
        if (remedy.do === 'isolate' && remedy.ms >= ISOLATION_MS.at(-1)! && what !== 'port' && ladder.state(now).isolations >= ISOLATION_MS.length) expect(ladder.state(now).alerted).toBe(true);
      }
      for (const [i, start] of starts.entries()) {
        const ninth = starts[i + STARTS_PER_HOUR];
        if (ninth !== undefined) expect(ninth - start).toBeGreaterThanOrEqual(HOUR_MS);
      }
      expect(alerts).toBeLessThanOrEqual(events.length);
    }),
    { numRuns: 1000 },
  );
});

it('a board that never comes back is tried for ever, at the longest distance, with one alert', () => {
  const ladder = new Ladder();
  let now = 0;
  let alerts = 0;
  const starts: number[] = [];
  while (now < 7 * 24 * HOUR_MS) {
    const { remedy, alert } = ladder.trouble(now, 'silent', false);
    if (alert) alerts++;
    if (remedy.do === 'isolate') now += remedy.ms;
    now += ladder.waitMs(now);
    ladder.starting(now);
    starts.push(now);
    now += 10_000;
  }
  expect(alerts).toBe(1);
  expect(starts.length).toBeGreaterThan(7 * 24 - 5);
  expect(starts.length).toBeLessThan(7 * 24 + 10);
});
