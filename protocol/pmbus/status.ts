/** PMBus status registers: bits to words. Source: PMBus 1.3 part II section 17, and the TPS546D24 data sheet for STATUS_MFR. */

export interface StatusBit {
  readonly bit: number;
  readonly name: string;
  /** fault: the output is off or about to be. warning: it still runs. info: nothing is wrong by itself. */
  readonly severity: 'fault' | 'warning' | 'info';
}

export type StatusRegister = 'word' | 'vout' | 'iout' | 'input' | 'temperature' | 'cml' | 'other' | 'mfr';

const fault = (bit: number, name: string): StatusBit => ({ bit, name, severity: 'fault' });
const warning = (bit: number, name: string): StatusBit => ({ bit, name, severity: 'warning' });
const info = (bit: number, name: string): StatusBit => ({ bit, name, severity: 'info' });

/** Summary bits of STATUS_WORD are `info`: the register they point to says whether it was a fault or a warning. */
export const STATUS_BITS: Record<StatusRegister, readonly StatusBit[]> = {
  word: [
    info(15, 'output voltage'), info(14, 'output current or power'), info(13, 'input'), info(12, 'manufacturer specific'),
    fault(11, 'power not good'), info(10, 'fan'), info(9, 'other'), info(8, 'unknown'),
    info(7, 'busy'), fault(6, 'output off'), fault(5, 'output over-voltage'), fault(4, 'output over-current'),
    fault(3, 'input under-voltage'), info(2, 'temperature'), info(1, 'communication, memory or logic'), info(0, 'none of the above'),
  ],
  vout: [
    fault(7, 'over-voltage fault'), warning(6, 'over-voltage warning'), warning(5, 'under-voltage warning'), fault(4, 'under-voltage fault'),
    warning(3, 'commanded outside VOUT_MIN .. VOUT_MAX'), fault(2, 'did not rise in time'), warning(1, 'did not fall in time'), warning(0, 'tracking error'),
  ],
  iout: [
    fault(7, 'over-current fault'), fault(6, 'over-current and low voltage'), warning(5, 'over-current warning'), fault(4, 'under-current fault'),
    fault(3, 'current share fault'), warning(2, 'power limiting'), fault(1, 'over-power fault'), warning(0, 'over-power warning'),
  ],
  input: [
    fault(7, 'over-voltage fault'), warning(6, 'over-voltage warning'), warning(5, 'under-voltage warning'), fault(4, 'under-voltage fault'),
    fault(3, 'off for low input voltage'), fault(2, 'over-current fault'), warning(1, 'over-current warning'), warning(0, 'over-power warning'),
  ],
  temperature: [fault(7, 'over-temperature fault'), warning(6, 'over-temperature warning'), warning(5, 'under-temperature warning'), fault(4, 'under-temperature fault')],
  cml: [
    warning(7, 'unknown command'), warning(6, 'invalid data'), warning(5, 'packet error check failed'), fault(4, 'memory fault'),
    fault(3, 'processor fault'), warning(1, 'communication fault'), fault(0, 'other memory or logic fault'),
  ],
  other: [info(0, 'first to assert the alert line')],
  mfr: [fault(7, 'power-on reset fault'), info(6, 'self-check in progress'), warning(3, 'voltage reset'), fault(2, 'stack communication fault'), fault(1, 'synchronisation fault')],
};

/** The bits that are set, highest first. Bits without a meaning are left out. */
export function decodeStatus(register: StatusRegister, value: number): StatusBit[] {
  return STATUS_BITS[register].filter(({ bit }) => ((value >>> bit) & 1) === 1);
}

/** A status value with the named bits set. @throws RangeError for a name the register does not have */
export function encodeStatus(register: StatusRegister, names: readonly string[]): number {
  let value = 0;
  for (const name of names) {
    const found = STATUS_BITS[register].find((bit) => bit.name === name);
    if (found === undefined) throw new RangeError(`status register "${register}" has no bit "${name}"`);
    value |= 1 << found.bit;
  }
  return value >>> 0;
}

/** The registers with details that a STATUS_WORD points to, in the order worth reading. */
export function statusDetails(statusWord: number): Exclude<StatusRegister, 'word'>[] {
  const details: Exclude<StatusRegister, 'word'>[] = [];
  const set = (mask: number): boolean => (statusWord & mask) !== 0;
  if (set(0x8020)) details.push('vout');
  if (set(0x4010)) details.push('iout');
  if (set(0x2008)) details.push('input');
  if (set(0x0004)) details.push('temperature');
  if (set(0x0002)) details.push('cml');
  if (set(0x1000)) details.push('mfr');
  if (set(0x0200)) details.push('other');
  return details;
}
