import type { JsonObject } from '../../brainstem/contract.ts';
import type { Damage } from './contract.ts';
import type { Line } from './lines.ts';
import { decodeRecord, followsFrom, isRecord, type LedgerRecord } from './record.ts';
import { DAMAGED, endsGroup } from './recover.ts';
import { decodeHeader, type SegmentHeader } from './segment.ts';

/** A record as it was found. */
export interface ReadRecord {
  readonly record: LedgerRecord;
  /** File name of its segment, and the byte offset of its line there (in the unpacked text). */
  readonly segment: string;
  readonly offset: number;
  /** Whether its chain value follows from the record before it; null when that one is missing, so that nobody can say. */
  readonly chainOk: boolean | null;
}

/** Told of what is not a record. */
export interface Listener {
  readonly onDamage?: (damage: Damage) => void;
  /** Every other line: headers, notes, the mark of a clean end. */
  readonly onLine?: (line: JsonObject, segment: string, offset: number) => void;
}

/** Where a segment begins. */
export interface SegmentStart {
  readonly name: string;
  /** Number and chain value of the record before its first one, null when not known. */
  readonly after: number | null;
  readonly chain: string | null;
  /** Records above this are void. */
  readonly limit: number;
}

/**
 * Walks through lines, segment after segment, and says which of them are records that count: each number once, in order.
 */
export class Cursor {
  readonly #listener: Listener;
  readonly #isKnown: (from: number, to: number) => boolean;
  /** Number of the next record, null before the first. */
  #next: number | null = null;
  #chain: string | null = null;
  #segment = '';
  #limit = Number.POSITIVE_INFINITY;
  #damagedAt: number | null = null;
  /** Damaged lines that a power cut may have left, as far as is known by now. */
  #torn: number[] = [];

  /** @param isKnown whether a later header owns up to a run of missing records */
  constructor(listener: Listener, isKnown: (from: number, to: number) => boolean) {
    this.#listener = listener;
    this.#isKnown = isKnown;
  }

  begin(start: SegmentStart): void {
    this.#segment = start.name;
    this.#limit = start.limit;
    this.#damagedAt = null;
    this.#torn = [];
    // All of it is void, or nobody knows where it belongs: its header says nothing about what comes next.
    if (start.after === null || start.after >= start.limit) return;
    this.#next ??= start.after + 1;
    if (start.after >= this.#next) {
      this.#missing(this.#next, start.after, 0);
      this.#chain = start.chain;
    } else if (start.chain !== null && start.after + 1 === this.#next) {
      if (this.#chain !== null && this.#chain !== start.chain) this.#damage(0, 'the chain value of the header is not that of the record before');
      this.#chain = start.chain;
    }
    this.#next = Math.max(this.#next, start.after + 1);
  }

  /** @returns null for a line that is no record, or one that does not count */
  line({ offset, json }: Line): ReadRecord | null {
    const record = json !== null && isRecord(json) ? decodeRecord(json) : null;
    if (json === null || (record === null && isRecord(json))) {
      // Named only once something good follows; otherwise it is the torn end of a run.
      this.#damagedAt ??= offset;
      return null;
    }
    if (this.#damagedAt !== null) this.#torn.push(this.#damagedAt);
    this.#damagedAt = null;
    if (endsGroup(offset, json)) for (const at of this.#torn.splice(0)) this.#damage(at, DAMAGED);
    if (record === null) {
      this.#listener.onLine?.(JSON.parse(json) as JsonObject, this.#segment, offset);
      return null;
    }
    // First of all: a void record says nothing about where the others begin.
    if (record.seq > this.#limit) return null;
    this.#next ??= record.seq;
    if (record.seq < this.#next) return null;
    if (record.seq > this.#next) {
      this.#missing(this.#next, record.seq - 1, offset);
      this.#chain = null;
    }
    const chainOk = this.#chain === null ? null : followsFrom(json, this.#chain);
    this.#next = record.seq + 1;
    this.#chain = record.chain;
    return { record, segment: this.#segment, offset, chainOk };
  }

  #missing(from: number, to: number, offset: number): void {
    const which = from === to ? `record ${from} is missing` : `records ${from} to ${to} are missing`;
    this.#damage(offset, this.#isKnown(from, to) ? `${which} (known)` : which);
  }

  #damage(offset: number, reason: string): void {
    this.#listener.onDamage?.({ segment: this.#segment, offset, reason });
  }
}

/** The header among the first lines of a segment, null when it is lost. */
export function headerIn(lines: readonly Line[], number: number): SegmentHeader | null {
  const first = lines[0];
  return first === undefined || first.offset !== 0 || first.json === null ? null : decodeHeader(first.json, number);
}
