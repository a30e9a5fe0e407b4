import { encodeLine, encodeRecord, type LedgerRecord, type NewRecord } from './record.ts';

interface Item {
  readonly line: string;
  /** Null for a note. */
  readonly record: NewRecord | null;
  readonly seq: number;
  readonly chain: string;
}

/** Where the journal stands: number, chain value and arrival time of a record. */
export interface Mark {
  readonly seq: number;
  readonly chain: string;
  /** Null when there is no record yet. */
  readonly at: number | null;
}

/**
 * The lines that are not durable yet, in order. They stay in memory until they are, so that they can be written again
 * elsewhere when the disk says no.
 */
export class Queue {
  #items: Item[] = [];
  #written = 0;
  #records = 0;
  #last: Mark;
  #synced: Mark;

  /** @param synced the last durable record */
  constructor(synced: Mark) {
    this.#last = synced;
    this.#synced = synced;
  }

  /** The last durable record. */
  get synced(): Mark {
    return this.#synced;
  }

  /** Records that are not durable. */
  get records(): number {
    return this.#records;
  }

  append(record: NewRecord): void {
    const seq = this.#last.seq + 1;
    const { line, chain } = encodeRecord(record, seq, this.#last.chain);
    this.#items.push({ line, record, seq, chain });
    this.#records += 1;
    this.#last = { seq, chain, at: record.at };
  }

  /** @param json without line breaks */
  note(json: string): void {
    this.#items.push({ line: encodeLine(json), record: null, seq: 0, chain: '' });
  }

  /** What was not handed out since the last `rewind`; null when there is nothing. `written` is to be called with `upTo` once it is in the file. */
  unwritten(): { readonly bytes: Buffer; readonly upTo: number } | null {
    const upTo = this.#items.length;
    if (this.#written === upTo) return null;
    let text = '';
    for (let i = this.#written; i < upTo; i++) text += this.#items[i]!.line;
    return { bytes: Buffer.from(text), upTo };
  }

  written(upTo: number): void {
    this.#written = upTo;
  }

  /** The file they were written to failed: all of them are to be written again. */
  rewind(): void {
    this.#written = 0;
  }

  /** Everything written is durable now. @returns its records */
  settle(): LedgerRecord[] {
    const durable: LedgerRecord[] = [];
    for (const { record, seq, chain } of this.#items.splice(0, this.#written)) {
      if (record !== null) durable.push({ ...record, seq, chain });
    }
    this.#written = 0;
    this.#records -= durable.length;
    const last = durable.at(-1);
    if (last !== undefined) this.#synced = { seq: last.seq, chain: last.chain, at: last.at };
    return durable;
  }

  /** Gives all of it back; the numbers are given out again. Notes are hints and are dropped. */
  giveUp(): NewRecord[] {
    const failed = this.#items.flatMap(({ record }) => (record === null ? [] : [record]));
    this.#items = [];
    this.#written = 0;
    this.#records = 0;
    this.#last = this.#synced;
    return failed;
  }

  /** Leaves numbers out: the next record gets the one after `seq`. Only while no record is waiting. */
  skipTo(seq: number): void {
    this.#synced = { ...this.#synced, seq };
    this.#last = this.#synced;
  }
}
