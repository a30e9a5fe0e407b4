/** What makes the core voltage, as one thing: a TPS546 that is configured and switched, or a DAC that only moves the voltage. */
import { DS4432U_ADDRESS, DS4432U_CORE_VOLTS, DS4432U_REGISTER, ds4432uSetVolts, ds4432uVolts } from '../../../protocol/board-chips/ds4432u.ts';
import type { RegisterWrite } from '../../../protocol/board-chips/reading.ts';
import { PMBUS, type PmbusCommand } from '../../../protocol/pmbus/commands.ts';
import { decodeStatus, statusDetails } from '../../../protocol/pmbus/status.ts';
import { TPS546_ADDRESS, tps546Configuration, tps546Off, tps546On, TPS546_PROFILES, tps546SetCoreVolts, type Tps546ProfileName } from '../../../protocol/pmbus/tps546.ts';
import { pmbusReadNumber, pmbusSend } from '../../../protocol/pmbus/transfer.ts';
import { decodeVoutMode } from '../../../protocol/pmbus/vout-mode.ts';
import { RigError } from '../../../protocol/common/errors.ts';
import type { RequestOptions } from '../control-client.ts';
import type { I2c } from '../i2c.ts';

export type RegulatorReading = 'core_v' | 'vin_v' | 'iout_a' | 'temp_c';

/** Methods with a promise @throws RigError E_DEVICE_CONTROL */
export interface Regulator {
  readonly name: 'TPS546' | 'DS4432U';
  /** False: the chips have power as long as the board has. */
  readonly switches: boolean;
  /** Chips whose cores share the output in series; its voltage is that of one core times this. */
  readonly coresInSeries: number;
  /** Output off, and everything set that must be before it goes on. */
  prepare(options?: RequestOptions): Promise<void>;
  /** @throws RangeError outside what the regulator can do */
  setCoreVolts(volts: number): Promise<void>;
  /** No effect when it does not switch. */
  on(): Promise<void>;
  /** What is wrong, in plain words; null = nothing, or it cannot tell. */
  faults(): Promise<string | null>;
  /** One number; null where there is none to read. */
  reading(what: RegulatorReading): Promise<number | null>;
}

/** The writes that leave the chips without power, or where that cannot be done, with the lowest voltage there is. */
export function regulatorOffWrites(name: Regulator['name']): RegisterWrite[] {
  if (name === 'DS4432U') return [ds4432uSetVolts(DS4432U_CORE_VOLTS.min)];
  return tps546Off().map((bytes) => ({ address: TPS546_ADDRESS, bytes }));
}

export function tps546(profileName: Tps546ProfileName, i2c: I2c): Regulator {
  const profile = TPS546_PROFILES[profileName];
  let exponent: number | null = null;
  const write = (bytes: Uint8Array, what: string, options?: RequestOptions): Promise<void> => i2c.write({ address: TPS546_ADDRESS, bytes }, what, options);
  const number = async (command: PmbusCommand, what: string): Promise<number> => {
    const answer = await i2c.read(TPS546_ADDRESS, command.code, command.kind === 'byte' ? 1 : 2, what);
    return pmbusReadNumber(command, answer, await voutExponent())!;
  };
  /** Asked before it is relied on, once. */
  const voutExponent = async (options?: RequestOptions): Promise<number> => {
    if (exponent !== null) return exponent;
    const mode = await i2c.read(TPS546_ADDRESS, PMBUS.voutMode.code, 1, 'reading how the regulator counts volts', options);
    const { format } = decodeVoutMode(mode[0]!);
    if (format.kind !== 'linear') throw new RigError('E_DEVICE_UNSAFE', `the regulator counts volts in format "${format.kind}": its output cannot be set safely`, { context: { trouble: 'power' } });
    exponent = format.exponent;
    return exponent;
  };
  return {
    name: 'TPS546',
    switches: true,
    coresInSeries: profile.coresInSeries,
    async prepare(options) {
      exponent = null;
      const counting = await voutExponent(options);
      await write(pmbusSend(PMBUS.clearFaults.code), 'clearing faults of the regulator', options);
      for (const bytes of tps546Configuration(profile, counting)) await write(bytes, 'configuring the regulator', options);
    },
    setCoreVolts: async (volts) => write(tps546SetCoreVolts(volts, profile, await voutExponent()), 'setting the core voltage'),
    async on() {
      for (const bytes of tps546On()) await write(bytes, 'switching the regulator on');
    },
    async faults() {
      const what = 'reading the status of the regulator';
      const word = await number(PMBUS.statusWord, what);
      const found = decodeStatus('word', word).filter(({ severity }) => severity === 'fault');
      const names = found.map(({ name }) => name);
      for (const register of statusDetails(word)) {
        if (register === 'other') continue;
        const command = { vout: PMBUS.statusVout, iout: PMBUS.statusIout, input: PMBUS.statusInput, temperature: PMBUS.statusTemperature, cml: PMBUS.statusCml, mfr: PMBUS.statusMfr }[register];
        const bits = decodeStatus(register, await number(command, what)).filter(({ severity }) => severity === 'fault');
        names.push(...bits.map(({ name }) => `${register} ${name}`));
      }
      return names.length === 0 ? null : names.join(', ');
    },
    async reading(what) {
      const command = { core_v: PMBUS.readVout, vin_v: PMBUS.readVin, iout_a: PMBUS.readIout, temp_c: PMBUS.readTemperature1 }[what];
      const value = await number(command, 'reading the regulator');
      return what === 'core_v' ? value / profile.coresInSeries : value;
    },
  };
}

export function ds4432u(i2c: I2c): Regulator {
  const set = (volts: number, options?: RequestOptions): Promise<void> => i2c.write(ds4432uSetVolts(volts), 'setting the core voltage', options);
  return {
    name: 'DS4432U',
    switches: false,
    coresInSeries: 1,
    prepare: (options) => set(DS4432U_CORE_VOLTS.min, options),
    async setCoreVolts(volts) {
      await set(volts);
      // It has no status to ask: what it holds must be what was meant.
      const held = await i2c.read(DS4432U_ADDRESS, DS4432U_REGISTER.out0, 1, 'reading back the core voltage');
      if (held[0] !== ds4432uSetVolts(volts).bytes[1]) throw new RigError('E_DEVICE_UNSAFE', `the voltage DAC holds ${ds4432uVolts(held[0]!).toFixed(3)} V instead of ${volts} V`, { context: { trouble: 'power' } });
    },
    on: () => Promise.resolve(),
    faults: () => Promise.resolve(null),
    reading: () => Promise.resolve(null),
  };
}
