/**
 * A search through a range of nonces, at the silicon's pace but with only every Nth step hashed, evenly (as in chips/search.ts):
 * a computer cannot do more. N is 2^(32 - zeroBits), as nonces are easier by that, so that they come as often as from the real thing.
 */
import { MidstateTrial } from '../chips/hash.ts';

export interface SweepJob {
  /** One a slot: versions that are tried side by side. */
  readonly midstates: readonly Int32Array[];
  /** Header bytes 64 to 75. */
  readonly tail: Uint8Array;
  /** First nonce, and how many; as big-endian numbers of header bytes 76 to 79. */
  readonly from: number;
  readonly length: number;
  /** Whether it begins again at the end, and repeats what it has found. */
  readonly repeats: boolean;
  /** Mask of the ticket, one less than a power of two: bits that are zero beyond the first. */
  readonly ticketMask: number;
}

export interface SweepFound {
  readonly nonce: number;
  readonly slot: number;
}

const trial = new MidstateTrial();
let loaded: SweepJob | null = null;

export class Sweep {
  readonly job: SweepJob;
  readonly #zeroBits: number;
  readonly #step: number;
  #passed = 0;
  #done = 0;
  /** Really computed. */
  hashes = 0;

  constructor(job: SweepJob, zeroBits: number) {
    this.job = job;
    this.#zeroBits = zeroBits;
    this.#step = 2 ** (32 - zeroBits);
  }

  get finished(): boolean {
    return !this.job.repeats && this.#done * this.#step >= this.job.length;
  }

  /**
   * @param nonces that the silicon has tried since the last call
   * @param until time at which to stop; what is not done by then is skipped, as in a device that runs slower
   */
  run(nonces: number, until: number): SweepFound[] {
    const { job } = this;
    const found: SweepFound[] = [];
    this.#passed = Math.min(this.#passed + nonces, this.job.repeats ? Infinity : job.length);
    const steps = Math.max(1, Math.ceil(job.length / this.#step));
    if (loaded !== job) trial.load(job.tail);
    loaded = job;
    const wanted = { zeroBits: this.#zeroBits, ticketMask: job.ticketMask };
    while ((this.#done + 1) * this.#step <= this.#passed || (this.#passed >= job.length && !job.repeats && this.#done < steps)) {
      if (performance.now() >= until) {
        this.#done = Math.floor(this.#passed / this.#step);
        break;
      }
      const step = this.#done++ % steps;
      // Somewhere within the step, not always at its start.
      const at = Math.min(job.length - 1, Math.floor((step + ((step * 0.6180339887) % 1)) * this.#step));
      const nonce = (job.from + at) % 2 ** 32;
      trial.nonce(nonce);
      job.midstates.forEach((midstate, slot) => {
        this.hashes++;
        if (trial.excess(midstate, wanted) !== null) found.push({ nonce, slot });
      });
    }
    return found;
  }
}

/** Whether a nonce is one by the measure of the silicon: 32 zero bits. */
export function isRealNonce(midstate: Int32Array, tail: Uint8Array, nonce: number): boolean {
  loaded = null;
  trial.load(tail);
  trial.nonce(nonce);
  return trial.excess(midstate, { zeroBits: 32, ticketMask: 0 }) !== null;
}
