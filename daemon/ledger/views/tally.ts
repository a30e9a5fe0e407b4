import type { FileType, JsonObject } from '../../brainstem/contract.ts';

/** The break-downs a template may ask for, by name. */
export type BreakdownName = 'by_type' | 'by_reason' | 'submissions_by_status' | 'rejections_by_reason' | 'errors_by_severity' | 'errors_by_type' | 'errors_by_component' | 'reports_by_component';

/**
 * Everything the ledger counts about a set of entries. Sums are exact whatever the order (integers, and difficulties in
 * fixed point), so that adding entry by entry, merging batches and rebuilding from the journal give the same digits.
 * `null` = no entry told.
 */
export class Tally {
  readonly #counts = new Map<FileType, number>();
  readonly #blocks = new Map<FileType, number>();
  readonly #events = new Map<string, number>();
  readonly #breakdowns = new Map<BreakdownName, Map<string, number>>();
  /** In units of 2^-DIFFICULTY_BITS. */
  #difficultySum = 0n;
  #difficultyCount = 0;
  #latencySumUs = 0n;
  #latencyCount = 0;
  #total = 0;
  /** Hashes done for these entries. */
  hashes: bigint | null = null;
  bestDifficulty: number | null = null;
  bestLeadingZeros: number | null = null;

  add(type: FileType, entry: JsonObject): void {
    this.#total += 1;
    bump(this.#counts, type, 1);
    if (isBlock(type, entry)) bump(this.#blocks, type, 1);
    if (type === 'system_report') this.#addReport(entry);
    else if (type === 'error_report') this.#addError(entry);
    else if (type === 'submission') this.#addSubmission(entry);
    else if (type === 'rejection') this.#breakdown('rejections_by_reason', text(entry.reason));
    else if (type === 'look_at') this.#breakdown('by_reason', text(entry.reason));
    else if (type === 'ledger') this.#addHashes(entry.hashes_tried);
    this.#addDifficulty(entry.difficulty ?? null, entry.best_difficulty ?? null);
    this.bestLeadingZeros = larger(this.bestLeadingZeros, number(entry.leading_zeros) ?? number(entry.best_leading_zeros));
  }

  /** Adds what another tally counted. */
  merge(other: Tally): void {
    this.#total += other.#total;
    mergeCounts(this.#counts, other.#counts);
    mergeCounts(this.#blocks, other.#blocks);
    mergeCounts(this.#events, other.#events);
    for (const [name, counts] of other.#breakdowns) mergeCounts(this.#counter(name), counts);
    this.#difficultySum += other.#difficultySum;
    this.#difficultyCount += other.#difficultyCount;
    this.#latencySumUs += other.#latencySumUs;
    this.#latencyCount += other.#latencyCount;
    if (other.hashes !== null) this.hashes = (this.hashes ?? 0n) + other.hashes;
    this.bestDifficulty = larger(this.bestDifficulty, other.bestDifficulty);
    this.bestLeadingZeros = larger(this.bestLeadingZeros, other.bestLeadingZeros);
  }

  get total(): number {
    return this.#total;
  }

  count(type: FileType): number {
    return this.#counts.get(type) ?? 0;
  }

  /**
   * Blocks that were accepted, as the screen and the reports count them. An attempt, its submission and its proof are about
   * the same block, so it counts once; a proof alone cannot tell the verdict and only counts where nothing else is.
   */
  get blocks(): number {
    const told = [...this.#counts.keys()].filter((type) => type !== 'math_proof');
    return told.length === 0 ? this.blocksOf('math_proof') : Math.max(...told.map((type) => this.blocksOf(type)));
  }

  /** Blocks among the entries of one type. */
  blocksOf(type: FileType): number {
    return this.#blocks.get(type) ?? 0;
  }

  /** How many reports of an event there are. */
  events(event: string): number {
    return this.#events.get(event) ?? 0;
  }

  /** Mean difficulty of the entries that have one. */
  get averageDifficulty(): number | null {
    return this.#difficultyCount === 0 ? null : Number(this.#difficultySum / BigInt(this.#difficultyCount)) / DIFFICULTY_UNIT;
  }

  /** Mean time to the answer of the submissions that got one, milliseconds. */
  get averageLatencyMs(): number | null {
    return this.#latencyCount === 0 ? null : Math.round(Number(this.#latencySumUs) / this.#latencyCount) / 1000;
  }

  breakdown(name: BreakdownName): ReadonlyMap<string, number> {
    if (name === 'by_type') return this.#counts;
    return this.#breakdowns.get(name) ?? new Map<string, number>();
  }

  /** As plain JSON, for the journal's notes; `Tally.from` reads it. */
  toJSON(): JsonObject {
    return {
      n: this.#total,
      c: Object.fromEntries(this.#counts),
      b: Object.fromEntries(this.#blocks),
      e: Object.fromEntries(this.#events),
      k: Object.fromEntries([...this.#breakdowns].map(([name, counts]) => [name, Object.fromEntries(counts)])),
      d: [this.#difficultySum.toString(), this.#difficultyCount],
      l: [this.#latencySumUs.toString(), this.#latencyCount],
      h: this.hashes === null ? null : this.hashes.toString(),
      x: this.bestDifficulty,
      z: this.bestLeadingZeros,
    };
  }

  /** @param json what `toJSON` made */
  static from(json: JsonObject): Tally {
    const tally = new Tally();
    const { n, c, b, e, k, d, l, h, x, z } = json as { n: number; c: Counts; b: Counts; e: Counts; k: Record<string, Counts>; d: [string, number]; l: [string, number]; h: string | null; x: number | null; z: number | null };
    tally.#total = n;
    for (const [type, count] of Object.entries(c)) tally.#counts.set(type as FileType, count);
    for (const [type, count] of Object.entries(b)) tally.#blocks.set(type as FileType, count);
    for (const [event, count] of Object.entries(e)) tally.#events.set(event, count);
    for (const [name, counts] of Object.entries(k)) tally.#breakdowns.set(name as BreakdownName, new Map(Object.entries(counts)));
    [tally.#difficultySum, tally.#difficultyCount] = [BigInt(d[0]), d[1]];
    [tally.#latencySumUs, tally.#latencyCount] = [BigInt(l[0]), l[1]];
    tally.hashes = h === null ? null : BigInt(h);
    tally.bestDifficulty = x;
    tally.bestLeadingZeros = z;
    return tally;
  }

  #addReport(entry: JsonObject): void {
    this.#breakdown('reports_by_component', text(entry.component));
    const event = text(entry.event);
    if (event !== null) bump(this.#events, event, 1);
    // A session's closing report repeats the sum of its rounds: only the rounds are added up.
    if (event !== 'mining_round_complete') return;
    this.#addHashes(entry.attempts_this_round);
    const found = number(entry.blocks_found);
    // Sums of other numbers would depend on their order.
    if (found !== null && Number.isInteger(found) && found > 0 && found < MOST_BLOCKS) bump(this.#blocks, 'system_report', found);
  }

  #addSubmission(entry: JsonObject): void {
    this.#breakdown('submissions_by_status', statusOf(entry));
    const latency = number(responseOf(entry)?.response_time_ms);
    if (latency === null || latency < 0 || latency > LONGEST_MS) return;
    this.#latencySumUs += BigInt(Math.round(latency * 1000));
    this.#latencyCount += 1;
  }

  #addError(entry: JsonObject): void {
    this.#breakdown('errors_by_severity', text(entry.severity));
    this.#breakdown('errors_by_type', text(entry.error_type));
    this.#breakdown('errors_by_component', text(entry.component));
  }

  #addHashes(value: unknown): void {
    const hashes = number(value);
    if (hashes !== null) this.hashes = (this.hashes ?? 0n) + BigInt(Math.round(hashes));
  }

  #addDifficulty(own: unknown, best: unknown): void {
    const difficulty = number(own);
    if (difficulty !== null && Math.abs(difficulty) < LARGEST_DIFFICULTY) {
      this.#difficultySum += BigInt(Math.floor(difficulty * DIFFICULTY_UNIT));
      this.#difficultyCount += 1;
    }
    this.bestDifficulty = larger(this.bestDifficulty, difficulty ?? number(best));
  }

  #breakdown(name: BreakdownName, key: string | null): void {
    if (key !== null) bump(this.#counter(name), key, 1);
  }

  #counter(name: BreakdownName): Map<string, number> {
    let counts = this.#breakdowns.get(name);
    if (!counts) this.#breakdowns.set(name, (counts = new Map<string, number>()));
    return counts;
  }
}

type Counts = Record<string, number>;

/** Scaling a double by a power of two is exact; what is below 2^-74 of a difficulty (5e-23) is cut off. */
const DIFFICULTY_UNIT = 2 ** 74;
/** Above this the product would not be a finite number. */
const LARGEST_DIFFICULTY = 2 ** 900;

/** More blocks than a round can find. */
const MOST_BLOCKS = 2 ** 32;
/** A thousand years. */
const LONGEST_MS = 3.2e13;

/** What a verdict or a submission's status says of a block that counts as found. */
const ACCEPTED = 'accepted';

/** `is_block` when the entry says so, unless it was not accepted; else the seeds' own fields: a mined attempt that meets the difficulty. */
function isBlock(type: FileType, entry: JsonObject): boolean {
  const verdict = text(entry.verdict) ?? (type === 'submission' ? text(entry.status) : null);
  if (typeof entry.is_block === 'boolean') return entry.is_block && (verdict === null || verdict === ACCEPTED);
  return entry.meets_difficulty === true && entry.status === 'mined';
}

/** A submission's status, also in the place the seeds' example has it (`network_response.status`). */
function statusOf(entry: JsonObject): string | null {
  return text(entry.status) ?? text(responseOf(entry)?.status);
}

function responseOf(entry: JsonObject): JsonObject | null {
  const response = entry.network_response;
  return typeof response === 'object' && response !== null ? (response as JsonObject) : null;
}

function bump<K>(counts: Map<K, number>, key: K, by: number): void {
  counts.set(key, (counts.get(key) ?? 0) + by);
}

function mergeCounts<K>(into: Map<K, number>, from: ReadonlyMap<K, number>): void {
  for (const [key, count] of from) bump(into, key, count);
}

function number(value: unknown): number | null {
  return typeof value === 'number' && Number.isFinite(value) ? value : null;
}

function text(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value : null;
}

function larger(a: number | null, b: number | null): number | null {
  return a === null ? b : b === null ? a : Math.max(a, b);
}
