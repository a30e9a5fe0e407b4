/**
 * Looks after a board every 2 s, whether it hashes or not: temperature, regulator, fan. It depends on nothing but the control
 * port; what it cannot judge any more it calls a trouble. It switches nothing off itself: its owner does, at its word.
 */
import type { Clock, Timer } from '../../protocol/common/clock.ts';
import { messageOf } from '../../protocol/common/errors.ts';
import type { Log } from '../../protocol/common/log.ts';
import type { BoardTrouble } from '../asic/board.ts';
import { FanLoop } from '../safety/fan-loop.ts';
import { ThermalGuard, type ThermalVerdict } from '../safety/thermal-guard.ts';
import type { BoardChips } from './board-chips.ts';
import { FAN_RANGE, FAN_STEP_PERCENT } from './chips/fans.ts';
import { NO_READINGS, readRound, type RoundReadings } from './readings.ts';
import { FAN_FULL_PERCENT, FAN_IDLE_PERCENT } from './safe-steps.ts';

export const MONITOR_MS = 2000;
/** Rounds in a row that something may fail. */
export const PATIENCE_ROUNDS = 3;
export const REGULATOR_MAX_C = 105;
/** So near below the limit the fan runs at full speed, whatever was asked for. */
const HOT_MARGIN_C = 8;
/** A chip may forget its setting: it is written again every so many rounds. */
const REWRITE_ROUNDS = 15;
/** Rounds after which a board without power, whose diode tells nothing then, is taken to have cooled down. */
const COOL_ROUNDS = 60;

export interface MonitorOptions {
  readonly target_temp_c: number;
  readonly max_temp_c: number;
  readonly fan_percent: 'auto' | number;
  readonly fan_tach: boolean;
}

/**
 * off: no power, chips in reset. powering: the regulator settles, the chips wake. starting: they have power, but their diode is
 * not set up: what it says counts only when it is a temperature. running: everything counts.
 */
export type BoardPhase = 'off' | 'powering' | 'starting' | 'running';

export interface MonitorParts {
  readonly chips: BoardChips;
  readonly options: MonitorOptions;
  readonly clock: Clock;
  readonly log: Log;
  /** What it found; never throws. Told again every round while it lasts. */
  readonly trouble: (trouble: BoardTrouble) => void;
  /** A round is over, and nothing was wrong or nobody minded. */
  readonly done: () => void;
}

export class Monitor {
  readonly #parts: MonitorParts;
  #timer: Timer | null = null;
  #round: Promise<void> | null = null;
  #phase: BoardPhase = 'off';
  #offRounds = 0;
  #readings: RoundReadings = NO_READINGS;
  #counts = { reads_failed: 0, rounds: 0 };
  readonly #guard: ThermalGuard;
  readonly #fanLoop: FanLoop;
  #mute = 0;
  #noStatus = 0;
  #fanFailed = 0;
  /** Last set; null = nothing has been set. */
  #fan: number | null = null;
  #fanAge = 0;
  #turned: boolean[] = [];

  constructor(parts: MonitorParts) {
    this.#parts = parts;
    const { max_temp_c, target_temp_c, fan_percent } = parts.options;
    this.#guard = new ThermalGuard({ hotC: max_temp_c - HOT_MARGIN_C, criticalC: max_temp_c });
    this.#fanLoop = new FanLoop({ targetC: target_temp_c, minPercent: FAN_RANGE[0] });
    this.#fanLoop.setManual(fan_percent === 'auto' ? null : fan_percent);
  }

  get readings(): RoundReadings {
    return this.#readings;
  }

  get counts(): { readonly reads_failed: number; readonly rounds: number } {
    return this.#counts;
  }

  /** Last set; null = nothing has been set. */
  get fanPercent(): number | null {
    return this.#fan;
  }

  get phase(): BoardPhase {
    return this.#phase;
  }

  set phase(phase: BoardPhase) {
    if (phase !== this.#phase) this.#offRounds = this.#noStatus = 0;
    this.#phase = phase;
    if (phase === 'off') this.#guard.heating(this.#parts.clock.monotonic(), false);
  }

  /** Whether a good temperature has been read since `forget`. */
  get knowsTemperature(): boolean {
    return this.#guard.verdict.state !== 'unknown';
  }

  /** null = automatic. */
  set fanManual(percent: number | null) {
    this.#fanLoop.setManual(percent);
  }

  /** Somebody else has set it (the way to safety, the bring-up). */
  noteFan(percent: number): void {
    this.#fan = percent;
    this.#fanAge = 0;
    if (this.#parts.chips.fan !== null) this.#guard.fan(percent);
  }

  start(): void {
    this.#timer ??= this.#parts.clock.every(MONITOR_MS, () => void this.look());
  }

  stop(): void {
    this.#timer?.cancel();
    this.#timer = null;
  }

  /** Forgets what it held against the board: for a new start. */
  forget(): void {
    this.#mute = this.#noStatus = this.#fanFailed = 0;
    this.#guard.reset();
  }

  /** One round; a round under way is waited for instead. Never rejects. */
  look(): Promise<void> {
    this.#round ??= this.#look()
      .catch((error: unknown): BoardTrouble => {
        this.#parts.log.error({ err: messageOf(error) }, 'watching a board failed: it is made safe');
        return { kind: 'control', reason: `it could not be watched any more: ${messageOf(error)}` };
      })
      .then((trouble) => {
        this.#round = null;
        if (trouble !== null) this.#parts.trouble(trouble);
        this.#parts.done();
      });
    return this.#round;
  }

  /** A round that begins now. @returns whether the fan is as it should be */
  async lookAnew(): Promise<boolean> {
    await this.#round;
    await this.look();
    return this.#fanFailed === 0;
  }

  async #look(): Promise<BoardTrouble | null> {
    const { chips, clock } = this.#parts;
    const phase = this.#phase;
    const readings = await readRound(chips, clock, phase === 'off');
    const now = clock.monotonic();
    this.#readings = readings;
    // What was read partly before and partly after a change says nothing of either; the next round does.
    if (phase !== this.#phase) return null;
    this.#counts = { reads_failed: this.#counts.reads_failed + readings.failed, rounds: this.#counts.rounds + 1 };
    if (this.#phase === 'off') this.#offRounds++;
    this.#mute = readings.mute ? this.#mute + 1 : 0;
    this.#noStatus = readings.regulatorAnswered ? 0 : this.#noStatus + 1;
    const thermal = this.#temperature(readings, now);
    const fan = this.#fanLoop.update(now, thermal, this.#slowest(readings));
    const trouble = this.#phase === 'off' ? null : this.#judge(readings, thermal, fan.stalled);
    await this.#setFan(trouble === null ? this.#demand(thermal, fan.percent) : FAN_FULL_PERCENT);
    if (trouble === null && this.#fanFailed >= PATIENCE_ROUNDS && this.#phase !== 'off') return { kind: 'control', reason: `the fan could not be set ${this.#fanFailed} times in a row` };
    return trouble;
  }

  /** Before its chips are set up, and in reset, a diode hangs in the air: what it says is neither a fault nor a failed reading. */
  #temperature({ temp_c, sensorFault }: RoundReadings, now: number): ThermalVerdict {
    const diode = this.#parts.chips.sensors.some(({ needsChips }) => needsChips);
    const running = this.#phase === 'running';
    const counts = running || (diode ? this.#phase === 'starting' && sensorFault === null : this.#phase !== 'off');
    if (counts) {
      const verdict = this.#guard.read(now, sensorFault === null ? temp_c : new Error(sensorFault));
      // Told with the first good reading: it is what a sensor that is not stuck must move away from.
      if (running && verdict.temp_c !== null) this.#guard.heating(now, true);
      return verdict;
    }
    if (temp_c !== null && sensorFault === null && this.#phase === 'off') return this.#guard.read(now, temp_c);
    const { state, reason } = this.#guard.verdict;
    return { state, temp_c: null, reason: reason ?? 'temperature unknown' };
  }

  #judge(readings: RoundReadings, thermal: ThermalVerdict, stalled: boolean): BoardTrouble | null {
    if (this.#mute >= PATIENCE_ROUNDS) return { kind: 'control', reason: `the controller of the board has not answered ${this.#mute} times in a row` };
    if (thermal.state === 'critical') return { kind: 'overheat', reason: `too hot: ${thermal.reason}` };
    if (thermal.state === 'sensor_fault') return { kind: 'sensor', reason: thermal.reason ?? 'its temperature is not known' };
    if (readings.regulator_temp_c !== null && readings.regulator_temp_c >= REGULATOR_MAX_C) return { kind: 'overheat', reason: `the regulator is at ${readings.regulator_temp_c.toFixed(0)} degC, the limit is ${REGULATOR_MAX_C}` };
    if (stalled) return { kind: 'sensor', reason: 'the fan does not turn at full speed; where it has no speed wire set fan_tach: false' };
    if (this.#phase === 'powering') return null;
    if (readings.regulatorFault !== null) return { kind: 'power', reason: `the regulator reports: ${readings.regulatorFault}` };
    if (this.#noStatus >= PATIENCE_ROUNDS) return { kind: 'power', reason: `the regulator has not told its status ${this.#noStatus} times in a row` };
    return null;
  }

  /** Rpm of the fan that matters: 0 when one stands that has turned before, or all of them; null = unknown. */
  #slowest({ fans }: RoundReadings): number | null {
    fans.forEach(({ stopped }, i) => (this.#turned[i] ||= stopped === false));
    if (!this.#parts.options.fan_tach || fans.length === 0) return null;
    if (fans.some(({ stopped }, i) => stopped === true && this.#turned[i]) || fans.every(({ stopped }) => stopped === true)) return 0;
    const rpms = fans.flatMap(({ rpm, stopped }) => (rpm === null || stopped === true ? [] : [rpm]));
    return rpms.length === 0 ? null : Math.min(...rpms);
  }

  #demand(thermal: ThermalVerdict, percent: number): number {
    if (this.#phase === 'powering' || this.#phase === 'starting') return FAN_FULL_PERCENT;
    // Without power nothing is heated: what cannot be measured then has cooled down after a while.
    if (this.#phase === 'off' && thermal.temp_c === null && this.#offRounds >= COOL_ROUNDS) return FAN_IDLE_PERCENT;
    return percent;
  }

  async #setFan(percent: number): Promise<void> {
    const { fan } = this.#parts.chips;
    if (fan === null) return;
    this.#fanAge++;
    const same = this.#fan !== null && (percent === this.#fan || (percent < FAN_FULL_PERCENT && Math.abs(percent - this.#fan) < FAN_STEP_PERCENT));
    if (same && this.#fanFailed === 0 && this.#fanAge < REWRITE_ROUNDS) return;
    try {
      await fan.setPercent(percent);
      this.noteFan(percent);
      this.#fanFailed = 0;
    } catch (error) {
      this.#fanFailed++;
      if (this.#fanFailed === 1) this.#parts.log.warn({ err: messageOf(error) }, 'the fan could not be set');
    }
  }
}
