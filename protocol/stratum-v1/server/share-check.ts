/** Whether a submitted share is one: every rule, in the order pools apply them. Pure; who keeps the books is told what to note. */
import { tryHexToBytes } from '../../common/bytes.ts';
import { sha256d } from '../../bitcoin/hash.ts';
import { difficultyFromTarget, hashToBigInt } from '../../bitcoin/target.ts';
import { bitsInsideMask, rollVersion } from '../../bitcoin/version-rolling.ts';
import { SERVER_LIMITS } from './limits.ts';
import { REFUSALS, type Refusal } from './reply.ts';
import type { Issue, Seat, UpstreamJob } from './served-job.ts';

/** A share that was hashed here. */
export interface CheckedShare<J extends UpstreamJob = UpstreamJob> {
  readonly issue: Issue<J>;
  /** All bytes of the source's extranonce2. */
  readonly extranonce2: Uint8Array;
  readonly ntime: number;
  readonly nonce: number;
  /** Full header version. */
  readonly version: number;
  readonly header: Uint8Array;
  /** SHA-256d in digest order. */
  readonly hash: Uint8Array;
  /** Of the hash itself. */
  readonly difficulty: number;
  /** What it counts for: the difficulty that was asked of the miner. */
  readonly credit: number;
  /** At or below the share target of the source. */
  readonly meetsSource: boolean;
  readonly isBlock: boolean;
}

/** What a session knows of the miner that submits. */
export interface SubmitContext<J extends UpstreamJob = UpstreamJob> {
  readonly seat: Seat | null;
  /** Version bits that were agreed with this miner, before those of the job are applied; 0 = none. */
  readonly askedMask: number;
  /** The names it may use. */
  isAuthorized(worker: string): boolean;
  find(jobId: string): Issue<J> | null;
  /** Least difficulty of a share for a job that was sent as this issue. */
  requiredFor(issue: Issue<J>): number;
  /** Remembers a share; false when it was there already. */
  readonly seen: SeenShares;
}

export type SubmitVerdict<J extends UpstreamJob = UpstreamJob> =
  | { readonly accepted: true; readonly share: CheckedShare<J> }
  /** `share` is given only when it is a block all the same (of a stale job): it must go on. */
  | { readonly accepted: false; readonly refusal: Refusal; readonly share: CheckedShare<J> | null };

const EIGHT_HEX = /^[0-9a-fA-F]{8}$/;

const refuse = (refusal: Refusal): { readonly accepted: false; readonly refusal: Refusal; readonly share: null } => ({ accepted: false, refusal, share: null });

function readU32(value: unknown): number | null {
  return typeof value === 'string' && EIGHT_HEX.test(value) ? Number.parseInt(value, 16) : null;
}

/** Checks the parameters of mining.submit: [worker, job id, extranonce2, ntime, nonce, version bits?]. Never throws. */
export function checkSubmit<J extends UpstreamJob>(params: readonly unknown[], context: SubmitContext<J>): SubmitVerdict<J> {
  const { seat, seen } = context;
  if (seat === null) return refuse(REFUSALS.notSubscribed);
  if (params.length < 5) return refuse(REFUSALS.tooFewParams);
  const [worker, jobId, extranonce2Hex, ntimeHex, nonceHex, bitsHex] = params;
  if (typeof worker !== 'string' || !context.isAuthorized(worker)) return refuse(REFUSALS.unauthorized);
  const issue = typeof jobId === 'string' ? context.find(jobId) : null;
  if (issue === null) return refuse(REFUSALS.jobNotFound);
  const { served } = issue;

  if (typeof extranonce2Hex !== 'string') return refuse(REFUSALS.extranonce2Hex);
  if (extranonce2Hex.length !== 2 * seat.extranonce2Size) return refuse(REFUSALS.extranonce2);
  const own = tryHexToBytes(extranonce2Hex);
  if (own === null) return refuse(REFUSALS.extranonce2Hex);
  const ntime = readU32(ntimeHex);
  if (ntime === null) return refuse(REFUSALS.ntime);
  if (ntime < served.job.ntime || ntime > served.job.ntime + SERVER_LIMITS.ntimeAheadS) return refuse(REFUSALS.ntimeRange);
  const nonce = readU32(nonceHex);
  if (nonce === null) return refuse(REFUSALS.nonce);
  const bits = bitsHex === undefined || bitsHex === null ? 0 : readU32(bitsHex);
  if (bits === null) return refuse(REFUSALS.versionBits);
  const mask = (served.versionMask & context.askedMask) >>> 0;
  if (!bitsInsideMask(bits, mask)) return refuse(REFUSALS.versionMask);

  const key = `${served.workId}:${extranonce2Hex.toLowerCase()}:${ntime}:${nonce}:${bits}`;
  if (seen.has(key)) return refuse(REFUSALS.duplicate);
  const version = rollVersion(served.job.version, mask, bits);
  const extranonce2 = served.wholeExtranonce2(seat, own);
  const header = served.header(extranonce2, version, ntime, nonce);
  const hash = sha256d(header);
  const value = hashToBigInt(hash);
  const difficulty = difficultyFromTarget(value);
  const isBlock = value <= served.job.networkTarget;
  const meetsSource = value <= served.job.shareTarget;
  const required = context.requiredFor(issue);
  const share = { issue, extranonce2, ntime, nonce, version, header, hash, difficulty, credit: Math.min(required, difficulty), meetsSource, isBlock };
  if (served.stale !== null) {
    if (isBlock) seen.add(key);
    return { accepted: false, refusal: REFUSALS.stale, share: isBlock ? share : null };
  }
  // What the source takes is never too low for us, whatever rounding says.
  if (difficulty < required && !meetsSource && !isBlock) return refuse(REFUSALS.lowDifficulty);
  seen.add(key);
  return { accepted: true, share };
}

/**
 * Accepted shares of one seat, in two generations. A new one begins when older work has become worthless: shares of that are
 * refused before anybody asks whether they were seen, so that the one before the last can go. Without that a miner would take
 * up megabytes in a few days. The older generation stays for late shares of a source the miner has just been moved from.
 */
export class SeenShares {
  /** Null = none: most of ten thousand connections have nothing to remember. */
  #newer: Set<string> | null = null;
  #older: Set<string> | null = null;

  has(key: string): boolean {
    return this.#newer?.has(key) === true || this.#older?.has(key) === true;
  }

  add(key: string): void {
    this.#newer ??= new Set();
    this.#newer.add(key);
    if (this.#newer.size >= SERVER_LIMITS.sharesRemembered / 2) this.turn();
  }

  /** Older work is worthless from now on. */
  turn(): void {
    if (this.#newer === null && this.#older === null) return;
    this.#older = this.#newer;
    this.#newer = null;
  }

  get size(): number {
    return (this.#newer?.size ?? 0) + (this.#older?.size ?? 0);
  }
}
