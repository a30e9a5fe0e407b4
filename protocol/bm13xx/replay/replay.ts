/**
 * Reads a capture of the line between a host and a chain, and proves every nonce in it: frames are found in both
 * directions, jobs remembered, and each nonce hashed again (SHA-256d) with the job it belongs to. Pure: chunks in, events
 * and counts out.
 */
import { difficultyOfHash } from '../../bitcoin/target.ts';
import { type Bm13xxChip, chipById } from '../chips.ts';
import { decodeCommand, type Command } from '../command.ts';
import { decodeFullHeaderJob, FULL_HEADER_FRAME_BYTES } from '../job-full-header.ts';
import { JOB_HEADER } from '../job-frame.ts';
import { decodeMidstateJob } from '../job-midstate.ts';
import { ReceiveFramer } from '../receive-framer.ts';
import { decodeReply, type NonceReply, type RegisterReply } from '../reply.ts';
import { CHIP_ZERO_BITS } from '../share.ts';
import { difficultyOfTicketMask } from '../ticket-mask.ts';
import { TransmitSplitter } from '../transmit-splitter.ts';
import { decodeVersionRolling } from '../version-rolling.ts';
import type { NonceVerdict, ReplayEvent, ReplayJob, ReplaySummary } from './events.ts';
import type { TraceChunk } from './trace-line.ts';
import { SentJobs } from './verify.ts';

const CHIP_ID = 0x00;
const TICKET_MASK = 0x14;
const VERSION_ROLLING = 0xa4;

export class Replay {
  readonly #splitter = new TransmitSplitter();
  readonly #framer = new ReceiveFramer('either');
  readonly #jobs: SentJobs;
  /** Difficulty 1 of these chips in that of pools (target FFFF << 208). */
  readonly #chipDifficultyOne: number;
  #chip: Bm13xxChip | null;
  #ticketDifficulty = 1;
  #answersToRead = 0;
  #rollingJustOn = false;
  #counts = { chips: 0, commands: 0, registers: 0, nonces: 0, verified: 0, belowTicket: 0, unknownJob: 0, hardwareErrors: 0, duplicates: 0, crcErrors: 0, skipped: 0 };

  /**
   * @param chip the model, when the capture is known not to tell; otherwise its chip-id replies do
   * @param zeroBits least zero bits of a nonce: 32, fewer in captures of simulated chips
   */
  constructor(chip: Bm13xxChip | null = null, zeroBits = CHIP_ZERO_BITS) {
    this.#chip = chip;
    this.#jobs = new SentJobs(zeroBits);
    this.#chipDifficultyOne = (0xffff / 0x10000) * 2 ** (zeroBits - CHIP_ZERO_BITS);
    if (chip?.replyBytes === 9) this.#framer.expect(9);
  }

  /** Takes the next chunk of the capture and tells what it completes. Never throws on what is in it. */
  push(chunk: TraceChunk): ReplayEvent[] {
    const events: ReplayEvent[] = [];
    const results = chunk.direction === 'tx' ? [this.#splitter.push(chunk.bytes)] : [this.#framer.push(chunk.bytes), this.#framer.flush()];
    for (const { frames, skippedBytes, crcErrors } of results) {
      for (const frame of frames) events.push(chunk.direction === 'tx' ? this.#sent(frame) : this.#received(frame));
      this.#counts.skipped += skippedBytes;
      this.#counts.crcErrors += crcErrors;
      if (skippedBytes > 0) events.push({ type: 'skipped', direction: chunk.direction, bytes: skippedBytes, crcErrors });
    }
    return events;
  }

  /** Counts so far. */
  summary(): ReplaySummary {
    const counts = this.#counts;
    return {
      chip: this.#chip?.name ?? null,
      chips: counts.chips,
      commands: counts.commands,
      jobs: this.#jobs.count,
      registers: counts.registers,
      nonces: counts.nonces,
      noncesVerified: counts.verified,
      noncesBelowTicket: counts.belowTicket,
      noncesUnknownJob: counts.unknownJob,
      hardwareErrors: counts.hardwareErrors,
      duplicates: counts.duplicates,
      crcErrors: counts.crcErrors,
      bytesSkipped: counts.skipped,
      bytesIncomplete: this.#splitter.heldBytes + this.#framer.heldBytes,
    };
  }

  #sent(frame: Uint8Array): ReplayEvent {
    if (frame[2] === JOB_HEADER) return this.#job(frame);
    const decoded = decodeCommand(frame);
    if (!decoded.ok) return { type: 'unreadable', direction: 'tx', frame, problem: decoded.problem };
    this.#counts.commands += 1;
    this.#follow(decoded.command);
    return { type: 'command', frame, command: decoded.command };
  }

  /** What a command changes in how later frames are read. */
  #follow(command: Command): void {
    const bothLengths = this.#chip?.replyBytes !== 9;
    if (command.kind === 'read' && command.register === CHIP_ID && command.target === 'all') {
      this.#answersToRead = 0;
      // A chain is counted after a reset, which brings short replies back, unless rolling was switched on right before.
      if (bothLengths && !this.#rollingJustOn) this.#framer.expect('either');
    }
    this.#rollingJustOn = command.kind === 'write' && command.register === VERSION_ROLLING && decodeVersionRolling(command.value).enabled;
    if (bothLengths && this.#rollingJustOn) this.#framer.expect(11);
    if (command.kind === 'write' && command.register === TICKET_MASK) this.#ticketDifficulty = difficultyOfTicketMask(command.value) ?? 1;
  }

  #job(frame: Uint8Array): ReplayEvent {
    // 88 bytes are a full header, or two midstates; the byte with the number of midstates tells, unless the chip does.
    const full = frame.length === FULL_HEADER_FRAME_BYTES && (this.#chip === null ? frame[5] !== 2 : this.#chip.jobFormat === 'full-header');
    const decoded = full ? decodeFullHeaderJob(frame) : decodeMidstateJob(frame);
    if (!decoded.ok) return { type: 'unreadable', direction: 'tx', frame, problem: decoded.problem };
    const sent = { format: full ? 'full-header' : 'midstate', job: decoded.job } as ReplayJob;
    return { type: 'job', frame, serial: this.#jobs.add(sent).serial, ...sent };
  }

  #received(frame: Uint8Array): ReplayEvent {
    const decoded = decodeReply(frame);
    if (!decoded.ok) return { type: 'unreadable', direction: 'rx', frame, problem: decoded.problem };
    return decoded.reply.kind === 'register' ? this.#register(frame, decoded.reply) : this.#nonce(frame, decoded.reply);
  }

  #register(frame: Uint8Array, reply: RegisterReply): ReplayEvent {
    this.#counts.registers += 1;
    const chip = reply.register === CHIP_ID ? chipById(reply.value >>> 16) : null;
    if (chip !== null) {
      this.#answersToRead += 1;
      this.#counts.chips = Math.max(this.#counts.chips, this.#answersToRead);
      if (this.#chip === null) {
        this.#chip = chip;
        if (chip.replyBytes === 9) this.#framer.expect(9);
      }
    }
    return { type: 'register', frame, reply };
  }

  #nonce(frame: Uint8Array, reply: NonceReply): ReplayEvent {
    const counts = this.#counts;
    counts.nonces += 1;
    const match = this.#jobs.match(this.#chip, reply);
    if (match === null) {
      counts.unknownJob += 1;
      return { type: 'nonce', frame, reply, chip: this.#chip?.name ?? null, location: null, verdict: 'unknown-job', duplicate: false, jobSerial: null, hash: null, difficulty: null, version: null };
    }
    const { chip, location, job, hash } = match;
    const key = `${reply.nonce}/${location.versionBits ?? location.midstateSlot ?? 0}`;
    const duplicate = job.seen.has(key);
    job.seen.add(key);
    const difficulty = difficultyOfHash(hash);
    let verdict: NonceVerdict = 'hardware-error';
    if (match.proved) verdict = difficulty >= this.#ticketDifficulty * this.#chipDifficultyOne ? 'verified' : 'below-ticket';
    if (match.proved) counts.verified += 1;
    else counts.hardwareErrors += 1;
    if (verdict === 'below-ticket') counts.belowTicket += 1;
    if (duplicate) counts.duplicates += 1;
    const version = job.sent.format === 'full-header' ? (job.sent.job.version | (location.versionBits ?? 0)) >>> 0 : null;
    return { type: 'nonce', frame, reply, chip: chip.name, location, verdict, duplicate, jobSerial: job.serial, hash, difficulty, version };
  }
}

/** Events and counts of a whole capture at once. */
export function replayTrace(chunks: Iterable<TraceChunk>, chip: Bm13xxChip | null = null): { readonly events: ReplayEvent[]; readonly summary: ReplaySummary } {
  const replay = new Replay(chip);
  const events: ReplayEvent[] = [];
  for (const chunk of chunks) events.push(...replay.push(chunk));
  return { events, summary: replay.summary() };
}
