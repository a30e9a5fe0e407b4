import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ThermalGuard } from './thermal-guard.ts';

const guard = (): ThermalGuard => new ThermalGuard({ hotC: 70, criticalC: 80 });
const states = (guard: ThermalGuard, readings: (number | null | Error)[]): string[] => readings.map((reading, i) => guard.read(i * 2000, reading).state);

describe('limits', () => {
  it('has hysteresis at both', () => {
    expect(states(guard(), [50, 69.9, 70, 66, 65.1, 65, 79.9, 80, 75, 70.1, 70, 65])).toEqual(['ok', 'ok', 'hot', 'hot', 'hot', 'ok', 'hot', 'critical', 'critical', 'critical', 'hot', 'ok']);
  });

  it('refuses limits that are not in order, or that a good sensor cannot read', () => {
    expect(() => new ThermalGuard({ hotC: 80, criticalC: 70 })).toThrow(RangeError);
    expect(() => new ThermalGuard({ hotC: 80, criticalC: 125 })).toThrow(RangeError);
    expect(() => new ThermalGuard({ hotC: Number.NaN, criticalC: 80 })).toThrow(RangeError);
  });
});

describe('sensor faults', () => {
  it.each([127, 126.9, -20.1, 255, Infinity])('%d degC is one at once', (reading) => {
    const bad = guard();
    bad.read(0, 50);
    expect(bad.read(1, reading)).toMatchObject({ state: 'sensor_fault', temp_c: null });
  });

  it.each([null, Number.NaN, new Error('bus'), 0, -1])('%s counts as a failed read: three in a row are a fault, the last good value stands until then', (failed) => {
    const bad = guard();
    bad.read(0, 71);
    expect(bad.read(1, failed)).toMatchObject({ state: 'hot', temp_c: 71 });
    expect(bad.read(2, failed)).toMatchObject({ state: 'hot', temp_c: 71 });
    expect(bad.read(3, 60).state).toBe('ok');
    expect(states(bad, [failed, failed, failed])).toEqual(['ok', 'ok', 'sensor_fault']);
  });

  it('is unknown, not ok, before the first good reading', () => {
    expect(guard().verdict.state).toBe('unknown');
    expect(states(guard(), [null, 0, new Error('bus')])).toEqual(['unknown', 'unknown', 'sensor_fault']);
  });

  it('believes 0 and -1 of a cold board', () => {
    expect(states(guard(), [2, 0, -1, -1, 0, 0, 1])).toEqual(Array(7).fill('ok'));
  });

  it('stays until reset, whatever is read then', () => {
    const bad = guard();
    bad.read(0, 127);
    expect(bad.read(1, 40).state).toBe('sensor_fault');
    bad.reset();
    expect(bad.read(2, 40).state).toBe('ok');
  });
});

describe('a value that does not move with the fan', () => {
  /** Chips at work for ten minutes; every two seconds a reading, and the fan as told. */
  const run = (reading: (s: number) => number, fan: (s: number) => number | null): string | null => {
    const seen = guard();
    seen.heating(0, true);
    for (let s = 0; s <= 600; s += 2) {
      const verdict = seen.read(1000 * s, reading(s));
      if (verdict.state === 'sensor_fault') return `after ${s} s: ${verdict.reason}`;
      const percent = fan(s);
      if (percent !== null) seen.fan(percent);
    }
    return null;
  };

  it('is stuck two minutes after the fan has gone elsewhere, up or down', () => {
    expect(run(() => 62, (s) => Math.min(100, 60 + s / 4))).toBe('after 242 s: temperature sensor: it has read 62 degC for 4 min, while the fan went from 60 to 100 %');
    expect(run(() => 55, (s) => Math.max(20, 60 - s / 4))).toMatch(/^after 242 s: .* went from 60 to 20 %/);
  });

  it('is none while it moves, while the fan stays about where it was, and where no fan is told', () => {
    expect(run((s) => 62 + (s % 100 === 0 ? 1 : 0), (s) => Math.min(100, 60 + s / 4))).toBe(null);
    expect(run(() => 62, (s) => 60 + 25 * Math.sin(s))).toBe(null);
    expect(run(() => 62, () => null)).toBe(null);
  });

  it('is none of chips that are off: the fan does not move the temperature of the room', () => {
    const cold = guard();
    for (let s = 0; s <= 600; s += 2) {
      expect(cold.read(1000 * s, 25).state).toBe('ok');
      cold.fan(s < 100 ? 100 : 20);
    }
    cold.heating(601_000, true);
    expect(cold.read(602_000, 25).state).toBe('ok');
  });
});

describe('a value that is stuck', () => {
  const run = (minutes: number, reading: (minute: number) => number, prepare: (guard: ThermalGuard) => void): string => {
    const seen = guard();
    seen.read(0, reading(0));
    prepare(seen);
    let state = '';
    for (let s = 0; s <= minutes * 60; s += 2) state = seen.read(100_000 + s * 1000, reading(s / 60)).state;
    return state;
  };

  it('is one when cold chips have begun to hash and not one bit moves for five minutes', () => {
    expect(run(4.9, () => 41, (seen) => seen.heating(100_000, true))).toBe('ok');
    expect(run(5, () => 41, (seen) => seen.heating(100_000, true))).toBe('sensor_fault');
  });

  it('is none while the board stays switched off, or was off for a moment only, or nobody tells', () => {
    expect(run(60, () => 41, () => {})).toBe('ok');
    expect(run(60, () => 41, (seen) => seen.heating(100_000, false))).toBe('ok');
    const blink = (seen: ThermalGuard): void => {
      seen.heating(50_000, false);
      seen.heating(100_000, true);
    };
    expect(run(60, () => 58, blink)).toBe('ok');
  });

  it('is none of a sensor of 1 degC that warms up and then stands still for an hour under a fan loop', () => {
    expect(run(60, (minute) => Math.round(60 - 25 * Math.exp(-minute)), (seen) => seen.heating(100_000, true))).toBe('ok');
  });
});

it('whatever is read: never ok at or over a limit, never ok without a good reading, and a fault stays', () => {
  const reading = fc.oneof(fc.double({ min: -200, max: 300 }), fc.constantFrom<number | null>(0, -1, 127, null, Number.NaN));
  fc.assert(
    fc.property(fc.array(reading, { maxLength: 60 }), (readings) => {
      const seen = guard();
      let faulty = false;
      for (const [i, value] of readings.entries()) {
        const { state, temp_c } = seen.read(i * 2000, value);
        if (faulty) expect(state).toBe('sensor_fault');
        faulty = state === 'sensor_fault';
        if (state === 'ok') expect(temp_c).toBeLessThan(70);
        if (value !== null && value >= 80) expect(['critical', 'sensor_fault']).toContain(state);
        expect(temp_c === null).toBe(state === 'unknown' || state === 'sensor_fault');
      }
    }),
    { numRuns: 2000 },
  );
});
