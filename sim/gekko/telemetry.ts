/**
 * The small controller on A1 and A2 sticks (reference 9): every command is two bytes, and M. and G. are answered with seven:
 * vin, iin, vout, iout, temp1, temp2, tach. ?v is answered with one byte, whose halves the makers' driver tells apart; 21 is the
 * version with a second temperature and a fan. The chips have no power until BO; how much voltage they need for a clock is not published either, so any will do.
 */
import { concatBytes } from '../../protocol/common/bytes.ts';
import type { ChipFaults } from '../chips/faults.ts';
import { CHIP_FAULT_NAMES, noChipFaults } from '../chips/faults.ts';
import { faultTable, flag, type FaultName } from '../tty/fault-names.ts';
import { AMBIENT_C, Physics, type Heater, type Load } from '../bitaxe/physics.ts';

export interface TelemetryFaults {
  /** The controller hears and does nothing. */
  telemetryMute: boolean;
  sensorOpen: boolean;
  fanStalled: boolean;
  /** The regulator does not come on. */
  regulatorBroken: boolean;
}

export const noTelemetryFaults = (): TelemetryFaults => ({ telemetryMute: false, sensorOpen: false, fanStalled: false, regulatorBroken: false });

type Names = Readonly<Record<string, FaultName<TelemetryFaults & ChipFaults>>>;
const OWN: Names = {
  'telemetry-mute': { usage: 'telemetry-mute', help: 'the telemetry port hears and does nothing', parse: flag({ telemetryMute: true }) },
  'sensor-open': { usage: 'sensor-open', help: 'temperatures are at the end of their scale', parse: flag({ sensorOpen: true }) },
  'fan-stalled': { usage: 'fan-stalled', help: 'the fan stands still', parse: flag({ fanStalled: true }) },
  'regulator-broken': { usage: 'regulator-broken', help: 'the regulator does not come on', parse: flag({ regulatorBroken: true }) },
};

/** Those of the controller and of the chips together. */
export const TELEMETRY_FAULTS = faultTable<TelemetryFaults & ChipFaults>({ ...OWN, ...(CHIP_FAULT_NAMES as Names) }, () => ({ ...noTelemetryFaults(), ...noChipFaults() }));

const VERSION = 0x21;
const SUPPLY_V = 12;
/** After power-up; not published. */
const START = { volts: 0.3, fanPercent: 50 } as const;
const STEP_V = 2.048 / 255;
const byte = (value: number): number => Math.max(0, Math.min(255, Math.round(value)));

export class TelemetryController {
  readonly #faults: TelemetryFaults;
  readonly #say: (bytes: Uint8Array) => void;
  readonly physics: Physics;
  #held: Uint8Array = new Uint8Array(0);
  #on = false;
  #volts: number = START.volts;
  #fanPercent: number = START.fanPercent;
  #lamp = '-';
  #silentMs = 0;
  history = { regulator_ons: 0, unattended_ms: 0, hottest_c: 0, power_without_fan_ms: 0 };

  constructor(heater: Heater, faults: TelemetryFaults, say: (bytes: Uint8Array) => void) {
    this.physics = new Physics(heater);
    this.#faults = faults;
    this.#say = say;
  }

  get coreV(): number {
    return this.#on && !this.#faults.regulatorBroken ? this.#volts : 0;
  }

  get fanPercent(): number {
    return this.#fanPercent;
  }

  get lamp(): string {
    return this.#lamp;
  }

  powerUp(): void {
    this.#held = new Uint8Array(0);
    this.#on = false;
    this.#volts = START.volts;
    this.#fanPercent = START.fanPercent;
  }

  receive(chunk: Uint8Array): void {
    if (this.#faults.telemetryMute) return;
    let bytes = concatBytes(this.#held, chunk);
    while (bytes.length >= 2) {
      const known = this.#obey(String.fromCharCode(bytes[0] as number), bytes[1] as number);
      bytes = bytes.slice(known ? 2 : 1);
    }
    this.#held = bytes;
  }

  run(ms: number, load: Load): void {
    this.physics.run(ms / 1000, load, this.#faults.fanStalled ? 0 : this.#fanPercent);
    const { history } = this;
    history.hottest_c = Math.max(history.hottest_c, this.physics.chipC);
    this.#silentMs = this.coreV > 0 ? this.#silentMs + ms : 0;
    history.unattended_ms = Math.max(history.unattended_ms, this.#silentMs);
    if (this.coreV > 0 && this.#fanPercent === 0) history.power_without_fan_ms += ms;
  }

  #obey(command: string, value: number): boolean {
    const letter = String.fromCharCode(value);
    const known = command === 'V' || command === 'F' || ['?v', 'BO', 'B-', 'M.', 'G.'].includes(command + letter) || (command === 'L' && '-HNO'.includes(letter));
    if (!known) return false;
    this.#silentMs = 0;
    if (command === 'V') this.#volts = (value * 5) / 1000;
    else if (command === 'F') this.#fanPercent = Math.min(100, value);
    else if (command === 'L') this.#lamp = letter;
    else if (command === 'B') {
      if (letter === 'O' && !this.#on) this.history.regulator_ons++;
      this.#on = letter === 'O';
    } else this.#say(command === '?' ? Uint8Array.of(VERSION) : this.#measure());
    return true;
  }

  #measure(): Uint8Array {
    const { physics, coreV } = this;
    const volts = coreV;
    const inAmps = (physics.watts / 0.9 + 1) / SUPPLY_V;
    const outAmps = volts > 0 ? physics.watts / volts : 0;
    const celsius = (value: number): number => (this.#faults.sensorOpen ? 255 : byte(((value + 50) * 218) / 175));
    const board = AMBIENT_C + (physics.chipC - AMBIENT_C) * 0.6;
    return Uint8Array.of(byte(SUPPLY_V / STEP_V / 12), byte(inAmps / STEP_V / 20), byte((volts * 2) / STEP_V), byte(outAmps / STEP_V / 20), celsius(physics.chipC), celsius(board), byte(physics.fanRpm / 30));
  }
}
