/** A chain of BM13xx chips on a line that is open: counting them, starting them, giving them jobs and hearing what they find. */
import { EventEmitter } from 'node:events';
import { chipAddresses, commandAddress } from '../../protocol/bm13xx/addressing.ts';
import type { Bm13xxChip } from '../../protocol/bm13xx/chips.ts';
import { ALL_CHIPS, encodeWrite } from '../../protocol/bm13xx/command.ts';
import { planStart, rampActions, startOptions, WRITE_WAIT_MS } from '../../protocol/bm13xx/init/plan.ts';
import { INIT_SEQUENCES } from '../../protocol/bm13xx/init/sequences.ts';
import { chipIndexOfAddress, chipIndexOfOffset, locateNonce, nonceOffsets, nonceOffsetValue } from '../../protocol/bm13xx/nonce-location.ts';
import { hashCountingNumber } from '../../protocol/bm13xx/nonce-space.ts';
import { RAMP_START_MHZ } from '../../protocol/bm13xx/ramp.ts';
import { REGISTER } from '../../protocol/bm13xx/registers.ts';
import type { NonceReply, Reply } from '../../protocol/bm13xx/reply.ts';
import { ticketDifficulty, ticketMaskValue } from '../../protocol/bm13xx/ticket-mask.ts';
import { planBaudChange, RESET_BAUD } from '../../protocol/bm13xx/uart.ts';
import { ROLLABLE_BITS, versionRollingValue } from '../../protocol/bm13xx/version-rolling.ts';
import { concatBytes } from '../../protocol/common/bytes.ts';
import type { Timer } from '../../protocol/common/clock.ts';
import { messageOf, RigError } from '../../protocol/common/errors.ts';
import type { BoardFacts } from '../asic/board.ts';
import type { Work } from '../contract.ts';
import { ChipLine } from './chip-line.ts';
import type { Chain, ChainCounters, ChainEvents, ChainParts } from './contract.ts';
import { Enumeration, verifyChips, type Counted } from './enumeration.ts';
import { factsOf } from './facts.ts';
import { jobBytes, JobTable, maskFor } from './job-table.ts';
import { wait } from '../../protocol/common/wait.ts';
import { ChipPolls } from './polls.ts';
import { quietFrames } from './quiet.ts';

/** Least difficulty the chips report until somebody says otherwise. */
const FIRST_TICKET = 256;
const GREATEST_TICKET = 2 ** 31;
/** After a change of the mask, nonces of the job before may come with bits of the new one. */
const MASK_GRACE_MS = 200;
/** Time to bring chips down to their slowest clock: whoever stops has a second for everything. */
const QUIET_MS = 300;

/** Everything of chips that run. */
interface Running extends Counted {
  readonly addresses: readonly number[];
  /** Start offsets of chips whose place does not show in a nonce otherwise; null for the others. */
  readonly offsets: readonly number[] | null;
  readonly jobs: JobTable;
  readonly polls: ChipPolls;
}

export class Bm13xxChain implements Chain {
  readonly events = new EventEmitter<ChainEvents>();
  readonly #parts: ChainParts;
  readonly #line: ChipLine;
  #counted: Counted | null = null;
  #running: Running | null = null;
  #facts: BoardFacts | null = null;
  #mhz = RAMP_START_MHZ;
  #ticket = FIRST_TICKET;
  /** Bits the chips have been told they may roll. */
  #mask = ROLLABLE_BITS;
  #maskChangedAt = -Infinity;
  #pollTimer: Timer | null = null;
  /** Ends whatever waits, when the line goes or everything is forgotten. */
  #life = new AbortController();

  constructor(parts: ChainParts) {
    this.#parts = parts;
    this.#line = new ChipLine(parts.transport, parts.clock);
  }

  get facts(): BoardFacts | null {
    return this.#facts;
  }

  get chip(): Bm13xxChip | null {
    return this.#counted?.chip ?? null;
  }

  async enumerate(signal: AbortSignal): Promise<{ readonly chip: Bm13xxChip; readonly chips: number }> {
    // A start that was ended must not break off the way down that has begun meanwhile.
    signal.throwIfAborted();
    this.clear();
    this.#line.listener.attach((reply, receivedMono) => this.#onReply(reply, receivedMono), (reason) => this.#onGone(reason));
    this.#counted = await new Enumeration(this.#line, this.#parts.settings).run(AbortSignal.any([signal, this.#life.signal]));
    this.#parts.log.debug({ port: this.#line.transport.name, chip: this.#counted.chip.name, chips: this.#counted.chips }, 'chips counted');
    return this.#counted;
  }

  async start(mhz: number, signal: AbortSignal): Promise<BoardFacts> {
    const { settings, clock } = this.#parts;
    const counted = this.#counted;
    if (counted === null) throw new RigError('E_INTERNAL', 'chips are started that have not been counted');
    const { chip, chips } = counted;
    this.#halt();
    const both = AbortSignal.any([signal, this.#life.signal]);
    this.#mhz = RAMP_START_MHZ;
    this.#mask = ROLLABLE_BITS;
    const hostBaud = settings.hostBaud === 'chip' ? chip.uart.fastBaud : settings.hostBaud;
    const options = { ...startOptions(chip, { chips, mhz }), ticketDifficulty: this.#ticket, versionMask: ROLLABLE_BITS, hostBaud: hostBaud === RESET_BAUD ? null : hostBaud, topology: settings.topology };
    const actions = this.#line.planned(() => planStart(chip, options, settings.sequence ?? INIT_SEQUENCES[chip.name]));
    await this.#line.carryOut(actions, both, (reached) => (this.#mhz = reached));
    const addresses = chipAddresses(chip, chips);
    const offsets = chip.name === 'BM1370' && chips > 1 ? nonceOffsets(chips) : null;
    for (const [index, offset] of (offsets ?? []).entries()) {
      await this.#line.tell(encodeWrite({ chipAddress: commandAddress(chip, addresses[index]!) }, REGISTER.chipNonceOffset, nonceOffsetValue(offset)), WRITE_WAIT_MS, both);
    }
    await verifyChips(this.#line, counted, addresses, both);
    const polls = new ChipPolls(chip, addresses);
    this.#running = { chip, chips, addresses, offsets, jobs: new JobTable(chip), polls };
    this.#pollTimer = clock.every(polls.everyMs, () => this.#poll());
    return this.#refreshed();
  }

  send(work: Work): void {
    const running = this.#running;
    if (running === null) return;
    const mask = maskFor(work);
    this.#line.tx.job(
      () => this.#frameOf(running, work, mask),
      () => this.events.emit('sent', work.id),
    );
  }

  setTicket(difficulty: number): void {
    const least = Math.min(Math.max(difficulty, 1), GREATEST_TICKET);
    if (!Number.isFinite(least) || ticketDifficulty(least) === this.#ticket) return;
    this.#ticket = ticketDifficulty(least);
    if (this.#running === null) return;
    this.#line.tx.control(encodeWrite(ALL_CHIPS, REGISTER.ticketMask, ticketMaskValue(this.#ticket)));
    this.#refreshed();
  }

  async ramp(mhz: number, signal: AbortSignal): Promise<BoardFacts> {
    const running = this.#running;
    if (running === null) throw new RigError('E_DEVICE_COMMAND', `the chips on ${this.#parts.transport.name} do not run`);
    const { chip, chips } = running;
    const both = AbortSignal.any([signal, this.#life.signal]);
    const steps = this.#line.planned(() => rampActions(chip, this.#mhz, mhz));
    try {
      for (const step of steps) {
        if (step.do !== 'send') continue;
        this.#line.tx.control(step.frame);
        if (step.mhz !== undefined) this.#mhz = step.mhz;
        await wait(this.#parts.clock, step.waitMs, both);
      }
    } finally {
      if (this.#running === running) {
        if (this.#countsByClock(chip)) this.#line.tx.control(encodeWrite(ALL_CHIPS, REGISTER.hashCountingNumber, hashCountingNumber(chip, this.#mhz, chips)));
        this.#refreshed();
      }
    }
    return this.#refreshed();
  }

  async quiet(): Promise<void> {
    const { transport, clock } = this.#parts;
    const { chip } = this;
    this.#halt();
    // A start or a ramp under way would go on raising the clock.
    this.#endWaits('were halted');
    if (chip === null || !transport.isOpen) return;
    const { signal } = this.#life;
    try {
      await this.#line.followChips(signal);
      const frames = quietFrames(chip, this.#mhz);
      for (const frame of frames) await this.#line.tell(frame, QUIET_MS / frames.length, signal);
      this.#mhz = RAMP_START_MHZ;
      if (this.#line.baud !== RESET_BAUD) await this.#line.carryOut(planBaudChange(chip, RESET_BAUD), signal);
    } catch (error) {
      // The line went, or the chip knows no other speed: nothing more can be said to it.
      this.#parts.log.debug({ port: transport.name, err: messageOf(error), at: clock.now() }, 'chips could not be quietened all the way');
    }
  }

  clear(): void {
    this.#halt();
    this.#line.listener.detach();
    this.#counted = null;
    this.#endWaits('were reset');
  }

  counters(): ChainCounters {
    const { bytesSkipped, crcErrors, frames } = this.#line.listener;
    return { bytes_skipped: bytesSkipped, crc_errors: crcErrors, frames, hashrate_claimed_hs: this.#running?.polls.claimedHs() ?? null, temp_c: null };
  }

  /** The frame of a job that goes out now, behind what the chips must know before it. */
  #frameOf(running: Running, work: Work, mask: number): Uint8Array {
    const job = running.jobs.encode(work);
    if (mask === this.#mask) return job;
    this.#mask = mask;
    this.#refreshed();
    if (running.chip.jobFormat === 'midstate') return job;
    this.#maskChangedAt = this.#parts.clock.monotonic();
    // In one piece with the job, so that nothing of the new job is searched with the old mask.
    return concatBytes(encodeWrite(ALL_CHIPS, REGISTER.versionMask, versionRollingValue(mask)), job);
  }

  /** No jobs, no questions. */
  #halt(): void {
    this.#pollTimer?.cancel();
    this.#pollTimer = null;
    this.#running = null;
    this.#facts = null;
    this.#line.tx.clear();
  }

  #endWaits(what: string): void {
    this.#life.abort(new RigError('E_DEVICE_SILENT', `the chips on ${this.#parts.transport.name} ${what}`));
    this.#life = new AbortController();
  }

  #refreshed(): BoardFacts {
    const { chip, chips } = this.#running!;
    const { chipsExpected, zeroBits } = this.#parts.settings;
    this.#facts = factsOf({ chip, chips, chipsExpected, mhz: this.#mhz, ticket: this.#ticket, zeroBits, mask: this.#mask, jobWireMs: this.#line.tx.wireMs(jobBytes(chip, this.#mask)) });
    return this.#facts;
  }

  /** Whether the hash counting number follows from the clock, or is a value of its own, or is never written. */
  #countsByClock(chip: Bm13xxChip): boolean {
    return (this.#parts.settings.sequence ?? INIT_SEQUENCES[chip.name]).some((step) => step.do === 'hash-counting');
  }

  #poll(): void {
    const running = this.#running;
    if (running === null) return;
    const silent = running.polls.silent();
    if (silent.length > 0) this.#trouble('silent', `${silenceOf(silent, running.chips)} on ${this.#line.transport.name}`);
    else if (!this.#line.tx.busy) this.#line.tx.control(running.polls.ask());
  }

  #trouble(kind: 'gone' | 'silent', reason: string): void {
    this.#halt();
    this.events.emit('trouble', kind, reason);
  }

  #onGone(reason: string): void {
    const ran = this.#running !== null;
    this.#life.abort(new RigError('E_DEVICE_PORT', reason, { context: { port: this.#parts.transport.name } }));
    if (ran) this.#trouble('gone', reason);
  }

  #onReply(reply: Reply, receivedMono: number): void {
    const running = this.#running;
    if (running === null) return;
    if (reply.kind === 'nonce') return this.#onNonce(running, reply, receivedMono);
    if (running.polls.answer(reply, receivedMono)) this.events.emit('answer');
  }

  #onNonce(running: Running, reply: NonceReply, receivedMono: number): void {
    const location = locateNonce(running.chip, reply);
    const job = running.jobs.find(location.jobId);
    const chip = this.#chipOf(running, location.addressField, reply.position);
    const bits = location.versionBits ?? 0;
    const version = job === null ? 0 : (job.slots === null ? job.version | bits : (job.slots[location.midstateSlot ?? 0] ?? job.version)) >>> 0;
    if (job !== null) {
      running.polls.heard(chip);
      if (job.slots === null && (bits & ~job.mask) !== 0 && receivedMono - this.#maskChangedAt < MASK_GRACE_MS) return;
      this.events.emit('answer');
    }
    this.events.emit('nonce', { workId: job?.workId ?? null, nonce: reply.nonce, version, chip, core: location.core, receivedMono });
  }

  #chipOf({ chips, addresses, offsets }: Running, addressField: number | null, position: number): number | null {
    if (chips === 1) return 0;
    if (addressField !== null) return chipIndexOfAddress(addresses, addressField);
    return offsets === null ? null : chipIndexOfOffset(offsets, position);
  }
}

/** Most chips that are named one by one. */
const MOST_NAMED = 8;

function silenceOf(silent: readonly number[], chips: number): string {
  if (chips === 1) return 'the chip does not answer any more';
  if (silent.length === chips) return `none of ${chips} chips answers any more`;
  const named = silent.slice(0, MOST_NAMED).map((index) => index + 1);
  return `${silent.length} of ${chips} chips (${named.join(', ')}${silent.length > MOST_NAMED ? ' ...' : ''}) do not answer any more`;
}
