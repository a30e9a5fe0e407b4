import type { Clock, Timer } from '../../../protocol/common/clock.ts';
import type { Keeper } from '../fallback/contract.ts';
import { reconcile } from '../fallback/reconcile.ts';
import type { NewRecord } from '../journal/record.ts';
import type { Counter } from './counter.ts';

export interface ReconcilerOptions {
  readonly clock: Clock;
  readonly keeper: Keeper;
  readonly counter: Counter;
  /** Which of these ids the journal has. */
  readonly known: (ids: ReadonlySet<string>) => Promise<Set<string>>;
  /** Makes records durable. @returns the ids of those that are */
  readonly append: (records: readonly NewRecord[]) => Promise<ReadonlySet<string>>;
  /** True for a record that can be in the tree at all. */
  readonly canBeFiled: (record: NewRecord) => boolean;
}

const FIRST_RETRY_MS = 1_000;
const LAST_RETRY_MS = 60_000;

/**
 * Decides when the lower layers are emptied into the journal: at start, when the journal works again, and, while it does
 * not, after 1 s, 2 s ... 60 s.
 */
export class Reconciler {
  readonly #options: ReconcilerOptions;
  /** Being appended: what fails of these is kept below already. */
  readonly #own = new Set<string>();
  #timer: Timer | null = null;
  #delayMs = FIRST_RETRY_MS;
  #running: Promise<void> | null = null;
  #started = false;
  #stopped = false;

  constructor(options: ReconcilerOptions) {
    this.#options = options;
  }

  /** True while a record is on its way from the lower layers into the journal. */
  owns(id: string): boolean {
    return this.#own.has(id);
  }

  /** Looks for what an earlier run left. */
  start(): void {
    if (this.#stopped) return;
    this.#started = true;
    void this.run();
  }

  /** The journal took records (`true`), or something was kept below (`false`). */
  wake(works: boolean): void {
    if (!this.#started || this.#stopped || this.#running !== null) return;
    const { counter, keeper } = this.#options;
    const { backup, emergency, ring } = keeper.counts();
    if (backup + emergency + ring === 0) {
      if (works && counter.degraded) counter.healed(null);
    } else if (works && counter.degraded) void this.run();
    else if (counter.degraded) this.#later();
  }

  #later(): void {
    if (this.#timer !== null || this.#stopped) return;
    this.#timer = this.#options.clock.after(this.#delayMs, () => {
      this.#timer = null;
      void this.run();
    });
    this.#delayMs = Math.min(this.#delayMs * 2, LAST_RETRY_MS);
  }

  /** One attempt; several calls at once are one. Never rejects. */
  run(): Promise<void> {
    this.#timer?.cancel();
    this.#timer = null;
    this.#running ??= this.#run().finally(() => {
      this.#running = null;
    });
    return this.#running;
  }

  async #run(): Promise<void> {
    const { keeper, counter, known, canBeFiled } = this.#options;
    // What no file can take (a component the blueprint does not know) stays below for a person to see.
    const fileable: Keeper = {
      keep: (record, reason) => keeper.keep(record, reason),
      keepAll: (records, reason) => keeper.keepAll(records, reason),
      kept: (limit) => keeper.kept(limit, canBeFiled),
      forget: (ids) => keeper.forget(ids),
      settle: () => keeper.settle(),
      counts: () => keeper.counts(),
    };
    const report = await reconcile({ keeper: fileable, known: (ids) => known(new Set(ids)), append: (records) => this.#append(records), shouldStop: () => this.#stopped });
    if (report.error !== null) {
      this.#later();
      return;
    }
    this.#delayMs = FIRST_RETRY_MS;
    counter.healed(report);
  }

  async #append(records: readonly NewRecord[]): Promise<ReadonlySet<string>> {
    const { append, counter } = this.#options;
    counter.expectEarlier(new Set(records.map(({ id }) => id).filter((id) => !counter.isOfThisRun(id))));
    for (const { id } of records) this.#own.add(id);
    try {
      return await append(records);
    } finally {
      counter.expectEarlier(new Set());
      for (const { id } of records) this.#own.delete(id);
    }
  }

  /** Begins nothing any more; resolves when what is under way has ended. Never rejects. */
  stop(): Promise<void> {
    this.#stopped = true;
    this.#timer?.cancel();
    return this.#running ?? Promise.resolve();
  }
}
