/** What each worker name did at the LAN pool, over all its connections. */
import type { Verdict } from '../mining/job.ts';
import type { ServerState, WorkerState } from '../telemetry/state.ts';
import type { Refusal } from '../../protocol/stratum-v1/server/reply.ts';
import type { CheckedShare } from '../../protocol/stratum-v1/server/share-check.ts';
import { sanitizeText } from '../../protocol/stratum-v1/text.ts';
import { HASHES_AT_DIFFICULTY_ONE } from '../../protocol/bitcoin/target.ts';
import { ShareRates } from './rates.ts';

/** Names that have figures of their own; beyond these the one that was idle longest goes into `others`. */
const NAMES_KEPT = 2048;
const REASONS_KEPT = 16;
/** Name of what is left of those that had to go. */
export const OTHERS = '(others)';

/** What is shown of a connection. */
export interface Connection {
  readonly address: string;
  readonly userAgent: string | null;
  readonly difficulty: number | null;
  readonly versionMask: number | null;
  /** Wall clock ms. */
  readonly connectedSince: number;
}

export const COUNTS = ['accepted', 'rejected', 'stale', 'duplicate', 'acceptedDifficulty', 'forwarded', 'forwardedRejected', 'blocks'] as const;
/** What adds up. */
export type Counts = Record<(typeof COUNTS)[number], number>;

export function noCounts(): Counts {
  return { accepted: 0, rejected: 0, stale: 0, duplicate: 0, acceptedDifficulty: 0, forwarded: 0, forwardedRejected: 0, blocks: 0 };
}

export class Worker implements Counts {
  readonly name: string;
  readonly connections = new Set<Connection>();
  readonly rates: ShareRates;
  accepted = 0;
  rejected = 0;
  stale = 0;
  duplicate = 0;
  acceptedDifficulty = 0;
  forwarded = 0;
  forwardedRejected = 0;
  blocks = 0;
  bestDifficulty: number | null = null;
  /** Of the connection that left last; null = none has. */
  lastDifficulty: number | null = null;
  /** Wall clock ms. */
  lastShareAt: number | null = null;
  /** Monotonic ms of anything it did. */
  activeAt: number;
  /** The part that has been written down. */
  readonly reported = noCounts();
  readonly #reasons = new Map<string, number>();

  constructor(name: string, now: number) {
    this.name = name;
    this.rates = new ShareRates(now);
    this.activeAt = now;
  }

  /** A connection is gone. */
  leave(connection: Connection): void {
    if (this.connections.delete(connection)) this.lastDifficulty = connection.difficulty ?? this.lastDifficulty;
  }

  noteAccepted(share: CheckedShare, now: number, at: number): void {
    this.accepted += 1;
    this.acceptedDifficulty += share.credit;
    this.rates.add(share.credit, now);
    this.noteHash(share.difficulty);
    this.lastShareAt = at;
    this.activeAt = now;
  }

  noteHash(difficulty: number): void {
    if (this.bestDifficulty === null || difficulty > this.bestDifficulty) this.bestDifficulty = difficulty;
  }

  noteRefused({ code, text }: Refusal, now: number): void {
    if (code === 21) this.stale += 1;
    else if (code === 22) this.duplicate += 1;
    else this.rejected += 1;
    this.#reason(text);
    this.activeAt = now;
  }

  /** What became of a share that went on to the pool. */
  noteVerdict(verdict: Verdict, isBlock: boolean): void {
    if (verdict.status === 'withheld') return this.#reason(`not sent on: ${verdict.reason}`);
    this.forwarded += 1;
    if (verdict.status === 'accepted') {
      if (isBlock) this.blocks += 1;
      return;
    }
    if (verdict.status === 'unknown') return this.#reason(`the pool did not answer: ${verdict.reason}`);
    this.forwardedRejected += 1;
    this.#reason(`the pool: ${verdict.reason}`);
  }

  /** Takes over all of a name that is kept no longer. */
  absorb(other: Worker): void {
    this.add(other);
    for (const name of COUNTS) this.reported[name] += other.reported[name];
    for (const [reason, count] of other.#reasons) this.#reason(reason, count);
  }

  /** Adds the counts of another one, without its reasons: those of thousands of names take time, and sums have none. */
  add(other: Worker): void {
    for (const name of COUNTS) this[name] += other[name];
    if (other.bestDifficulty !== null) this.noteHash(other.bestDifficulty);
    if (other.lastShareAt !== null) this.lastShareAt = Math.max(this.lastShareAt ?? 0, other.lastShareAt);
  }

  state(now: number): WorkerState {
    // The newest connection speaks for all.
    const newest = [...this.connections].at(-1) ?? null;
    return {
      name: this.name,
      connections: this.connections.size,
      address: newest?.address ?? null,
      user_agent: newest?.userAgent ?? null,
      connected_since: newest?.connectedSince ?? null,
      difficulty: newest?.difficulty ?? null,
      version_mask: newest?.versionMask == null ? null : newest.versionMask.toString(16).padStart(8, '0'),
      accepted: this.accepted,
      rejected: this.rejected,
      stale: this.stale,
      duplicate: this.duplicate,
      accepted_difficulty: this.acceptedDifficulty,
      forwarded: this.forwarded,
      forwarded_rejected: this.forwardedRejected,
      blocks: this.blocks,
      best_difficulty: this.bestDifficulty,
      last_share_at: this.lastShareAt,
      hashrate_hs: this.rates.state(now),
      reject_reasons: Object.fromEntries([...this.#reasons].sort(([, a], [, b]) => b - a)),
    };
  }

  /** The words of pools differ in numbers and ids: no more kinds are told apart than a person reads. */
  #reason(text: string, count = 1): void {
    const words = sanitizeText(text, 120);
    const known = this.#reasons.has(words) || this.#reasons.size < REASONS_KEPT;
    const key = known ? words : 'other reasons';
    this.#reasons.set(key, (this.#reasons.get(key) ?? 0) + count);
  }
}

export class WorkerBook {
  readonly #workers = new Map<string, Worker>();

  get size(): number {
    return this.#workers.size;
  }

  /** The worker with this name, which is made when it is new. @param raw as the miner gave it */
  join(raw: string, now: number): Worker {
    const name = sanitizeText(raw) || '(no name)';
    let worker = this.#workers.get(name);
    if (worker === undefined) {
      if (this.#workers.size >= NAMES_KEPT) this.#forgetOne(now);
      this.#workers.set(name, (worker = new Worker(name, now)));
    }
    worker.activeAt = now;
    return worker;
  }

  all(): IterableIterator<Worker> {
    return this.#workers.values();
  }

  /**
   * Difficulty for a new connection of this name: that of the one that left last, however long ago, else the one at which a
   * miner finds a share in `seconds`, from the shares of all that are there under this name. Null = it is not known.
   */
  difficultyFor(raw: string, seconds: number, now: number): number | null {
    const worker = this.#workers.get(sanitizeText(raw));
    if (worker === undefined) return null;
    if (worker.lastDifficulty !== null) return worker.lastDifficulty;
    const rate = worker.rates.state(now).m5;
    return rate === null || rate <= 0 ? null : (rate * seconds) / HASHES_AT_DIFFICULTY_ONE / Math.max(1, worker.connections.size - 1);
  }

  totals(): ServerState['totals'] {
    const sum = new Worker('', 0);
    for (const worker of this.#workers.values()) sum.add(worker);
    const { accepted, rejected, stale, duplicate, acceptedDifficulty, forwarded, forwardedRejected, blocks, bestDifficulty, lastShareAt } = sum;
    return { accepted, rejected, stale, duplicate, accepted_difficulty: acceptedDifficulty, forwarded, forwarded_rejected: forwardedRejected, blocks, best_difficulty: bestDifficulty, last_share_at: lastShareAt };
  }

  #forgetOne(now: number): void {
    // One that is connected goes only when all are: its connections then count for nobody to see.
    const named = [...this.#workers.values()].filter(({ name }) => name !== OTHERS);
    const absent = named.filter(({ connections }) => connections.size === 0);
    let idlest: Worker | null = null;
    for (const worker of absent.length > 0 ? absent : named) if (idlest === null || worker.activeAt < idlest.activeAt) idlest = worker;
    if (idlest === null) return;
    this.#workers.delete(idlest.name);
    let others = this.#workers.get(OTHERS);
    if (others === undefined) this.#workers.set(OTHERS, (others = new Worker(OTHERS, now)));
    others.absorb(idlest);
  }
}
