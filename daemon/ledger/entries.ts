import { randomBytes } from 'node:crypto';
import type { FileType, JsonObject, TimeParts, ViewTarget } from '../brainstem/contract.ts';

/** First part of an entry's id, by type. Type and id stay together, so ids of different trees never meet. */
const ID_PREFIX: Readonly<Record<FileType, string>> = {
  ledger: 'attempt',
  math_proof: 'proof',
  submission: 'sub',
  rejection: 'rej',
  look_at: 'look',
  system_report: 'report',
  error_report: 'err',
};

const TYPE_BY_PREFIX = new Map(Object.entries(ID_PREFIX).map(([type, prefix]) => [prefix, type as FileType]));

/** One entry on its way to disk, with the files it is still missing from. */
export interface PlacedEntry {
  readonly id: string;
  readonly type: FileType;
  /** Component whose tree the entry belongs to (canonical id or alias). */
  readonly category: string;
  /** The instant that decides its time folders, ms since the epoch. */
  readonly at: number;
  readonly entry: JsonObject;
  /** Every file it belongs to; filled in by the drain. */
  targets: readonly ViewTarget[];
  /** Paths of `targets` it is not in yet. */
  readonly missing: Set<string>;
  /** Why the last try failed; null = not failed. */
  reason: string | null;
  /** Where it is kept meanwhile; null = nowhere but in memory. */
  kept: { readonly layer: 1 | 2 | 3; readonly path: string } | null;
}

/** Makes ids like `sub_20251218_014741_9f3c21_0007`: local second, a tag of this run, a sequence number. */
export class IdMaker {
  readonly #run = randomBytes(3).toString('hex');
  #sequence = 0;

  next(type: FileType, iso: string): string {
    this.#sequence += 1;
    const second = `${iso.slice(0, 10).replaceAll('-', '')}_${iso.slice(11, 19).replaceAll(':', '')}`;
    return `${ID_PREFIX[type]}_${second}_${this.#run}_${String(this.#sequence).padStart(4, '0')}`;
  }
}

/** An id chosen by the caller, with the prefix of its type put in front when it lacks it. */
export function ownId(type: FileType, id: string): string {
  return typeOfId(id) === type ? id : `${ID_PREFIX[type]}_${id}`;
}

/** The type an id was made for; null for an id from elsewhere. */
export function typeOfId(id: unknown): FileType | null {
  if (typeof id !== 'string') return null;
  const end = id.indexOf('_');
  return end < 1 ? null : (TYPE_BY_PREFIX.get(id.slice(0, end)) ?? null);
}

const ISO_INSTANT = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)$/;

/** The instant of an ISO 8601 time that says its offset, ms since the epoch; null for anything else. */
export function instantOf(timestamp: unknown): number | null {
  if (typeof timestamp !== 'string' || !ISO_INSTANT.test(timestamp)) return null;
  const at = Date.parse(timestamp);
  return Number.isFinite(at) ? at : null;
}

/** `2025/12/W50/18/01` */
export function hourScope(parts: TimeParts): string {
  return `${parts.YYYY}/${parts.MM}/W${parts.WW}/${parts.DD}/${parts.HH}`;
}
