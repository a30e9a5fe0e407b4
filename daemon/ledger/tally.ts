import type { FileType, JsonObject } from '../brainstem/contract.ts';

/** The break-downs a template may ask for, by name. */
export type BreakdownName = 'submissions_by_status' | 'rejections_by_reason' | 'errors_by_severity' | 'errors_by_type' | 'errors_by_component' | 'reports_by_component' | 'by_type' | 'by_reason';

/**
 * Everything the ledger counts about the entries of one document. Fed entry by entry, so that the counts are exactly
 * those of the entries and of nothing else. `null` = no entry told.
 */
export class Tally {
  readonly #counts = new Map<FileType, number>();
  readonly #blocks = new Map<FileType, number>();
  readonly #events = new Map<string, number>();
  readonly #breakdowns = new Map<BreakdownName, Map<string, number>>();
  #difficultySum = 0;
  #difficultyCount = 0;
  #latencySum = 0;
  #latencyCount = 0;
  #total = 0;
  /** Hashes done for these entries. */
  hashes: number | null = null;
  bestDifficulty: number | null = null;
  bestLeadingZeros: number | null = null;
  /** Entries by the hour they belong to: `2025/12/W50/18/01`. */
  readonly hours = new Map<string, number>();

  /** @param hour the entry's hour scope; null when it has no usable timestamp */
  add(type: FileType, entry: JsonObject, hour: string | null): void {
    this.#total += 1;
    bump(this.#counts, type);
    this.#breakdown('by_type', type);
    if (hour !== null) bump(this.hours, hour);
    if (isBlock(type, entry)) bump(this.#blocks, type);
    if (type === 'system_report') this.#addReport(entry);
    else if (type === 'error_report') this.#addError(entry);
    else if (type === 'submission') this.#addSubmission(entry);
    else if (type === 'rejection') this.#breakdown('rejections_by_reason', text(entry.reason));
    else if (type === 'look_at') this.#breakdown('by_reason', text(entry.reason));
    else if (type === 'ledger') this.#addHashes(entry.hashes_tried);
    this.#addDifficulty(entry.difficulty ?? null, entry.best_difficulty ?? null);
    this.bestLeadingZeros = larger(this.bestLeadingZeros, number(entry.leading_zeros) ?? number(entry.best_leading_zeros));
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
    return this.#difficultyCount === 0 ? null : this.#difficultySum / this.#difficultyCount;
  }

  /** Mean time to the answer of the submissions that got one, milliseconds. */
  get averageLatencyMs(): number | null {
    return this.#latencyCount === 0 ? null : this.#latencySum / this.#latencyCount;
  }

  breakdown(name: BreakdownName): ReadonlyMap<string, number> {
    return this.#breakdowns.get(name) ?? new Map<string, number>();
  }

  #addReport(entry: JsonObject): void {
    this.#breakdown('reports_by_component', text(entry.component));
    const event = text(entry.event);
    if (event !== null) bump(this.#events, event);
    // A session's closing report repeats the sum of its rounds: only the rounds are added up.
    if (event !== 'mining_round_complete') return;
    this.#addHashes(entry.attempts_this_round);
    const found = number(entry.blocks_found) ?? 0;
    this.#blocks.set('system_report', this.blocksOf('system_report') + found);
  }

  #addSubmission(entry: JsonObject): void {
    this.#breakdown('submissions_by_status', statusOf(entry));
    const latency = number(responseOf(entry)?.response_time_ms);
    if (latency === null) return;
    this.#latencySum += latency;
    this.#latencyCount += 1;
  }

  #addError(entry: JsonObject): void {
    this.#breakdown('errors_by_severity', text(entry.severity));
    this.#breakdown('errors_by_type', text(entry.error_type));
    this.#breakdown('errors_by_component', text(entry.component));
  }

  #addHashes(value: unknown): void {
    const hashes = number(value);
    if (hashes !== null) this.hashes = (this.hashes ?? 0) + hashes;
  }

  #addDifficulty(own: unknown, best: unknown): void {
    const difficulty = number(own);
    if (difficulty !== null) {
      this.#difficultySum += difficulty;
      this.#difficultyCount += 1;
    }
    this.bestDifficulty = larger(this.bestDifficulty, difficulty ?? number(best));
  }

  #breakdown(name: BreakdownName, key: string | null): void {
    if (key === null) return;
    let counts = this.#breakdowns.get(name);
    if (!counts) this.#breakdowns.set(name, (counts = new Map<string, number>()));
    bump(counts, key);
  }
}

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

function bump<K>(counts: Map<K, number>, key: K): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
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
