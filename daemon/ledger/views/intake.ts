import type { FileType } from '../../brainstem/contract.ts';
import { messageOf } from '../../../protocol/common/errors.ts';
import type { LedgerRecord } from '../journal/record.ts';
import { deltaOf, Item, type Delta } from './item.ts';
import type { Route, Routes } from './route.ts';
import type { RunHistory } from './run-history.ts';

/** Makes of records what the files take. What no file can take stays in the journal, and is told. */
export class Intake {
  readonly #routes: Routes;
  readonly #history: RunHistory;
  readonly #onDamage: (file: string, what: string, kept: string | null) => void;

  constructor(routes: Routes, history: RunHistory, onDamage: (file: string, what: string, kept: string | null) => void) {
    this.#routes = routes;
    this.#history = history;
    this.#onDamage = onDamage;
  }

  /** Where a record goes; null when it goes nowhere. */
  routeOf(record: LedgerRecord): Route | null {
    if (record.kind === 'start') {
      this.#history.begin(record);
      return null;
    }
    try {
      return this.#routes.of(record.kind as FileType, record.category, record.bucket);
    } catch (error) {
      // A component that was in the blueprint when the record was written.
      this.#onDamage(`record ${record.seq}`, messageOf(error), null);
      return null;
    }
  }

  /** The record and its sums; null when it is none that a document could hold. */
  read(record: LedgerRecord, route: Route): { readonly item: Item; readonly delta: Delta } | null {
    try {
      const item = new Item(record, route);
      return { item, delta: deltaOf(item) };
    } catch (error) {
      this.#onDamage(`record ${record.seq}`, messageOf(error), null);
      return null;
    }
  }
}
