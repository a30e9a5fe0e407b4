import type { Clock } from '../../protocol/common/clock.ts';
import type { Ledger } from '../ledger/contract.ts';
import { HASHES_AT_DIFFICULTY_ONE } from '../../protocol/bitcoin/target.ts';
import { COUNTS, noCounts, type Counts, type Worker, type WorkerBook } from './workers.ts';

/** Workers with a report of their own in an hour, those with the most work; the others together have one. */
const REPORTS_AT_ONCE = 256;
const HOUR_MS = 3_600_000;

/** Writes down what each worker did, every hour and at the end: for those who did something. */
export class WorkerReports {
  readonly #book: WorkerBook;
  readonly #ledger: Pick<Ledger, 'saveSystemReport'>;
  readonly #clock: Pick<Clock, 'now' | 'monotonic'>;
  #hour: number;
  /** Monotonic ms: the wall clock of a board without a battery jumps by years once it has found a network. */
  #since: number;

  constructor(book: WorkerBook, ledger: Pick<Ledger, 'saveSystemReport'>, clock: Pick<Clock, 'now' | 'monotonic'>) {
    this.#book = book;
    this.#ledger = ledger;
    this.#clock = clock;
    this.#hour = Math.floor(clock.now() / HOUR_MS);
    this.#since = clock.monotonic();
  }

  /** Reports when an hour of the wall clock is over. */
  tick(): void {
    if (Math.floor(this.#clock.now() / HOUR_MS) !== this.#hour) this.report();
  }

  /** Reports what was done since the last report. */
  report(): void {
    const now = this.#clock.monotonic();
    const seconds = Math.round((now - this.#since) / 1000);
    this.#hour = Math.floor(this.#clock.now() / HOUR_MS);
    this.#since = now;
    const done = [...this.#book.all()]
      .map((worker) => ({ worker, counts: this.#take(worker) }))
      .filter(({ counts }) => COUNTS.some((name) => counts[name] > 0))
      .sort((a, b) => b.counts.acceptedDifficulty - a.counts.acceptedDifficulty);
    for (const { worker, counts } of done.slice(0, REPORTS_AT_ONCE)) {
      const { address = null, userAgent = null, difficulty = null } = [...worker.connections].at(-1) ?? {};
      this.#save(worker.name, seconds, counts, { best_difficulty: worker.bestDifficulty, difficulty, address, user_agent: userAgent });
    }
    const rest = done.slice(REPORTS_AT_ONCE);
    if (rest.length === 0) return;
    const sum = noCounts();
    for (const { counts } of rest) for (const name of COUNTS) sum[name] += counts[name];
    this.#save(`${rest.length} others`, seconds, sum, {});
  }

  #take(worker: Worker): Counts {
    const { reported } = worker;
    const done = noCounts();
    for (const name of COUNTS) {
      done[name] = worker[name] - reported[name];
      reported[name] = worker[name];
    }
    return done;
  }

  #save(name: string, seconds: number, counts: Counts, more: Record<string, string | number | null>): void {
    this.#ledger.saveSystemReport('miners', {
      event: 'lan_worker_report',
      worker: name,
      duration_seconds: seconds,
      shares_accepted: counts.accepted,
      shares_rejected: counts.rejected,
      shares_stale: counts.stale,
      shares_duplicate: counts.duplicate,
      accepted_difficulty: counts.acceptedDifficulty,
      hashrate_hs: seconds === 0 ? null : Math.round((counts.acceptedDifficulty * HASHES_AT_DIFFICULTY_ONE) / seconds),
      shares_forwarded: counts.forwarded,
      shares_forwarded_rejected: counts.forwardedRejected,
      blocks_found: counts.blocks,
      ...more,
    });
  }
}
