import { expect, it } from 'vitest';
import { RigError } from '../../protocol/common/errors.ts';
import { ManualClock } from '../../protocol/common/manual-clock.ts';
import { chipsOf } from './board-chips.ts';
import type { ControlFailure } from './control-client.ts';
import type { I2c } from './i2c.ts';
import { boardPlan } from './plan.ts';
import { readRound } from './readings.ts';

/** A bus on which everything, or everything but some registers, fails in one way. */
function failing(failure: ControlFailure, good: Readonly<Record<number, readonly number[]>> = {}) {
  let asked = 0;
  const i2c: I2c = {
    setSpeed: () => Promise.resolve(),
    write: () => Promise.resolve(),
    read(_address, register) {
      asked++;
      const bytes = good[register];
      return bytes ? Promise.resolve(Uint8Array.from(bytes)) : Promise.reject(new RigError('E_DEVICE_CONTROL', 'failed', { context: { failure } }));
    },
  };
  return { i2c, asked: () => asked };
}

it.each(['102', '303', '602', '801'])('board %s: what fails is null and counted, never 0', async (version) => {
  const { i2c } = failing('refused');
  const readings = await readRound(chipsOf(boardPlan(version)!, i2c), new ManualClock());
  expect(readings).toMatchObject({ temp_c: null, core_v: null, vin_v: null, iout_a: null, regulator_temp_c: null, power_w: null, mute: false });
  expect(readings.fans.every(({ rpm, stopped }) => rpm === null && stopped === null)).toBe(true);
  expect(readings.failed).toBeGreaterThanOrEqual(4);
});

it('a board that says nothing is not asked everything', async () => {
  const { i2c, asked } = failing('timeout');
  const readings = await readRound(chipsOf(boardPlan('602')!, i2c), new ManualClock());
  expect(readings.mute).toBe(true);
  expect(asked()).toBe(2);
});

it('an open diode has no temperature, and a hotter sensor is the one that counts', async () => {
  const open = failing('refused', { 0x01: [0x7f], 0x10: [0x00] });
  expect(await readRound(chipsOf(boardPlan('602')!, open.i2c), new ManualClock())).toMatchObject({ temp_c: null, sensorFault: 'the temperature diode (chip) is open' });
  const two = failing('refused', { 0x02: [0x30], 0x03: [0x00], 0x04: [0x35], 0x05: [0x20] });
  expect(await readRound(chipsOf(boardPlan('801')!, two.i2c), new ManualClock())).toMatchObject({ temp_c: 53.125, sensorFault: null });
  // One of two that fails makes the hottest unknown.
  const one = failing('refused', { 0x02: [0x30], 0x03: [0x00] });
  expect((await readRound(chipsOf(boardPlan('801')!, one.i2c), new ManualClock())).temp_c).toBeNull();
});
