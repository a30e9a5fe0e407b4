import { RigError } from '../../../protocol/common/errors.ts';
import { localIso } from '../../brainstem/local-iso.ts';
import type { LedgerRecord } from '../journal/record.ts';

/** One end of a span of time: an instant, or the beginning of a local time as the ledger writes it (`2026-11`, `2026-11-20T14`). */
export type Bound = { readonly at: number } | { readonly local: string };

const SPAN = /^(\d+)(s|m|h|d|w)$/;
const UNIT_MS: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 };
const LOCAL = /^\d{4}(-\d\d(-\d\d(T\d\d(:\d\d(:\d\d(\.\d{1,3})?)?)?)?)?)?$/;
const INSTANT = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)$/;

/**
 * Reads what a person writes for a time: `2h`, `3d` (that long ago), `2026-11-20`, `2026-11-20T14:30` (local time of the
 * ledger, down to any part), `2026-11-20T14:30:00Z` or with an offset.
 * @param now ms since the epoch
 * @throws RigError E_FLAG_INVALID naming `option`
 */
export function parseBound(option: string, text: string, now: number): Bound {
  const span = spanMs(text);
  if (span !== null) return { at: now - span };
  const written = text.replace(' ', 'T');
  const at = INSTANT.test(written) ? Date.parse(written) : NaN;
  if (Number.isFinite(at)) return { at };
  if (LOCAL.test(written) && isRealTime(written)) return { local: written };
  throw new RigError('E_FLAG_INVALID', `${option}: "${text}" is not a time`, { hint: 'Write 90m, 2h, 3d, 2026-11-20, 2026-11-20T14:30 or 2026-11-20T14:30:00Z.' });
}

/** A length of time such as `90m`, `2h`, `30d`, milliseconds. @throws RigError E_FLAG_INVALID naming `option` */
export function parseSpan(option: string, text: string): number {
  const span = spanMs(text);
  if (span === null) throw new RigError('E_FLAG_INVALID', `${option}: "${text}" is not a length of time`, { hint: 'Write a number and a unit: 90m, 12h, 30d, 8w.' });
  return span;
}

function spanMs(text: string): number | null {
  const match = SPAN.exec(text);
  if (match === null) return null;
  const span = Number(match[1]) * (UNIT_MS[match[2] ?? ''] ?? NaN);
  return Number.isSafeInteger(span) ? span : null;
}

/** True when the record is at the bound or later. */
export function isSince(record: Pick<LedgerRecord, 'at' | 'zone'>, bound: Bound): boolean {
  return 'at' in bound ? record.at >= bound.at : localOf(record) >= bound.local;
}

/** True when the record is at the bound or earlier; a day, an hour ... counts to its end. */
export function isUntil(record: Pick<LedgerRecord, 'at' | 'zone'>, bound: Bound): boolean {
  return 'at' in bound ? record.at <= bound.at : localOf(record).slice(0, bound.local.length) <= bound.local;
}

/** A record's own local time without offset: what its folders go by, whatever the zone of this computer is now. */
function localOf({ at, zone }: Pick<LedgerRecord, 'at' | 'zone'>): string {
  return localIso(at, zone).slice(0, 23);
}

/** `2026-02-30` has the right form and is no day. */
function isRealTime(local: string): boolean {
  const full = `${local}${'0000-01-01T00:00:00.000'.slice(local.length)}`;
  const at = Date.parse(`${full}Z`);
  return Number.isFinite(at) && new Date(at).toISOString().startsWith(local);
}
