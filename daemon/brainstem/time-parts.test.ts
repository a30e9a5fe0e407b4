import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { createTimeParts, scopeBegins, scopeOf, scopeStart, weekOf, type WeekNumbering } from './time-parts.ts';

const parts = (timeZone: string, at: string | number, weekNumbering: WeekNumbering = 'monday') => createTimeParts({ timeZone, weekNumbering })(typeof at === 'number' ? at : Date.parse(at));
const folder = (timeZone: string, at: string | number, weekNumbering: WeekNumbering = 'monday'): string => {
  const { YYYY, MM, WW, DD, HH } = parts(timeZone, at, weekNumbering);
  return `${YYYY}/${MM}/W${WW}/${DD}/${HH}`;
};

describe('time parts', () => {
  it("give the seeds' own path", () => {
    expect(folder('America/Chicago', '2025-12-18T01:47:41.076-06:00')).toBe('2025/12/W50/18/01');
    expect(parts('America/Chicago', '2025-12-18T07:47:41.076Z').iso).toBe('2025-12-18T01:47:41.076-06:00');
  });

  it.each([
    ['2025-12-18', '2025/12/W50', '2025/12/W51'],
    ['2025-12-22', '2025/12/W51', '2025/12/W52'],
    ['2025-12-29', '2025/12/W52', '2025/12/W01'],
    ['2026-01-01', '2026/01/W00', '2026/01/W01'],
    ['2025-01-01', '2025/01/W00', '2025/01/W01'],
    ['2024-12-30', '2024/12/W53', '2024/12/W01'],
    ['2018-01-01', '2018/01/W01', '2018/01/W01'],
    ['2021-01-03', '2021/01/W00', '2021/01/W53'],
    ['2020-12-31', '2020/12/W52', '2020/12/W53'],
    ['2024-02-29', '2024/02/W09', '2024/02/W09'],
  ])('put %s into %s by Monday weeks and %s by ISO weeks', (date, monday, iso) => {
    expect(folder('UTC', `${date}T12:00:00Z`)).toBe(`${monday}/${date.slice(8)}/12`);
    expect(folder('UTC', `${date}T12:00:00Z`, 'iso')).toBe(`${iso}/${date.slice(8)}/12`);
  });

  it('turn the year at local midnight', () => {
    expect(parts('America/Chicago', '2026-01-01T05:59:59.999Z').iso).toBe('2025-12-31T23:59:59.999-06:00');
    expect(folder('America/Chicago', '2026-01-01T05:59:59.999Z')).toBe('2025/12/W52/31/23');
    expect(folder('America/Chicago', '2026-01-01T06:00:00.000Z')).toBe('2026/01/W00/01/00');
    expect(folder('Asia/Kolkata', '2025-12-31T18:30:00Z')).toBe('2026/01/W00/01/00');
  });

  it('skip the hour that spring leaves out', () => {
    expect(parts('America/Chicago', '2026-03-08T07:59:59.999Z').iso).toBe('2026-03-08T01:59:59.999-06:00');
    expect(parts('America/Chicago', '2026-03-08T08:00:00.000Z').iso).toBe('2026-03-08T03:00:00.000-05:00');
    expect(parts('Europe/Berlin', '2026-03-29T01:00:00.000Z').iso).toBe('2026-03-29T03:00:00.000+02:00');
  });

  it('put both runs of the repeated hour of autumn into one folder, told apart by the offset', () => {
    const first = parts('America/Chicago', '2026-11-01T06:30:00Z');
    const second = parts('America/Chicago', '2026-11-01T07:30:00Z');
    expect([first.iso, second.iso]).toEqual(['2026-11-01T01:30:00.000-05:00', '2026-11-01T01:30:00.000-06:00']);
    expect({ ...first, iso: '' }).toEqual({ ...second, iso: '' });
    expect(parts('Europe/Berlin', '2026-10-25T00:59:00Z').iso).toBe('2026-10-25T02:59:00.000+02:00');
    expect(parts('Europe/Berlin', '2026-10-25T01:00:00Z').iso).toBe('2026-10-25T02:00:00.000+01:00');
  });

  it('name every instant so that the ISO text leads back to it', () => {
    const random = lcg(7);
    for (const timeZone of ['America/Chicago', 'Europe/Berlin', 'Asia/Kolkata', 'Australia/Lord_Howe', 'Asia/Kathmandu', 'UTC']) {
      const at = createTimeParts({ timeZone, weekNumbering: 'monday' });
      for (let count = 0; count < 2000; count++) {
        const instant = Math.floor(Date.UTC(1999, 0, 1) + random() * (Date.UTC(2060, 0, 1) - Date.UTC(1999, 0, 1)));
        expect(Date.parse(at(instant).iso)).toBe(instant);
      }
    }
  });

  it('do not depend on what was asked before', () => {
    const shared = createTimeParts({ timeZone: 'America/Chicago', weekNumbering: 'monday' });
    const random = lcg(11);
    const base = Date.parse('2026-11-01T05:00:00Z');
    for (let count = 0; count < 500; count++) {
      const at = base + Math.floor(random() * 4 * 3_600_000);
      expect(shared(at)).toEqual(parts('America/Chicago', at));
    }
  });

  // An independent computation of the same thing: coreutils with the system's own time zone data.
  it.for(['America/Chicago', 'Europe/Berlin', 'Asia/Kolkata'])('agree with date(1) in %s from 1999 to 2059', (timeZone, context) => {
    const instants = sampleInstants();
    const asDate = dateProgram(timeZone, '%Y/%m/W%W/%d/%H|%Y/%m/W%V/%d/%H|%Y-%m-%dT%H:%M:%S', instants);
    if (asDate === null) return context.skip('date(1) with -f and time zone data is not available');
    const monday = createTimeParts({ timeZone, weekNumbering: 'monday' });
    const iso = createTimeParts({ timeZone, weekNumbering: 'iso' });
    instants.forEach((seconds, index) => {
      const { YYYY, MM, WW, DD, HH, iso: text } = monday(seconds * 1000);
      const isoWeek = iso(seconds * 1000).WW;
      expect(`${YYYY}/${MM}/W${WW}/${DD}/${HH}|${YYYY}/${MM}/W${isoWeek}/${DD}/${HH}|${text.slice(0, 19)}`, String(seconds)).toBe(asDate[index]);
    });
    return undefined;
  });

  it('refuse an unknown time zone', () => {
    expect(() => createTimeParts({ timeZone: 'America/Chigaco', weekNumbering: 'monday' })).toThrow('unknown time zone "America/Chigaco"');
  });
});

describe('weekOf', () => {
  it('counts up by one at every Monday and restarts at 0 or 1 each year', () => {
    for (let year = 1999; year <= 2059; year++) {
      let before = weekOf(year, 1, 1, 'monday');
      expect(before).toBe(new Date(Date.UTC(year, 0, 1)).getUTCDay() === 1 ? 1 : 0);
      for (let day = Date.UTC(year, 0, 2); day < Date.UTC(year + 1, 0, 1); day += 86_400_000) {
        const date = new Date(day);
        const week = weekOf(year, date.getUTCMonth() + 1, date.getUTCDate(), 'monday');
        expect(week).toBe(before + (date.getUTCDay() === 1 ? 1 : 0));
        before = week;
      }
    }
  });
});

describe('scopeStart', () => {
  it.each([
    ['2025', '2025-01-01T00:00:00'],
    ['2025/12', '2025-12-01T00:00:00'],
    ['2025/12/W50', '2025-12-15T00:00:00'],
    ['2025/12/W48', '2025-12-01T00:00:00'],
    ['2026/01/W00', '2026-01-01T00:00:00'],
    ['2025/12/W50/18', '2025-12-18T00:00:00'],
    ['2025/12/W50/18/01', '2025-12-18T01:00:00'],
    ['all', null],
    ['global', null],
  ])('of %s is %s', (scope, start) => {
    expect(scopeStart(scope, 'monday')).toBe(start);
  });
});

describe('scopeBegins', () => {
  it.each<WeekNumbering>(['monday', 'iso'])('says of every day what the scope says by its own rule (%s)', (weekNumbering) => {
    const at = createTimeParts({ timeZone: 'UTC', weekNumbering });
    for (let day = Date.UTC(2019, 11, 1, 13); day < Date.UTC(2027, 1, 1); day += 86_400_000) {
      const parts = at(day);
      for (const level of ['root', 'year', 'month', 'week', 'day', 'hour'] as const) expect(scopeBegins(level, parts), parts.iso).toBe(scopeStart(scopeOf(level, parts), weekNumbering));
    }
  });
});

/** Random seconds of sixty years, the hours around every change of the clocks, and the ends of every year. */
function sampleInstants(): number[] {
  const random = lcg(2026);
  const seconds: number[] = [];
  for (let count = 0; count < 3000; count++) seconds.push(Math.floor(Date.UTC(1999, 0, 1) / 1000 + random() * 61 * 365.25 * 86_400));
  for (let year = 1999; year < 2060; year++) {
    for (let minutes = -180; minutes <= 180; minutes += 20) {
      seconds.push(Date.UTC(year, 0, 1) / 1000 + minutes * 240);
      for (const [month, nth] of [[2, 2], [10, 1], [2, 5], [9, 5]] as const) seconds.push(sunday(year, month, nth) + minutes * 300);
    }
  }
  return seconds;
}

/** Noon UTC less four hours of the nth Sunday of a month (0-based), the last when there is no fifth; seconds. */
function sunday(year: number, month: number, nth: number): number {
  const first = 1 + ((7 - new Date(Date.UTC(year, month, 1)).getUTCDay()) % 7);
  const days = new Date(Date.UTC(year, month + 1, 0)).getUTCDate();
  let day = first + (nth - 1) * 7;
  if (day > days) day -= 7;
  return Date.UTC(year, month, day, 8) / 1000;
}

function dateProgram(timeZone: string, format: string, instants: readonly number[]): string[] | null {
  try {
    const env = { ...process.env, LC_ALL: 'C', TZ: timeZone };
    // Without its data file date(1) silently falls back to UTC.
    if (execFileSync('date', ['-d', '@1735732800', '+%H'], { env, encoding: 'utf8' }).trim() === '12') return null;
    return execFileSync('date', ['-f', '-', `+${format}`], { env, encoding: 'utf8', input: instants.map((second) => `@${second}`).join('\n'), maxBuffer: 1 << 26 }).trim().split('\n');
  } catch {
    return null;
  }
}

/** A small repeatable generator: the same instants at every run. */
function lcg(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}
