import { chanceOfTarget, HASHES_AT_DIFFICULTY_ONE } from '../../protocol/bitcoin/target.ts';
import { countInterval95, sumInterval95 } from '../../protocol/common/poisson.ts';
import type { PoolAccountState } from '../telemetry/state.ts';
import { AccountWindow, type AccountSums } from './account-window.ts';
import { Delays } from './delays.ts';
import type { Job, Share, Verdict } from './job.ts';
import { explainRates } from './pool-explanation.ts';
import { verdictWords } from './reject-words.ts';

/** Reasons that are counted apart; texts of a pool that makes up ever new ones end in one group. */
const MAX_REASONS = 64;
const SHOWN_REASONS = 16;
/** How old a summary may be when nothing has happened but that time has passed: it is asked for several times a second. */
const QUIET_MS = 10_000;
const OTHER_REASONS = 'other reasons';
/** A rate of less time says nothing. */
const LEAST_RATE_MS = 60_000;

/** The account of a pool before anything was sent to it. */
export function noPoolAccount(): PoolAccountState {
  return {
    sent: 0,
    accepted: 0,
    rejected: 0,
    stale: 0,
    unknown: 0,
    withheld: 0,
    accepted_difficulty: 0,
    rejected_difficulty: 0,
    best_difficulty: null,
    last_accepted_at: null,
    reject_reasons: {},
    latency_ms: null,
    hashes: null,
    found: 0,
    expected_shares: null,
    luck: null,
    pool_hashrate_hs: null,
    explanation: null,
  };
}

/**
 * The books of one pool: what was sent to it and what became of that, and how much hashing stands behind it. Shares of other
 * miners (in the house) count for what the pool sees, and never for the luck of this rig, whose hashes they are not.
 */
export class PoolAccount {
  readonly #counts = { sent: 0, accepted: 0, rejected: 0, stale: 0, unknown: 0, withheld: 0, accepted_difficulty: 0, rejected_difficulty: 0 };
  readonly #reasons = new Map<string, number>();
  readonly #latency = new Delays(512);
  readonly #window = new AccountWindow();
  #best: number | null = null;
  #lastAcceptedAt: number | null = null;
  #hashes: number | null = null;
  #expected = 0;
  #found = 0;
  /** Difficulty of the newest job: what the next share would weigh. */
  #difficulty: number | null = null;
  /** The last summary; null = something has happened since. */
  #summary: { readonly at: number; readonly state: PoolAccountState } | null = null;

  /** Hashes made for a job of this pool. @param hashes null = the devices do not tell @param ms how long */
  noteHashes(job: Job, hashes: number | null, ms: number, now: number): void {
    this.#summary = null;
    this.#difficulty = job.shareDifficulty;
    const expected = (hashes ?? 0) * chanceOfTarget(job.shareTarget);
    if (hashes !== null) this.#hashes = (this.#hashes ?? 0) + hashes;
    this.#expected += expected;
    this.#window.add(now, { hashes: hashes ?? 0, expected, activeMs: ms }, now - ms);
  }

  /** A wrong nonce while this pool was mined for. */
  noteHardwareError(now: number): void {
    this.#summary = null;
    this.#window.add(now, { hardwareErrors: 1 });
  }

  /** What became of a share. @param own found by a device of this rig @param now monotonic @param at wall clock */
  noteVerdict(share: Share, verdict: Verdict, own: boolean, now: number, at: number): void {
    this.#summary = null;
    const counts = this.#counts;
    const weight = share.job.shareDifficulty;
    const part: Partial<AccountSums> = {};
    if (own) {
      this.#found += 1;
      part.found = 1;
    }
    if (this.#best === null || share.difficulty > this.#best) this.#best = share.difficulty;
    if (verdict.status === 'withheld') {
      counts.withheld += 1;
      if (own) part.withheld = 1;
      return this.#window.add(now, part);
    }
    counts.sent += 1;
    if ('latency_ms' in verdict) this.#latency.add(verdict.latency_ms);
    switch (verdict.status) {
      case 'accepted':
        counts.accepted += 1;
        counts.accepted_difficulty += weight;
        this.#lastAcceptedAt = at;
        Object.assign(part, { work: weight, squares: weight * weight }, own ? { accepted: 1, ownWork: weight, ownSquares: weight * weight } : { foreign: 1 });
        break;
      case 'unknown':
        counts.unknown += 1;
        if (own) part.unknown = 1;
        break;
      default: {
        const kind = verdict.status === 'stale' ? 'stale' : 'rejected';
        counts[kind] += 1;
        counts.rejected_difficulty += weight;
        if (own) part[kind] = 1;
        this.#noteReason(verdictWords(verdict)?.meaning ?? verdict.reason);
      }
    }
    this.#window.add(now, part);
  }

  #noteReason(meaning: string): void {
    const key = this.#reasons.has(meaning) || this.#reasons.size < MAX_REASONS ? meaning : OTHER_REASONS;
    this.#reasons.set(key, (this.#reasons.get(key) ?? 0) + 1);
  }

  /** @param now monotonic */
  snapshot(now: number): PoolAccountState {
    if (this.#summary === null || now - this.#summary.at >= QUIET_MS) this.#summary = { at: now, state: this.#summarise(now) };
    return this.#summary.state;
  }

  #summarise(now: number): PoolAccountState {
    const latency = this.#latency.summary();
    const window = this.#window.sums(now);
    return {
      ...this.#counts,
      best_difficulty: this.#best,
      last_accepted_at: this.#lastAcceptedAt,
      reject_reasons: Object.fromEntries([...this.#reasons].sort((a, b) => b[1] - a[1]).slice(0, SHOWN_REASONS)),
      latency_ms: latency === null ? null : { p50: latency.p50_ms, p99: latency.p99_ms },
      hashes: this.#hashes,
      found: this.#found,
      expected_shares: this.#hashes === null ? null : this.#expected,
      luck: this.#luck(),
      pool_hashrate_hs: window === null || window.spanMs < LEAST_RATE_MS ? null : this.#rate(window.sums, window.spanMs),
      explanation: window === null ? null : explainRates(window.sums, window.spanMs, this.#hashes !== null, this.#difficulty),
    };
  }

  /** Null while neither a share was found nor one was to be expected: any figure would be noise. */
  #luck(): PoolAccountState['luck'] {
    const expected = this.#expected;
    if (this.#hashes === null || expected <= 0 || (this.#found === 0 && expected < 1)) return null;
    const [low, high] = countInterval95(this.#found);
    return { ratio: this.#found / expected, low: low / expected, high: high / expected };
  }

  #rate(sums: AccountSums, spanMs: number): PoolAccountState['pool_hashrate_hs'] {
    const [low, high] = sumInterval95(sums.work, sums.squares, this.#difficulty ?? 0);
    const hs = (work: number): number => (work * HASHES_AT_DIFFICULTY_ONE * 1000) / spanMs;
    return { value: hs(sums.work), low: hs(low), high: hs(high) };
  }
}
