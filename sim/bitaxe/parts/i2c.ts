/** A chip on the I2C bus. A write may begin a read: its first byte is the register. */

export interface I2cPart {
  /** @returns false when the chip does not acknowledge */
  write(bytes: Uint8Array): boolean;
  read(length: number): Uint8Array;
}

/** A chip with registers of one byte, one byte a transfer (SMBus read byte and write byte). */
export abstract class ByteRegisters implements I2cPart {
  protected readonly registers = new Map<number, number>();
  #pointer = 0;

  protected abstract get(register: number): number;

  protected set(register: number, value: number): void {
    this.registers.set(register, value);
  }

  write(bytes: Uint8Array): boolean {
    const [register, value] = bytes;
    if (register === undefined) return true;
    this.#pointer = register;
    if (value !== undefined) this.set(register, value);
    return bytes.length <= 2;
  }

  /** It knows no block reads: what comes after the first byte is an idle bus. */
  read(length: number): Uint8Array {
    return Uint8Array.from({ length }, (_, i) => (i === 0 ? this.get(this.#pointer) & 0xff : 0xff));
  }
}

/** A chip with registers of 16 bits, most significant byte first. */
export abstract class WordRegisters implements I2cPart {
  #pointer = 0;

  protected abstract get(register: number): number;

  write(bytes: Uint8Array): boolean {
    this.#pointer = bytes[0] ?? this.#pointer;
    return true;
  }

  read(length: number): Uint8Array {
    const value = this.get(this.#pointer);
    return Uint8Array.from({ length }, (_, i) => (i % 2 === 0 ? (value >> 8) & 0xff : value & 0xff));
  }
}

/** What the parts sense. Set by the board as time goes on. */
export interface Senses {
  /** What the diodes of the chips show, by chip, and what the board has; degrees C. */
  diodeC: readonly number[];
  boardC: number;
  /** Wired to nothing (3F8h) or to ground (3FFh); null = well. */
  diodeFault: 'open' | 'short' | null;
  /** Sensors beside the chips are broken. */
  boardFault: boolean;
  fanRpm: number;
  supplyV: number;
  /** Out of the regulator. */
  outA: number;
  regulatorC: number;
  inputA: number;
}

/** 11 bits in eighths of a degree, as the diode chips have it. */
export function diodeCode({ diodeC, diodeFault }: Senses, chip: number): number {
  if (diodeFault !== null) return diodeFault === 'open' ? 0x3f8 : 0x3ff;
  const code = Math.round((diodeC[chip] ?? diodeC[0] ?? 25) * 8);
  return Math.max(-0x400, Math.min(0x3f7, code)) & 0x7ff;
}
