import { expect, it } from 'vitest';
import { movesBetween } from './operating.ts';
import { bitaxeRawOptions } from './options.ts';
import { boardPlan, envelopeOf } from './plan.ts';

const at = (mhz: number, millivolts: number) => ({ mhz, millivolts });
const volts = (values: readonly number[]) => values.map((value) => ({ move: 'volts', volts: value }));

it('voltage comes first on the way up and last on the way down, in steps of 25 mV at most', () => {
  expect(movesBetween(at(525, 1150), at(600, 1200))).toEqual([...volts([1.175, 1.2]), { move: 'ramp', mhz: 600 }]);
  expect(movesBetween(at(600, 1200), at(525, 1150))).toEqual([{ move: 'ramp', mhz: 525 }, ...volts([1.175, 1.15])]);
  expect(movesBetween(at(600, 1150), at(525, 1200))).toEqual([...volts([1.175, 1.2]), { move: 'ramp', mhz: 525 }]);
  expect(movesBetween(at(525, 1150), at(525, 1210)).map((move) => ('volts' in move ? move.volts : null))).toEqual([1.17, 1.19, 1.21]);
  expect(movesBetween(at(525, 1150), at(600, 1150))).toEqual([{ move: 'ramp', mhz: 600 }]);
  expect(movesBetween(at(525, 1150), at(525, 1150))).toEqual([]);
});

it('limits are those of the chip, wider only on demand, and never beyond what the regulator gives', () => {
  expect(envelopeOf(boardPlan('602')!, false)).toEqual({ mhz: [400, 625], volts: [1, 1.25], defaultMhz: 525, defaultVolts: 1.15 });
  expect(envelopeOf(boardPlan('602')!, true)).toMatchObject({ mhz: [400, 875], volts: [1, 1.35] });
  expect(envelopeOf(boardPlan('302')!, true).volts![1]).toBeCloseTo(1.4);
  expect(envelopeOf(boardPlan('102')!, true).volts).toEqual([1.1, 1.6]);
  expect(envelopeOf(boardPlan('emberone')!, true)).toMatchObject({ mhz: [50, 525], volts: null });
});

it('a board version may be written as a number', () => {
  for (const [written, taken] of [[602, '602'], [2.2, '2.2'], [0.11, '0.11'], ['602', '602'], [undefined, 'auto']] as const) expect(bitaxeRawOptions.parse({ board: written }).board).toBe(taken);
  expect(bitaxeRawOptions.safeParse({ board: 999 }).success).toBe(false);
});
