/** Who mined what: counts, difficulty sums and the hash rate they stand for. */
import type { Clock } from '../../protocol/common/clock.ts';
import { HASHES_PER_DIFFICULTY } from '../chain/target.ts';
import type { RejectKind } from './rejects.ts';

export interface WorkerStats {
  readonly worker: string;
  readonly accepted: number;
  /** Refused shares by reason. */
  readonly rejected: Partial<Record<RejectKind, number>>;
  /** Sum of the difficulties the accepted shares were asked for. */
  readonly difficulty_sum: number;
  readonly best_difficulty: number | null;
  readonly blocks: number;
  /** From the shares of the last five minutes; null before the first. */
  readonly hashrate_hs: number | null;
  /** Wall clock, ms. */
  readonly last_share_at: number | null;
}

const BUCKET_MS = 10_000;
const BUCKETS = 30;
/** Names beyond this many are counted together. */
const WORKERS = 1000;
const OTHERS = '(others)';

/** Difficulty per ten seconds over the last five minutes. */
class RateWindow {
  readonly #buckets = new Array<number>(BUCKETS).fill(0);
  readonly #startedMs: number;
  #bucket: number;

  constructor(nowMs: number) {
    this.#startedMs = nowMs;
    this.#bucket = Math.floor(nowMs / BUCKET_MS);
  }

  add(difficulty: number, nowMs: number): void {
    this.#roll(nowMs);
    this.#buckets[this.#bucket % BUCKETS]! += difficulty;
  }

  hashrate_hs(nowMs: number): number {
    this.#roll(nowMs);
    const sinceStart = nowMs - this.#startedMs;
    const covered = (BUCKETS - 1) * BUCKET_MS + (nowMs % BUCKET_MS);
    const seconds = Math.max(1, Math.min(sinceStart, covered) / 1000);
    return (this.#buckets.reduce((sum, value) => sum + value, 0) * HASHES_PER_DIFFICULTY) / seconds;
  }

  #roll(nowMs: number): void {
    const bucket = Math.floor(nowMs / BUCKET_MS);
    for (let steps = Math.min(BUCKETS, bucket - this.#bucket); steps > 0; steps--) this.#buckets[(bucket - steps + 1) % BUCKETS] = 0;
    this.#bucket = Math.max(this.#bucket, bucket);
  }
}

class WorkerRecord {
  accepted = 0;
  readonly rejected: Partial<Record<RejectKind, number>> = {};
  difficultySum = 0;
  best: number | null = null;
  blocks = 0;
  lastShareAt: number | null = null;
  readonly rate: RateWindow;

  constructor(nowMs: number) {
    this.rate = new RateWindow(nowMs);
  }
}

export class WorkerBook {
  readonly #clock: Clock;
  readonly #records = new Map<string, WorkerRecord>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Starts the worker's time, from which its hash rate counts. */
  join(worker: string): void {
    this.#record(worker);
  }

  accepted(worker: string, asked: number, achieved: number): void {
    const record = this.#record(worker);
    record.accepted += 1;
    record.difficultySum += asked;
    record.best = Math.max(record.best ?? 0, achieved);
    record.lastShareAt = this.#clock.now();
    record.rate.add(asked, this.#clock.monotonic());
  }

  rejected(worker: string, kind: RejectKind): void {
    const { rejected } = this.#record(worker);
    rejected[kind] = (rejected[kind] ?? 0) + 1;
  }

  block(worker: string): void {
    this.#record(worker).blocks += 1;
  }

  all(): WorkerStats[] {
    const nowMs = this.#clock.monotonic();
    return [...this.#records].map(([worker, record]) => ({
      worker,
      accepted: record.accepted,
      rejected: { ...record.rejected },
      difficulty_sum: record.difficultySum,
      best_difficulty: record.best,
      blocks: record.blocks,
      hashrate_hs: record.accepted === 0 ? null : record.rate.hashrate_hs(nowMs),
      last_share_at: record.lastShareAt,
    }));
  }

  #record(worker: string): WorkerRecord {
    const name = this.#records.has(worker) || this.#records.size < WORKERS ? worker : OTHERS;
    let record = this.#records.get(name);
    if (!record) {
      record = new WorkerRecord(this.#clock.monotonic());
      this.#records.set(name, record);
    }
    return record;
  }
}
