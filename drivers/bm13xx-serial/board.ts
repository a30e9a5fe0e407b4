/**
 * A chain of chips on a serial port and nothing else: no power switch, no sensor, no fan. What can be done for safety is to hold
 * the chips in reset, where a modem line is wired to it, or to bring them down to their slowest clock.
 */
import { EventEmitter } from 'node:events';
import type { Bm13xxChip } from '../../protocol/bm13xx/chips.ts';
import type { Clock } from '../../protocol/common/clock.ts';
import { messageOf, RigError } from '../../protocol/common/errors.ts';
import type { Log } from '../../protocol/common/log.ts';
import { type Board, type BoardEvents, type BoardFacts, type BoardLimits, type BoardReadings, type BoardSettings, type BoardTrouble, NOTHING_MEASURED } from '../asic/board.ts';
import { Bm13xxChain } from '../bm13xx/chain.ts';
import { quietFrames } from '../bm13xx/quiet.ts';
import type { Work } from '../contract.ts';
import { armLastWill, disarmLastWill } from '../safety/last-will.ts';
import type { Transport } from '../transport/contract.ts';
import { within } from '../transport/deadline.ts';
import type { SerialOptions } from './options.ts';
import { resetLineOf, type ResetLine } from './reset-line.ts';
import { chainSettings, chipOf, clockLimits, clockOf } from './settings.ts';

/** Of the second that a stop may take; the rest is for closing. */
const SAFE_MS = 700;

export interface SerialBoardParts {
  readonly deviceId: string;
  readonly transport: Transport;
  readonly options: SerialOptions;
  readonly clock: Clock;
  readonly log: Log;
}

export class SerialBoard implements Board {
  readonly events = new EventEmitter<BoardEvents>();
  readonly #parts: SerialBoardParts;
  readonly #chain: Bm13xxChain;
  readonly #reset: ResetLine | null;
  #opened = false;
  #told = false;
  #halting: Promise<void> | null = null;
  #stopping: Promise<void> | null = null;

  /** Opens nothing. @throws RigError E_CONFIG_INVALID when options do not go together */
  constructor(parts: SerialBoardParts) {
    const { transport, options, clock, log } = parts;
    this.#parts = parts;
    this.#reset = resetLineOf(options);
    this.#chain = new Bm13xxChain({ transport, settings: chainSettings(options), clock, log });
    this.#chain.events.on('answer', () => this.events.emit('answer'));
    this.#chain.events.on('nonce', (nonce) => this.events.emit('nonce', nonce));
    this.#chain.events.on('sent', (workId) => this.events.emit('sent', workId));
    this.#chain.events.on('trouble', (kind, reason) => void this.#onTrouble(kind, reason));
  }

  get facts(): BoardFacts | null {
    return this.#chain.facts;
  }

  get limits(): BoardLimits {
    return { frequency_mhz: clockLimits(this.#chain.chip ?? chipOf(this.#parts.options)), voltage_v: null, fan_percent: null };
  }

  async start(signal: AbortSignal): Promise<BoardFacts> {
    const { transport, options, clock } = this.#parts;
    await this.#open();
    this.#told = false;
    try {
      if (this.#reset !== null) await this.#reset.pulse(transport, clock, signal);
      // Chips that run and cannot be reset: slow before they are counted anew, so that they are if nobody answers.
      else await this.#chain.quiet();
      const { chip } = await this.#chain.enumerate(signal);
      const mhz = clockOf(chip, options);
      // Before the clock is raised: whoever ends the process meanwhile leaves them slow.
      this.#arm(chip, mhz);
      return await this.#chain.start(mhz, signal);
    } catch (error) {
      await this.halt();
      throw error;
    }
  }

  send(work: Work): void {
    this.#chain.send(work);
  }

  setTicket(difficulty: number): void {
    this.#chain.setTicket(difficulty);
  }

  async apply({ frequency_mhz: mhz, voltage_v, fan_percent }: BoardSettings): Promise<void> {
    if (voltage_v !== undefined || fan_percent !== undefined) throw new RigError('E_DEVICE_COMMAND', `${this.#parts.deviceId} has neither a voltage nor a fan to set`);
    if (mhz === undefined) return;
    const [min, max] = this.limits.frequency_mhz!;
    if (!(mhz >= min && mhz <= max)) throw new RigError('E_DEVICE_COMMAND', `frequency_mhz is between ${min} and ${max} MHz, not ${mhz}`);
    const { chip } = this.#chain;
    if (chip !== null) this.#arm(chip, Math.max(mhz, this.facts?.frequencyMhz ?? 0));
    await this.#chain.ramp(mhz, new AbortController().signal);
  }

  async identify(): Promise<void> {
    throw new RigError('E_DEVICE_COMMAND', `${this.#parts.deviceId} has no lamp to show`);
  }

  readings(): BoardReadings {
    const { bytes_skipped, crc_errors, frames, hashrate_claimed_hs, temp_c } = this.#chain.counters();
    return { ...NOTHING_MEASURED, temp_c, hashrate_claimed_hs, bytes_skipped, crc_errors, detail: { port: this.#parts.transport.name, replies: frames } };
  }

  halt(): Promise<void> {
    // One at a time: a second one would break off the first, and whoever waits for that would close the port too early.
    this.#halting ??= this.#halt().finally(() => (this.#halting = null));
    return this.#halting;
  }

  async #halt(): Promise<void> {
    const { transport, clock, log, deviceId } = this.#parts;
    if (!transport.isOpen) {
      this.#chain.clear();
      return;
    }
    const safe = this.#reset === null ? this.#chain.quiet() : this.#reset.hold(transport).then(() => this.#chain.clear());
    const done = await within(clock, SAFE_MS, safe).catch((error: unknown) => messageOf(error));
    if (done === undefined) disarmLastWill(deviceId);
    else if (transport.isOpen) log.error({ err: done === 'late' ? `not done within ${SAFE_MS} ms` : done }, 'the chips could not be made safe');
  }

  stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  async #stop(): Promise<void> {
    await this.halt();
    this.#chain.clear();
    await this.#parts.transport.close();
    disarmLastWill(this.#parts.deviceId);
  }

  /** @throws RigError E_DEVICE_PORT */
  async #open(): Promise<void> {
    const { transport } = this.#parts;
    if (this.#opened) {
      if (!transport.isOpen) throw new RigError('E_DEVICE_PORT', `${transport.name} went away`, { context: { port: transport.name } });
      return;
    }
    this.#opened = true;
    transport.events.on('gone', (reason) => void this.#onTrouble('gone', reason));
    await transport.open();
  }

  async #onTrouble(kind: BoardTrouble['kind'], reason: string): Promise<void> {
    if (this.#told || this.#stopping !== null) return;
    this.#told = true;
    await this.halt();
    this.events.emit('trouble', { kind, reason });
  }

  /** What is written if this process ends without a word: the same that `halt` would without a reset line. */
  #arm(chip: Bm13xxChip, mhz: number): void {
    const { deviceId, transport } = this.#parts;
    armLastWill(deviceId, { path: transport.name, packets: quietFrames(chip, mhz) });
  }
}
