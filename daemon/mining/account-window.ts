/** What happened for one pool in the last hour: sums over minutes, so that an hour costs 61 of them and not every share. */

const BUCKET_MS = 60_000;
const BUCKETS = 61;
const WINDOW_MS = (BUCKETS - 1) * BUCKET_MS;

/** Sums of one stretch of time. `own` = of devices of this rig. */
export interface AccountSums {
  /** Hashes of own devices, and the shares they should have given. */
  hashes: number;
  expected: number;
  /** Own shares, by what became of them. */
  found: number;
  accepted: number;
  stale: number;
  rejected: number;
  unknown: number;
  withheld: number;
  /** Of accepted shares, own and others': sums of their jobs' difficulties, and of the squares. */
  work: number;
  squares: number;
  ownWork: number;
  ownSquares: number;
  /** Accepted shares of other miners. */
  foreign: number;
  /** Nonces of own devices that were wrong. */
  hardwareErrors: number;
  /** Time it was mined for. */
  activeMs: number;
}

function nothing(): AccountSums {
  return { hashes: 0, expected: 0, found: 0, accepted: 0, stale: 0, rejected: 0, unknown: 0, withheld: 0, work: 0, squares: 0, ownWork: 0, ownSquares: 0, foreign: 0, hardwareErrors: 0, activeMs: 0 };
}

export class AccountWindow {
  readonly #buckets = new Map<number, AccountSums>();
  /** Monotonic time of the first thing noted; null = nothing yet. */
  #since: number | null = null;

  /** Adds to the present minute. @param from when what is added began, where it took time */
  add(now: number, part: Partial<AccountSums>, from = now): void {
    this.#since ??= from;
    const key = Math.floor(now / BUCKET_MS);
    let bucket = this.#buckets.get(key);
    if (!bucket) {
      bucket = nothing();
      this.#buckets.set(key, bucket);
      for (const old of this.#buckets.keys()) if (old <= key - BUCKETS) this.#buckets.delete(old);
    }
    for (const [name, value] of Object.entries(part) as [keyof AccountSums, number][]) bucket[name] += value;
  }

  /** The sums of the last hour (up to a minute less), and the time they span; null before anything was noted. */
  sums(now: number): { readonly sums: AccountSums; readonly spanMs: number } | null {
    if (this.#since === null) return null;
    const first = Math.floor(now / BUCKET_MS) - BUCKETS + 1;
    const sums = nothing();
    for (const [key, bucket] of this.#buckets) {
      if (key < first) continue;
      for (const name of Object.keys(sums) as (keyof AccountSums)[]) sums[name] += bucket[name];
    }
    return { sums, spanMs: Math.min(now - this.#since, WINDOW_MS + (now % BUCKET_MS)) };
  }
}
