/** TMP1075: board temperature sensor, on Bitaxe Hex boards. Source: TMP1075 data sheet, temperature register. */
import { checkByte, checkNumber } from './reading.ts';

export const TMP1075_ADDRESSES: readonly number[] = [0x4a, 0x4b];
export const TMP1075_REGISTER = { temperature: 0x00 } as const;
/** What the Hex boards add to the reading to tell the temperature of the chips, whose heat reaches it through copper. */
export const TMP1075_HEX_OFFSET_C = 10;

/** Degrees of the two register bytes, high byte first: 12-bit signed, 1/16 degC. @throws RangeError when not bytes */
export function decodeTmp1075(high: number, low: number): number {
  checkByte('temperature high byte', high);
  checkByte('temperature low byte', low);
  const raw = (high << 4) | (low >> 4);
  return (raw >= 0x800 ? raw - 0x1000 : raw) / 16;
}

/** Register bytes [high, low] of a temperature, rounded to 1/16 degC. @throws RangeError outside -128 .. 127.9375 degC */
export function encodeTmp1075(celsius: number): readonly [high: number, low: number] {
  checkNumber('temperature in degC', celsius, -128, 127.9375);
  const raw = Math.round(celsius * 16) & 0xfff;
  return [raw >> 4, (raw << 4) & 0xff];
}
