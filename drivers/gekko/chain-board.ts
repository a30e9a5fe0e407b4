import { EventEmitter } from 'node:events';
import type { Clock, Timer } from '../../protocol/common/clock.ts';
import { RigError } from '../../protocol/common/errors.ts';
import type { Log } from '../../protocol/common/log.ts';
import { wait } from '../../protocol/common/wait.ts';
import { GEKKO_STICKS, type GekkoStick, type GekkoStickName } from '../../protocol/gekko/sticks.ts';
import type { Board, BoardEvents, BoardFacts, BoardLimits, BoardReadings, BoardSettings, BoardTrouble } from '../asic/board.ts';
import { Bm13xxChain } from '../bm13xx/chain.ts';
import type { Chain } from '../bm13xx/contract.ts';
import type { Work } from '../contract.ts';
import { armLastWill, disarmLastWill, type LastWill } from '../safety/last-will.ts';
import type { Transport } from '../transport/contract.ts';
import { SLOW_BAUD } from './dialect.ts';
import { StickMonitor } from './monitor.ts';
import type { GekkoOptions } from './options.ts';
import { chainChip, safePackets, SILENT_HINTS } from './chain-stick.ts';
import { GEKKO_SEQUENCES } from './sequences.ts';
import { TelemetryPort } from './telemetry-port.ts';

/** Between switching the regulator and the next step: its output falls and rises, the chips come out of reset. */
const REGULATOR_MS = 500;
const VOLTAGE_STEP_V = 0.025;
const VOLTAGE_LIMITS_V = [0.2, 0.5] as const;
const LAMP_MS = 30_000;

export interface GekkoChainBoardParts {
  readonly deviceId: string;
  readonly model: GekkoStickName;
  readonly transport: Transport;
  /** Second port; null = there is none, so no voltage, temperature and fan. */
  readonly telemetry: Transport | null;
  readonly options: Pick<GekkoOptions, 'chips' | 'frequency_mhz' | 'voltage_v' | 'fan_percent' | 'max_temp_c' | 'nonce_zero_bits'>;
  readonly clock: Clock;
  readonly log: Log;
}

/**
 * CompacF, R909 and the A1 and A2: a chain of BM13xx chips, on A1 and A2 beside a controller for regulator, fan and sensors. No
 * reset line can be reached; where there is a controller, switching the regulator takes its place.
 */
export class GekkoChainBoard implements Board {
  readonly events = new EventEmitter<BoardEvents>();
  readonly limits: BoardLimits;
  readonly #parts: GekkoChainBoardParts;
  readonly #stick: GekkoStick;
  readonly #chain: Chain;
  readonly #telemetry: TelemetryPort | null;
  readonly #monitor: StickMonitor | null;
  #opened = false;
  #targetMhz: number;
  /** As last set; null = what the controller has. */
  #voltage: number | null;
  #running = false;
  #stopped = false;
  #gone = new AbortController();
  #change: AbortController | null = null;
  /** A start under way. */
  #starting: AbortController | null = null;
  #lampTimer: Timer | null = null;
  /** Ends when the chips have come to rest; a start waits for it. Never rejects. */
  #resting: Promise<void> = Promise.resolve();
  #slowing: Promise<void> | null = null;

  /** @throws RangeError when the model's chips are no BM13xx chain */
  constructor(parts: GekkoChainBoardParts) {
    const { model, options, clock, log, transport } = parts;
    this.#parts = parts;
    this.#stick = GEKKO_STICKS[model];
    const chip = chainChip(this.#stick);
    if (chip === null) throw new RangeError(`${this.#stick.title} is no BM13xx chain`);
    const { min, max, start } = this.#stick.frequencyMhz;
    this.#targetMhz = Math.min(max, Math.max(min, options.frequency_mhz ?? start));
    this.#voltage = options.voltage_v ?? null;
    this.#telemetry = parts.telemetry === null ? null : new TelemetryPort(parts.telemetry, clock, (reason) => this.#lost(reason));
    this.limits = { frequency_mhz: [min, max], voltage_v: this.#telemetry ? VOLTAGE_LIMITS_V : null, fan_percent: this.#telemetry ? [0, 100] : null };
    this.#monitor = this.#telemetry && new StickMonitor({ telemetry: this.#telemetry, clock, log, maxTempC: options.max_temp_c, fanPercent: options.fan_percent ?? null, trouble: (trouble) => this.#fail(trouble) });
    this.#chain = new Bm13xxChain({
      transport,
      settings: {
        chip: chip.name,
        chipsExpected: options.chips ?? this.#stick.chips,
        hostBaud: this.#stick.baud === SLOW_BAUD ? null : this.#stick.baud,
        zeroBits: options.nonce_zero_bits,
        topology: null,
        sequence: GEKKO_SEQUENCES[chip.name as keyof typeof GEKKO_SEQUENCES],
      },
      clock,
      log,
    });
    this.#chain.events.on('answer', () => this.events.emit('answer'));
    this.#chain.events.on('nonce', (nonce) => this.events.emit('nonce', nonce));
    this.#chain.events.on('sent', (workId) => this.events.emit('sent', workId));
    this.#chain.events.on('trouble', (kind, reason) => this.#fail({ kind, reason }));
  }

  get facts(): BoardFacts | null {
    return this.#running ? this.#chain.facts : null;
  }

  async start(signal: AbortSignal): Promise<BoardFacts> {
    const starting = new AbortController();
    this.#starting = starting;
    const both = AbortSignal.any([signal, starting.signal]);
    this.#running = false;
    // It begins anew with the power: what it still holds against a board that has cooled must not end this start.
    this.#monitor?.stop();
    await this.#resting;
    try {
      both.throwIfAborted();
      await this.#open();
      await this.#powerUp(both);
      await this.#chain.enumerate(both);
      const facts = await this.#chain.start(this.#targetMhz, both);
      both.throwIfAborted();
      this.#monitor?.heating(true);
      this.#running = true;
      return facts;
    } catch (error) {
      await this.#rest();
      if (!this.#stopped && !this.#gone.signal.aborted) this.#monitor?.goOn();
      throw this.#advised(error);
    } finally {
      this.#starting = null;
    }
  }

  send(work: Work): void {
    if (this.#running) this.#chain.send(work);
  }

  setTicket(difficulty: number): void {
    this.#chain.setTicket(difficulty);
  }

  async apply(settings: BoardSettings): Promise<void> {
    for (const name of ['frequency_mhz', 'voltage_v', 'fan_percent'] as const) this.#check(name, settings[name]);
    if (settings.fan_percent !== undefined) this.#monitor?.setFan(settings.fan_percent);
    const mhz = settings.frequency_mhz ?? this.#targetMhz;
    if (!this.#running) {
      this.#targetMhz = mhz;
      this.#voltage = settings.voltage_v ?? this.#voltage;
      return;
    }
    this.#change?.abort(new RigError('E_DEVICE_COMMAND', 'other values were asked for'));
    const change = new AbortController();
    this.#change = change;
    const { signal } = change;
    const volts = settings.voltage_v;
    // No frequency may ever meet a voltage that is too low for it.
    const voltageFirst = volts !== undefined && (this.#volts === null ? mhz >= (this.facts?.frequencyMhz ?? 0) : volts > this.#volts);
    if (voltageFirst) await this.#setVoltage(volts, signal);
    if (settings.frequency_mhz !== undefined) await this.#chain.ramp(mhz, signal);
    // Not before it is there: the next start must not ask more than the voltage that was reached.
    this.#targetMhz = mhz;
    if (volts !== undefined && !voltageFirst) await this.#setVoltage(volts, signal);
  }

  async identify(): Promise<void> {
    const telemetry = this.#telemetry;
    if (telemetry === null) throw new RigError('E_DEVICE_COMMAND', `a ${this.#stick.title} has no lamp that can be set without its telemetry port`);
    await telemetry.lamp('H', this.#gone.signal);
    this.#lampTimer?.cancel();
    this.#lampTimer = this.#parts.clock.after(LAMP_MS, () => void telemetry.lamp('N', this.#gone.signal).catch(() => {}));
  }

  readings(): BoardReadings {
    const { bytes_skipped, crc_errors, hashrate_claimed_hs, temp_c } = this.#chain.counters();
    const measured = this.#monitor?.measured ?? null;
    return {
      temp_c: this.#monitor?.verdict.temp_c ?? temp_c,
      power_w: measured === null || measured.inputAmps === null ? null : measured.inputVolts * measured.inputAmps,
      voltage_v: measured?.coreVolts ?? null,
      fan_percent: this.#monitor?.fanPercent ?? null,
      fan_rpm: measured?.fanRpm ?? null,
      hashrate_claimed_hs,
      bytes_skipped,
      crc_errors,
      detail: {
        model: this.#parts.model,
        telemetry: this.#telemetry !== null,
        controller_version: this.#telemetry?.version?.toString(16) ?? null,
        input_voltage_v: measured?.inputVolts ?? null,
        input_current_a: measured?.inputAmps ?? null,
        core_current_a: measured?.coreAmps ?? null,
      },
    };
  }

  halt(): Promise<void> {
    return this.#rest();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#monitor?.stop();
    this.#lampTimer?.cancel();
    await this.halt();
    disarmLastWill(this.#parts.deviceId);
    this.#gone.abort(new RigError('E_DEVICE_PORT', `${this.#parts.transport.name} was closed`));
    await Promise.all([this.#parts.transport.close(), this.#telemetry?.close()]);
  }

  async #open(): Promise<void> {
    if (this.#opened) return;
    this.#opened = true;
    const { transport, deviceId } = this.#parts;
    transport.events.on('gone', (reason) => this.#lost(reason));
    // The controller first: with it open, everything else can be switched off.
    await this.#telemetry?.open();
    await transport.open();
    armLastWill(deviceId, this.#lastWill());
  }

  #lastWill(): LastWill {
    return { path: this.#telemetry?.name ?? this.#parts.transport.name, packets: safePackets(this.#stick, this.#telemetry !== null) };
  }

  /** Off, then sensors that can be believed, then voltage and on. Without a controller chips that run are slowed down: they stay so if nobody answers. */
  async #powerUp(signal: AbortSignal): Promise<void> {
    const telemetry = this.#telemetry;
    if (telemetry === null) return this.#chain.quiet();
    this.#chain.clear();
    await telemetry.regulatorOff();
    await this.#pause(signal);
    await telemetry.hello(signal);
    await this.#monitor!.start(signal);
    if (this.#voltage !== null) await telemetry.setMillivolts(1000 * this.#voltage, signal);
    await telemetry.regulatorOn(signal);
    await this.#pause(signal);
    await this.#monitor!.checkPower(signal);
    await telemetry.lamp('N', signal);
  }

  #pause(signal: AbortSignal): Promise<void> {
    return wait(this.#parts.clock, REGULATOR_MS, signal);
  }

  /** Core voltage: as it was set, else as it is measured; null = not known. */
  get #volts(): number | null {
    return this.#voltage ?? this.#monitor?.measured?.coreVolts ?? null;
  }

  async #setVoltage(volts: number, signal: AbortSignal): Promise<void> {
    const telemetry = this.#telemetry!;
    for (const step of voltageSteps(this.#volts, volts)) {
      await telemetry.setMillivolts(Math.round(1000 * step), signal);
      this.#voltage = step;
    }
  }

  #check(name: keyof BoardLimits, value: number | null | undefined): void {
    if (value === undefined || (name === 'fan_percent' && value === null)) return;
    const limits = this.limits[name];
    if (limits === null) throw new RigError('E_DEVICE_COMMAND', `a ${this.#stick.title} has no ${name} that can be set${this.#stick.telemetryPort ? ' without its telemetry port' : ''}`);
    if (!(value! >= limits[0] && value! <= limits[1])) throw new RigError('E_DEVICE_COMMAND', `${name} of a ${this.#stick.title} is ${limits[0]} to ${limits[1]}, not ${value}`);
  }

  /** As safe as it can be made; sensors and fan go on. Never rejects. */
  #rest(): Promise<void> {
    const stopped = new RigError('E_DEVICE_COMMAND', `the ${this.#stick.title} was stopped meanwhile`);
    this.#running = false;
    this.#starting?.abort(stopped);
    this.#change?.abort(stopped);
    this.#change = null;
    this.#monitor?.heating(false);
    // At once, whatever else is under way.
    const off = this.#telemetry?.regulatorOff() ?? Promise.resolve();
    this.#slowing ??= this.#slowDown(off).finally(() => (this.#slowing = null));
    this.#resting = Promise.all([off, this.#slowing]).then(() => {});
    return this.#resting;
  }

  /** A controller that is deaf, or gone, has switched nothing off: then this is what can still be done. Never rejects. */
  async #slowDown(off: Promise<void>): Promise<void> {
    await off;
    await this.#chain.quiet();
    this.#chain.clear();
  }

  /** Silence of these sticks has causes of its own, which only a person can do something about. */
  #advised(error: unknown): unknown {
    if (!(error instanceof RigError) || error.code !== 'E_DEVICE_SILENT') return error;
    return new RigError(error.code, error.message, { cause: error, context: error.context, hint: SILENT_HINTS[this.#stick.reset] });
  }

  #lost(reason: string): void {
    if (this.#gone.signal.aborted) return;
    this.#gone.abort(this.#errorOf({ kind: 'gone', reason }));
    this.#fail({ kind: 'gone', reason });
  }

  #errorOf({ kind, reason }: BoardTrouble): RigError {
    const { name } = this.#parts.transport;
    const code = kind === 'gone' ? 'E_DEVICE_PORT' : kind === 'silent' ? 'E_DEVICE_SILENT' : 'E_DEVICE_UNSAFE';
    return new RigError(code, `${name}: ${reason}`, { context: { port: name, trouble: kind } });
  }

  #fail(trouble: BoardTrouble): void {
    const ran = this.#running;
    this.#starting?.abort(this.#errorOf(trouble));
    void this.#rest();
    if (ran || trouble.kind === 'gone') this.events.emit('trouble', trouble);
  }
}

/** Voltages to set one after the other, the last being the target; from an unknown one in one step. */
function voltageSteps(from: number | null, to: number): number[] {
  if (from === null) return [to];
  const count = Math.max(1, Math.ceil(Math.abs(to - from) / VOLTAGE_STEP_V - 1e-9));
  return Array.from({ length: count }, (_, i) => from + ((to - from) * (i + 1)) / count);
}
