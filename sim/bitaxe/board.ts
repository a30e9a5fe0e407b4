/**
 * A board with chips, the chips that look after them, and the bridge. Bytes of both ports go in and come out; time is given to
 * it. It runs on whether anybody has its ports open or not, as the real one does.
 */
import { VirtualChain, type ChainOptions } from '../chips/chain.ts';
import type { ChipFaults } from '../chips/faults.ts';
import { turn } from '../tty/fault-names.ts';
import { Bridge, type Outcome, type ReplyFormat, type Request } from './bridge.ts';
import { noBoardFaults, type BoardFaults } from './faults.ts';
import type { BoardHistory } from './history.ts';
import { I2cBus } from './i2c-bus.ts';
import { boardModel, type BoardModel } from './models.ts';
import { Emc2101, Emc2103, Emc2302, type FanDrive } from './parts/fan-chips.ts';
import type { I2cPart, Senses } from './parts/i2c.ts';
import { Ds4432u, Ina260, Tmp1075 } from './parts/sensors.ts';
import { Tps546 } from './parts/tps546.ts';
import { AMBIENT_C, Physics, type Load } from './physics.ts';
import { Recorder } from './recorder.ts';

export interface BoardOptions extends Omit<ChainOptions, 'model' | 'chips' | 'chipsPerDomain'> {
  /** `602`, see models.ts. */
  readonly board: string;
  /** How the bridge's firmware replies. Default v1. */
  readonly replies?: ReplyFormat;
  /** Heat and air go this many times faster than the chips. Default 1. */
  readonly heatSpeed?: number;
}

/** What the board says. */
export interface BoardOutput {
  readonly control: (bytes: Uint8Array) => void;
  readonly asic: (bytes: Uint8Array) => void;
}

/** After reset is let go, the diode shows nonsense for so long. */
const DIODE_WAKES_MS = 500;
/** The board's own, besides the chips. */
const OWN_WATTS = 2;

export class VirtualBoard {
  readonly model: BoardModel;
  readonly chain: VirtualChain;
  readonly faults: BoardFaults & ChipFaults;
  readonly physics: Physics;
  readonly #out: BoardOutput;
  readonly #bridge: Bridge;
  readonly #heatSpeed: number;
  readonly #senses: Senses & { -readonly [K in keyof Senses]: Senses[K] };
  #bus!: I2cBus;
  #tps: Tps546 | null = null;
  #ds: Ds4432u | null = null;
  #fan: FanDrive | null = null;
  #pins = [0, 0, 0];
  #led: readonly number[] = [0, 0, 0];
  #stuckC: number | null = null;
  #hung = false;
  #counts = { requests: 0, transfers: 0, replies: 0 };
  #wakeMs = 0;
  #now = 0;
  #dropped = 0;
  readonly #recorder: Recorder;

  constructor(options: BoardOptions, out: BoardOutput) {
    this.model = boardModel(options.board);
    this.#out = out;
    this.#heatSpeed = options.heatSpeed ?? 1;
    this.physics = new Physics(this.model);
    this.chain = new VirtualChain({ ...options, model: this.model.chip, chips: this.model.chips, chipsPerDomain: this.model.chips / this.model.domains }, (bytes) => out.asic(bytes));
    this.#recorder = new Recorder(this.physics);
    this.chain.onClock = (before, after) => this.#recorder.clockSet(before, after, this.coreV);
    this.faults = Object.assign(this.chain.faults, noBoardFaults());
    this.#senses = { diodeC: [AMBIENT_C], boardC: AMBIENT_C, diodeFault: null, boardFault: false, fanRpm: 0, supplyV: this.model.supplyV, outA: 0, regulatorC: AMBIENT_C, inputA: 0 };
    this.#bridge = new Bridge(options.replies ?? 'v1', (request) => this.#serve(request));
    this.powerUp();
  }

  /** What plugging it in does: nothing is on, nothing is set. What it went through is kept, and so is its heat. */
  powerUp(): void {
    const { fan, regulator, tmp1075, internalSensor, swappedDiodes } = this.model;
    const parts = new Map<number, I2cPart>();
    const senses = this.#senses;
    this.#tps = regulator === 'tps546' ? new Tps546(senses) : null;
    this.#ds = regulator === 'ds4432u' ? new Ds4432u() : null;
    if (this.#tps) parts.set(0x24, this.#tps);
    if (this.#ds) parts.set(0x48, this.#ds).set(0x40, new Ina260(senses));
    const emc = fan === 'emc2101' ? new Emc2101(senses, !internalSensor) : fan === 'emc2103' ? new Emc2103(senses, swappedDiodes) : fan === 'emc2302' ? new Emc2302(senses) : null;
    if (emc) parts.set({ emc2101: 0x4c, emc2103: 0x2e, emc2302: 0x2f, none: 0 }[fan], emc);
    if (tmp1075) parts.set(0x4a, new Tmp1075(senses, 0)).set(0x4b, new Tmp1075(senses, 1));
    this.#fan = emc;
    this.#bus = new I2cBus(parts);
    this.#bridge.clear();
    this.#pins = [0, 0, 0];
    this.#led = [0, 0, 0];
    this.#hung = false;
    this.#recorder.powerUp();
    this.chain.reset();
    this.#settle();
  }

  /**
   * What pulling the USB cable does. A Bitaxe has a supply of its own: bridge and chips go on as they were, and nobody can tell them
   * anything. What an EmberOne's controller is fed from is not published: taken as USB, so that all its pins go low.
   */
  unplugged(): void {
    if (this.model.regulator === 'gpio') this.powerUp();
    this.#bridge.clear();
  }

  /** What it went through. */
  get history(): BoardHistory {
    return this.#recorder.history;
  }

  /** Volts of one domain. */
  get coreV(): number {
    const strength = this.faults.underPower ? 0.85 : 1;
    if (this.#tps) return this.#tps.outV / this.model.domains;
    if (this.#ds) return this.#ds.coreV * strength;
    // EmberOne: both power pins.
    return this.#pins[1] === 1 && this.#pins[2] === 1 ? this.model.nominal.volts * strength : 0;
  }

  /** Whether the chips can take power: where the regulator cannot be switched off, as soon as they are let out of reset. */
  get powered(): boolean {
    return this.coreV > 0 && (this.#ds === null || this.resetHigh);
  }

  get resetHigh(): boolean {
    return this.#pins[0] === 1;
  }

  /** Told to the fan, 0 to 100. A board without a fan chip has one that always runs. */
  get fanPercent(): number {
    return this.#fan === null ? 100 : this.#fan.fanPercent;
  }

  get led(): readonly number[] {
    return this.#led;
  }

  receiveAsic(bytes: Uint8Array): void {
    this.chain.receive(bytes);
  }

  /** @param now ms, of any clock that only goes forward; default: the time given to `run` */
  receiveControl(bytes: Uint8Array, now = this.#now): void {
    if (this.faults.controlMute) return;
    for (const reply of this.#bridge.receive(bytes, now)) {
      this.#counts.replies++;
      this.#out.control(turn(this.faults.controlCutEvery, this.#counts.replies) ? reply.subarray(0, reply.length >> 1) : reply);
    }
    this.history.bad_requests += this.#bridge.dropped - this.#dropped;
    this.#dropped = this.#bridge.dropped;
  }

  /** Lets time pass, as `VirtualChain.run`. */
  run(ms: number, budgetMs: number): void {
    this.#now += ms;
    this.#wakeMs = Math.max(0, this.#wakeMs - ms);
    const seconds = (ms * this.#heatSpeed) / 1000;
    const load = this.#load();
    this.physics.run(seconds, load, this.faults.fanStalled ? 0 : this.fanPercent);
    this.#settle();
    this.#recorder.lived(ms, load, this.powered, this.fanPercent);
    this.history.store_commands = Math.max(this.history.store_commands, this.#tps?.stores ?? 0);
    this.chain.run(ms, budgetMs);
  }

  #load(): Load {
    const { chips } = this.chain;
    const awake = !this.chain.asleep;
    const mhz = awake ? chips.reduce((sum, chip) => sum + chip.frequencyMhz, 0) / chips.length : 0;
    return { coreV: this.coreV, mhz, hashing: awake && !this.#hung && chips.some((chip) => chip.hashing) && this.chain.stats().jobs > 0 };
  }

  /** Makes everything follow from everything: voltages, what the sensors show, whether the chips can run. */
  #settle(): void {
    const { faults, physics } = this;
    const senses = this.#senses;
    const tps = this.#tps;
    senses.diodeFault = faults.sensor ?? (this.#wakeMs > 0 ? 'open' : null);
    senses.boardFault = faults.sensor !== null;
    if (!faults.sensorStuck) this.#stuckC = null;
    else this.#stuckC ??= physics.chipC;
    const chipC = this.#stuckC ?? physics.chipC;
    senses.diodeC = [chipC, chipC - 1.5];
    senses.boardC = AMBIENT_C + (chipC - AMBIENT_C) * 0.35;
    senses.fanRpm = physics.fanRpm;
    senses.regulatorC = AMBIENT_C + (physics.chipC - AMBIENT_C) * 0.5 + physics.watts * 0.6;
    senses.inputA = (physics.watts / 0.88 + OWN_WATTS) / senses.supplyV;
    if (tps) {
      tps.strength = faults.underPower ? 0.85 : 1;
      tps.broken = faults.regulatorBroken;
      senses.outA = tps.outV > 0 ? physics.watts / tps.outV : 0;
      if (faults.regulatorLatched) {
        faults.regulatorLatched = false;
        tps.trip();
      }
      tps.check();
    }
    const alive = this.coreV > 0 && this.resetHigh;
    if (!alive) {
      if (!this.chain.asleep) this.chain.reset();
      this.chain.asleep = true;
      this.#hung = false;
      return;
    }
    const strain = physics.strain(this.#load());
    // Chips that lost their footing do not find it again by themselves.
    if (strain === 'dead' && !this.#hung) {
      this.#hung = true;
      this.history.hangs++;
    }
    this.chain.starved = strain === 'errors';
    this.chain.asleep = this.#hung;
  }

  #serve(request: Request): Outcome {
    this.#recorder.asked();
    const outcome = this.#obey(request);
    if (outcome !== 'none' && 'error' in outcome && outcome.error === 'invalid') this.history.bad_requests++;
    this.#settle();
    this.#recorder.power(this.powered, this.fanPercent);
    return outcome;
  }

  #obey(request: Request): Outcome {
    const { page, command, data } = request;
    this.#counts.requests++;
    if (turn(this.faults.controlErrorEvery, this.#counts.requests)) return { error: 'timeout' };
    if (request.bus !== 0) return { error: 'invalid' };
    const colour = page === 8 && command === 0x10 && data.length === 3;
    if (colour) this.#led = [...data];
    switch (page) {
      case 5:
        this.#counts.transfers++;
        if (turn(this.faults.i2cTimeoutEvery, this.#counts.transfers)) return { error: 'timeout' };
        if (turn(this.faults.i2cErrorEvery, this.#counts.transfers)) return { text: 'I2C: no acknowledge' };
        return this.#bus.serve(request);
      case 6:
        return this.#pin(command, data);
      case 7:
        return this.#measure(command, data);
      case 8:
        return colour ? { ok: new Uint8Array(0) } : { error: 'invalid' };
      case 9:
        return this.model.regulator === 'gpio' ? this.#reboot(command, data) : { error: 'invalid' };
      default:
        return { error: 'invalid' };
    }
  }

  /** Pin 0 is the reset of the chips, active low. EmberOne has 1 and 2 for their power. A pin that is set is answered with its level, as one that is read. */
  #pin(pin: number, data: Uint8Array): Outcome {
    if (pin > (this.model.regulator === 'gpio' ? 2 : 0) || data.length > 1) return { error: 'invalid' };
    const [level] = data;
    if (level !== undefined) {
      const high = level > 0 ? 1 : 0;
      if (pin === 0 && high === 1 && this.#pins[0] === 0) {
        this.history.resets++;
        if (this.coreV <= 0) this.history.released_without_voltage++;
        this.#wakeMs = DIODE_WAKES_MS;
      }
      this.#pins[pin] = high;
    }
    return { ok: Uint8Array.of(this.#pins[pin] as number) };
  }

  /** 50 VDD, 51 VIN. The reference gives no unit: millivolts here. */
  #measure(command: number, data: Uint8Array): Outcome {
    if (data.length > 0 || (command !== 0x50 && command !== 0x51)) return { error: 'invalid' };
    const mv = Math.round((command === 0x50 ? 3.3 : this.#senses.supplyV) * 1000);
    return { ok: Uint8Array.of(mv & 0xff, mv >> 8) };
  }

  /** 01 DEADBEEF starts the EmberOne's bridge again, 02 B00710AD takes it into its bootloader; neither is answered. */
  #reboot(command: number, data: Uint8Array): Outcome {
    const word = Buffer.from(data).toString('hex');
    if (command === 1 && word === 'deadbeef') this.powerUp();
    else if (command !== 2 || word !== 'b00710ad') return { error: 'invalid' };
    return 'none';
  }
}
