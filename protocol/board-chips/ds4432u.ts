/**
 * DS4432U: current DAC that moves the feedback node of the core regulator, on the older Bitaxe boards. Its current,
 * added to or taken from the divider of 4.75 kOhm over 3.32 kOhm at a 0.6 V reference, sets the core voltage.
 * Source: DS4432 data sheet; resistors and rounding: hardware reference 12 (1.25 V -> b9 is in a board's own log).
 */
import { checkByte, checkNumber, writeRegister } from './reading.ts';
import type { RegisterWrite } from './reading.ts';

export const DS4432U_ADDRESS = 0x48;
/** OUT0 is the output the boards use. */
export const DS4432U_REGISTER = { out0: 0xf8, out1: 0xf9 } as const;
const REFERENCE_V = 0.6;
const UPPER_OHM = 4750;
const LOWER_OHM = 3320;
const FULL_SCALE_A = 98.921e-6;
const STEPS = 127;
/** Bit 7: the DAC sources current, which lowers the voltage. */
const SOURCE = 0x80;
/** What the DAC's full current can do with this divider: 0.989 .. 1.928 V. (The 0.046 .. 2.39 V told elsewhere need a larger current.) */
export const DS4432U_CORE_VOLTS = {
  min: REFERENCE_V + UPPER_OHM * (REFERENCE_V / LOWER_OHM - FULL_SCALE_A),
  max: REFERENCE_V + UPPER_OHM * (REFERENCE_V / LOWER_OHM + FULL_SCALE_A),
} as const;
/** Above this the boards let the DAC sink. The circuit's own middle is 1.4584 V; the boards' number decides. */
const SINK_FROM_V = 1.451;

/**
 * DAC code of a core voltage, rounded to the larger current as the boards do. Between 1.451 V
 * and the middle, 1.458 V, their rule takes the wrong side: the output is up to 19 mV above what was asked. @throws RangeError outside `DS4432U_CORE_VOLTS`
 */
export function ds4432uCode(volts: number): number {
  checkNumber('core voltage in V', volts, DS4432U_CORE_VOLTS.min, DS4432U_CORE_VOLTS.max);
  const amps = REFERENCE_V / LOWER_OHM - (volts - REFERENCE_V) / UPPER_OHM;
  // Never above 127: rounding errors at the very ends of the range would spill into bit 7.
  const steps = Math.min(STEPS, Math.ceil(Math.abs(amps / FULL_SCALE_A) * STEPS));
  return volts < SINK_FROM_V ? SOURCE | steps : steps;
}

/** Core voltage in V that a DAC code gives. @throws RangeError when not a byte */
export function ds4432uVolts(code: number): number {
  checkByte('DAC code', code);
  const amps = ((code & STEPS) / STEPS) * FULL_SCALE_A;
  return REFERENCE_V + UPPER_OHM * (REFERENCE_V / LOWER_OHM + ((code & SOURCE) === 0 ? amps : -amps));
}

/** The write that sets the core voltage. @throws RangeError outside `DS4432U_CORE_VOLTS` */
export function ds4432uSetVolts(volts: number): RegisterWrite {
  return writeRegister(DS4432U_ADDRESS, DS4432U_REGISTER.out0, ds4432uCode(volts));
}
