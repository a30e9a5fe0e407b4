/**
 * Telemetry port of Compac and Terminus A1/A2 (interface 1 of the CP2105, 115200 baud): a small controller that measures
 * and switches the regulator, the fan and the lamp. Hardware reference 9; its own numbers are bytes, not text.
 */
import { checkNumber } from '../board-chips/reading.ts';

const ASCII = new TextEncoder();

/** Commands without an argument. Lamp: off, high, normal, automatic are named after their letters only. */
export const GEKKO_TELEMETRY_COMMAND = {
  version: ASCII.encode('?v'),
  regulatorOn: ASCII.encode('BO'),
  regulatorOff: ASCII.encode('B-'),
  lampOff: ASCII.encode('L-'),
  lampH: ASCII.encode('LH'),
  lampN: ASCII.encode('LN'),
  lampO: ASCII.encode('LO'),
  measure: ASCII.encode('M.'),
  get: ASCII.encode('G.'),
} as const;

/** Highest core voltage that the controller can be asked for, in mV. */
export const GEKKO_MAX_CORE_MV = 500;

/** Sets the core voltage: `V` and a byte of 5 mV steps; rounded down. @throws RangeError outside 0 .. 500 mV */
export function gekkoSetCoreMillivolts(millivolts: number): Uint8Array {
  checkNumber('core voltage in mV', millivolts, 0, GEKKO_MAX_CORE_MV);
  return Uint8Array.of(0x56, Math.floor(millivolts / 5));
}

/** Sets the fan: `F` and a byte of percent; rounded up. @throws RangeError outside 0 .. 100 % */
export function gekkoSetFanPercent(percent: number): Uint8Array {
  checkNumber('fan percent', percent, 0, 100);
  return Uint8Array.of(0x46, Math.ceil(percent));
}

export const GEKKO_TELEMETRY_BYTES = 7;

/** One measurement; null = the controller has no value yet. */
export interface GekkoTelemetry {
  readonly inputVolts: number;
  readonly inputAmps: number;
  readonly coreVolts: number;
  readonly coreAmps: number;
  readonly temperature1C: number | null;
  readonly temperature2C: number | null;
  readonly fanRpm: number;
  /** The byte of a temperature is at the end of its scale: at least 125 degC, or the sensor is broken. */
  readonly temperatureOverRange: boolean;
}

/** The converter's reference, in V, over its 255 steps. */
const VOLT_PER_STEP = 2.048 / 255;
/** Highest byte of the temperature scale, which is 125 degC. */
const TEMPERATURE_TOP = 218;

/** Amperes per volt at the converter; which of the two a stick has depends on its shunt. */
export type GekkoCurrentScale = 20 | 3.125;

function celsius(byte: number): number | null {
  return byte === 0 ? null : (Math.min(byte, TEMPERATURE_TOP) * 175) / 218 - 50;
}

/** The measurement in 7 bytes vin, iin, vout, iout, temp1, temp2, tach; null when there are not 7. */
export function decodeGekkoTelemetry(bytes: Uint8Array, inputScale: GekkoCurrentScale, coreScale: GekkoCurrentScale): GekkoTelemetry | null {
  if (bytes.length !== GEKKO_TELEMETRY_BYTES) return null;
  const [vin, iin, vout, iout, temp1, temp2, tach] = bytes as unknown as [number, number, number, number, number, number, number];
  return {
    inputVolts: vin * VOLT_PER_STEP * 12,
    inputAmps: iin * VOLT_PER_STEP * inputScale,
    coreVolts: (vout * VOLT_PER_STEP) / 2,
    coreAmps: iout * VOLT_PER_STEP * coreScale,
    temperature1C: celsius(temp1),
    temperature2C: celsius(temp2),
    // Wraps above 7650 rpm; no single byte can tell.
    fanRpm: tach * 30,
    temperatureOverRange: temp1 > TEMPERATURE_TOP || temp2 > TEMPERATURE_TOP,
  };
}

/** One measurement as its controller's version lets it be read; null = this version, or this stick, does not tell. */
export interface GekkoMeasurement {
  readonly inputVolts: number;
  readonly inputAmps: number | null;
  readonly coreVolts: number;
  readonly coreAmps: number | null;
  /** The hottest sensor that tells anything. */
  readonly temperatureC: number | null;
  readonly temperatureOverRange: boolean;
  readonly fanRpm: number | null;
}

/** Upper half of the version byte. */
const FIRST_VERSION = 1;
/** The first version measures up to 6 V, and neither currents nor fan. */
const FIRST_VERSION_VOLTS = 6 / 255;

/**
 * Reads 7 bytes as a controller of this version means them. The driver of the makers knows versions 1x and 2x; of 2x the lower
 * half says whether the sixth byte is a second temperature (else the fourth is the current of the core).
 * @param version byte answered to `?v`; null = not told: read as 2x, and both sensors count
 * @returns null when there are not 7 bytes
 */
export function decodeGekkoMeasurement(version: number | null, bytes: Uint8Array): GekkoMeasurement | null {
  const told = decodeGekkoTelemetry(bytes, 20, 20);
  if (told === null) return null;
  const first = version !== null && version >> 4 === FIRST_VERSION;
  const second = version === null || (!first && (version & 0x0f) !== 0);
  const temperatures = [told.temperature1C, second ? told.temperature2C : null].filter((celsiusTold) => celsiusTold !== null);
  return {
    inputVolts: first ? bytes[0]! * FIRST_VERSION_VOLTS : told.inputVolts,
    inputAmps: first ? null : told.inputAmps,
    coreVolts: told.coreVolts,
    coreAmps: first || second ? null : told.coreAmps,
    temperatureC: temperatures.length === 0 ? null : Math.max(...temperatures),
    temperatureOverRange: bytes[4]! > TEMPERATURE_TOP || (second && bytes[5]! > TEMPERATURE_TOP),
    fanRpm: first ? null : told.fanRpm,
  };
}
