import { isObject } from '../../../protocol/common/json.ts';
import { localIso } from '../../brainstem/local-iso.ts';
import type { Disk } from '../disk/disk.ts';
import { segmentLines } from '../journal/lines.ts';
import { isLostSegment, listSegments } from '../journal/reader.ts';
import { decodeRecord, isRecord } from '../journal/record.ts';

/** What was handed to the disk, in bytes by what it was for. */
export interface Written {
  readonly journal: number;
  /** Files of an hour. */
  readonly leaf: number;
  /** Files of a day and everything above. */
  readonly coarse: number;
}

export interface Day extends Written {
  /** `2026-11-20`, local time of the ledger. */
  readonly day: string;
  readonly total: number;
  readonly fsyncs: number;
  readonly entries: number;
  /** How much of the day was measured. */
  readonly hours: number;
}

export interface Budget {
  readonly days: readonly Day[];
  /** Over the time measured, as if the daemon ran round the clock; null when nothing was measured. */
  readonly average: (Written & { readonly total: number; readonly fsyncs: number; readonly entries: number }) | null;
  /** How long was measured, all days together. */
  readonly measured_hours: number;
  /** Bytes in 365 days like the average; null as above. */
  readonly bytes_per_year: number | null;
}

export const WRITTEN_PARTS = ['journal', 'leaf', 'coarse'] as const satisfies readonly (keyof Written)[];

const NUMBERS = [...WRITTEN_PARTS, 'fsyncs', 'entries'] as const;
type Sums = Record<(typeof NUMBERS)[number] | 'ms', number>;

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/**
 * Adds up the meter lines that the daemon leaves in its journal (`{"w":{...}}`), by day. A line that covers midnight
 * counts for both days, by time.
 * @param since ms since the epoch @throws the disk's error
 */
export async function readBudget(disk: Disk, folder: string, since: number): Promise<Budget> {
  const days = new Map<string, Sums>();
  let zone = 0;
  for (const segment of await listSegments(disk, folder)) {
    try {
      for await (const lines of segmentLines(disk, folder, segment)) {
        for (const { json } of lines) {
          if (json === null) continue;
          if (isRecord(json)) zone = decodeRecord(json)?.zone ?? zone;
          else if (json.startsWith('{"w":')) addMeter(days, json, zone, since);
        }
      }
    } catch (error) {
      if (!isLostSegment(error)) throw error;
    }
  }
  const sorted = [...days].sort(([a], [b]) => (a < b ? -1 : 1));
  const sums = sorted.map(([, sum]) => sum);
  const ms = sums.reduce((total, sum) => total + sum.ms, 0);
  const average = ms === 0 ? null : rounded(Object.fromEntries(NUMBERS.map((name) => [name, (sums.reduce((total, sum) => total + sum[name], 0) * DAY_MS) / ms])) as Sums);
  return { days: sorted.map(([day, sum]) => ({ day, ...rounded(sum), hours: hoursOf(sum.ms) })), average, measured_hours: hoursOf(ms), bytes_per_year: average === null ? null : average.total * 365 };
}

function addMeter(days: Map<string, Sums>, json: string, zone: number, since: number): void {
  const { w } = JSON.parse(json) as { w: unknown };
  if (!isObject(w) || typeof w.from !== 'number' || typeof w.to !== 'number') return;
  // A clock that was set back meanwhile: the time is unknown, the bytes are not.
  const { from } = w;
  const to = Math.max(from, w.to);
  if (to < since) return;
  for (let at = from; ; ) {
    const local = at + zone * 60_000;
    const midnight = (Math.floor(local / DAY_MS) + 1) * DAY_MS - zone * 60_000;
    const end = Math.min(to, midnight);
    const share = to === from ? 1 : (end - at) / (to - from);
    const day = localIso(at, zone).slice(0, 10);
    const sum = days.get(day) ?? { journal: 0, leaf: 0, coarse: 0, fsyncs: 0, entries: 0, ms: 0 };
    for (const name of NUMBERS) sum[name] += numberOf(w[name]) * share;
    sum.ms += end - at;
    days.set(day, sum);
    if (end >= to) return;
    at = end;
  }
}

function rounded(sum: Sums): Written & { total: number; fsyncs: number; entries: number } {
  const { journal, leaf, coarse, fsyncs, entries } = Object.fromEntries(NUMBERS.map((name) => [name, Math.round(sum[name])])) as Sums;
  return { total: journal + leaf + coarse, journal, leaf, coarse, fsyncs, entries };
}

function hoursOf(ms: number): number {
  return Math.round((ms / HOUR_MS) * 100) / 100;
}

function numberOf(value: unknown): number {
  return typeof value === 'number' && Number.isFinite(value) && value > 0 ? value : 0;
}
