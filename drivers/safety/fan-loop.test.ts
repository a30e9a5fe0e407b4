import { describe, expect, it } from 'vitest';
import { FanLoop } from './fan-loop.ts';
import type { ThermalVerdict } from './thermal-guard.ts';

const ok = (temp: number): ThermalVerdict => ({ state: 'ok', temp_c: temp, reason: null });

/** A board as a first-order system: 15 W that a fan at full speed keeps 12 degC and at 30 % 45 degC above the room. */
function settleAt(loop: FanLoop, seconds: number, watts = 15, room = 25): { temps: number[]; percents: number[] } {
  const [temps, percents]: [number[], number[]] = [[], []];
  let temp = room;
  let percent = 100;
  for (let s = 0; s < seconds; s += 2) {
    percent = loop.update(s * 1000, ok(Math.round(temp * 8) / 8), 3000).percent;
    const rise = (watts / 15) * (12 + 0.0067 * (100 - percent) ** 2);
    for (let i = 0; i < 20; i++) temp += ((room + rise - temp) / 25) * 0.1;
    temps.push(temp);
    percents.push(percent);
  }
  return { temps, percents };
}

describe('holding a temperature', () => {
  it('comes to rest at the target, without swinging', () => {
    const { temps, percents } = settleAt(new FanLoop({ targetC: 55 }), 600);
    expect(Math.max(...temps)).toBeLessThan(62);
    for (const temp of temps.slice(-100)) expect(Math.abs(temp - 55)).toBeLessThan(1);
    expect(Math.max(...percents.slice(-100)) - Math.min(...percents.slice(-100))).toBeLessThan(8);
  });

  it('stays at the least percent while it is cold, and does not wind up meanwhile', () => {
    const loop = new FanLoop({ targetC: 55, minPercent: 25 });
    for (let s = 0; s < 3600; s += 2) expect(loop.update(s * 1000, ok(30), null).percent).toBe(25);
    expect(loop.update(3_602_000, ok(65), null).percent).toBeGreaterThanOrEqual(65);
  });

  it('does not swing when nobody asked for a minute', () => {
    const [often, seldom] = [new FanLoop({ targetC: 55 }), new FanLoop({ targetC: 55 })];
    for (const loop of [often, seldom]) loop.update(0, ok(57), null);
    often.update(5000, ok(57), null);
    seldom.update(60_000, ok(57), null);
    expect(seldom.demand).toEqual(often.demand);
    // A clock that stands still, or goes back, is no reason either.
    expect(seldom.update(59_000, ok(57), null)).toEqual(often.demand);
  });

  it('comes down again after long heat', () => {
    const loop = new FanLoop({ targetC: 55 });
    for (let s = 0; s < 3600; s += 2) loop.update(s * 1000, ok(69), null);
    expect(loop.demand.percent).toBe(100);
    for (let s = 3600; s < 3660; s += 2) loop.update(s * 1000, ok(45), null);
    expect(loop.demand.percent).toBe(30);
  });
});

describe('full speed', () => {
  it('before the first reading, when hot or critical, and when the sensor fails', () => {
    const loop = new FanLoop({ targetC: 55 });
    expect(loop.demand.percent).toBe(100);
    loop.setManual(30);
    for (const state of ['unknown', 'hot', 'critical', 'sensor_fault'] as const) {
      expect(loop.update(0, { state, temp_c: state === 'hot' || state === 'critical' ? 79 : null, reason: 'why' }, 3000)).toEqual({ percent: 100, stalled: false, reason: 'why' });
    }
  });

  it('a person may choose the speed, not less than the least', () => {
    const loop = new FanLoop({ targetC: 55, minPercent: 30 });
    loop.setManual(80);
    expect(loop.update(0, ok(40), null).percent).toBe(80);
    loop.setManual(5);
    expect(loop.update(2000, ok(40), null).percent).toBe(30);
    loop.setManual(null);
    expect(loop.update(4000, ok(69), null).percent).toBeGreaterThan(60);
  });
});

describe('a fan that does not turn', () => {
  it('gets full speed first; one that stands still even then is stalled until it turns', () => {
    const loop = new FanLoop({ targetC: 55 });
    const at = (s: number, rpm: number | null) => loop.update(s * 1000, ok(40), rpm);
    expect(at(0, 0)).toMatchObject({ percent: 30, stalled: false });
    expect(at(9, 0)).toMatchObject({ percent: 30, stalled: false });
    expect(at(10, 0)).toMatchObject({ percent: 100, stalled: false });
    expect(at(19, null)).toMatchObject({ percent: 100, stalled: false });
    expect(at(20, 0)).toMatchObject({ percent: 100, stalled: true });
    expect(at(22, 1200)).toMatchObject({ stalled: false });
    // It has shown that the least percent is too little for it.
    expect(loop.demand.percent).toBe(40);
  });

  it('is not assumed of a fan without a tachometer', () => {
    const loop = new FanLoop({ targetC: 55 });
    for (let s = 0; s < 600; s += 2) expect(loop.update(s * 1000, ok(40), null).stalled).toBe(false);
  });
});
