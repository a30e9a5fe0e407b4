import type { Route } from './route.ts';
import type { RunSetting } from './run-history.ts';
import { addDelta, copyOf, type Delta, type Item } from './item.ts';

/** Records of one run, in order, and their sums by route. */
export interface Stretch {
  readonly run: RunSetting;
  readonly items: Item[];
  readonly deltas: Map<Route, Delta>;
}

/** Records that wait to be handed to the files of one tier. Bounded: beyond that the journal alone keeps them. */
export class Waiting {
  readonly #limit: number;
  #stretches: Stretch[] = [];
  #bytes = 0;
  #isOver = false;

  /** @param limit bytes of entries held */
  constructor(limit: number) {
    this.#limit = limit;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get isEmpty(): boolean {
    return this.#stretches.length === 0 && !this.#isOver;
  }

  add(item: Item, delta: Delta, run: RunSetting): void {
    if (this.#isOver) return;
    if (this.#bytes > this.#limit) {
      this.#stretches = [];
      this.#bytes = 0;
      this.#isOver = true;
      return;
    }
    let last = this.#stretches.at(-1);
    // What a run was started with decides what its records do, so runs are not mixed.
    if (last === undefined || last.run !== run) this.#stretches.push((last = { run, items: [], deltas: new Map() }));
    last.items.push(item);
    this.#bytes += item.bytes;
    const sum = last.deltas.get(item.route);
    if (sum === undefined) last.deltas.set(item.route, copyOf(delta));
    else addDelta(sum, delta);
  }

  /** Everything, in order; null when there was more than is held, and it has to be read from the journal. */
  takeAll(): readonly Stretch[] | null {
    const stretches = this.#isOver ? null : this.#stretches;
    this.#stretches = [];
    this.#bytes = 0;
    this.#isOver = false;
    return stretches;
  }
}
