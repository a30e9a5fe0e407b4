import { countKept, type CutOptions, type Random } from './sim-content.fixture.ts';

/** One name that begins or ceases to be. */
export interface NameEdit {
  /** Inode of the folder. */
  readonly folder: number;
  readonly name: string;
  /** Inode the name stands for from now on; null = none. */
  readonly node: number | null;
}

/** A change of names that happens whole or not at all. */
export interface NameOp {
  readonly edits: readonly NameEdit[];
  /** The folder it makes, if it makes one. */
  readonly makes?: number;
  /** The folder it removes: what made that empty comes before. */
  readonly removes?: number;
}

const keyOf = (edit: NameEdit): string => `${edit.folder}/${edit.name}`;

/** Changes of names that no sync of a folder has made durable yet, oldest first. */
export class PendingNames {
  #ops: NameOp[] = [];

  get ops(): readonly NameOp[] {
    return this.#ops;
  }

  clone(): PendingNames {
    const copy = new PendingNames();
    copy.#ops = [...this.#ops];
    return copy;
  }

  add(op: NameOp): void {
    this.#ops.push(op);
  }

  /** Takes out what a sync of a folder makes durable: its own changes, and those before on which they rest. In order. */
  take(folder: number): NameOp[] {
    const taken = new Set<NameOp>();
    const needed = new Set<string>();
    const emptied = new Set([folder]);
    for (const op of this.#ops.toReversed()) {
      if (!op.edits.some((edit) => emptied.has(edit.folder) || needed.has(keyOf(edit)))) continue;
      taken.add(op);
      if (op.removes !== undefined) emptied.add(op.removes);
      for (const edit of op.edits) needed.add(keyOf(edit));
    }
    if (taken.size === 0) return [];
    const ops = this.#ops.filter((op) => taken.has(op));
    this.#ops = this.#ops.filter((op) => !taken.has(op));
    return ops;
  }

  /** The changes that survive a power cut, in order. */
  survivors(random: Random, options: CutOptions): NameOp[] {
    if (options.names === 'journal') return this.#ops.slice(0, countKept(random, this.#ops.length, options.kept));
    const left = new Map<number, number>();
    for (const op of this.#ops) for (const folder of new Set(op.edits.map((edit) => edit.folder))) left.set(folder, (left.get(folder) ?? 0) + 1);
    for (const [folder, count] of left) left.set(folder, countKept(random, count, options.kept));
    const lostNames = new Set<string>();
    const lostFolders = new Set<number>();
    const notEmptied = new Set<number>();
    return this.#ops.filter((op) => {
      let kept = true;
      for (const folder of new Set(op.edits.map((edit) => edit.folder))) {
        const more = left.get(folder)!;
        left.set(folder, more - 1);
        if (more <= 0 || lostFolders.has(folder)) kept = false;
      }
      if (op.edits.some((edit) => lostNames.has(keyOf(edit)))) kept = false;
      if (op.removes !== undefined && notEmptied.has(op.removes)) kept = false;
      if (kept) return true;
      for (const edit of op.edits) {
        lostNames.add(keyOf(edit));
        notEmptied.add(edit.folder);
      }
      if (op.makes !== undefined) lostFolders.add(op.makes);
      return false;
    });
  }
}
