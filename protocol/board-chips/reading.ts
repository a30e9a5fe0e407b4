/** What a temperature sensor or tachometer said: a number, or why there is none. Shared by the fan and sensor chips. */

/** Why a diode has no temperature. A fault must never be read as a number: open reads 127 degC, a failed bus 0 or -1. */
export type DiodeFault = 'open' | 'short';

export type TemperatureReading =
  | { readonly kind: 'ok'; readonly celsius: number }
  | { readonly kind: 'fault'; readonly fault: DiodeFault };

/** `rpm` 0 with `stopped` when the counter ran full: the fan does not turn, or turns slower than it can count. */
export interface TachReading {
  readonly rpm: number;
  readonly stopped: boolean;
}

/** What a chip's register answers to: `length` bytes read at `register` of 7-bit I2C address `address`. */
export interface RegisterRead {
  readonly address: number;
  readonly register: number;
  readonly length: number;
}

/** Bytes to write to 7-bit I2C address `address`; the first is the register. */
export interface RegisterWrite {
  readonly address: number;
  readonly bytes: Uint8Array;
}

/** @throws RangeError when `value` is not an integer of 0 .. 255 */
export function checkByte(name: string, value: number): void {
  checkInteger(name, value, 0, 0xff);
}

/** @throws RangeError when `value` is not an integer of `min` .. `max` */
export function checkInteger(name: string, value: number, min: number, max: number): void {
  if (!Number.isInteger(value) || value < min || value > max) throw new RangeError(`${name} is an integer of ${min} .. ${max}, not ${value}`);
}

/** @throws RangeError when `value` is not a number of `min` .. `max` */
export function checkNumber(name: string, value: number, min: number, max: number): void {
  // Written so that NaN fails too.
  if (!(value >= min && value <= max)) throw new RangeError(`${name} is between ${min} and ${max}, not ${value}`);
}

/** Fan duty of 0 .. 100 % on a scale of 0 .. `fullScale`, rounded up so that a fan never gets less than asked. @throws RangeError */
export function dutyFromPercent(percent: number, fullScale: number): number {
  checkNumber('fan percent', percent, 0, 100);
  return Math.ceil((percent * fullScale) / 100);
}

/** Percent of a duty on a scale of 0 .. `fullScale`. */
export function percentFromDuty(duty: number, fullScale: number): number {
  return (Math.min(duty, fullScale) * 100) / fullScale;
}

/** One register byte as a write. @throws RangeError when the value is not a byte */
export function writeRegister(address: number, register: number, value: number): RegisterWrite {
  checkByte('register', register);
  checkByte('register value', value);
  return { address, bytes: Uint8Array.of(register, value) };
}
