import type { FileType } from '../brainstem/contract.ts';

/** First part of an entry's id, by type. Type and id stay together, so ids of different trees never meet. */
export const ID_PREFIX: Readonly<Record<FileType, string>> = {
  ledger: 'attempt',
  math_proof: 'proof',
  submission: 'sub',
  rejection: 'rej',
  look_at: 'look',
  system_report: 'report',
  error_report: 'err',
};

const TYPE_BY_PREFIX = new Map(Object.entries(ID_PREFIX).map(([type, prefix]) => [prefix, type as FileType]));

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
