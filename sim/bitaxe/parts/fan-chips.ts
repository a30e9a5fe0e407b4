/** EMC2101, EMC2103 and EMC2302: a fan each, and for the first two the diodes. */
import { ByteRegisters, diodeCode, type Senses } from './i2c.ts';

/** What a fan chip makes its fan do. */
export interface FanDrive {
  /** 0 to 100. */
  readonly fanPercent: number;
}

const whole = (celsius: number): number => Math.max(-64, Math.min(127, Math.floor(celsius))) & 0xff;
/** Count of a tachometer; all ones when the fan stands still. */
const count = (constant: number, rpm: number, most: number): number => (rpm < 60 ? most : Math.min(most, Math.round(constant / rpm)));

/** At 4C. The fan is off after power-up. */
export class Emc2101 extends ByteRegisters implements FanDrive {
  readonly #senses: Senses;
  readonly #wired: boolean;
  #latched = 0;

  /** @param wired whether the diode of the chip is */
  constructor(senses: Senses, wired: boolean) {
    super();
    this.#senses = senses;
    this.#wired = wired;
  }

  get fanPercent(): number {
    // Bit 5 of 4A: the fan follows register 4C and not the table (which is all zero here).
    return (this.#register(0x4a) & 0x20) === 0 ? 0 : (Math.min(63, this.#register(0x4c) & 0x3f) / 63) * 100;
  }

  #register(register: number): number {
    return this.registers.get(register) ?? (register === 0x4a ? 0x20 : 0);
  }

  protected override get(register: number): number {
    const senses = this.#senses;
    const code = this.#wired ? diodeCode(senses, 0) : 0x3f8;
    switch (register) {
      case 0x00:
        return whole(this.#wired ? senses.boardC : (senses.diodeC[0] ?? 25) - 5);
      case 0x01:
        return code >> 3;
      case 0x10:
        return (code & 7) << 5;
      case 0x46:
        // Reading the low byte holds the high one. Pin 6 is a tachometer input only with bit 2 of register 03.
        this.#latched = (this.#register(0x03) & 0x04) === 0 ? 0xffff : count(5_400_000, senses.fanRpm, 0xffff);
        return this.#latched & 0xff;
      case 0x47:
        return this.#latched >> 8;
      case 0xfd:
        return 0x16;
      case 0xfe:
        return 0x5d;
      default:
        return this.#register(register);
    }
  }
}

/** At 2E. */
export class Emc2103 extends ByteRegisters implements FanDrive {
  readonly #senses: Senses;
  readonly #swapped: boolean;

  constructor(senses: Senses, swapped: boolean) {
    super();
    this.#senses = senses;
    this.#swapped = swapped;
  }

  get fanPercent(): number {
    return ((this.registers.get(0x40) ?? 0) / 255) * 100;
  }

  protected override get(register: number): number {
    const code = (diode: 0 | 1): number => diodeCode(this.#senses, this.#swapped ? 1 - diode : diode);
    const tach = Math.min(0x1fff, count(7_864_320, this.#senses.fanRpm, 0x1fff)) << 3;
    switch (register) {
      case 0x00:
        return whole(this.#senses.boardC);
      case 0x02:
        return code(0) >> 3;
      case 0x03:
        return (code(0) & 7) << 5;
      case 0x04:
        return code(1) >> 3;
      case 0x05:
        return (code(1) & 7) << 5;
      case 0x4e:
        return tach >> 8;
      case 0x4f:
        return tach & 0xff;
      case 0xfe:
        return 0x5d;
      default:
        return this.registers.get(register) ?? 0;
    }
  }
}

/** At 2F: two fans, of which the hotter side counts here as one: the slower setting of the two cools. */
export class Emc2302 extends ByteRegisters implements FanDrive {
  readonly #senses: Senses;

  constructor(senses: Senses) {
    super();
    this.#senses = senses;
  }

  get fanPercent(): number {
    // Boards use the first or both; a second fan left at zero is none that is plugged in.
    return (Math.max(this.registers.get(0x30) ?? 0, this.registers.get(0x40) ?? 0) / 255) * 100;
  }

  protected override get(register: number): number {
    if (register === 0x3e || register === 0x4e) return this.#tach(register - 0x3e) >> 8;
    if (register === 0x3f || register === 0x4f) return this.#tach(register - 0x3f) & 0xff;
    if (register === 0xfe) return 0x5d;
    return this.registers.get(register) ?? (register === 0x32 || register === 0x42 ? 0x2b : 0);
  }

  /** The register pair: high byte at 3E, stopped = high byte FF. */
  #tach(fan: number): number {
    const multiple = 1 << ((this.get(0x32 + fan) >> 5) & 3);
    return (count(3_932_160 * multiple, this.#senses.fanRpm, 0x1fff) << 3) & 0xffff;
  }
}
