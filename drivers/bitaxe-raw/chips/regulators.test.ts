import { expect, it } from 'vitest';
import { RigError } from '../../../protocol/common/errors.ts';
import { PMBUS_FORBIDDEN } from '../../../protocol/pmbus/commands.ts';
import { TPS546_PROFILES } from '../../../protocol/pmbus/tps546.ts';
import type { I2c } from '../i2c.ts';
import { ds4432u, regulatorOffWrites, tps546 } from './regulators.ts';

/** A bus whose registers answer as a test says; null = no acknowledge. */
function bus(registers: Readonly<Record<number, readonly number[] | null>>): I2c & { readonly log: string[] } {
  const log: string[] = [];
  const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
  return {
    log,
    setSpeed: () => Promise.resolve(),
    write({ address, bytes }) {
      log.push(`${address.toString(16)}: ${hex(bytes)}`);
      return Promise.resolve();
    },
    read(address, register) {
      log.push(`${address.toString(16)}? ${register.toString(16)}`);
      const bytes = registers[register];
      return bytes == null ? Promise.reject(new RigError('E_DEVICE_CONTROL', 'no acknowledge', { context: { failure: 'refused' } })) : Promise.resolve(Uint8Array.from(bytes));
    },
  };
}

it.each(['single-5v', 'hex-12v', 'turbo-12v'] as const)('TPS546 (%s): how it counts, faults cleared, configured, voltage, on, and never stored', async (profile) => {
  const i2c = bus({ 0x20: [0x17] });
  const regulator = tps546(profile, i2c);
  await regulator.prepare();
  await regulator.setCoreVolts(1.2);
  await regulator.on();
  expect(i2c.log.slice(0, 4)).toEqual(['24? 20', '24: 03', '24: 0100', '24: 021b']);
  const word = Math.floor(1.2 * TPS546_PROFILES[profile].coresInSeries * 512);
  const set = `24: 21${(word & 0xff).toString(16).padStart(2, '0')}${(word >> 8).toString(16).padStart(2, '0')}`;
  expect(i2c.log.slice(-3)).toEqual([set, '24: 03', '24: 0180']);
  expect(i2c.log.filter((line) => line === '24: 0180')).toHaveLength(1);
  for (const line of i2c.log) expect(PMBUS_FORBIDDEN.has(Number.parseInt(line.slice(4, 6), 16)) && line[2] === ':').toBe(false);
});

it('TPS546: volts in another format are not guessed at', async () => {
  const i2c = bus({ 0x20: [0x40] });
  await expect(tps546('single-5v', i2c).prepare()).rejects.toMatchObject({ code: 'E_DEVICE_UNSAFE' });
  expect(i2c.log).toEqual(['24? 20']);
  await expect(tps546('single-5v', bus({ 0x20: [0x17] })).setCoreVolts(2.2)).rejects.toThrow(RangeError);
});

it('TPS546: what is wrong in words, by the details its status points to', async () => {
  expect(await tps546('single-5v', bus({ 0x20: [0x17], 0x79: [0, 0] })).faults()).toBeNull();
  // Output off, output current; the details say why.
  const tripped = tps546('single-5v', bus({ 0x20: [0x17], 0x79: [0x50, 0x48], 0x7b: [0x80] }));
  expect(await tripped.faults()).toMatch(/output off.*output over-current.*iout over-current fault/);
  // A warning is no fault.
  expect(await tps546('single-5v', bus({ 0x20: [0x17], 0x79: [0x00, 0x40], 0x7b: [0x20] })).faults()).toBeNull();
});

it('TPS546: volts of one core, and no number when the bus says none', async () => {
  const hex = tps546('hex-12v', bus({ 0x20: [0x17], 0x8b: [0x33, 0x07], 0x88: null }));
  expect(await hex.reading('core_v')).toBeCloseTo(1.2, 2);
  await expect(hex.reading('vin_v')).rejects.toMatchObject({ code: 'E_DEVICE_CONTROL' });
});

it('DS4432U: the voltage is read back, the lowest is all that can be done to be safe', async () => {
  const i2c = bus({ 0xf8: [0xb9] });
  const regulator = ds4432u(i2c);
  await regulator.prepare();
  await regulator.setCoreVolts(1.25);
  expect(i2c.log).toEqual(['48: f8ff', '48: f8b9', '48? f8']);
  await expect(regulator.setCoreVolts(1.2)).rejects.toMatchObject({ code: 'E_DEVICE_UNSAFE' });
  expect([regulator.switches, await regulator.faults(), await regulator.reading('core_v')]).toEqual([false, null, null]);
  expect(regulatorOffWrites('DS4432U').map(({ bytes }) => [...bytes])).toEqual([[0xf8, 0xff]]);
});
