import { beforeEach, describe, expect, test } from 'vitest';
import { chanceOfTarget, HASHES_AT_DIFFICULTY_ONE, targetFromDifficulty } from '../../protocol/bitcoin/target.ts';
import { xorshift } from '../../protocol/common/xorshift.fixture.ts';
import type { Job, Share, Verdict } from './job.ts';
import { makeJob } from './mining.fixture.ts';
import { PoolAccount } from './pool-account.ts';

const MINUTE = 60_000;
const HOUR = 3_600_000;
const ACCEPTED: Verdict = { status: 'accepted', latency_ms: 20 };

const jobOf = (difficulty: number): Job => makeJob({ shareDifficulty: difficulty, shareTarget: targetFromDifficulty(difficulty) });
const shareOf = (job: Job, difficulty = job.shareDifficulty): Share => ({ id: 's', job, deviceId: 'cpu', extranonce2: new Uint8Array(), ntime: 0, nonce: 0, version: 0, versionBits: null, header: new Uint8Array(80), hash: new Uint8Array(32), difficulty, leadingZeros: 0, isBlock: false, foundAt: 0 });

let account: PoolAccount;
const job = jobOf(1);

beforeEach(() => {
  account = new PoolAccount();
});

/** One share's worth of hashes a minute, and so many shares with this verdict each minute. */
function mine(minutes: number, perMinute: { found: number; verdict?: Verdict }, from = 0): number {
  for (let i = 1; i <= minutes; i++) {
    const at = from + i * MINUTE - 1;
    account.noteHashes(job, HASHES_AT_DIFFICULTY_ONE, MINUTE, at);
    for (let k = 0; k < perMinute.found; k++) account.noteVerdict(shareOf(job), perMinute.verdict ?? ACCEPTED, true, at, 0);
  }
  return from + minutes * MINUTE;
}

test('every verdict is counted where it belongs', () => {
  const verdicts: Verdict[] = [ACCEPTED, { status: 'stale', code: 21, reason: 'Stale', latency_ms: 10 }, { status: 'low_difficulty', code: 23, reason: 'high-hash', latency_ms: 30 }, { status: 'unknown', reason: 'gone' }, { status: 'withheld', reason: 'auto_submit is off' }];
  for (const verdict of verdicts) account.noteVerdict(shareOf(job, 3), verdict, true, 0, 1234);
  expect(account.snapshot(0)).toMatchObject({ sent: 4, accepted: 1, stale: 1, rejected: 1, unknown: 1, withheld: 1, accepted_difficulty: 1, rejected_difficulty: 2, best_difficulty: 3, last_accepted_at: 1234, found: 5, latency_ms: { p50: 20, p99: 30 } });
  expect(account.snapshot(0).reject_reasons).toEqual({ 'too late: the pool had moved on to other work': 1, 'the hash was not good enough for the pool': 1 });
});

test('a pool that makes up ever new reasons fills no memory, and the most frequent come first', () => {
  const reject = (reason: string): void => account.noteVerdict(shareOf(job), { status: 'rejected', code: 20, reason, latency_ms: 1 }, true, 0, 0);
  for (let i = 0; i < 5000; i++) reject(`bad luck ${i}`);
  for (let i = 0; i < 9; i++) reject('bad luck 3');
  const reasons = Object.entries(account.snapshot(0).reject_reasons);
  expect(reasons).toHaveLength(16);
  expect(reasons.slice(0, 2)).toEqual([['other reasons', 4936], ['refused: bad luck 3', 10]]);
});

test('expected shares follow the difficulty of each job', () => {
  account.noteHashes(jobOf(1), 1e12, 1000, 1000);
  account.noteHashes(jobOf(64), 1e12, 1000, 2000);
  expect(account.snapshot(2000).expected_shares).toBeCloseTo((1e12 / HASHES_AT_DIFFICULTY_ONE) * (1 + 1 / 64), 6);
  expect(chanceOfTarget(targetFromDifficulty(1)) * HASHES_AT_DIFFICULTY_ONE).toBeCloseTo(1, 10);
});

test('shares of other miners are what the pool sees, and not the luck of this rig', () => {
  const end = mine(60, { found: 1 });
  for (let i = 0; i < 600; i++) account.noteVerdict(shareOf(job), ACCEPTED, false, end, 0);
  const { luck, found, accepted, pool_hashrate_hs, explanation } = account.snapshot(end);
  expect({ found, accepted }).toEqual({ found: 60, accepted: 660 });
  expect(luck!.ratio).toBeCloseTo(1, 5);
  expect(pool_hashrate_hs!.value).toBeCloseTo((660 * HASHES_AT_DIFFICULTY_ONE) / 3600, -3);
  expect(explanation).toContain('no more apart than chance explains');
  expect(explanation).toContain('600 accepted shares of other miners');
});

test('nothing is guessed while there is nothing to tell', () => {
  expect(account.snapshot(0)).toMatchObject({ hashes: null, expected_shares: null, luck: null, pool_hashrate_hs: null, explanation: null });
  account.noteHashes(job, null, MINUTE, MINUTE);
  account.noteVerdict(shareOf(job), ACCEPTED, true, MINUTE, 0);
  expect(account.snapshot(MINUTE)).toMatchObject({ hashes: null, luck: null });
  expect(account.snapshot(MINUTE).explanation).toContain('do not tell');
});

test('the rate is that of the last hour', () => {
  const end = mine(60, { found: 10 });
  const later = mine(120, { found: 1 }, end);
  expect(account.snapshot(later).pool_hashrate_hs!.value).toBeCloseTo(HASHES_AT_DIFFICULTY_ONE / 60, -5);
  expect(account.snapshot(later + 3 * HOUR).pool_hashrate_hs).toMatchObject({ value: 0, low: 0 });
});

describe('the explanation names what the figures show', () => {
  test('few shares', () => {
    const { explanation } = account.snapshot(mine(5, { found: 1 }));
    expect(explanation).toMatch(/^In the last 5m 00s the rig computed 71\.6 MH\/s; the 5 accepted shares of its devices stand for 71\.6 MH\/s: no more apart than chance explains \(so many shares mean .*\)\. So few shares tell little/);
  });

  test('shares that came too late', () => {
    let end = 0;
    for (let i = 0; i < 30; i++) end = mine(1, { found: 1, verdict: i % 3 === 0 ? ACCEPTED : { status: 'stale', code: 21, reason: 'Stale', latency_ms: 1 } }, end);
    expect(account.snapshot(end).explanation).toMatch(/less than chance explains .* Of 30 shares found, 20 too late\.$/);
  });

  test('hashes that give no shares', () => {
    mine(59, { found: 0 });
    account.noteHardwareError(59 * MINUTE);
    mine(1, { found: 10 }, 59 * MINUTE);
    expect(account.snapshot(60 * MINUTE).explanation).toMatch(/60 shares were to be expected and 10 were found; 1 wrong nonce in that time is the likely cause\.$/);
  });

  test('more shares than hashes', () => {
    expect(account.snapshot(mine(30, { found: 3 })).explanation).toContain('more than chance explains');
  });

  test('shares kept back on purpose', () => {
    expect(account.snapshot(mine(5, { found: 1, verdict: { status: 'withheld', reason: 'staging' } })).explanation).toBe('All 5 shares of the last 5m 00s were kept back on purpose: the pool sees nothing of this rig.');
  });

  test('a pool that had the work for part of the time', () => {
    mine(10, { found: 1 });
    const { explanation } = account.snapshot(40 * MINUTE);
    expect(explanation).toContain('It was mined for in 25 % of that time');
  });
});

test('the interval of luck holds the truth in 95 of 100 runs of fair hashing', () => {
  const random = xorshift(20_261_121);
  const uniform = (): number => random(2 ** 31) / 2 ** 31;
  const runs = 2000;
  let missed = 0;
  for (let run = 0; run < runs; run++) {
    const one = new PoolAccount();
    const mean = 1 + (run % 40);
    one.noteHashes(job, mean * HASHES_AT_DIFFICULTY_ONE, HOUR, HOUR);
    // Waiting times between shares are exponential: as many as fit make a Poisson count.
    for (let at = -Math.log(1 - uniform()); at < mean; at -= Math.log(1 - uniform())) one.noteVerdict(shareOf(job), ACCEPTED, true, HOUR, 0);
    const { luck } = one.snapshot(HOUR);
    if (luck && (luck.low > 1 || luck.high < 1)) missed += 1;
  }
  // Garwood's interval keeps its promise for every mean: at most 5 % missed, fewer where counts are small.
  expect(missed / runs).toBeLessThan(0.05);
  expect(missed / runs).toBeGreaterThan(0.02);
});
