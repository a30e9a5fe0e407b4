import { expect, it } from 'vitest';
import { decodeGekkoMeasurement } from './telemetry.ts';

const BYTES = Uint8Array.of(100, 50, 80, 60, 150, 200, 90);
const STEP = 2.048 / 255;

it('reads the bytes of a controller as its version means them', () => {
  const celsius = (byte: number) => (byte * 175) / 218 - 50;
  const v1 = decodeGekkoMeasurement(0x11, BYTES)!;
  expect(v1.inputVolts).toBeCloseTo((100 * 6) / 255, 9);
  expect(v1).toMatchObject({ inputAmps: null, coreAmps: null, fanRpm: null, temperatureOverRange: false });
  expect(v1.temperatureC).toBeCloseTo(celsius(150), 9);

  const v2 = decodeGekkoMeasurement(0x20, BYTES)!;
  expect(v2.inputVolts).toBeCloseTo(100 * STEP * 12, 9);
  expect(v2.inputAmps).toBeCloseTo(50 * STEP * 20, 9);
  expect(v2.coreVolts).toBeCloseTo((80 * STEP) / 2, 9);
  expect(v2.coreAmps).toBeCloseTo(60 * STEP * 20, 9);
  expect([v2.temperatureC, v2.fanRpm]).toEqual([celsius(150), 2700]);

  // The sixth byte is a second temperature here, and the hotter one counts.
  expect(decodeGekkoMeasurement(0x21, BYTES)).toMatchObject({ coreAmps: null, temperatureC: celsius(200) });
  expect(decodeGekkoMeasurement(0x20, BYTES.with(5, 250))!.temperatureOverRange).toBe(false);
  expect(decodeGekkoMeasurement(0x21, BYTES.with(5, 250))!.temperatureOverRange).toBe(true);
  expect(decodeGekkoMeasurement(0x21, BYTES.with(4, 0).with(5, 0))!.temperatureC).toBe(null);
  expect(decodeGekkoMeasurement(null, BYTES)).toEqual(decodeGekkoMeasurement(0x21, BYTES));
  expect(decodeGekkoMeasurement(0x21, BYTES.subarray(1))).toBe(null);
});
