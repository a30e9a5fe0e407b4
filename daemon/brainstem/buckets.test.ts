import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { silentLog } from '../../protocol/common/log.ts';
import { ManualClock } from '../../protocol/common/manual-clock.ts';
import { packageRoot } from '../version.ts';
import type { BlueprintBrainstem } from './blueprint-brainstem.ts';
import { createBrainstem, type BrainstemOptions } from './brainstem.ts';
import { localIso } from './local-iso.ts';
import type { WeekNumbering } from './time-parts.ts';

const AT = Date.parse('2025-12-18T01:47:41.076-06:00');

/** The repository's own blueprint; nothing is written. */
function brainstem(options: Partial<BrainstemOptions> = {}): BlueprintBrainstem {
  return createBrainstem({ blueprintFile: path.join(packageRoot(), 'Brain.QTL'), dataDir: '/nowhere', mode: 'demo', clock: new ManualClock(AT), log: silentLog, ...options });
}

const bucket = (timeZone: string, at: string, weekNumbering: WeekNumbering = 'monday'): string => brainstem({ timeZone, weekNumbering }).bucketOf(Date.parse(at));

describe('bucketOf', () => {
  it('is the hour of the folder tree', () => {
    expect(brainstem().bucketOf(AT)).toBe('2025/12/W50/18/01');
    expect(brainstem({ timeZone: 'Asia/Kathmandu', weekNumbering: 'iso' }).bucketOf(AT)).toBe('2025/12/W51/18/13');
  });

  it('is one for both runs of the hour that autumn repeats; only the local time tells them apart', () => {
    const stem = brainstem();
    const instants = ['2026-11-01T06:00:00Z', '2026-11-01T06:59:59.999Z', '2026-11-01T07:00:00Z', '2026-11-01T07:59:59.999Z'].map((text) => Date.parse(text));
    expect(new Set(instants.map((at) => stem.bucketOf(at)))).toEqual(new Set(['2026/11/W43/01/01']));
    expect(instants.map((at) => localIso(at, stem.zoneOffset(at)).slice(11))).toEqual(['01:00:00.000-05:00', '01:59:59.999-05:00', '01:00:00.000-06:00', '01:59:59.999-06:00']);
    expect(stem.bucketOf(Date.parse('2026-11-01T05:59:59.999Z'))).toBe('2026/11/W43/01/00');
    expect(stem.bucketOf(Date.parse('2026-11-01T08:00:00Z'))).toBe('2026/11/W43/01/02');
  });

  it('never is the hour that spring leaves out', () => {
    expect(bucket('America/Chicago', '2026-03-08T07:59:59.999Z')).toBe('2026/03/W09/08/01');
    expect(bucket('America/Chicago', '2026-03-08T08:00:00Z')).toBe('2026/03/W09/08/03');
  });

  it('holds an hour and a half where clocks go back by half an hour', () => {
    // Lord Howe: at 02:00 daylight time (+11:00) it is 01:30 again (+10:30).
    expect(bucket('Australia/Lord_Howe', '2026-04-04T14:00:00Z')).toBe('2026/04/W13/05/01');
    expect(bucket('Australia/Lord_Howe', '2026-04-04T15:29:59.999Z')).toBe('2026/04/W13/05/01');
    expect(bucket('Australia/Lord_Howe', '2026-04-04T15:30:00Z')).toBe('2026/04/W13/05/02');
  });

  it.each([
    ['Asia/Kolkata', '2025-12-31T18:29:59.999Z', '2025/12/W52/31/23'],
    ['Asia/Kolkata', '2025-12-31T18:30:00Z', '2026/01/W00/01/00'],
    ['Asia/Kathmandu', '2026-02-28T18:14:59.999Z', '2026/02/W08/28/23'],
    ['Asia/Kathmandu', '2026-02-28T18:15:00Z', '2026/03/W08/01/00'],
    ['America/St_Johns', '2024-03-01T03:29:59.999Z', '2024/02/W09/29/23'],
    ['America/Chicago', '2025-12-01T05:59:59.999Z', '2025/11/W47/30/23'],
    ['America/Chicago', '2025-12-01T06:00:00Z', '2025/12/W48/01/00'],
    ['Pacific/Kiritimati', '2025-12-31T10:00:00Z', '2026/01/W00/01/00'],
    // A board without a battery for its clock starts in 1970.
    ['America/Chicago', '1970-01-01T00:00:00Z', '1969/12/W52/31/18'],
  ])('turns days, months and years at local midnight: %s at %s is %s', (timeZone, at, expected) => {
    expect(bucket(timeZone, at)).toBe(expected);
  });

  it.each([
    ['2025-12-18', '2025/12/W50/18/12', '2025/12/W51/18/12'],
    ['2025-01-01', '2025/01/W00/01/12', '2025/01/W01/01/12'],
    ['2025-12-29', '2025/12/W52/29/12', '2025/12/W01/29/12'],
    ['2027-01-01', '2027/01/W00/01/12', '2027/01/W53/01/12'],
    ['2026-12-31', '2026/12/W52/31/12', '2026/12/W53/31/12'],
    ['2024-12-30', '2024/12/W53/30/12', '2024/12/W01/30/12'],
  ])('of %s is %s by Monday weeks and %s by ISO weeks', (date, monday, iso) => {
    expect(bucket('UTC', `${date}T12:00:00Z`)).toBe(monday);
    expect(bucket('UTC', `${date}T12:00:00Z`, 'iso')).toBe(iso);
  });

  it.each(['America/Chicago', 'Asia/Kathmandu', 'Australia/Lord_Howe', 'America/Havana', 'UTC'])('never comes back to an hour it has left: %s', (timeZone) => {
    for (const weekNumbering of ['monday', 'iso'] as const) {
      const stem = brainstem({ timeZone, weekNumbering });
      const left = new Set<string>();
      let current = '';
      for (let at = Date.UTC(2024, 11, 1); at < Date.UTC(2026, 1, 1); at += 30 * 60_000) {
        const now = stem.bucketOf(at);
        if (now === current) continue;
        expect(left.has(now), `${now} at ${new Date(at).toISOString()}`).toBe(false);
        left.add((current = now));
      }
      // Every hour of local time but those that a spring leaves out.
      expect(left.size).toBeGreaterThan(427 * 24 - 4);
    }
  });

  // Written without the platform's calendar and zones: the law of the United States since 2007, and counting days.
  it.each<[string, (at: number) => number]>([
    ['America/Chicago', chicagoMinutes],
    ['Asia/Kolkata', () => 330],
    ['Asia/Kathmandu', () => 345],
  ])('agrees with plain counting: %s', (timeZone, minutes) => {
    const stem = brainstem({ timeZone });
    const isoStem = brainstem({ timeZone, weekNumbering: 'iso' });
    for (let at = Date.UTC(2024, 0, 1, 0, 7); at < Date.UTC(2031, 0, 3); at += 11 * 3_600_000 + 17 * 60_000) {
      const offset = minutes(at);
      expect(stem.zoneOffset(at)).toBe(offset);
      const { year, month, day, hour, mondayWeek, isoWeek } = countedOut(at + offset * 60_000);
      const [MM, DD, HH, monday, iso] = [month, day, hour, mondayWeek, isoWeek].map((value) => String(value).padStart(2, '0'));
      expect(stem.bucketOf(at)).toBe(`${year}/${MM}/W${monday}/${DD}/${HH}`);
      expect(isoStem.bucketOf(at)).toBe(`${year}/${MM}/W${iso}/${DD}/${HH}`);
    }
  });
});

describe('localIso', () => {
  it('gives with the offset alone what the zone gives', () => {
    for (const timeZone of ['America/Chicago', 'Asia/Kolkata', 'Asia/Kathmandu', 'America/St_Johns', 'Australia/Lord_Howe', 'UTC']) {
      const stem = brainstem({ timeZone });
      for (let at = Date.UTC(2025, 11, 28, 0, 0, 59, 999); at < Date.UTC(2027, 0, 5); at += 13 * 3_600_000 + 1_234_567) {
        const text = localIso(at, stem.zoneOffset(at));
        expect(text).toBe(stem.timeParts(at).iso);
        expect(Date.parse(text)).toBe(at);
      }
    }
  });

  it('cuts fractions of a millisecond off', () => {
    expect(localIso(1_766_044_061_076.9, -360)).toBe('2025-12-18T01:47:41.076-06:00');
  });
});

describe('viewTargetsOf', () => {
  it('gives what viewTargets gives at any instant of the bucket', () => {
    const stem = brainstem();
    for (const type of ['ledger', 'rejection', 'system_report'] as const) expect(stem.viewTargetsOf(type, 'miners', '2025/12/W50/18/01')).toEqual(stem.viewTargets(type, 'Production-Miner', AT));
  });

  it('takes the bucket as it stands, whatever the zone and the week rule are now', () => {
    const now = brainstem({ timeZone: 'Asia/Kolkata', weekNumbering: 'iso' });
    expect(now.bucketOf(AT)).toBe('2025/12/W51/18/13');
    for (const type of ['ledger', 'error_report'] as const) expect(now.viewTargetsOf(type, 'dtm', '2025/12/W50/18/01')).toEqual(brainstem().viewTargets(type, 'dtm', AT));
    // Entries of now go where the new zone says; those of before stay.
    expect(now.viewTargets('ledger', 'dtm', AT).map((target) => target.path)).toContain('Ledgers/2025/12/W51/18/13/hourly_ledger.json');
  });

  it('hands out one frozen array while an hour is recent, and an equal one afterwards', () => {
    const stem = brainstem();
    const first = stem.viewTargetsOf('ledger', 'dtm', '2025/12/W50/18/01');
    expect(Object.isFrozen(first)).toBe(true);
    expect(stem.viewTargetsOf('ledger', 'dynamic_template_manager', '2025/12/W50/18/01')).toBe(first);
    for (let hour = 2; hour < 24; hour++) stem.viewTargetsOf('ledger', 'dtm', `2025/12/W50/18/${String(hour).padStart(2, '0')}`);
    expect(stem.viewTargetsOf('ledger', 'dtm', '2025/12/W50/18/01')).toEqual(first);
  });

  it.each(['', '2025/12/W50/18', '2025/12/50/18/01', '2025/12/W50/18/01/', '../12/W50/18/01'])('refuses %j', (bucket) => {
    expect(() => brainstem().viewTargetsOf('ledger', 'dtm', bucket)).toThrow('is not an hour of the ledger');
  });
});

describe('instantiate', () => {
  it('makes the same document from an instant and from its local time as text', () => {
    const stem = brainstem();
    const elsewhere = brainstem({ timeZone: 'Asia/Kolkata' });
    const place = { level: 'hour', scope: '2025/12/W50/18/01' } as const;
    expect(elsewhere.instantiate('hourly_ledger', { ...place, iso: localIso(AT, -360) })).toEqual(stem.instantiate('hourly_ledger', { ...place, at: AT }));
  });
});

const DAY_MS = 86_400_000;
/** Days from 1 January 1970, a Thursday. */
const MONDAY = 4;

/** Offset of US Central time: daylight time from the second Sunday of March to the first of November, both at 2 in the morning. */
function chicagoMinutes(at: number): number {
  const { year } = countedOut(at);
  const start = sundays(year, 3)[1]! * DAY_MS + 8 * 3_600_000;
  const end = sundays(year, 11)[0]! * DAY_MS + 7 * 3_600_000;
  return at >= start && at < end ? -300 : -360;
}

function isLeap(year: number): boolean {
  return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
}

function monthLengths(year: number): number[] {
  return [31, isLeap(year) ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
}

/** Day number of 1 January. */
function newYear(year: number): number {
  let days = 0;
  for (let one = 1970; one < year; one++) days += isLeap(one) ? 366 : 365;
  return days;
}

/** Day numbers of the Sundays of a month. @param month 1-12 */
function sundays(year: number, month: number): number[] {
  const lengths = monthLengths(year);
  const first = newYear(year) + lengths.slice(0, month - 1).reduce((sum, length) => sum + length, 0);
  return Array.from({ length: lengths[month - 1]! }, (_, index) => first + index).filter((day) => (day - MONDAY + 1) % 7 === 0);
}

/** Date, hour and week numbers by walking through years and months. @param local ms since the epoch of a clock without zones */
function countedOut(local: number): { year: number; month: number; day: number; hour: number; mondayWeek: number; isoWeek: number } {
  const today = Math.floor(local / DAY_MS);
  let year = 1970;
  while (newYear(year + 1) <= today) year += 1;
  let rest = today - newYear(year);
  let month = 1;
  for (const length of monthLengths(year)) {
    if (rest < length) break;
    rest -= length;
    month += 1;
  }
  const monday = today - ((((today - MONDAY) % 7) + 7) % 7);
  let mondayWeek = 0;
  for (let day = newYear(year); day <= today; day++) if ((day - MONDAY) % 7 === 0) mondayWeek += 1;
  // Week 1 by ISO is the one with 4 January.
  const weekOne = (of: number): number => newYear(of) + 3 - ((newYear(of) + 3 - MONDAY) % 7);
  const isoYear = monday >= weekOne(year + 1) ? year + 1 : monday >= weekOne(year) ? year : year - 1;
  return { year, month, day: rest + 1, hour: Math.floor((local % DAY_MS) / 3_600_000), mondayWeek, isoWeek: (monday - weekOne(isoYear)) / 7 + 1 };
}
