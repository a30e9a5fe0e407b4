/**
 * TPS546D24A/S: core regulator of the newer Bitaxe boards, on I2C address 24. What a board needs is data (a profile);
 * what to write is made from it. Faults latch: clear them before switching on. Source: TPS546D24 data sheet, hardware reference 12.
 */
import { equalBytes, hexToBytes } from '../common/bytes.ts';
import { PMBUS } from './commands.ts';
import type { PmbusCommandName } from './commands.ts';
import { pmbusSend, pmbusWriteBlock, pmbusWriteByte, pmbusWriteNumber } from './transfer.ts';

export const TPS546_ADDRESS = 0x24;
/** Exponent that these boards' VOUT_MODE (17 or 97) tells; read it before relying on it. */
export const TPS546_VOUT_EXPONENT = -9;

const DEVICE_IDS = [hexToBytes('5449546d2441'), hexToBytes('5449546d2462')];

/** Whether the data of IC_DEVICE_ID is that of a TPS546D24A or TPS546D24S. */
export function isTps546(deviceId: Uint8Array): boolean {
  return DEVICE_IDS.some((id) => equalBytes(id, deviceId));
}

/** OPERATION values. */
export const TPS546_OPERATION = { on: 0x80, off: 0x00 } as const;
/** ON_OFF_CONFIG: OPERATION alone switches, at once; the CONTROL pin is not asked. */
export const TPS546_ON_OFF_CONFIG = 0x1b;

export interface Tps546Profile {
  /** Volts of the output per chip core: 1, or the number of voltage domains in series. */
  readonly coresInSeries: number;
  readonly scaleLoop: number;
  readonly vinOnV: number;
  readonly vinOffV: number;
  /** null: not written. On 5 V boards the chip raises a false warning that way. */
  readonly vinUvWarnV: number | null;
  readonly vinOvFaultV: number;
  readonly voutMinV: number;
  readonly voutMaxV: number;
  readonly ioutOcWarnA: number;
  readonly ioutOcFaultA: number;
  /** Phases in parallel (two regulators stacked on Turbo). */
  readonly phases: 1 | 2;
  /** SYNC_CONFIG: 10 = no common clock, d0 = the stack finds out which regulator gives it. */
  readonly syncConfig: number;
  /** COMPENSATION_CONFIG; null = the chip's own. */
  readonly compensation: Uint8Array | null;
}

export type Tps546ProfileName = 'single-5v' | 'hex-12v' | 'turbo-12v';

const STAND_ALONE = { phases: 1, syncConfig: 0x10, compensation: null } as const;

/** Profiles by board, as the boards' own firmware has them. Hex: three voltage domains in series. */
export const TPS546_PROFILES: Record<Tps546ProfileName, Tps546Profile> = {
  'single-5v': { coresInSeries: 1, scaleLoop: 0.25, vinOnV: 4.8, vinOffV: 4.5, vinUvWarnV: null, vinOvFaultV: 6.5, voutMinV: 1, voutMaxV: 2, ioutOcWarnA: 25, ioutOcFaultA: 30, ...STAND_ALONE },
  'hex-12v': { coresInSeries: 3, scaleLoop: 0.125, vinOnV: 11.5, vinOffV: 11, vinUvWarnV: 11, vinOvFaultV: 14.8, voutMinV: 2.5, voutMaxV: 4.5, ioutOcWarnA: 25, ioutOcFaultA: 30, ...STAND_ALONE },
  'turbo-12v': { coresInSeries: 1, scaleLoop: 0.25, vinOnV: 11, vinOffV: 10.5, vinUvWarnV: 11, vinOvFaultV: 14.8, voutMinV: 1, voutMaxV: 3, ioutOcWarnA: 50, ioutOcFaultA: 55, phases: 2, syncConfig: 0xd0, compensation: hexToBytes('1234422104') },
};

/** Settings that are the same on every board, in the order they are written. Voltage limits are multiples of VOUT_COMMAND. */
const COMMON: readonly (readonly [PmbusCommandName, number])[] = [
  ['frequencySwitch', 650],
  ['voutOvFaultLimit', 1.25],
  ['voutOvWarnLimit', 1.16],
  ['voutMarginHigh', 1.1],
  ['voutMarginLow', 0.9],
  ['voutUvWarnLimit', 0.9],
  ['voutUvFaultLimit', 0.75],
  // Shut down at once and stay off: over-current is never retried by itself.
  ['ioutOcFaultResponse', 0xc0],
  ['otWarnLimit', 105],
  ['otFaultLimit', 145],
  ['otFaultResponse', 0xff],
  ['vinOvFaultResponse', 0xb7],
  ['tonDelay', 0],
  ['tonRise', 3],
  ['tonMaxFaultLimit', 0],
  ['tonMaxFaultResponse', 0x3b],
  ['toffDelay', 0],
  ['toffFall', 0],
  ['pinDetectOverride', 0xffff],
];

/**
 * The writes that configure a regulator whose output is off: off first, limits next, nothing that switches on.
 * The output voltage is not among them: `tps546SetCoreVolts` comes after, `tps546On` last.
 * @param voutExponent exponent that its VOUT_MODE tells
 */
export function tps546Configuration(profile: Tps546Profile, voutExponent = TPS546_VOUT_EXPONENT): Uint8Array[] {
  const write = (name: PmbusCommandName, value: number): Uint8Array => pmbusWriteNumber(PMBUS[name], value, voutExponent);
  return [
    ...tps546Off(),
    pmbusWriteByte(PMBUS.onOffConfig.code, TPS546_ON_OFF_CONFIG),
    // The low bits count further regulators in the stack.
    write('stackConfig', profile.phases - 1),
    write('syncConfig', profile.syncConfig),
    // Phase ff addresses all regulators of a stack at once.
    pmbusWriteByte(PMBUS.phase.code, profile.phases === 1 ? 0x00 : 0xff),
    ...(profile.compensation === null ? [] : [pmbusWriteBlock(PMBUS.compensationConfig.code, profile.compensation)]),
    write('voutScaleLoop', profile.scaleLoop),
    write('vinOn', profile.vinOnV),
    write('vinOff', profile.vinOffV),
    ...(profile.vinUvWarnV === null ? [] : [write('vinUvWarnLimit', profile.vinUvWarnV)]),
    write('vinOvFaultLimit', profile.vinOvFaultV),
    write('voutMax', profile.voutMaxV),
    write('voutMin', profile.voutMinV),
    write('ioutOcWarnLimit', profile.ioutOcWarnA),
    write('ioutOcFaultLimit', profile.ioutOcFaultA),
    ...COMMON.map(([name, value]) => write(name, value)),
  ];
}

/**
 * The write that sets the output for a core voltage. @throws RangeError when the output would be outside the profile's limits
 */
export function tps546SetCoreVolts(coreVolts: number, profile: Tps546Profile, voutExponent = TPS546_VOUT_EXPONENT): Uint8Array {
  const volts = coreVolts * profile.coresInSeries;
  if (!(volts >= profile.voutMinV && volts <= profile.voutMaxV)) throw new RangeError(`an output of ${volts} V is not within ${profile.voutMinV} .. ${profile.voutMaxV} V`);
  return pmbusWriteNumber(PMBUS.voutCommand, volts, voutExponent);
}

/** The writes that switch on: latched faults are cleared first, or the regulator stays off. */
export function tps546On(): Uint8Array[] {
  return [pmbusSend(PMBUS.clearFaults.code), pmbusWriteByte(PMBUS.operation.code, TPS546_OPERATION.on)];
}

/** The writes that switch off. */
export function tps546Off(): Uint8Array[] {
  return [pmbusWriteByte(PMBUS.operation.code, TPS546_OPERATION.off)];
}
