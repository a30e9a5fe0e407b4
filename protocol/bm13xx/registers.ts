/**
 * The registers of the family: names, and fields of those whose bits are known. Numbers mean the same on every chip that
 * has the register unless `chips` says otherwise. Reference 2.
 */
import { checkU32 } from './bytes-check.ts';
import type { Bm13xxName } from './chips.ts';

/** Register numbers by name. */
export const REGISTER = {
  chipId: 0x00,
  hashRate: 0x04,
  pll0: 0x08,
  chipNonceOffset: 0x0c,
  hashCountingNumber: 0x10,
  ticketMask: 0x14,
  miscControl: 0x18,
  i2cControl: 0x1c,
  orderedClockEnable: 0x20,
  fastUartConfig: 0x28,
  uartRelay: 0x2c,
  coreRegisterControl: 0x3c,
  coreRegisterValue: 0x40,
  externalTemperature: 0x44,
  errorFlag: 0x48,
  nonceErrorCounter: 0x4c,
  nonceOverflowCounter: 0x50,
  analogMux: 0x54,
  ioDriverStrength: 0x58,
  timeOut: 0x5c,
  pll1: 0x60,
  pll2: 0x64,
  pll3OrRosc: 0x68,
  pll0Divider: 0x70,
  pll1Divider: 0x74,
  pll2Divider: 0x78,
  pll3Divider: 0x7c,
  clockOrderControl0: 0x80,
  clockOrderControl1: 0x84,
  domainHashCounter0: 0x88,
  domainHashCounter1: 0x89,
  domainHashCounter2: 0x8a,
  domainHashCounter3: 0x8b,
  totalHashCounter: 0x8c,
  versionMask: 0xa4,
  softResetControl: 0xa8,
  tempCtrl: 0xb0,
  tempRead: 0xb4,
  analogB9: 0xb9,
  uartC4: 0xc4,
} as const;

export type RegisterName = keyof typeof REGISTER;

/** Core registers, reached through the core mailbox (register 3C). */
export const CORE_REGISTER = { clockDelay: 0x00, coreEnable: 0x02, clockSelect: 0x05, clockSelectLate: 0x0b, nonceBinOverflow: 0x0d } as const;

export interface RegisterField {
  readonly name: string;
  readonly high: number;
  readonly low: number;
}

export interface RegisterModel {
  readonly name: RegisterName;
  readonly number: number;
  readonly fields: readonly RegisterField[];
  /** Chips known to have it; null: most. */
  readonly chips: readonly Bm13xxName[] | null;
}

const field = (name: string, high: number, low: number = high): RegisterField => ({ name, high, low });

const FIELDS: Partial<Record<RegisterName, readonly RegisterField[]>> = {
  chipId: [field('chipId', 31, 16), field('coreNumber', 15, 8), field('address', 7, 0)],
  hashRate: [field('notValid', 31), field('count', 30, 0)],
  pll0: [field('locked', 31), field('control', 30, 24), field('feedback', 23, 16), field('reference', 15, 8), field('post', 7, 0)],
  chipNonceOffset: [field('enable', 31), field('offset', 15, 0)],
  ticketMask: [field('mask', 31, 0)],
  miscControl: [field('nonceReporting', 31, 28), field('baudDivider', 12, 8)],
  fastUartConfig: [field('pllClock', 26), field('baudDivider', 15, 8)],
  uartRelay: [field('gap', 31, 16), field('replyRelay', 1), field('commandRelay', 0)],
  coreRegisterControl: [field('allCores', 31), field('coreId', 23, 16), field('write', 15), field('readDone', 14), field('coreRegister', 12, 8), field('coreValue', 7, 0)],
  ioDriverStrength: [field('clockOut', 15, 12)],
  versionMask: [field('enable', 28), field('mask', 15, 0)],
  tempRead: [field('done', 31), field('code', 15, 0)],
};

const ONLY: Partial<Record<RegisterName, readonly Bm13xxName[]>> = {
  hashRate: ['BM1397'],
  chipNonceOffset: ['BM1370'],
  i2cControl: ['BM1397'],
  orderedClockEnable: ['BM1397'],
  clockOrderControl0: ['BM1397'],
  clockOrderControl1: ['BM1397'],
  versionMask: ['BM1362', 'BM1366', 'BM1368', 'BM1370', 'BM1372', 'BM1373'],
  tempCtrl: ['BM1368'],
  tempRead: ['BM1368'],
  analogB9: ['BM1370'],
  uartC4: ['BM1372', 'BM1373'],
};

const MODELS: ReadonlyMap<number, RegisterModel> = new Map(
  (Object.entries(REGISTER) as [RegisterName, number][]).map(([name, number]) => [number, { name, number, fields: FIELDS[name] ?? [], chips: ONLY[name] ?? null }]),
);

/** The register of that number, or null: chips answer with numbers no source names, which is no reason to fail. */
export function registerModel(number: number): RegisterModel | null {
  return MODELS.get(number) ?? null;
}

/** The fields of a value as numbers, by name; empty for a register whose bits are not known. */
export function decodeFields(number: number, value: number): Record<string, number> {
  const fields: Record<string, number> = {};
  for (const { name, high, low } of registerModel(number)?.fields ?? []) fields[name] = (value >>> low) & (2 ** (high - low + 1) - 1);
  const wide = registerModel(number)?.fields.find(({ high, low }) => high - low === 31);
  if (wide !== undefined) fields[wide.name] = value >>> 0;
  return fields;
}

/**
 * A value with some fields set and the other bits as in `base`.
 * @throws RangeError when the register has no such field or a number does not fit it
 */
export function composeFields(number: number, fields: Readonly<Record<string, number>>, base = 0): number {
  checkU32(base, 'a register value');
  let value = BigInt(base);
  for (const [name, content] of Object.entries(fields)) {
    const known = registerModel(number)?.fields.find((candidate) => candidate.name === name);
    if (known === undefined) throw new RangeError(`register ${number.toString(16)} has no field ${name}`);
    const size = 2n ** BigInt(known.high - known.low + 1);
    if (!Number.isInteger(content) || content < 0 || BigInt(content) >= size) throw new RangeError(`${name} does not hold ${content}`);
    const shift = BigInt(known.low);
    value = (value & ~((size - 1n) << shift)) | (BigInt(content) << shift);
  }
  return Number(value);
}

/**
 * Value of register 3C that writes a core register of all cores (80008000 | register << 8 | value).
 * @throws RangeError when register (5 bits) or value (8 bits) do not fit
 */
export function coreWriteValue(coreRegister: number, coreValue: number): number {
  return composeFields(REGISTER.coreRegisterControl, { allCores: 1, write: 1, coreRegister, coreValue });
}
