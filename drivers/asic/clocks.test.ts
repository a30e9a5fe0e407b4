import { describe, expect, it } from 'vitest';
import { Clocks, SILENCE } from './clocks.ts';

const expected = { answerWithinMs: 6000, nonceIntervalMs: 1000 };

/** Clocks of a board that hashes, and a second hand. */
function running(intervals: { answerWithinMs: number | null; nonceIntervalMs: number | null } = expected) {
  const clocks = new Clocks();
  clocks.start(0);
  clocks.hashing(0, true);
  let now = 0;
  /** Lets seconds pass; each may bring something. @returns the first finding, with the second it came in */
  const pass = (seconds: number, each: (now: number) => void = () => {}): string | null => {
    for (let i = 0; i < seconds; i++) {
      now += 1000;
      each(now);
      const finding = clocks.check(now, intervals);
      if (finding) return `${finding.clock} at ${now / 1000}`;
    }
    return null;
  };
  return { clocks, pass, now: () => now };
}

describe('answers', () => {
  it('are missed after the time the board gives, and not where it gives none', () => {
    expect(running().pass(60)).toBe('answers at 7');
    expect(running({ answerWithinMs: null, nonceIntervalMs: null }).pass(3600)).toBe(null);
  });

  it('are also nonces', () => {
    const { clocks, pass } = running();
    expect(pass(60, (now) => clocks.nonce(now, 0))).toBe(null);
  });
});

describe('nonces', () => {
  it('are missed when their silence is one in a million', () => {
    const { clocks, pass } = running();
    expect(SILENCE).toBeCloseTo(13.8, 1);
    expect(pass(60, (now) => clocks.answer(now))).toBe('nonces at 14');
  });

  it('that are wrong are no sign of hashing, and are told', () => {
    const { clocks, pass, now } = running({ answerWithinMs: null, nonceIntervalMs: 4 });
    expect(pass(4, (at) => clocks.nonce(at, 0))).toBe(null);
    expect(pass(4, (at) => clocks.wrong(at))).toBe(null);
    expect(clocks.check(now() + 1000, { answerWithinMs: 6000, nonceIntervalMs: 4 })?.reason).toBe('4 wrong nonces and no right one for 5.0 s, where one comes every 4.0 ms');
    clocks.again(now() + 1000);
    expect(clocks.check(now() + 6000, { answerWithinMs: null, nonceIntervalMs: 4 })).toBe(null);
    expect(clocks.check(now() + 7000, { answerWithinMs: null, nonceIntervalMs: 4 })).toBe(null);
    for (let at = now() + 8000; at < now() + 10_000; at += 1000) clocks.check(at, { answerWithinMs: null, nonceIntervalMs: 4 });
    expect(clocks.check(now() + 11_000, { answerWithinMs: null, nonceIntervalMs: 4 })?.reason).toMatch(/^no nonce for/);
  });

  it('are missed after 5 s at the earliest', () => {
    const { pass } = running({ answerWithinMs: null, nonceIntervalMs: 2 });
    expect(pass(60)).toBe('nonces at 5');
  });

  it('are not missed while there is no work, and have their full time after that and after a remedy', () => {
    const { clocks, pass, now } = running({ answerWithinMs: null, nonceIntervalMs: 1000 });
    expect(pass(10)).toBe(null);
    clocks.hashing(now(), false);
    expect(pass(3600)).toBe(null);
    clocks.hashing(now(), true);
    expect(pass(13)).toBe(null);
    clocks.again(now());
    expect(pass(13)).toBe(null);
    expect(pass(1)).toMatch(/^nonces/);
  });

  it('are missed by what is expected at the time: a board that was slowed down is not silent', () => {
    const clocks = new Clocks();
    clocks.start(0);
    clocks.hashing(0, true);
    for (let s = 1; s <= 10; s++) expect(clocks.check(s * 1000, { answerWithinMs: null, nonceIntervalMs: 1000 })).toBe(null);
    for (let s = 11; s <= 40; s++) expect(clocks.check(s * 1000, { answerWithinMs: null, nonceIntervalMs: 10_000 })).toBe(null);
  });

  it('are too few when less than half come; one chip of two that died, but not one of three', () => {
    const { clocks, pass } = running();
    expect(pass(600, (now) => void ((now / 1000) % 5 < 2 && clocks.nonce(now, 0)))).toBe('few at 128');
    const two = running();
    expect(two.pass(6000, (now) => (now / 1000) % 3 < 2 && two.clocks.nonce(now, 0))).toBe(null);
  });

  it('of healthy chips hardly ever raise an alarm: at most twice in a week of Poisson luck', () => {
    const { clocks, pass, now } = running();
    // Seeded: mulberry32.
    let state = 12345;
    const random = (): number => {
      state = (state + 0x6d2b79f5) | 0;
      let t = Math.imul(state ^ (state >>> 15), 1 | state);
      t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
      return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
    };
    let next = -Math.log(random()) * 1000;
    const bring = (now: number): void => {
      clocks.answer(now);
      for (; next <= now; next += -Math.log(1 - random()) * 1000) clocks.nonce(next, 0);
    };
    // 600,000 gaps at one in a million each: 0.6 false alarms in the mean, each of which has the work sent again and no more.
    const findings: string[] = [];
    while (now() < 7 * 86_400_000) findings.push(pass((7 * 86_400_000 - now()) / 1000, bring) ?? 'none');
    expect(findings.filter((finding) => finding.startsWith('nonces')).length).toBeLessThanOrEqual(2);
    expect(findings.filter((finding) => finding.startsWith('few'))).toEqual([]);
  });
});

it('a process that was held up for a minute blames nobody, and hears silence afterwards', () => {
  for (const expectations of [expected, { answerWithinMs: null, nonceIntervalMs: 1000 }]) {
    const { clocks, pass, now } = running(expectations);
    expect(pass(4)).toBe(null);
    expect(clocks.check(now() + 60_000, expectations)).toBe(null);
    const after = (seconds: number) => clocks.check(now() + 60_000 + seconds * 1000, expectations)?.clock;
    // Four seconds of silence before it, one of it, and those after it.
    const found = Array.from({ length: 12 }, (_, i) => after(i + 1));
    expect(found.indexOf(expectations.answerWithinMs === null ? 'nonces' : 'answers')).toBe(expectations.answerWithinMs === null ? 8 : 1);
  }
});

describe('shares', () => {
  it('that do not come though nonces do are told, and no business of the hardware', () => {
    const { clocks, pass, now } = running();
    expect(pass(100, (at) => clocks.nonce(at, 0.125))).toBe(null);
    expect(clocks.sharesTrouble(now())).toBe(null);
    expect(pass(20, (at) => clocks.nonce(at, 0.125))).toBe(null);
    expect(clocks.sharesTrouble(now())).toBe('no share accepted for 120 s, though 15 should have been found in the mean');
    clocks.share(now(), 'accepted');
    expect(clocks.sharesTrouble(now())).toBe(null);
  });

  it('that nobody judges (staging) are shares all the same', () => {
    const { clocks, pass, now } = running();
    pass(1000, (at) => {
      clocks.nonce(at, 0.1);
      if (at % 30_000 === 0) clocks.share(at, 'other');
    });
    expect(clocks.sharesTrouble(now())).toBe(null);
  });

  it('that the pool rejects ten times in a row are told until it takes one', () => {
    const { clocks } = running();
    for (let i = 0; i < 9; i++) clocks.share(i, 'rejected');
    clocks.share(9, 'other');
    expect(clocks.sharesTrouble(10)).toBe(null);
    clocks.share(10, 'rejected');
    expect(clocks.sharesTrouble(11)).toBe('the pool has rejected the last 10 shares, though their nonces verify');
    clocks.share(12, 'accepted');
    expect(clocks.sharesTrouble(13)).toBe(null);
  });
});

it('the ages are null while a clock does not run', () => {
  const clocks = new Clocks();
  expect(clocks.ages(5)).toEqual({ answer_age_s: null, nonce_age_s: null, share_age_s: null });
  clocks.start(1000);
  expect(clocks.ages(2500)).toEqual({ answer_age_s: 1.5, nonce_age_s: null, share_age_s: null });
  clocks.hashing(3000, true);
  clocks.nonce(4000, 0);
  expect(clocks.ages(5000)).toEqual({ answer_age_s: 1, nonce_age_s: 1, share_age_s: 2 });
  clocks.stop();
  expect(clocks.ages(6000)).toEqual({ answer_age_s: null, nonce_age_s: null, share_age_s: null });
});
