import type { KeptEntry } from './kept-entry.ts';

/** Something in the lower layers that is not a record. */
export interface KeptDamage {
  /** Relative to the folder of the layers. */
  readonly file: string;
  /** Byte offset of the line; null when it is the whole file. */
  readonly offset: number | null;
  readonly reason: string;
}

/** One kept record, known without its content. */
export interface KeptRef {
  readonly order: number;
  readonly layer: 1 | 2 | 3;
  /** Its content. @throws the disk's error, or, when it is damaged (which has been told then), an error that says so */
  read(): Promise<KeptEntry>;
}

/** A place on disk that holds kept records. */
export interface KeptStore {
  /** What is kept and not forgotten, oldest first. */
  refs(): Iterable<KeptRef>;
  /** Looks at what an earlier run left, once. @throws the disk's error; what could be read is known then */
  load(): Promise<void>;
  /** Forgets records by id and removes them from disk as far as it lets itself be written. Never rejects. */
  forget(ids: ReadonlySet<string>): Promise<void>;
  readonly count: number;
}
