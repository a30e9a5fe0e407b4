/** Finds the job of a nonce among those sent, and hashes it again. */
import { BM13XX_CHIPS, type Bm13xxChip } from '../chips.ts';
import { jobKey } from '../job-id.ts';
import { locateNonce, type NonceLocation } from '../nonce-location.ts';
import type { NonceReply } from '../reply.ts';
import { CHIP_ZERO_BITS, hashOfMidstateShare, hashOfShare, provesWork } from '../share.ts';
import type { ReplayJob } from './events.ts';

/** Every id twice: a late nonce may belong to the job before the one that took over its id. */
const KEPT_JOBS = 64;
const TRIED_PER_ID = 2;
/** One chip of each way to pack job ids, tried when the capture does not say which chip it is. */
const UNKNOWN_CHIP: readonly Bm13xxChip[] = [BM13XX_CHIPS.BM1366, BM13XX_CHIPS.BM1368, BM13XX_CHIPS.BM1397];

export interface SentJob {
  readonly serial: number;
  readonly sent: ReplayJob;
  /** Nonces seen, with version bits or slot. */
  readonly seen: Set<string>;
}

export interface Match {
  readonly chip: Bm13xxChip;
  readonly location: NonceLocation;
  readonly job: SentJob;
  readonly hash: Uint8Array;
  readonly proved: boolean;
}

/** The jobs of a capture, newest first, no more than a chip can still answer. */
export class SentJobs {
  readonly #zeroBits: number;
  #jobs: SentJob[] = [];
  #count = 0;

  constructor(zeroBits = CHIP_ZERO_BITS) {
    this.#zeroBits = zeroBits;
  }

  get count(): number {
    return this.#count;
  }

  add(sent: ReplayJob): SentJob {
    const job = { serial: this.#count, sent, seen: new Set<string>() };
    this.#count += 1;
    this.#jobs.unshift(job);
    if (this.#jobs.length > KEPT_JOBS) this.#jobs.pop();
    return job;
  }

  /** The job whose hash proves the nonce; else the newest job of that id; null when there is none. */
  match(chip: Bm13xxChip | null, reply: NonceReply): Match | null {
    let first: Match | null = null;
    for (const candidate of chip === null ? UNKNOWN_CHIP : [chip]) {
      const location = locateNonce(candidate, reply);
      let tried = 0;
      for (const job of this.#jobs) {
        if (job.sent.format !== candidate.jobFormat || jobKey(candidate, job.sent.job.jobId) !== location.jobId) continue;
        const hash = hashOf(job.sent, location, reply.nonce);
        if (hash === null) continue;
        const match = { chip: candidate, location, job, hash, proved: provesWork(hash, this.#zeroBits) };
        if (match.proved) return match;
        first ??= match;
        tried += 1;
        if (tried === TRIED_PER_ID) break;
      }
    }
    return first;
  }
}

function hashOf(sent: ReplayJob, location: NonceLocation, nonce: number): Uint8Array | null {
  return sent.format === 'full-header' ? hashOfShare(sent.job, location.versionBits ?? 0, nonce) : hashOfMidstateShare(sent.job, location.midstateSlot ?? 0, nonce);
}
