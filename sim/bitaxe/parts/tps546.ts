/**
 * The TPS546 regulator at 24. Off after power-up, and off again for good when a limit is crossed: a fault latches, clearing it
 * does not switch on again, and switching on does nothing while one is latched.
 */
import { fromLinear11, toLinear11, voutStep } from './pmbus-numbers.ts';
import type { I2cPart, Senses } from './i2c.ts';

const CMD = { operation: 0x01, onOff: 0x02, clearFaults: 0x03, voutMode: 0x20, voutCommand: 0x21, voutMax: 0x24, voutMin: 0x2b, scaleLoop: 0x29, vinOn: 0x35, vinOff: 0x36, ovFault: 0x40, ovWarn: 0x42, uvWarn: 0x43, uvFault: 0x44, ocFault: 0x46, ocWarn: 0x4a, otFault: 0x4f, otWarn: 0x51, vinOvFault: 0x55, statusByte: 0x78, statusWord: 0x79, statusVout: 0x7a, statusIout: 0x7b, statusInput: 0x7c, statusTemp: 0x7d, statusCml: 0x7e, readVin: 0x88, readVout: 0x8b, readIout: 0x8c, readTemp: 0x8d, deviceId: 0xad } as const;
/** Commands that write the settings into the chip's flash. They can brick it. */
const STORES: readonly number[] = [0x11, 0x15];
const DEVICE_ID = [0x06, 0x54, 0x49, 0x54, 0x6d, 0x24, 0x41];

/** Values after power-up (datasheet where the reference is silent: nothing is on, limits are those of a small output). */
const POWER_UP: readonly (readonly [number, number])[] = [
  [CMD.onOff, 0x16],
  [CMD.voutMode, 0x97],
  [CMD.voutCommand, 0x0100],
  [CMD.voutMax, 0x0300],
  [CMD.voutMin, 0x0100],
  [CMD.scaleLoop, toLinear11(0.5)],
  [CMD.vinOn, toLinear11(2.75)],
  [CMD.vinOff, toLinear11(2.5)],
  [CMD.vinOvFault, toLinear11(21)],
  [CMD.ovFault, 1.25 * 512],
  [CMD.ovWarn, 1.16 * 512],
  [CMD.uvWarn, 0.9 * 512],
  [CMD.uvFault, 0.75 * 512],
  [CMD.ocFault, toLinear11(52)],
  [CMD.ocWarn, toLinear11(40)],
  [CMD.otFault, toLinear11(150)],
  [CMD.otWarn, toLinear11(125)],
];
/** The scale brings the output down to what the chip regulates to (datasheet; fits the scales and ranges of the boards in the reference). */
const REFERENCE_V = { least: 0.25, most: 0.75 } as const;
const BYTES: readonly number[] = [CMD.operation, CMD.onOff, CMD.voutMode, CMD.statusByte, CMD.statusVout, CMD.statusIout, CMD.statusInput, CMD.statusTemp, CMD.statusCml];

export class Tps546 implements I2cPart {
  readonly #senses: Senses;
  readonly #registers = new Map<number, number>(POWER_UP);
  #pointer = 0;
  #running = false;
  /** A fault whose cause does not go away. */
  broken = false;
  /** Share of the asked voltage that is reached: less than 1 when the supply cannot. */
  strength = 1;
  /** How often it was told to store settings. */
  stores = 0;
  /** Latched, by register 7A to 7E. */
  #latched = { vout: 0, iout: 0, input: 0, temp: 0, cml: 0 };

  constructor(senses: Senses) {
    this.#senses = senses;
  }

  /** Volts that come out, of all domains together. */
  get outV(): number {
    return this.#running ? this.#asked() * this.strength : 0;
  }

  /** Looks at the limits. Call it as time goes on. */
  check(): void {
    const { supplyV, outA, regulatorC } = this.#senses;
    const latched = this.#latched;
    if (!this.#running) return;
    const out = this.outV;
    if (out > this.#voutLimit(CMD.ovFault)) latched.vout |= 0x80;
    if (out > this.#voutLimit(CMD.ovWarn)) latched.vout |= 0x40;
    if (out < this.#voutLimit(CMD.uvWarn)) latched.vout |= 0x20;
    if (out < this.#voutLimit(CMD.uvFault)) latched.vout |= 0x10;
    if (outA > this.#linear(CMD.ocFault)) latched.iout |= 0x80;
    if (outA > this.#linear(CMD.ocWarn)) latched.iout |= 0x20;
    if (supplyV > this.#linear(CMD.vinOvFault)) latched.input |= 0x80;
    if (supplyV < this.#linear(CMD.vinOff)) latched.input |= 0x18;
    if (regulatorC > this.#linear(CMD.otFault)) latched.temp |= 0x80;
    if (regulatorC > this.#linear(CMD.otWarn)) latched.temp |= 0x40;
    if (this.broken) latched.iout |= 0x80;
    if (this.#faulted()) this.#running = false;
  }

  /** A fault that has happened: latched, and the output off. */
  trip(): void {
    this.#latched.iout |= 0x80;
    this.#running = false;
  }

  write(bytes: Uint8Array): boolean {
    const command = bytes[0];
    if (command === undefined) return true;
    this.#pointer = command;
    if (STORES.includes(command)) {
      // Refused here: nothing that is simulated could be brought back from it.
      this.stores++;
      this.#latched.cml |= 0x80;
      return true;
    }
    if (command === CMD.clearFaults) {
      this.#latched = { vout: 0, iout: 0, input: 0, temp: 0, cml: 0 };
      return true;
    }
    if (bytes.length === 1) return true;
    if (BYTES.includes(command) !== (bytes.length === 2) && bytes.length <= 3 && POWER_UP.some(([known]) => known === command)) {
      // A byte for a word, or the other way: not taken.
      this.#latched.cml |= 0x40;
      return true;
    }
    const value = bytes.length === 2 ? (bytes[1] as number) : (bytes[1] as number) | ((bytes[2] as number) << 8);
    if (command === CMD.scaleLoop && ![1, 0.5, 0.25, 0.125].includes(fromLinear11(value))) {
      this.#latched.cml |= 0x40;
      return true;
    }
    this.#registers.set(command, value);
    if (command === CMD.operation || command === CMD.onOff) this.#switch();
    return true;
  }

  read(length: number): Uint8Array {
    const bytes = this.#pointer === CMD.deviceId ? DEVICE_ID : this.#bytesOf(this.#pointer);
    return Uint8Array.from({ length }, (_, i) => bytes[i] ?? 0xff);
  }

  #bytesOf(command: number): number[] {
    const value = this.#value(command);
    return BYTES.includes(command) ? [value & 0xff] : [value & 0xff, (value >> 8) & 0xff];
  }

  #value(command: number): number {
    const { vout, iout, input, temp, cml } = this.#latched;
    switch (command) {
      case CMD.statusWord:
      case CMD.statusByte:
        return this.#statusWord();
      case CMD.statusVout:
        return vout;
      case CMD.statusIout:
        return iout;
      case CMD.statusInput:
        return input;
      case CMD.statusTemp:
        return temp;
      case CMD.statusCml:
        return cml;
      case CMD.readVin:
        return toLinear11(this.#senses.supplyV);
      case CMD.readVout:
        return Math.round(this.outV / voutStep(this.#get(CMD.voutMode)));
      case CMD.readIout:
        return toLinear11(this.#senses.outA);
      case CMD.readTemp:
        return toLinear11(Math.round(this.#senses.regulatorC));
      default:
        return this.#get(command);
    }
  }

  #statusWord(): number {
    const { vout, iout, input, temp, cml } = this.#latched;
    const bit = (on: boolean, value: number): number => (on ? value : 0);
    return (
      bit(vout !== 0, 0x8000) | bit(iout !== 0, 0x4000) | bit(input !== 0, 0x2000) | bit(!this.#running, 0x0840) |
      bit((vout & 0x80) !== 0, 0x20) | bit((iout & 0x80) !== 0, 0x10) | bit((input & 0x18) !== 0, 0x08) | bit(temp !== 0, 0x04) | bit(cml !== 0, 0x02)
    );
  }

  #faulted(): boolean {
    const { vout, iout, input, temp } = this.#latched;
    return (vout & 0x90) !== 0 || (iout & 0x80) !== 0 || (input & 0x98) !== 0 || (temp & 0x80) !== 0;
  }

  /**
   * ON_OFF_CONFIG bit 4: on only when told to; bit 3: OPERATION tells; bit 2: the control pin tells. Nobody pulls the pin here
   * before OPERATION is made to count, so that it is off after power-up; the boards run with both bits set, so then it counts as given.
   */
  #switch(): void {
    const config = this.#get(CMD.onOff);
    const wanted = (config & 0x10) === 0 || ((config & 0x08) !== 0 && (this.#get(CMD.operation) & 0x80) !== 0);
    if (!wanted) this.#running = false;
    else if (!this.#running && !this.#faulted() && this.#senses.supplyV >= this.#linear(CMD.vinOn)) {
      this.#running = true;
      this.check();
    }
  }

  #asked(): number {
    const step = voutStep(this.#get(CMD.voutMode));
    const scale = this.#linear(CMD.scaleLoop);
    const asked = this.#get(CMD.voutCommand) * step;
    const most = Math.min(this.#get(CMD.voutMax) * step, REFERENCE_V.most / scale);
    const least = Math.max(this.#get(CMD.voutMin) * step, REFERENCE_V.least / scale);
    if (asked > most || asked < least) this.#latched.vout |= 0x08;
    return Math.max(least, Math.min(most, asked));
  }

  /** Limits of the output are a share of what is asked for when bit 7 of VOUT_MODE is set, else volts. */
  #voutLimit(command: number): number {
    const mode = this.#get(CMD.voutMode);
    return this.#get(command) * voutStep(mode) * ((mode & 0x80) !== 0 ? this.#asked() : 1);
  }

  #linear(command: number): number {
    return fromLinear11(this.#get(command));
  }

  #get(command: number): number {
    return this.#registers.get(command) ?? 0;
  }
}
