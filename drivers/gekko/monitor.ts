import type { Clock, Timer } from '../../protocol/common/clock.ts';
import { messageOf, RigError } from '../../protocol/common/errors.ts';
import type { Log } from '../../protocol/common/log.ts';
import type { GekkoMeasurement } from '../../protocol/gekko/telemetry.ts';
import type { BoardTrouble } from '../asic/board.ts';
import { FanLoop } from '../safety/fan-loop.ts';
import { ThermalGuard, type ThermalVerdict } from '../safety/thermal-guard.ts';
import type { TelemetryPort } from './telemetry-port.ts';

const EVERY_MS = 2000;
/** The fan does its best for this many degrees before the limit. */
const HOT_BEFORE_C = 10;
/** Held by the fan, but never nearer to the limit than that. */
const HOLD_C = 65;
const HOLD_BEFORE_C = 20;
const FIRST_READS = 4;
/** Less is no core voltage of any of these chips: the regulator is off. */
const LEAST_CORE_V = 0.1;
/** The version whose tachometer is known to belong to a fan that is there. */
const WITH_FAN = 0x21;

export interface MonitorParts {
  readonly telemetry: TelemetryPort;
  readonly clock: Clock;
  readonly log: Log;
  readonly maxTempC: number;
  /** A person's wish; null = automatic. */
  readonly fanPercent: number | null;
  /** The stick must be switched off. May be told again. */
  readonly trouble: (trouble: BoardTrouble) => void;
}

/** Measures every two seconds, judges what it reads and sets the fan. Goes on while the chips are off. */
export class StickMonitor {
  readonly #parts: MonitorParts;
  readonly #guard: ThermalGuard;
  #fan: FanLoop;
  #manual: number | null;
  #fanPercent: number | null = null;
  #measured: GekkoMeasurement | null = null;
  #timer: Timer | null = null;
  #reading = false;
  #heating = false;
  /** Ends what is under way when it is stopped. */
  #life = new AbortController();

  constructor(parts: MonitorParts) {
    this.#parts = parts;
    this.#manual = parts.fanPercent;
    this.#guard = new ThermalGuard({ hotC: parts.maxTempC - HOT_BEFORE_C, criticalC: parts.maxTempC });
    this.#fan = this.#makeFan();
  }

  /** The last measurement; null when the last one failed. */
  get measured(): GekkoMeasurement | null {
    return this.#measured;
  }

  get verdict(): ThermalVerdict {
    return this.#guard.verdict;
  }

  /** The percent that was set last; null = none yet. */
  get fanPercent(): number | null {
    return this.#fanPercent;
  }

  /** @param percent null = automatic */
  setFan(percent: number | null): void {
    this.#manual = percent;
    this.#fan.setManual(percent);
  }

  /** The chips are switched on, or off. */
  heating(on: boolean): void {
    this.#heating = on;
    this.#guard.heating(this.#parts.clock.monotonic(), on);
  }

  /**
   * Begins anew, with a reading that must be good before anything is switched on.
   * @throws RigError E_DEVICE_UNSAFE, E_DEVICE_PORT; the signal's reason
   */
  async start(signal: AbortSignal): Promise<void> {
    this.stop();
    this.#life = new AbortController();
    this.#guard.reset();
    this.#fan = this.#makeFan();
    await this.#setFan(100, signal);
    for (let i = 0; i < FIRST_READS && this.verdict.state === 'unknown'; i++) await this.#read(signal);
    const { state, reason } = this.verdict;
    if (state !== 'ok' && state !== 'hot') {
      const { name } = this.#parts.telemetry;
      throw new RigError('E_DEVICE_UNSAFE', `${name}: ${reason ?? state}`, { context: { port: name, trouble: state === 'critical' ? 'overheat' : 'sensor' } });
    }
    this.goOn();
  }

  /** Goes on measuring, with all that is known. */
  goOn(): void {
    if (this.#life.signal.aborted) this.#life = new AbortController();
    this.#timer ??= this.#parts.clock.every(EVERY_MS, () => void this.#beat());
  }

  /**
   * Just after the regulator was switched on.
   * @throws RigError E_DEVICE_UNSAFE when it gives nothing, E_DEVICE_PORT; the signal's reason
   */
  async checkPower(signal: AbortSignal): Promise<void> {
    await this.#read(signal);
    const { name } = this.#parts.telemetry;
    const problem = this.#powerProblem();
    if (problem !== null) throw new RigError('E_DEVICE_UNSAFE', `${name}: ${problem}`, { context: { port: name, trouble: 'power' } });
  }

  #powerProblem(): string | null {
    const volts = this.#measured?.coreVolts;
    return volts === undefined || volts >= LEAST_CORE_V ? null : `the regulator is on and gives ${volts.toFixed(2)} V`;
  }

  stop(): void {
    this.#timer?.cancel();
    this.#timer = null;
    this.#life.abort(new RigError('E_DEVICE_COMMAND', 'the stick is being stopped'));
  }

  #makeFan(): FanLoop {
    const fan = new FanLoop({ targetC: Math.min(HOLD_C, this.#parts.maxTempC - HOLD_BEFORE_C) });
    fan.setManual(this.#manual);
    return fan;
  }

  async #beat(): Promise<void> {
    if (this.#reading) return;
    this.#reading = true;
    const { signal } = this.#life;
    try {
      await this.#read(signal);
      signal.throwIfAborted();
      const demand = this.#fan.update(this.#parts.clock.monotonic(), this.verdict, this.#parts.telemetry.version === WITH_FAN ? (this.#measured?.fanRpm ?? null) : null);
      this.#tell(demand.stalled);
      if (demand.percent !== this.#fanPercent) await this.#setFan(demand.percent, signal);
    } catch (error) {
      // Its port has gone, or it is being stopped: both are told elsewhere.
      this.#parts.log.debug({ port: this.#parts.telemetry.name, err: messageOf(error) }, 'no measurement');
    } finally {
      this.#reading = false;
    }
  }

  #tell(fanStalled: boolean): void {
    const { state, reason } = this.verdict;
    if (state === 'critical') this.#parts.trouble({ kind: 'overheat', reason: reason ?? 'too hot' });
    else if (state === 'sensor_fault') this.#parts.trouble({ kind: 'sensor', reason: reason ?? 'temperature sensor' });
    else if (this.#heating && this.#powerProblem() !== null) this.#parts.trouble({ kind: 'power', reason: this.#powerProblem()! });
    else if (fanStalled) this.#parts.trouble({ kind: 'overheat', reason: 'the fan does not turn' });
  }

  async #read(signal: AbortSignal): Promise<void> {
    this.#measured = await this.#parts.telemetry.measure(signal);
    const told = this.#measured;
    const reading = told === null ? new Error('no measurement') : told.temperatureOverRange ? new Error('it is at the end of its scale') : told.temperatureC;
    this.#guard.read(this.#parts.clock.monotonic(), reading);
  }

  async #setFan(percent: number, signal: AbortSignal): Promise<void> {
    await this.#parts.telemetry.setFanPercent(percent, signal);
    this.#fanPercent = percent;
    if (this.#parts.telemetry.version === WITH_FAN) this.#guard.fan(percent);
  }
}
