import { ManualClock } from '../../../protocol/common/manual-clock.ts';
import { silentLog } from '../../../protocol/common/log.ts';
import { createBrainstem } from '../../brainstem/brainstem.ts';
import type { JsonObject } from '../../brainstem/contract.ts';
import type { Ledger } from '../../ledger/contract.ts';
import type { EngineSettings } from '../../ledger/engine/contract.ts';
import { inlineEngine } from '../../ledger/engine/inline.ts';
import { createLedger } from '../../ledger/ledger.ts';
import { blueprintFile } from '../actions/check-blueprint.ts';
import type { MeteredDisk } from './metered-disk.ts';

/** Entries of a simulated ledger never wait: the queue is only a bound. */
const QUEUE_LIMIT = 1_000_000;

export interface SimulatedOptions {
  readonly dataDir: string;
  readonly disk: MeteredDisk;
  readonly settings: EngineSettings;
  /** When it begins, ms since the epoch. */
  readonly startAt: number;
}

/** The daemon's own ledger on a real disk, under a clock that runs as fast as the work is done. */
export class SimulatedLedger {
  readonly clock: ManualClock;
  readonly #ledger: Ledger;
  readonly #disk: MeteredDisk;

  constructor({ dataDir, disk, settings, startAt }: SimulatedOptions) {
    this.clock = new ManualClock(startAt);
    this.#disk = disk;
    const brainstem = createBrainstem({ blueprintFile: blueprintFile(), dataDir, mode: 'live', clock: this.clock, log: silentLog });
    const engine = inlineEngine({ brainstem, clock: this.clock, settings, disk });
    this.#ledger = createLedger({ brainstem, clock: this.clock, log: silentLog, queueLimit: QUEUE_LIMIT, engine });
  }

  /**
   * One report after another, and the time between them.
   * @param everyMs simulated milliseconds between two reports @param together reports handed over before the disk's work is waited for
   * @throws Error when one of them did not get into the ledger
   */
  async run(reports: Iterable<JsonObject>, everyMs: number, together = 1): Promise<void> {
    await this.#settle();
    let handed = 0;
    for (const report of reports) {
      this.#ledger.saveSystemReport('miners', report, 'Production-Miner');
      this.clock.advance(everyMs);
      handed += 1;
      if (handed % together === 0) await this.#settle();
    }
    await this.#settle();
    this.#check();
  }

  async close(): Promise<void> {
    await this.#ledger.flush();
    await this.#ledger.close();
    this.#check();
  }

  #check(): void {
    const { lost, backup, emergency, last_error, files_behind } = this.#ledger.stats();
    if (lost + backup + emergency + files_behind > 0) throw new Error(`the disk did not take everything: ${last_error}`);
  }

  /** Until nothing is under way on the disk, and what came of it has been begun. */
  async #settle(): Promise<void> {
    for (let quiet = 0; quiet < 2; ) {
      await new Promise((resolve) => setImmediate(resolve));
      quiet = this.#disk.busy === 0 ? quiet + 1 : 0;
    }
  }
}
