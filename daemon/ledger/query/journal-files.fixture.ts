import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import type { JsonObject } from '../../brainstem/contract.ts';
import { CHAIN_START, encodeLine, encodeRecord, type NewRecord } from '../journal/record.ts';
import { encodeHeader, segmentName } from '../journal/segment.ts';

/** 2026-11-20T20:00:00Z, 14:00 in Chicago. */
export const NOON = Date.parse('2026-11-20T20:00:00Z');
/** Room not used yet, as a running daemon leaves it. */
const ROOM = '\n'.repeat(8192);

/** Writes a journal's files by hand: what a daemon would have left. */
export class JournalFiles {
  readonly base: string;
  readonly folder: string;
  seq = 0;
  chain = CHAIN_START;
  number = 0;
  #text = '';

  constructor(base: string) {
    this.base = base;
    this.folder = path.join(base, '.ledger', 'journal');
    mkdirSync(this.folder, { recursive: true });
  }

  get file(): string {
    return path.join(this.folder, segmentName(this.number));
  }

  /** Begins the next segment. @param at when @param after last valid number before it, when not the last one written */
  segment(at = NOON, after = this.seq): this {
    this.flush('');
    this.number += 1;
    this.seq = after;
    this.#text = encodeHeader({ number: this.number, after, chain: this.chain, at, lastAt: null, gaps: [], views: [] });
    return this;
  }

  /** Adds an entry. @returns its record's number */
  add(kind: NewRecord['kind'], entry: JsonObject, at = NOON, more: Partial<NewRecord> = {}): number {
    const seq = this.seq + 1;
    const id = typeof entry.id === 'string' ? entry.id : `${kind}_${seq}`;
    const record: NewRecord = { at, zone: -360, kind, category: 'looping', bucket: '2026/11/W47/20/14', id, entryText: JSON.stringify({ id, ...entry }), ...more };
    const { line, chain } = encodeRecord(record, seq, this.chain);
    this.seq = seq;
    this.chain = chain;
    this.#text += line;
    return seq;
  }

  /** Adds a line of another kind. */
  note(line: JsonObject): this {
    this.#text += encodeLine(JSON.stringify(line));
    return this;
  }

  /** Adds any text: a torn line, damage. */
  raw(text: string): this {
    this.#text += text;
    return this;
  }

  /** Puts what there is on disk. */
  flush(room = ROOM): this {
    if (this.number > 0) writeFileSync(this.file, this.#text + room);
    return this;
  }

  /** Packs the segment being written. */
  pack(): this {
    writeFileSync(`${this.file}.gz`, gzipSync(this.#text));
    this.#text = '';
    this.number += 1;
    this.#text = encodeHeader({ number: this.number, after: this.seq, chain: this.chain, at: NOON, lastAt: null, gaps: [], views: [] });
    return this;
  }
}
