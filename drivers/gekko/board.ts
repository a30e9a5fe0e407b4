import { EventEmitter } from 'node:events';
import { versionSequence } from '../../protocol/bm13xx/version-rolling.ts';
import { RAMP_STEP_MS, rampFrequencies } from '../../protocol/bm13xx/ramp.ts';
import { ticketDifficulty } from '../../protocol/bm13xx/ticket-mask.ts';
import { HEADER_OFFSET } from '../../protocol/bitcoin/header.ts';
import { readU32LE } from '../../protocol/common/bytes.ts';
import type { Clock, Timer } from '../../protocol/common/clock.ts';
import { RigError } from '../../protocol/common/errors.ts';
import type { Log } from '../../protocol/common/log.ts';
import { gekkoInit, type GekkoStep } from '../../protocol/gekko/init.ts';
import { chipOfNonce, type GekkoNonceReply, type GekkoReply } from '../../protocol/gekko/reply.ts';
import { GekkoReplyFramer } from '../../protocol/gekko/reply-framer.ts';
import { GEKKO_STICKS, type GekkoStick, type GekkoStickName } from '../../protocol/gekko/sticks.ts';
import { ICARUS_GAP_MS } from '../../protocol/icarus/reply.ts';
import { type Board, type BoardEvents, type BoardFacts, type BoardLimits, type BoardReadings, type BoardSettings, type BoardTrouble, NOTHING_MEASURED } from '../asic/board.ts';
import type { Work } from '../contract.ts';
import { armLastWill, disarmLastWill } from '../safety/last-will.ts';
import { PacedSender } from '../stick/paced-sender.ts';
import { StickPort } from '../stick/port.ts';
import type { Transport } from '../transport/contract.ts';
import { type Dialect, DIALECTS, SLOW_BAUD } from './dialect.ts';
import { countChips } from './enumerate.ts';
import { factsOf, HEARTBEAT_MS } from './facts.ts';
import { Heartbeat } from './heartbeat.ts';
import { JobTable } from './job-table.ts';

export interface GekkoBoardParts {
  readonly deviceId: string;
  readonly model: GekkoStickName;
  readonly transport: Transport;
  readonly options: { readonly chips?: number | undefined; readonly frequency_mhz?: number | undefined; readonly nonce_zero_bits: number };
  readonly clock: Clock;
  readonly log: Log;
}

/**
 * A stick with BM1384 or BM1387 chips. It has neither sensors nor a power switch, and no reset line that a tty reaches: made safe
 * it runs at its slowest clock without work.
 */
export class GekkoBoard implements Board {
  readonly events = new EventEmitter<BoardEvents>();
  readonly limits: BoardLimits;
  readonly #parts: GekkoBoardParts;
  readonly #stick: GekkoStick;
  readonly #dialect: Dialect;
  readonly #port: StickPort;
  readonly #sender: PacedSender;
  readonly #jobs: JobTable;
  readonly #chipsExpected: number | null;
  #framer: GekkoReplyFramer;
  #heartbeat: Heartbeat | null = null;
  #timer: Timer | null = null;
  /** A change of frequency under way while it hashes. */
  #change: AbortController | null = null;
  #facts: BoardFacts | null = null;
  #baud = SLOW_BAUD;
  #mhz = 0;
  #targetMhz: number;
  #ticket = 1;
  #versions = 1;
  #skipped = 0;
  #crcErrors = 0;

  /** @throws RangeError when the model's chips are driven as a BM13xx chain */
  constructor(parts: GekkoBoardParts) {
    const { model, options, clock } = parts;
    this.#parts = parts;
    this.#stick = GEKKO_STICKS[model];
    if (this.#stick.chip !== 'BM1384' && this.#stick.chip !== 'BM1387') throw new RangeError(`${this.#stick.title} is a BM13xx chain`);
    this.#dialect = DIALECTS[this.#stick.chip];
    this.#chipsExpected = options.chips ?? this.#stick.chips;
    const { min, max, start } = this.#stick.frequencyMhz;
    this.limits = { frequency_mhz: [min, max], voltage_v: null, fan_percent: null };
    this.#targetMhz = this.#dialect.nearestMhz(Math.min(max, Math.max(min, options.frequency_mhz ?? start)));
    this.#jobs = new JobTable(this.#dialect.jobPlaces);
    this.#framer = new GekkoReplyFramer(this.#dialect.chip);
    this.#port = new StickPort(parts.transport, clock, ICARUS_GAP_MS, {
      data: (bytes) => this.#replies(this.#framer.push(bytes)),
      gap: () => this.#replies(this.#framer.gap()),
      gone: (reason) => this.#fail({ kind: 'gone', reason }),
    });
    this.#sender = new PacedSender(this.#port, clock, this.#dialect.pace);
  }

  get facts(): BoardFacts | null {
    return this.#facts;
  }

  async start(signal: AbortSignal): Promise<BoardFacts> {
    this.#quiet();
    // Chips that run and cannot be reset: slow before they are counted anew, so that they are if nobody answers.
    if (this.#port.isOpen) await this.#rest();
    await this.#port.open();
    armLastWill(this.#parts.deviceId, { path: this.#port.name, packets: [this.#dialect.rest] });
    try {
      const { chips, baud } = await countChips(this.#port, this.#dialect, this.#stick, this.#chipsExpected, signal);
      if (baud !== SLOW_BAUD) this.#parts.log.info({ port: this.#port.name, baud }, 'the chips were still at their fast speed');
      this.#baud = baud;
      this.#framer = new GekkoReplyFramer(this.#dialect.chip);
      this.#jobs.clear();
      this.#heartbeat = new Heartbeat(this.#dialect, chips);
      this.#mhz = this.#stick.frequencyMhz.start;
      for (const step of gekkoInit(this.#parts.model, chips, this.#mhz)) await this.#step(step, signal);
      await this.#ramp(this.#targetMhz, chips, signal);
      this.#versions = 1;
      this.#facts = this.#makeFacts(chips);
      this.#timer = this.#parts.clock.every(HEARTBEAT_MS, () => this.#beat());
      return this.#facts;
    } catch (error) {
      this.#quiet();
      void this.#port.send(this.#dialect.rest);
      throw error;
    }
  }

  send(work: Work): void {
    if (this.#facts === null) return;
    const versions = this.#versionsOf(work);
    const place = this.#jobs.add(work, versions);
    const { chips } = this.#facts;
    this.#sender.job(this.#dialect.encodeJob({ place, header: work.header, versions, ticketDifficulty: this.#ticket, chips }), () => {
      if (this.#jobs.newest === work) this.events.emit('sent', work.id);
    });
    if (versions.length !== this.#versions) {
      this.#versions = versions.length;
      this.#facts = this.#makeFacts(chips);
    }
  }

  setTicket(difficulty: number): void {
    this.#ticket = Math.min(this.#dialect.maxTicket, ticketDifficulty(Math.max(1, difficulty)));
    if (this.#facts !== null) this.#facts = this.#makeFacts(this.#facts.chips);
  }

  async apply(settings: BoardSettings): Promise<void> {
    if (settings.voltage_v !== undefined || settings.fan_percent !== undefined) {
      throw new RigError('E_DEVICE_COMMAND', `a ${this.#stick.title} has no voltage or fan that can be set: its core voltage is set by a screw on the stick`);
    }
    const mhz = settings.frequency_mhz;
    if (mhz === undefined) return;
    const [min, max] = this.limits.frequency_mhz!;
    if (!(mhz >= min && mhz <= max)) throw new RigError('E_DEVICE_COMMAND', `frequency_mhz of a ${this.#stick.title} is ${min} to ${max}, not ${mhz}`);
    this.#targetMhz = this.#dialect.nearestMhz(mhz);
    if (this.#facts === null) return;
    const { chips } = this.#facts;
    this.#change?.abort(new RigError('E_DEVICE_COMMAND', 'another frequency was asked for'));
    const change = new AbortController();
    this.#change = change;
    try {
      await this.#ramp(this.#targetMhz, chips, change.signal);
    } finally {
      if (this.#change === change) this.#change = null;
    }
  }

  identify(): Promise<void> {
    return Promise.reject(new RigError('E_DEVICE_COMMAND', `a ${this.#stick.title} has no lamp that can be set`));
  }

  readings(): BoardReadings {
    return {
      ...NOTHING_MEASURED,
      bytes_skipped: this.#skipped,
      crc_errors: this.#crcErrors,
      detail: { model: this.#parts.model, baud: this.#baud, frequency_told_mhz: this.#heartbeat?.toldMhz ?? null },
    };
  }

  async halt(): Promise<void> {
    this.#quiet();
    void this.#port.send(this.#dialect.rest);
    await this.#port.drain();
  }

  async stop(): Promise<void> {
    if (this.#port.isOpen) {
      this.#quiet();
      await this.#rest();
    }
    disarmLastWill(this.#parts.deviceId);
    await this.#port.close();
  }

  /** The slowest clock, at the speed the next start looks for them first. */
  async #rest(): Promise<void> {
    void this.#port.send(this.#dialect.rest);
    await this.#port.drain();
    if (this.#dialect.slowDown === null || this.#baud === SLOW_BAUD) return;
    void this.#port.send(this.#dialect.slowDown);
    await this.#port.setBaud(SLOW_BAUD).catch(() => {});
    this.#baud = SLOW_BAUD;
  }

  #quiet(): void {
    this.#facts = null;
    this.#change?.abort(new RigError('E_DEVICE_COMMAND', `the ${this.#stick.title} was stopped meanwhile`));
    this.#change = null;
    this.#sender.clear();
    this.#jobs.clear();
    this.#timer?.cancel();
    this.#timer = null;
  }

  #fail(trouble: BoardTrouble): void {
    const running = this.#facts !== null;
    this.#quiet();
    if (trouble.kind !== 'gone') void this.#port.send(this.#dialect.rest);
    if (running || trouble.kind === 'gone') this.events.emit('trouble', trouble);
  }

  async #step(step: GekkoStep, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (step.kind === 'host-baud') {
      await this.#port.setBaud(step.baud);
      this.#baud = step.baud;
    } else {
      void this.#port.send(step.frame);
    }
    await this.#port.wait(step.waitMsAfter, signal);
  }

  /** In steps of 6.25 MHz. While it hashes, frames go out between jobs. */
  async #ramp(target: number, chips: number, signal: AbortSignal): Promise<void> {
    for (const mhz of rampFrequencies(this.#mhz, target)) {
      // The wait may have ended in the moment it was aborted.
      signal.throwIfAborted();
      this.#mhz = mhz;
      // Faster chips come to the end of their work sooner.
      if (this.#facts !== null) this.#facts = this.#makeFacts(chips);
      this.#heartbeat?.skip();
      for (const step of this.#dialect.frequencySteps(mhz, chips)) {
        if (step.kind === 'send') this.#sender.command(step.frame);
      }
      await this.#port.wait(RAMP_STEP_MS, signal);
    }
  }

  #versionsOf(work: Work): number[] {
    const base = readU32LE(work.header, HEADER_OFFSET.version);
    const wanted = this.#dialect.versionsPerJob;
    // A job has one midstate or four: fewer than four different versions would be searched twice.
    const enough = wanted > 1 && (work.versionMask & (work.versionMask - 1)) !== 0;
    return enough ? versionSequence(base, work.versionMask, wanted) : [base];
  }

  #makeFacts(chips: number): BoardFacts {
    return factsOf({
      stick: this.#stick,
      chips,
      chipsExpected: this.#chipsExpected,
      mhz: this.#mhz,
      versions: this.#versions,
      ticketDifficulty: this.#ticket,
      zeroBits: this.#parts.options.nonce_zero_bits,
    });
  }

  #beat(): void {
    const wrong = this.#heartbeat?.ask() ?? null;
    if (wrong !== null) return this.#fail({ kind: 'silent', reason: wrong });
    this.#sender.command(this.#dialect.askFrequency);
  }

  #replies({ replies, skippedBytes }: { readonly replies: readonly GekkoReply[]; readonly skippedBytes: number }): void {
    this.#skipped += skippedBytes;
    for (const reply of replies) {
      if (this.#facts === null) return;
      if (reply.kind === 'nonce') {
        this.#nonce(reply, this.#facts.chips);
      } else {
        this.#heartbeat?.reply(reply, this.#mhz);
        this.events.emit('answer');
      }
    }
  }

  #nonce(reply: GekkoNonceReply, chips: number): void {
    if (reply.crcHolds === true) this.events.emit('answer');
    if (reply.crcHolds === false) this.#crcErrors++;
    const job = this.#jobs.find(this.#dialect.placeOf(reply));
    if (job.kind === 'opening') return;
    this.events.emit('nonce', {
      workId: job.kind === 'work' ? job.workId : null,
      nonce: reply.nonce,
      version: job.kind === 'work' ? job.version : 0,
      chip: chipOfNonce(reply, chips),
      core: null,
      receivedMono: this.#parts.clock.monotonic(),
    });
  }
}
