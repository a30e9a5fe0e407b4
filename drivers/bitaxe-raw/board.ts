import { EventEmitter } from 'node:events';
import { BM13XX_CHIPS } from '../../protocol/bm13xx/chips.ts';
import type { Clock } from '../../protocol/common/clock.ts';
import { messageOf, RigError } from '../../protocol/common/errors.ts';
import type { Log } from '../../protocol/common/log.ts';
import { wait } from '../../protocol/common/wait.ts';
import type { Board, BoardEvents, BoardFacts, BoardLimits, BoardReadings, BoardSettings, BoardTrouble } from '../asic/board.ts';
import type { Chain, ChainParts, ChainSettings } from '../bm13xx/contract.ts';
import type { Work } from '../contract.ts';
import type { Transport } from '../transport/contract.ts';
import { chipsOf } from './board-chips.ts';
import { holdReset, powerOn, releaseReset, type BringUp } from './bring-up.ts';
import { FAN_RANGE } from './chips/fans.ts';
import type { ControlClient } from './control-client.ts';
import type { DrivenFirmware } from './control-side.ts';
import { candidatesBy, chooseBoard, lookForChips, sharedVolts } from './detect.ts';
import { i2cOver, requesterTwice, requesterUntil, type I2c } from './i2c.ts';
import { Lamp } from './lamp.ts';
import { BoardLink } from './link.ts';
import { Monitor, PATIENCE_ROUNDS } from './monitor.ts';
import { changeOperatingPoint, checkSettings, type Point } from './operating.ts';
import { Operation, superseded } from './operation.ts';
import type { BitaxeRawOptions } from './options.ts';
import { bitaxePlans, boardPlan, differsInWhatMatters, EMBERONE, envelopeOf, widestEnvelope, type BoardPlan, type Envelope } from './plan.ts';
import { READ_MS } from './readings.ts';
import { boardReadings } from './report.ts';
import { FAN_FULL_PERCENT } from './safe-steps.ts';
import { Safety } from './safety.ts';
import { errorOfTrouble, troubleOfError } from './trouble.ts';

/** The diode of a chip tells nothing until so long after the chip was set up. */
const DIODE_MS = 500;
/** For a chip that may not be there; old firmware does not say so before this is over. */
const LOOK_MS = 250;
/** For what is left of an operation that was ended. */
const SETTLE_MS = 100;

export interface BitaxeBoardParts {
  readonly deviceId: string;
  readonly options: BitaxeRawOptions;
  readonly firmware: DrivenFirmware;
  readonly bcdDevice: number | null;
  readonly paths: { readonly control: string; readonly asic: string };
  readonly transport: (path: string, baud: number) => Transport;
  readonly createChain: (parts: ChainParts) => Chain;
  readonly clock: Clock;
  readonly log: Log;
}

/**
 * A Bitaxe or EmberOne behind its bridge. Whatever ends a bring-up or a run, its own defects included, the chips are put in
 * reset and lose their power, in that order, and the fan goes on. The monitor runs as long as the ports are open.
 */
export class BitaxeBoard implements Board {
  readonly events = new EventEmitter<BoardEvents>();
  readonly #parts: BitaxeBoardParts;
  readonly #safety: Safety;
  #link: BoardLink | null = null;
  #monitor: Monitor | null = null;
  #lamp: Lamp | null = null;
  #plan: BoardPlan | null;
  #operation: Operation | null = null;
  /** Starts and halts so far: of several that wait only the last is carried out. */
  #orders = 0;
  /** Resolves when the operation is over and the board is as it leaves it. */
  #busy: Promise<void> = Promise.resolve();
  #applying: Promise<void> = Promise.resolve();
  #state: 'off' | 'starting' | 'running' | 'stopped' = 'off';
  #wanted: { mhz: number | null; volts: number | null };
  #point: Point | null = null;
  #ticket: number | null = null;
  #safing: Promise<void> | null = null;
  #stopping: Promise<void> | null = null;
  /** Of chains that were let go. */
  #counters = { bytes_skipped: 0, crc_errors: 0 };

  constructor(parts: BitaxeBoardParts) {
    this.#parts = parts;
    const { deviceId, firmware, paths, clock, log } = parts;
    const { board, frequency_mhz, voltage_v } = parts.options;
    this.#safety = new Safety({ deviceId, firmware, controlPath: paths.control, clock, log });
    this.#plan = boardPlan(firmware === 'emberone' ? EMBERONE : board);
    if (this.#plan !== null) this.#safety.know(this.#plan);
    this.#wanted = { mhz: frequency_mhz ?? null, volts: voltage_v ?? null };
  }

  get facts(): BoardFacts | null {
    return this.#state === 'running' ? (this.#link?.chain?.facts ?? null) : null;
  }

  get limits(): BoardLimits {
    const { mhz, volts } = this.#envelope;
    return { frequency_mhz: mhz, voltage_v: volts, fan_percent: this.#plan?.fan === null ? null : FAN_RANGE };
  }

  get #envelope(): Envelope {
    const { allow_overclock } = this.#parts.options;
    return this.#plan === null ? widestEnvelope(bitaxePlans(), allow_overclock) : envelopeOf(this.#plan, allow_overclock);
  }

  async start(signal: AbortSignal): Promise<BoardFacts> {
    this.#refuseStopped();
    const order = ++this.#orders;
    this.#state = 'starting';
    const anew = superseded('it is started anew');
    await this.#end(anew);
    this.#refuseStopped();
    // While this one waited, somebody wanted something else.
    if (order !== this.#orders) throw anew;
    this.#state = 'starting';
    return this.#operate(signal, (own) => this.#bringUp(own));
  }

  send(work: Work): void {
    if (this.#state === 'running') this.#link?.chain?.send(work);
  }

  setTicket(difficulty: number): void {
    this.#ticket = difficulty;
    this.#link?.chain?.setTicket(difficulty);
  }

  apply(settings: BoardSettings): Promise<void> {
    const done = this.#applying.then(() => this.#apply(settings));
    this.#applying = done.catch(() => {});
    return done;
  }

  async identify(): Promise<void> {
    const client = this.#link?.client;
    if (client === undefined) throw new RigError('E_DEVICE_COMMAND', 'its port is not open');
    this.#lamp ??= new Lamp(client, this.#parts.clock);
    await this.#lamp.blink();
  }

  readings(): BoardReadings {
    const counters = this.#link?.chain?.counters() ?? null;
    return boardReadings({
      monitor: this.#monitor,
      chain: counters,
      earlier: this.#counters,
      control: this.#link?.client.counters ?? null,
      plan: this.#plan,
      firmware: this.#parts.firmware,
      bcdDevice: this.#parts.bcdDevice,
      point: this.#point,
      running: this.#state === 'running',
    });
  }

  async halt(): Promise<void> {
    this.#orders++;
    this.#operation?.end(superseded('it was halted'));
    await this.#makeSafe();
  }

  stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  async #stop(): Promise<void> {
    const operation = this.#operation;
    operation?.end(new RigError('E_DEVICE_PORT', 'the board is being stopped'));
    this.#lamp?.close();
    await this.#makeSafe();
    this.#state = 'stopped';
    this.#monitor?.stop();
    await this.#safety.leave(this.#link);
    await Promise.race([operation?.settled, wait(this.#parts.clock, SETTLE_MS)]);
    await this.#close();
  }

  /** Ends what is under way, and waits until nothing of it is left. */
  async #end(reason: RigError): Promise<void> {
    const operation = this.#operation;
    operation?.end(reason);
    await this.#busy;
    await operation?.settled;
    await this.#safing;
  }

  /** Whatever way the work fails, the board is safe before that is told. */
  #operate<T>(signal: AbortSignal | null, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const done = this.#carryOut(signal, work);
    this.#busy = done.then(() => {}, () => {});
    return done;
  }

  async #carryOut<T>(signal: AbortSignal | null, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const operation = new Operation();
    this.#operation = operation;
    try {
      return await operation.run(signal, work);
    } catch (error) {
      operation.end(superseded('it failed'));
      await this.#makeSafe();
      throw error;
    } finally {
      if (this.#operation === operation) this.#operation = null;
    }
  }

  async #bringUp(signal: AbortSignal): Promise<BoardFacts> {
    const { clock, log, firmware, options } = this.#parts;
    const link = await this.#open(signal);
    if (!this.#safety.isSafe) await this.#makeSafe();
    signal.throwIfAborted();
    this.#state = 'starting';
    this.#monitor?.forget();
    const once = requesterUntil(link.client, signal);
    const up: BringUp = { requester: requesterTwice(once), firmware, clock, signal };
    const i2c = await holdReset(up);
    // A refusal is an answer there: nobody at that address.
    this.#plan ??= await this.#detect(up, i2cOver(requesterTwice(once, ['timeout']), { timeoutMs: LOOK_MS }), i2c);
    const plan = this.#plan;
    const envelope = this.#envelope;
    const point: Point = { mhz: this.#wanted.mhz ?? envelope.defaultMhz, volts: this.#wanted.volts ?? envelope.defaultVolts };
    checkSettings({ frequency_mhz: point.mhz, ...(point.volts === null ? {} : { voltage_v: point.volts }) }, envelope, false);
    if (plan.notKnown !== null) log.warn({ board: plan.version }, `${plan.title}: ${plan.notKnown}`);
    const monitor = this.#watch(plan, link.client);
    this.#safety.powering(plan);
    monitor.phase = 'powering';
    if (!chipsOf(plan, i2c).sensors.some(({ needsChips }) => needsChips)) await this.#knowTemperature(monitor, signal);
    await powerOn(up, plan, i2c, point.volts);
    monitor.noteFan(FAN_FULL_PERCENT);
    await releaseReset(up);
    const chain = this.#newChain({ chip: plan.asic, chipsExpected: options.chips ?? plan.asics, hostBaud: plan.asic === 'BM1397' ? BM13XX_CHIPS.BM1397.uart.fastBaud : null });
    await chain.enumerate(signal);
    signal.throwIfAborted();
    monitor.phase = 'starting';
    const facts = await chain.start(point.mhz, signal);
    signal.throwIfAborted();
    await wait(clock, DIODE_MS, signal);
    this.#point = point;
    monitor.phase = 'running';
    await this.#knowTemperature(monitor, signal);
    this.#state = 'running';
    log.info({ board: plan.version, chip: plan.asic, chips: facts.chips, frequency_mhz: point.mhz, voltage_v: point.volts }, `${plan.title} runs`);
    return facts;
  }

  /** Looks until a good temperature was read, or the monitor has had enough, which ends the operation. @throws RigError E_DEVICE_UNSAFE */
  async #knowTemperature(monitor: Monitor, signal: AbortSignal): Promise<void> {
    for (let round = 0; round <= PATIENCE_ROUNDS; round++) {
      await monitor.lookAnew();
      signal.throwIfAborted();
      if (monitor.knowsTemperature) return;
    }
    throw new RigError('E_DEVICE_UNSAFE', 'its temperature cannot be read, so its chips are not given power', { context: { trouble: 'sensor' }, hint: 'Check that `board` is the version that is printed on the board.' });
  }

  /** @throws RigError E_DEVICE_CONTROL with the versions to choose from, E_DEVICE_SILENT */
  async #detect(up: BringUp, looking: I2c, i2c: I2c): Promise<BoardPlan> {
    const candidates = candidatesBy(await lookForChips(looking), bitaxePlans());
    const first = candidates[0]!;
    if (candidates.every((plan) => !differsInWhatMatters(plan, first))) return first;
    this.#safety.powering(first);
    await powerOn(up, first, i2c, sharedVolts(candidates));
    await releaseReset(up);
    const { chip, chips } = await this.#newChain({ chip: null, chipsExpected: null, hostBaud: null }).enumerate(up.signal);
    this.#dropChain();
    await holdReset(up);
    const plan = chooseBoard(candidates, chip.name, chips);
    this.#parts.log.info({ board: plan.version, chip: chip.name, chips }, `the board is taken to be a ${plan.title}`);
    return plan;
  }

  async #apply(settings: BoardSettings): Promise<void> {
    const monitor = this.#monitor;
    const plan = this.#plan;
    if (monitor === null || plan === null || this.#state === 'stopped') throw new RigError('E_DEVICE_COMMAND', 'the board is not running');
    checkSettings(settings, this.#envelope, plan.fan !== null);
    const { frequency_mhz, voltage_v, fan_percent } = settings;
    const moves = frequency_mhz !== undefined || voltage_v !== undefined;
    if (moves && this.#state !== 'running') throw new RigError('E_DEVICE_COMMAND', 'frequency and voltage can be set while the board runs');
    if (fan_percent !== undefined) {
      monitor.fanManual = fan_percent;
      if (!(await monitor.lookAnew())) throw new RigError('E_DEVICE_COMMAND', 'the fan could not be set');
    }
    if (!moves) return;
    try {
      await this.#operate(null, (signal) => this.#move(signal, plan, { mhz: frequency_mhz ?? this.#point!.mhz, volts: voltage_v ?? this.#point!.volts }));
    } catch (error) {
      const trouble = troubleOfError(error);
      if (trouble !== null && this.#stopping === null) this.events.emit('trouble', trouble);
      throw error;
    }
  }

  async #move(signal: AbortSignal, plan: BoardPlan, to: Point): Promise<void> {
    const link = this.#link!;
    const chain = link.chain!;
    const { regulator } = chipsOf(plan, i2cOver(requesterTwice(requesterUntil(link.client, signal))));
    await changeOperatingPoint({ regulator, clock: this.#parts.clock, signal, ramp: (mhz) => chain.ramp(mhz, signal), at: (point) => (this.#point = point) }, this.#point!, to);
    this.#wanted = { mhz: to.mhz, volts: to.volts };
  }

  /** @throws RigError E_DEVICE_PORT, E_DEVICE_CONTROL */
  async #open(signal: AbortSignal): Promise<BoardLink> {
    if (this.#link?.isWhole) return this.#link;
    await this.#close();
    const { options, ...parts } = this.#parts;
    const gone = (link: BoardLink, reason: string): void => this.#gone(link, reason);
    const link = await BoardLink.open({ ...parts, replyFormat: options.reply_format, zeroBits: options.nonce_zero_bits, gone }, signal);
    this.#link = link;
    this.#safety.opened();
    await link.openData(signal);
    return link;
  }

  #watch(plan: BoardPlan, client: ControlClient): Monitor {
    const { options, clock, log } = this.#parts;
    this.#monitor ??= new Monitor({
      chips: chipsOf(plan, i2cOver({ request: (...asked) => (this.#link?.client ?? client).request(...asked) }, { timeoutMs: READ_MS })),
      options,
      clock,
      log,
      trouble: (trouble) => this.#trouble(trouble),
      done: () => this.#tryAgain(),
    });
    this.#monitor.start();
    return this.#monitor;
  }

  #newChain(settings: Pick<ChainSettings, 'chip' | 'chipsExpected' | 'hostBaud'>): Chain {
    this.#dropChain();
    const link = this.#link!;
    const chain = link.newChain(settings);
    if (this.#ticket !== null) chain.setTicket(this.#ticket);
    chain.events.on('answer', () => this.events.emit('answer'));
    chain.events.on('nonce', (nonce) => this.events.emit('nonce', nonce));
    chain.events.on('sent', (workId) => this.events.emit('sent', workId));
    chain.events.on('trouble', (kind, reason) => (kind === 'gone' ? link.noteGone(reason) : this.#trouble({ kind, reason })));
    return chain;
  }

  #dropChain(): void {
    const counted = this.#link?.chain?.counters();
    if (counted) this.#counters = { bytes_skipped: this.#counters.bytes_skipped + counted.bytes_skipped, crc_errors: this.#counters.crc_errors + counted.crc_errors };
    this.#link?.dropChain();
  }

  #trouble(trouble: BoardTrouble): void {
    const gone = trouble.kind === 'gone';
    if (this.#state !== 'running' && this.#state !== 'starting' && !gone) return;
    // A start that fails says so itself.
    const tell = gone || this.#state === 'running';
    this.#operation?.end(errorOfTrouble(trouble, this.#parts.deviceId));
    if (!gone) this.#parts.log.debug({ kind: trouble.kind }, `the board is switched off: ${trouble.reason}`);
    void this.#makeSafe().then(() => {
      if (tell && this.#stopping === null) this.events.emit('trouble', trouble);
    });
  }

  /** Told in whatever state it is: a board at rest that goes is missed, too. */
  #gone(link: BoardLink, reason: string): void {
    if (this.#link !== link || this.#stopping !== null) return;
    this.#monitor?.stop();
    this.#trouble({ kind: 'gone', reason });
  }

  /** A round of the monitor is over: a board that could not be made safe is not left alone. */
  #tryAgain(): void {
    if (this.#state === 'off' && this.#link !== null && this.#safety.failed) void this.#makeSafe();
  }

  #makeSafe(): Promise<void> {
    this.#safing ??= this.#carryToSafety()
      .catch((error: unknown) => this.#parts.log.error({ err: messageOf(error) }, 'the way to safety was left early'))
      .finally(() => (this.#safing = null));
    return this.#safing;
  }

  async #carryToSafety(): Promise<void> {
    const link = this.#link;
    if (this.#state !== 'stopped') this.#state = 'off';
    if (this.#monitor !== null) this.#monitor.phase = 'off';
    this.#point = null;
    if (link === null) return;
    const { fans } = await this.#safety.carry(link);
    if (fans.length > 0) this.#monitor?.noteFan(FAN_FULL_PERCENT);
    this.#dropChain();
  }

  #refuseStopped(): void {
    if (this.#stopping !== null) throw new RigError('E_DEVICE_PORT', 'the board has been stopped');
  }

  async #close(): Promise<void> {
    const link = this.#link;
    this.#dropChain();
    this.#link = null;
    this.#lamp?.close();
    this.#lamp = null;
    await link?.close();
  }
}
