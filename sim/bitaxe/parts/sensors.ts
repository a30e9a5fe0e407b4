/** TMP1075, INA260 and DS4432U. */
import { ByteRegisters, WordRegisters, type Senses } from './i2c.ts';

/** At 4A and 4B, beside the chips: 10 degrees below them. */
export class Tmp1075 extends WordRegisters {
  readonly #senses: Senses;
  readonly #chip: number;

  constructor(senses: Senses, chip: number) {
    super();
    this.#senses = senses;
    this.#chip = chip;
  }

  protected override get(register: number): number {
    if (register === 0x0f) return 0x7500;
    if (register !== 0) return 0;
    // No diode to come loose; a broken one shows the end of its range.
    const { diodeC, boardFault } = this.#senses;
    const celsius = boardFault ? 127.9375 : (diodeC[this.#chip] ?? diodeC[0] ?? 25) - 10;
    return (Math.round(celsius * 16) << 4) & 0xffff;
  }
}

/** At 40: the board's input. */
export class Ina260 extends WordRegisters {
  readonly #senses: Senses;

  constructor(senses: Senses) {
    super();
    this.#senses = senses;
  }

  protected override get(register: number): number {
    const { inputA, supplyV } = this.#senses;
    if (register === 1) return Math.round((inputA * 1000) / 1.25) & 0xffff;
    if (register === 2) return Math.round((supplyV * 1000) / 1.25);
    if (register === 3) return Math.round((inputA * supplyV * 1000) / 10);
    return register === 0xfe ? 0x5449 : register === 0xff ? 0x2270 : 0;
  }
}

/** At 48: a current into the feedback of a regulator that cannot be switched off from here. */
export class Ds4432u extends ByteRegisters {
  protected override get(register: number): number {
    return this.registers.get(register) ?? 0;
  }

  /** Volts the regulator makes: feedback 0.6 V, 4750 and 3320 ohm, 98.921 uA full scale over 127 steps; bit 7 lowers. */
  get coreV(): number {
    const code = this.get(0xf8);
    const amps = ((code & 0x7f) / 127) * 98.921e-6;
    return Math.max(0, 0.6 + 4750 * (0.6 / 3320 + ((code & 0x80) !== 0 ? -amps : amps)));
  }
}
