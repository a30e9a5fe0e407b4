import { randomBytes } from 'node:crypto';
import type { Clock } from '../../protocol/common/clock.ts';
import type { Brainstem, FileType, JsonObject } from '../brainstem/contract.ts';
import { ID_PREFIX, instantOf, ownId } from './entries.ts';
import type { NewRecord } from './journal/record.ts';
import { sanitizeObject } from './sanitize.ts';

/** A clock that is slewed goes back by less; more is a step, and the entry says so. */
const STEP_MS = 1000;

/** Turns what a component hands over into a record: id, time, hour, and the one text that all files will show. */
export class RecordMaker {
  readonly #brainstem: Brainstem;
  readonly #clock: Clock;
  readonly #onStep: (backMs: number, id: string) => void;
  readonly #run = randomBytes(3).toString('hex');
  #sequence = 0;
  /** The latest arrival so far. */
  #latest = -Infinity;

  /** @param onStep told when the clock was set back: by how many milliseconds, and the id of the entry that says so */
  constructor(brainstem: Brainstem, clock: Clock, onStep: (backMs: number, id: string) => void) {
    this.#onStep = onStep;
    this.#brainstem = brainstem;
    this.#clock = clock;
  }

  /** Arrivals before this instant mean that the clock was set back. @param at ms since the epoch */
  startAfter(at: number): void {
    this.#latest = Math.max(this.#latest, at);
  }

  /** @param label who reports; null = nobody is named */
  make(type: FileType, category: string, data: JsonObject, label: string | null): NewRecord {
    const { id: givenId, timestamp: given, ...fields } = sanitizeObject(data);
    const now = Math.floor(this.#clock.now());
    const zone = this.#brainstem.zoneOffset(now);
    const arrival = this.#brainstem.timeParts(now).iso;
    const givenAt = instantOf(given);
    const id = typeof givenId === 'string' && givenId !== '' ? ownId(type, givenId) : this.#nextId(type, arrival);
    const entry: JsonObject = { id, timestamp: givenAt === null ? arrival : given, ...fields };
    // A time without an offset cannot be put in a folder: what the caller wrote is kept beside the time of arrival.
    if (givenAt === null && given !== undefined && given !== null) entry.reported_timestamp = given;
    if (label !== null) entry.component ??= label;
    if (now < this.#latest - STEP_MS) {
      entry.clock_stepped_back_ms = this.#latest - now;
      this.#onStep(this.#latest - now, id);
    }
    this.#latest = now;
    return { at: now, zone, kind: type, category, bucket: this.#brainstem.bucketOf(givenAt ?? now), id, entryText: JSON.stringify(entry) };
  }

  /** The record that a run begins with. @param entry its settings */
  makeStart(at: number, entry: JsonObject): NewRecord {
    const zone = this.#brainstem.zoneOffset(at);
    const id = `start_${this.#run}`;
    return { at, zone, kind: 'start', category: 'brainstem', bucket: this.#brainstem.bucketOf(at), id, entryText: JSON.stringify({ id, ...sanitizeObject(entry) }) };
  }

  /** Like `sub_20251218_014741_9f3c21_0007`: local second, a tag of this run, a sequence number. */
  #nextId(type: FileType, iso: string): string {
    this.#sequence += 1;
    const second = `${iso.slice(0, 10).replaceAll('-', '')}_${iso.slice(11, 19).replaceAll(':', '')}`;
    return `${ID_PREFIX[type]}_${second}_${this.#run}_${String(this.#sequence).padStart(4, '0')}`;
  }
}
