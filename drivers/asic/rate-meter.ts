/**
 * Hash rate from nonces the host has verified: each stands for the mean number of hashes it takes to find one. Honest by
 * construction (chips that claim and do not hash count nothing), noisy by nature, so every rate has its 95 % interval.
 */
import { sumInterval95 } from '../../protocol/common/poisson.ts';

const BUCKET_MS = 1000;
/** The windows, in seconds; after them all the time it has hashed. */
export const WINDOWS_S = [10, 60, 600] as const;
/** The newest is not over yet. */
const BUCKETS = (WINDOWS_S.at(-1)! * 1000) / BUCKET_MS + 1;
/** A rate of fewer nonces is too rough while a longer window has more: 30 give it to within a third. */
const ENOUGH_NONCES = 30;

export interface Rate {
  readonly hashrate_hs: number;
  /** 95 % interval: the exact one of a Poisson count. */
  readonly low_hs: number;
  readonly high_hs: number;
  readonly nonces: number;
  /** Time it was measured over. */
  readonly window_s: number;
}

interface Sum {
  nonces: number;
  hashes: number;
  /** Of the squares: nonces of different tickets weigh differently. */
  squares: number;
}

const nothing = (): Sum => ({ nonces: 0, hashes: 0, squares: 0 });

export class NonceRate {
  /** One a second of hashing time, the newest last. */
  readonly #buckets: Sum[] = [];
  #total = nothing();
  /** Hashing time of ended stretches. */
  #beforeMs = 0;
  /** Start of the present stretch; null = not hashing. */
  #since: number | null = null;
  #bucketEnd = 0;

  /** Hashing begins. Rates over short windows start anew. */
  begin(now: number): void {
    if (this.#since !== null) return;
    this.#since = now;
    this.#buckets.length = 0;
    this.#bucketEnd = now;
  }

  /** Hashing ends: the time until the next `begin` does not count. */
  end(now: number): void {
    if (this.#since === null) return;
    this.#beforeMs += now - this.#since;
    this.#since = null;
  }

  /** A verified nonce that `hashes` hashes were made for, in the mean. */
  add(now: number, hashes: number): void {
    if (this.#since === null) return;
    this.#roll(now);
    for (const sum of [this.#buckets.at(-1)!, this.#total]) {
      sum.nonces++;
      sum.hashes += hashes;
      sum.squares += hashes * hashes;
    }
  }

  /** Nonces and time of all hashing, for what is seen against what is expected. */
  total(now: number): { readonly nonces: number; readonly hashes: number; readonly hashing_s: number } {
    return { nonces: this.#total.nonces, hashes: this.#total.hashes, hashing_s: (this.#beforeMs + (this.#since === null ? 0 : now - this.#since)) / 1000 };
  }

  /**
   * The shortest window with enough nonces, else all hashing time.
   * @param hashesPerNonce what the next nonce will stand for: says how much no nonce at all means
   * @returns null while nothing can be said: not hashing, or no nonce yet
   */
  best(now: number, hashesPerNonce: number): Rate | null {
    for (const seconds of WINDOWS_S) {
      const rate = this.window(now, seconds, hashesPerNonce);
      if (rate && rate.nonces >= ENOUGH_NONCES) return rate;
    }
    const seconds = this.total(now).hashing_s;
    if (this.#since === null || seconds < 1 || this.#total.nonces === 0) return null;
    const all = rateOf(this.#total, seconds, hashesPerNonce);
    // What it did an hour ago says nothing when it hashes otherwise now.
    const recent = this.window(now, WINDOWS_S.at(-1)!, hashesPerNonce);
    return recent && (recent.high_hs < all.hashrate_hs || recent.low_hs > all.hashrate_hs) ? recent : all;
  }

  /** Rate over the last `seconds` (up to one more) of this stretch; over less when it is younger; null when it is younger than a second. */
  window(now: number, seconds: number, hashesPerNonce: number): Rate | null {
    if (this.#since === null) return null;
    this.#roll(now);
    const sum = nothing();
    const first = Math.max(0, this.#buckets.length - seconds - 1);
    for (const bucket of this.#buckets.slice(first)) {
      sum.nonces += bucket.nonces;
      sum.hashes += bucket.hashes;
      sum.squares += bucket.squares;
    }
    const spanMs = (this.#buckets.length - first) * BUCKET_MS - (this.#bucketEnd - now);
    return spanMs < 1000 ? null : rateOf(sum, spanMs / 1000, hashesPerNonce);
  }

  #roll(now: number): void {
    if (now - this.#bucketEnd > BUCKETS * BUCKET_MS) {
      // Nobody looked for longer than the longest window.
      this.#buckets.length = 0;
      for (let i = 0; i < BUCKETS; i++) this.#buckets.push(nothing());
      this.#bucketEnd += Math.floor((now - this.#bucketEnd) / BUCKET_MS) * BUCKET_MS;
    }
    while (this.#bucketEnd <= now) {
      this.#buckets.push(nothing());
      this.#bucketEnd += BUCKET_MS;
      if (this.#buckets.length > BUCKETS) this.#buckets.shift();
    }
  }
}

function rateOf(sum: Sum, seconds: number, hashesPerNonce: number): Rate {
  const [low, high] = sumInterval95(sum.hashes, sum.squares, hashesPerNonce);
  return { hashrate_hs: sum.hashes / seconds, low_hs: low / seconds, high_hs: high / seconds, nonces: sum.nonces, window_s: seconds };
}
