/** A job of an upstream source as it is given out to miners: its lines on the wire, and the headers it leads to. */
import { hash } from 'node:crypto';
import { bytesToHex, swapWords, u32ToHex, writeU32LE } from '../../common/bytes.ts';
import { HEADER_BYTES, HEADER_OFFSET } from '../../bitcoin/header.ts';
import { difficultyFromTarget } from '../../bitcoin/target.ts';

/** What is needed of a job to serve it; the daemon's Job is one. */
export interface UpstreamJob {
  readonly prevHash: Uint8Array;
  readonly coinb1: Uint8Array;
  readonly extranonce1: Uint8Array;
  readonly extranonce2Size: number;
  readonly coinb2: Uint8Array;
  readonly merkleBranch: readonly Uint8Array[];
  readonly version: number;
  readonly versionMask: number;
  readonly nbits: number;
  readonly ntime: number;
  readonly shareTarget: bigint;
  readonly networkTarget: bigint;
}

/**
 * Where a miner searches: the values of the source's extranonce2 that begin with a prefix. The miner takes the prefix for
 * extranonce1; the source's own extranonce1 is a part of the coinb1 it is sent. So a notify is the same for all miners,
 * and a new extranonce1, or another source, needs no word to any of them.
 */
export interface Seat {
  /** No bytes: the whole extranonce2 of a source that is this miner's alone. */
  readonly prefix: Uint8Array;
  readonly prefixHex: string;
  /** Bytes the miner counts in. What is left of the source's extranonce2 behind them is zero. */
  readonly extranonce2Size: number;
  readonly sessionId: string;
}

export function makeSeat(prefix: Uint8Array, extranonce2Size: number, sessionId: string): Seat {
  return { prefix, prefixHex: bytesToHex(prefix), extranonce2Size, sessionId };
}

/** Whether a miner in this seat can work on the job without being told of another extranonce. */
export function seatFits(seat: Seat, job: UpstreamJob): boolean {
  if (seat.prefix.length === 0) return seat.extranonce2Size === job.extranonce2Size;
  return seat.prefix.length + seat.extranonce2Size <= job.extranonce2Size;
}

/** An upstream job, with what all its issues share. */
export class ServedJob<J extends UpstreamJob = UpstreamJob> {
  readonly job: J;
  /** Version bits miners may roll: never one that the job has set, so that replacing, OR and XOR of bits agree (BIP310). */
  readonly versionMask: number;
  /** Highest difficulty that makes sense for a miner: a share of the source, or a block, must not fall below it. */
  readonly maxDifficulty: number;
  /** Names the work itself: jobs of the same content have the same, so that a share of one repeats that of the other. */
  readonly workId: number;
  /** Why its shares are worth nothing any more; null = they are. */
  stale: string | null = null;
  /** The coinbase, with room for extranonce2. */
  readonly #coinbase: Uint8Array;
  readonly #extranonce2At: number;

  /** @param policyMask version bits we let miners roll */
  constructor(job: J, policyMask: number, workId: number) {
    this.job = job;
    this.workId = workId;
    this.versionMask = (job.versionMask & policyMask & ~job.version) >>> 0;
    const easier = job.shareTarget > job.networkTarget ? job.shareTarget : job.networkTarget;
    this.maxDifficulty = difficultyFromTarget(easier);
    this.#extranonce2At = job.coinb1.length + job.extranonce1.length;
    this.#coinbase = new Uint8Array(this.#extranonce2At + job.extranonce2Size + job.coinb2.length);
    this.#coinbase.set(job.coinb1);
    this.#coinbase.set(job.extranonce1, job.coinb1.length);
    this.#coinbase.set(job.coinb2, this.#extranonce2At + job.extranonce2Size);
  }

  /** The source's whole extranonce2 of what a miner found in its seat. */
  wholeExtranonce2(seat: Seat, extranonce2: Uint8Array): Uint8Array {
    const whole = new Uint8Array(this.job.extranonce2Size);
    whole.set(seat.prefix);
    whole.set(extranonce2, seat.prefix.length);
    return whole;
  }

  /** The 80 bytes that a miner hashed. @param wholeExtranonce2 all bytes of the source's extranonce2 */
  header(wholeExtranonce2: Uint8Array, version: number, ntime: number, nonce: number): Uint8Array {
    this.#coinbase.set(wholeExtranonce2, this.#extranonce2At);
    let root = sha256d(this.#coinbase);
    for (const digest of this.job.merkleBranch) {
      PAIR.set(root);
      PAIR.set(digest, 32);
      root = sha256d(PAIR);
    }
    const header = new Uint8Array(HEADER_BYTES);
    writeU32LE(header, version, HEADER_OFFSET.version);
    header.set(this.job.prevHash, HEADER_OFFSET.prevHash);
    header.set(root, HEADER_OFFSET.merkleRoot);
    writeU32LE(header, ntime, HEADER_OFFSET.ntime);
    writeU32LE(header, this.job.nbits, HEADER_OFFSET.nbits);
    writeU32LE(header, nonce, HEADER_OFFSET.nonce);
    return header;
  }
}

const PAIR = new Uint8Array(64);

/** One-shot hashes: on the way of every share there is nothing slower. */
function sha256d(data: Uint8Array): Uint8Array {
  return hash('sha256', hash('sha256', data, 'buffer'), 'buffer');
}

/** A served job under one id. The same upstream job is issued again with a later time, so that nobody searches twice. */
export class Issue<J extends UpstreamJob = UpstreamJob> {
  /** Counts all issues of a server; larger is later. */
  readonly sequence: number;
  readonly id: string;
  readonly served: ServedJob<J>;
  readonly ntime: number;
  /** Monotonic ms. */
  readonly issuedAt: number;
  /** By zero bytes behind the seat, below 0 without the clean flag: made once for all miners, and not before one needs it. */
  #lines: Map<number, Uint8Array> | null = new Map();

  constructor(sequence: number, served: ServedJob<J>, ntime: number, issuedAt: number) {
    this.sequence = sequence;
    this.id = (sequence >>> 0).toString(16);
    this.served = served;
    this.ntime = ntime >>> 0;
    this.issuedAt = issuedAt;
  }

  /** The mining.notify for a seat, as bytes that nobody may change. */
  notifyLine(seat: Seat, clean: boolean): Uint8Array {
    const padding = this.served.job.extranonce2Size - seat.prefix.length - seat.extranonce2Size;
    const key = clean ? padding : -1 - padding;
    let line = this.#lines?.get(key);
    if (line === undefined) {
      line = encoder.encode(this.#encode(padding, clean));
      this.#lines?.set(key, line);
    }
    return line;
  }

  /** A newer issue is out: the bytes are not needed any more. */
  retire(): void {
    this.#lines = null;
  }

  #encode(padding: number, clean: boolean): string {
    const { job } = this.served;
    const coinb1 = bytesToHex(job.coinb1) + bytesToHex(job.extranonce1);
    const coinb2 = '00'.repeat(padding) + bytesToHex(job.coinb2);
    const branch = job.merkleBranch.map((digest) => `"${bytesToHex(digest)}"`).join(',');
    return `{"id":null,"method":"mining.notify","params":["${this.id}","${bytesToHex(swapWords(job.prevHash))}","${coinb1}","${coinb2}",[${branch}],"${u32ToHex(job.version)}","${u32ToHex(job.nbits)}","${u32ToHex(this.ntime)}",${clean}]}\n`;
  }
}

const encoder = new TextEncoder();
