import type { Mode } from '../brainstem/contract.ts';
import type { Ledger } from '../ledger/contract.ts';
import type { MiningEngine } from '../mining/engine.ts';
import type { Clock, Timer } from '../../protocol/common/clock.ts';
import type { Log } from '../../protocol/common/log.ts';

export interface SessionOptions {
  readonly engine: MiningEngine;
  readonly ledger: Ledger;
  readonly clock: Clock;
  readonly log: Log;
  readonly mode: Mode;
  readonly minerId: string;
  /** Local target in leading zero hex digits. */
  readonly targetZeros: number;
  readonly roundDurationMs: number;
  /** End a round after this many hashes; 0 = only by time. */
  readonly maxAttempts: number;
  /** End the session after this many rounds; 0 = never. */
  readonly maxRounds: number;
}

/** What a session shows while it runs. */
export interface SessionState {
  readonly round: number;
  readonly target_zeros: number;
  /** Most leading zero hex digits of any hash found in this session. */
  readonly best_zeros: number;
}

interface Tally {
  hashesAtStart: number;
  localHits: number;
  shares: number;
  accepted: number;
  rejected: number;
  blocks: number;
  bestDifficulty: number | null;
  bestZeros: number;
  /** Monotonic: a clock step at boot must not end or stretch a round. */
  startedAt: number;
}

/** Clock and hash counter at one moment; `hashes` is null when no device counts. */
interface Reading {
  readonly at: number;
  readonly hashes: number | null;
}

/** How often rounds are looked at: fine enough for the shortest round of one second. */
const TICK_MS = 250;

/**
 * The looping component's first form: one mining session made of rounds, each reported to the ledger as the seeds
 * name them: mining_session_start, mining_round_complete, mining_session_complete.
 */
export class MiningSession {
  readonly #options: SessionOptions;
  #round = 0;
  #current: Tally;
  #whole: Tally;
  #timer: Timer | null = null;
  #ended = false;
  #resolveDone: () => void = () => {};
  /** Resolves when the last round is over; never, when rounds are unlimited. */
  readonly done: Promise<void>;

  constructor(options: SessionOptions) {
    this.#options = options;
    this.#current = emptyTally(options.clock.monotonic(), 0);
    this.#whole = emptyTally(options.clock.monotonic(), 0);
    this.done = new Promise((resolve) => {
      this.#resolveDone = resolve;
    });
  }

  start(): void {
    const { engine, clock, mode, minerId, targetZeros, roundDurationMs, maxAttempts, maxRounds } = this.#options;
    const hashes = engine.hashesTotal() ?? 0;
    this.#current = emptyTally(clock.monotonic(), hashes);
    this.#whole = emptyTally(clock.monotonic(), hashes);
    this.#round = 1;
    this.#report({
      event: 'mining_session_start',
      miner_id: minerId,
      mode,
      target_zeros: targetZeros,
      target_zeros_unit: 'leading zero hex digits',
      round_duration_seconds: roundDurationMs / 1000,
      max_attempts_per_round: maxAttempts,
      max_rounds: maxRounds,
      devices: engine.devices.map((device) => device.id),
      pools: engine.sources.map((source) => source.id),
    });
    engine.events.on('localHit', (_device, checked) => {
      if (checked.leadingZeros >= targetZeros) this.#eachTally((tally) => (tally.localHits += 1));
      this.#noteHash(checked.difficulty, checked.leadingZeros);
    });
    engine.events.on('share', (share) => {
      this.#eachTally((tally) => (tally.shares += 1));
      if (share.leadingZeros >= targetZeros) this.#eachTally((tally) => (tally.localHits += 1));
      this.#noteHash(share.difficulty, share.leadingZeros);
    });
    engine.events.on('verdict', (share, verdict) => {
      this.#eachTally((tally) => {
        if (verdict.status === 'accepted') {
          tally.accepted += 1;
          if (share.isBlock) tally.blocks += 1;
        } else if (verdict.status !== 'unknown' && verdict.status !== 'withheld') tally.rejected += 1;
      });
    });
    this.#timer = clock.every(TICK_MS, () => this.#tick());
  }

  /** Closes the running round and the session with their reports. Idempotent. */
  stop(): void {
    if (this.#ended || this.#round === 0) return;
    this.#ended = true;
    this.#timer?.cancel();
    const now = this.#reading();
    this.#reportRound(now);
    this.#complete(now);
  }

  state(): SessionState {
    return { round: this.#round, target_zeros: this.#options.targetZeros, best_zeros: this.#whole.bestZeros };
  }

  #tick(): void {
    const { roundDurationMs, maxAttempts, maxRounds } = this.#options;
    const now = this.#reading();
    const attempts = attemptsBetween(this.#current, now);
    const over = now.at - this.#current.startedAt >= roundDurationMs || (maxAttempts > 0 && attempts !== null && attempts >= maxAttempts);
    if (!over || this.#ended) return;
    this.#reportRound(now);
    if (maxRounds > 0 && this.#round >= maxRounds) {
      this.#ended = true;
      this.#timer?.cancel();
      this.#complete(now);
      return;
    }
    this.#round += 1;
    this.#current = emptyTally(now.at, now.hashes ?? 0);
  }

  /** One look at clock and counters for the end of one round, the start of the next and the session: so that rounds add up. */
  #reading(): Reading {
    return { at: this.#options.clock.monotonic(), hashes: this.#options.engine.hashesTotal() };
  }

  #complete(now: Reading): void {
    const whole = this.#whole;
    this.#report({
      event: 'mining_session_complete',
      miner_id: this.#options.minerId,
      total_attempts: attemptsBetween(whole, now),
      blocks_found: whole.blocks,
      best_difficulty: whole.bestDifficulty,
      best_leading_zeros: whole.bestZeros,
      rounds_completed: this.#round,
      shares_found: whole.shares,
      shares_accepted: whole.accepted,
      shares_rejected: whole.rejected,
      duration_seconds: secondsBetween(whole, now),
    });
    this.#resolveDone();
  }

  #reportRound(now: Reading): void {
    const tally = this.#current;
    this.#report({
      event: 'mining_round_complete',
      miner_id: this.#options.minerId,
      round_number: this.#round,
      attempts_this_round: attemptsBetween(tally, now),
      best_difficulty: tally.bestDifficulty,
      best_leading_zeros: tally.bestZeros,
      target_zeros: this.#options.targetZeros,
      hits_at_target_zeros: tally.localHits,
      blocks_found: tally.blocks,
      shares_found: tally.shares,
      shares_accepted: tally.accepted,
      shares_rejected: tally.rejected,
      duration_seconds: secondsBetween(tally, now),
    });
  }

  #noteHash(difficulty: number, zeros: number): void {
    this.#eachTally((tally) => {
      if (tally.bestDifficulty === null || difficulty > tally.bestDifficulty) tally.bestDifficulty = difficulty;
      if (zeros > tally.bestZeros) tally.bestZeros = zeros;
    });
  }

  #eachTally(change: (tally: Tally) => void): void {
    change(this.#current);
    change(this.#whole);
  }

  #report(data: Record<string, unknown>): void {
    this.#options.log.info(data, String(data.event));
    this.#options.ledger.saveSystemReport('miners', data, 'Production-Miner');
  }
}

function emptyTally(startedAt: number, hashesAtStart: number): Tally {
  return { hashesAtStart, localHits: 0, shares: 0, accepted: 0, rejected: 0, blocks: 0, bestDifficulty: null, bestZeros: 0, startedAt };
}

/** Hashes since the tally began; null when no device counts them. */
function attemptsBetween(tally: Tally, now: Reading): number | null {
  return now.hashes === null ? null : Math.max(0, now.hashes - tally.hashesAtStart);
}

/** Seconds since the tally began, to the millisecond. */
function secondsBetween(tally: Tally, now: Reading): number {
  return Math.round(now.at - tally.startedAt) / 1000;
}
