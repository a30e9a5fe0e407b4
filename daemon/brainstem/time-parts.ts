import { RigError } from '../../protocol/common/errors.ts';
import { bucketText, type BucketParts } from './bucket.ts';
import type { Level, TimeParts } from './contract.ts';
import { offsetText, pad } from './local-iso.ts';

/** `monday`: strftime `%W` (00-53, weeks start on Monday, days before the first Monday are week 00). `iso`: ISO 8601. */
export type WeekNumbering = 'monday' | 'iso';

export interface TimePartsOptions {
  /** IANA name, e.g. `America/Chicago`. */
  readonly timeZone: string;
  readonly weekNumbering: WeekNumbering;
}

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

/** What the clocks and calendars of one time zone say. Instants are ms since the epoch. */
export interface ZoneCalendar {
  /** An instant in the notation of the folder tree. */
  parts(at: number): TimeParts;
  /** The hour it belongs to: `2026/11/W47/20/14`. */
  bucket(at: number): string;
  /** Local time less UTC at that instant, minutes. */
  zoneMinutes(at: number): number;
}

/** What holds for a whole minute. */
interface Minute {
  readonly minute: number;
  readonly parts: BucketParts;
  readonly bucket: string;
  readonly zoneMinutes: number;
  /** `2025-12-18T01:47:` */
  readonly isoToMinute: string;
  readonly isoOffset: string;
}

/**
 * Makes the calendar of a time zone. It is worked out once a minute: the zone changes of the years this software runs
 * in fall on whole minutes.
 * @throws RigError E_BLUEPRINT_INVALID for a time zone this system does not know
 */
export function createZoneCalendar(options: TimePartsOptions): ZoneCalendar {
  const format = zoneFormat(options.timeZone);
  let last: Minute | null = null;

  const minuteOf = (at: number): Minute => {
    const minute = Math.floor(at / MINUTE_MS);
    if (last === null || last.minute !== minute) last = workOut(format, minute, options.weekNumbering);
    return last;
  };
  return {
    parts(at) {
      const { minute, parts, isoToMinute, isoOffset } = minuteOf(at);
      const milliseconds = Math.floor(at) - minute * MINUTE_MS;
      const seconds = `${pad(Math.floor(milliseconds / 1000), 2)}.${pad(milliseconds % 1000, 3)}`;
      return { ...parts, iso: isoToMinute + seconds + isoOffset };
    },
    bucket: (at) => minuteOf(at).bucket,
    zoneMinutes: (at) => minuteOf(at).zoneMinutes,
  };
}

/** The function that turns an instant into the notation of the folder tree; as `createZoneCalendar`. */
export function createTimeParts(options: TimePartsOptions): (at: number) => TimeParts {
  return createZoneCalendar(options).parts;
}

function workOut(format: Intl.DateTimeFormat, minute: number, rule: WeekNumbering): Minute {
  const local = localFields(format, minute * MINUTE_MS);
  const [YYYY, MM, DD, HH] = [pad(local.year, 4), pad(local.month, 2), pad(local.day, 2), pad(local.hour, 2)];
  const parts = { YYYY, MM, WW: pad(weekOf(local.year, local.month, local.day, rule), 2), DD, HH };
  const localAsUtc = Date.UTC(local.year, local.month - 1, local.day, local.hour, local.minute, local.second);
  const zoneMinutes = Math.round((localAsUtc - minute * MINUTE_MS) / MINUTE_MS);
  return { minute, parts, bucket: bucketText(parts), zoneMinutes, isoToMinute: `${YYYY}-${MM}-${DD}T${HH}:${pad(local.minute, 2)}:`, isoOffset: offsetText(zoneMinutes) };
}

/** Week number of a calendar date. @param month 1-12 */
export function weekOf(year: number, month: number, day: number, rule: WeekNumbering): number {
  const date = Date.UTC(year, month - 1, day);
  const yearStart = Date.UTC(year, 0, 1);
  /** Monday = 0 */
  const weekday = (new Date(date).getUTCDay() + 6) % 7;
  if (rule === 'monday') return Math.floor(((date - yearStart) / DAY_MS + 7 - weekday) / 7);
  // ISO 8601: a week belongs to the year that its Thursday is in.
  const thursday = new Date(date + (3 - weekday) * DAY_MS);
  return Math.floor((thursday.getTime() - Date.UTC(thursday.getUTCFullYear(), 0, 1)) / (7 * DAY_MS)) + 1;
}

/** Time path of an instant at a level: `2025`, `2025/12`, `2025/12/W50` ...; `all` for the root. */
export function scopeOf(level: Level, parts: BucketParts): string {
  const path = [parts.YYYY, parts.MM, `W${parts.WW}`, parts.DD, parts.HH];
  const depth = LEVEL_DEPTH[level];
  return depth === 0 ? 'all' : path.slice(0, depth).join('/');
}

/** Local time at which the period of a level begins that an hour lies in, as `scopeStart`; null for the root. */
export function scopeBegins(level: Level, { YYYY, MM, DD, HH }: BucketParts): string | null {
  const day = { root: null, year: '01-01', month: `${MM}-01`, week: `${MM}-${startOfWeek(YYYY, MM, DD)}`, day: `${MM}-${DD}`, hour: `${MM}-${DD}` }[level];
  return day === null ? null : `${YYYY}-${day}T${level === 'hour' ? HH : '00'}:00:00`;
}

/** Day of the month of the Monday on or before a date, or the first of the month: where weeks begin by either rule. */
function startOfWeek(year: string, month: string, day: string): string {
  const sinceMonday = (new Date(Date.UTC(Number(year), Number(month) - 1, Number(day))).getUTCDay() + 6) % 7;
  return pad(Math.max(1, Number(day) - sinceMonday), 2);
}

const LEVEL_DEPTH: Readonly<Record<Level, number>> = { root: 0, year: 1, month: 2, week: 3, day: 4, hour: 5 };

/**
 * Local time at which a scope begins, `2025-12-18T01:00:00`; null for `all` and `global`. A week begins at its Monday,
 * or at the first of the month when it started in the month before: its folder then only holds the rest of it.
 */
export function scopeStart(scope: string, rule: WeekNumbering): string | null {
  const match = /^(\d{4})(?:\/(\d\d)(?:\/W(\d\d)(?:\/(\d\d)(?:\/(\d\d))?)?)?)?$/.exec(scope);
  if (match === null) return null;
  const [, year = '', month = '01', week, givenDay, hour = '00'] = match;
  const day = givenDay ?? (week === undefined ? '01' : firstDayOfWeek(Number(year), Number(month), Number(week), rule));
  return `${year}-${month}-${day}T${hour}:00:00`;
}

function firstDayOfWeek(year: number, month: number, week: number, rule: WeekNumbering): string {
  for (let day = 1; day <= 31; day++) if (weekOf(year, month, day, rule) === week) return pad(day, 2);
  return '01';
}

interface LocalFields {
  readonly year: number;
  readonly month: number;
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
}

function zoneFormat(timeZone: string): Intl.DateTimeFormat {
  try {
    return new Intl.DateTimeFormat('en-US', {
      timeZone,
      calendar: 'gregory',
      numberingSystem: 'latn',
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    });
  } catch (cause) {
    throw new RigError('E_BLUEPRINT_INVALID', `unknown time zone "${timeZone}"`, { cause, context: { timeZone }, hint: 'Use an IANA name such as America/Chicago or UTC.' });
  }
}

function localFields(format: Intl.DateTimeFormat, at: number): LocalFields {
  const fields: Record<string, number> = {};
  for (const { type, value } of format.formatToParts(at)) fields[type] = Number(value);
  const { year = NaN, month = NaN, day = NaN, hour = NaN, minute = NaN, second = NaN } = fields;
  return { year, month, day, hour, minute, second };
}
