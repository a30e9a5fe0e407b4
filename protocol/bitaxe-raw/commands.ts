/** What the control port can be asked, one function a command. Hardware reference 11. */
import { checkByte, checkU32 } from '../bm13xx/bytes-check.ts';
import { checkInteger } from '../board-chips/reading.ts';
import { hexToBytes } from '../common/bytes.ts';
import type { BitaxeRawFirmware } from './firmware.ts';
import { PAGE } from './request.ts';
import type { Command } from './request.ts';

const I2C = { setHz: 0x10, write: 0x20, read: 0x30, writeRead: 0x40 } as const;
const ADC = { vdd: 0x50, vin: 0x51 } as const;
const LED_RGB = 0x10;
const FAN = { percent: 0x10, tach: 0x20 } as const;
const SYSTEM = { reboot: 0x01, bootloader: 0x02 } as const;
const INFO = { info: 0x01, overflows: 0x02, safety: 0x10 } as const;
/** A reply holds no more data than this. */
const LONGEST_READ = 255;

function make(page: number, command: number, data: readonly number[] | Uint8Array, replyBytes: number | null, replyValues: Command['replyValues'] = 'any'): Command {
  return { page, command, data: Uint8Array.from(data), replyBytes, replyValues, answered: true };
}

function checkAddress(address: number): void {
  checkInteger('a 7-bit I2C address', address, 0, 0x7f);
}

/** Sets the speed of the I2C bus. @throws RangeError unless an unsigned 32-bit number */
export function i2cSetHz(hz: number): Command {
  checkU32(hz, 'an I2C speed in Hz');
  return make(PAGE.i2c, I2C.setHz, [hz & 0xff, (hz >>> 8) & 0xff, (hz >>> 16) & 0xff, hz >>> 24], null);
}

/** Writes bytes to a chip. @throws RangeError when the address is not 7-bit */
export function i2cWrite(address: number, bytes: Uint8Array): Command {
  checkAddress(address);
  return make(PAGE.i2c, I2C.write, [address, ...bytes], null);
}

/** Reads bytes from a chip. @throws RangeError when the address is not 7-bit or the length not 1 .. 255 */
export function i2cRead(address: number, length: number): Command {
  checkAddress(address);
  checkInteger('a length', length, 1, LONGEST_READ);
  return make(PAGE.i2c, I2C.read, [address, length], length);
}

/** Writes bytes (a register) and reads without letting go of the bus. @throws RangeError as `i2cRead` */
export function i2cWriteRead(address: number, bytes: Uint8Array, length: number): Command {
  checkAddress(address);
  checkInteger('a length', length, 1, LONGEST_READ);
  return make(PAGE.i2c, I2C.writeRead, [address, ...bytes, length], length);
}

/** Sets a pin; the answer is the level. @throws RangeError when the pin is not a byte */
export function gpioSet(pin: number, high: boolean): Command {
  checkByte(pin, 'a pin');
  return make(PAGE.gpio, pin, [high ? 1 : 0], 1, 'level');
}

/** Reads a pin. @throws RangeError when the pin is not a byte */
export function gpioGet(pin: number): Command {
  checkByte(pin, 'a pin');
  return make(PAGE.gpio, pin, [], 1, 'level');
}

/** Reads the converter's raw number of a supply: 2 bytes, see `adcValue`. */
export function adcRead(input: keyof typeof ADC): Command {
  return make(PAGE.adc, ADC[input], [], 2);
}

/** The number in the answer of `adcRead`; null when it has not two bytes. No source tells its scale. */
export function adcValue(data: Uint8Array): number | null {
  return data.length === 2 ? data[0]! | (data[1]! << 8) : null;
}

/** Sets the lamp. @throws RangeError when a colour is not a byte */
export function ledRgb(red: number, green: number, blue: number): Command {
  for (const colour of [red, green, blue]) checkByte(colour, 'a colour');
  return make(PAGE.led, LED_RGB, [red, green, blue], null);
}

function checkPageNine(firmware: BitaxeRawFirmware, use: BitaxeRawFirmware['pageNine']): void {
  if (firmware.pageNine !== use) throw new RangeError(`page 09 of ${firmware.title} is ${firmware.pageNine ?? 'unknown'}, not ${use}`);
}

/**
 * Sets the fan that hangs on the bridge itself. Elsewhere the same page restarts the board, hence the check.
 * @throws RangeError when the firmware has no fan page or the percentage is not a whole number of 0 .. 100
 */
export function fanPercent(firmware: BitaxeRawFirmware, percent: number): Command {
  checkPageNine(firmware, 'fan');
  checkInteger('fan percent', percent, 0, 100);
  return make(PAGE.nine, FAN.percent, [percent], null);
}

/** Reads the tachometer of that fan. @throws RangeError when the firmware has no fan page */
export function fanTach(firmware: BitaxeRawFirmware): Command {
  checkPageNine(firmware, 'fan');
  return make(PAGE.nine, FAN.tach, [], null);
}

/** Restarts the board; it does not answer. The magic bytes keep noise from doing it. @throws RangeError when the firmware cannot */
export function reboot(firmware: BitaxeRawFirmware): Command {
  checkPageNine(firmware, 'system');
  return { ...make(PAGE.nine, SYSTEM.reboot, hexToBytes('deadbeef'), null), answered: false };
}

/** Restarts the board into its boot loader, to be given new firmware. @throws RangeError when the firmware cannot */
export function rebootToBootloader(firmware: BitaxeRawFirmware): Command {
  checkPageNine(firmware, 'system');
  return { ...make(PAGE.nine, SYSTEM.bootloader, hexToBytes('b00710ad'), null), answered: false };
}

/** Bonanza: what it is, what its buffers lost, why it tripped. @throws RangeError when the firmware has no such page */
export function bridgeInfo(firmware: BitaxeRawFirmware, what: keyof typeof INFO): Command {
  if (!firmware.infoPage) throw new RangeError(`${firmware.title} has no information page`);
  return make(PAGE.system, INFO[what], [], null);
}
