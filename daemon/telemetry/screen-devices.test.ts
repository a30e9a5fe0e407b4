import { expect, test } from 'vitest';
import { fakeDevice } from './rig-state.fixture.ts';
import { deviceLines } from './screen-devices.ts';
import type { DeviceTelemetry } from './state.ts';

const ASIC = { chip: 'BM1370', chips: 1, chips_expected: 1, frequency_mhz: 525, voltage_v: 1.148, fan_percent: 59.4, nonces_ratio: 1.01 };
const axe = (overrides: Partial<DeviceTelemetry> = {}): DeviceTelemetry => fakeDevice({ id: 'axe1', driver: 'bitaxe-raw', hashrate_hs: 1.07e12, temp_c: 59.4, power_w: 16.96, detail: ASIC, ...overrides });
const lines = (...devices: DeviceTelemetry[]): string[] => deviceLines(devices, (text) => text);

test('a board tells its rate, its heat, its cost, its shares, its chips', () => {
  expect(lines(axe())).toEqual(['axe1  hashing  1.07 TH/s  59 C  17.0 W, 15.9 J/TH  3 accepted  BM1370 525 MHz 1.15 V fan 59 %']);
});

test('what is unknown is left out, and columns stand below each other', () => {
  const detail = { chip: 'BM1384', chips: 2, chips_expected: 2, frequency_mhz: 100, voltage_v: null, fan_percent: null };
  const stick = fakeDevice({ id: '2pac-10002', hashrate_hs: 11e9, temp_c: null, power_w: null, detail });
  expect(lines(axe(), stick)).toEqual([
    'axe1        hashing  1.07 TH/s  59 C  17.0 W, 15.9 J/TH  3 accepted  BM1370 525 MHz 1.15 V fan 59 %',
    '2pac-10002  hashing  11.0 GH/s                           3 accepted  2 x BM1384 100 MHz',
  ]);
});

test('missing chips, wrong nonces and far too few of them are told', () => {
  const shares = { ...fakeDevice().shares, hardware_errors: 7 };
  const [line] = lines(axe({ shares, detail: { ...ASIC, chip: 'BM1366', chips: 5, chips_expected: 6, nonces_ratio: 0.834 } }));
  expect(line).toContain('7 hw errors, 83 % of its nonces  5 of 6 x BM1366');
  expect(lines(axe({ detail: { ...ASIC, shares_trouble: 'no share accepted for 99 s' } }))[0]).toMatch(/fan 59 % {2}no share accepted for 99 s$/);
});

test('one that does not hash tells why at once, where a narrow terminal shows it', () => {
  expect(lines(axe({ status: 'fault', reason: 'reads 127 degC; tried again after 5 min', temp_c: null, power_w: null, detail: {} }))).toEqual(['axe1  fault  reads 127 degC; tried again after 5 min']);
  expect(lines(axe({ status: 'fault', reason: 'too hot: cools down' }))).toEqual(['axe1  fault  59 C  too hot: cools down']);
});

test('a cpu tells its kernel', () => {
  expect(lines(fakeDevice())).toEqual(['cpu  hashing  12.5 MH/s  52 C  3 accepted  sse2']);
});
