/** The jobs of one source, as they are given out to the miners that work for it. */
import { bytesToHex, equalBytes } from '../../protocol/common/bytes.ts';
import { SERVER_LIMITS } from '../../protocol/stratum-v1/server/limits.ts';
import { Issue, ServedJob } from '../../protocol/stratum-v1/server/served-job.ts';
import type { Job } from '../mining/job.ts';
import type { Miner } from './miner.ts';

/** Numbers for all issues of a server: a job id means the same to every miner. */
export class IssueNumbers {
  #next: number;

  /** @param start not the same after a restart: a job id of before must not be one of now */
  constructor(start: number) {
    this.#next = start;
  }

  take(): number {
    return (this.#next += 1);
  }
}

/** Seconds that a job may be ahead of its time. */
const AHEAD_S = 10;

export class Feed {
  readonly sourceId: string;
  readonly miners = new Set<Miner>();
  /** Since when the source has no work, monotonic ms; null = it has. */
  lostAt: number | null = null;
  readonly #numbers: IssueNumbers;
  readonly #policyMask: number;
  /** All that are known, oldest first. */
  readonly #issues = new Map<string, Issue<Job>>();
  /** The jobs behind them, oldest first. */
  readonly #contents: ServedJob<Job>[] = [];
  #current: Issue<Job> | null = null;
  /** When the present content came, monotonic ms: its time is counted on from there. */
  #contentAt = 0;

  /** @param policyMask version bits we let miners roll */
  constructor(sourceId: string, numbers: IssueNumbers, policyMask: number) {
    this.sourceId = sourceId;
    this.#numbers = numbers;
    this.#policyMask = policyMask;
  }

  /** The newest issue; null before the first job. */
  get current(): Issue<Job> | null {
    return this.#current;
  }

  get hasWork(): boolean {
    return this.#current !== null && this.lostAt === null;
  }

  /** Issues that shares are judged for. */
  get known(): number {
    return this.#issues.size;
  }

  find(jobId: string): Issue<Job> | null {
    return this.#issues.get(jobId) ?? null;
  }

  /** Takes a new job of the source. True when older work is worthless from now on. */
  take(job: Job, now: number): boolean {
    const before = this.#current?.served ?? null;
    const reason = before === null ? null : obsolete(before.job, job);
    if (reason !== null) this.#markStale(reason);
    const repeated = before !== null && sameContent(before.job, job);
    const number = this.#numbers.take();
    if (!repeated || before.job.ntime !== job.ntime) this.#contentAt = now;
    this.lostAt = null;
    const served = new ServedJob(job, this.#policyMask, repeated ? before.workId : number);
    this.#issue(served, number, now);
    // At once, not with the next sweep: a pool that floods us with jobs would have filled the memory by then.
    if (this.#contents.push(served) > SERVER_LIMITS.contentsKept) this.#forget(this.#contents.shift()!);
    return reason !== null || before === null;
  }

  /** The present job under a new id and with a later time: nobody searches the same again. Null when there is none. */
  renew(now: number): Issue<Job> | null {
    if (this.#current !== null) this.#issue(this.#current.served, this.#numbers.take(), now);
    return this.#current;
  }

  /** The source has no work any more. What is out may be worked on for a while: it may come back. */
  lose(now: number): void {
    if (this.#current !== null) this.lostAt ??= now;
  }

  /** Forgets what is too old. */
  sweep(now: number, lostForMs: number): void {
    if (this.lostAt !== null && now - this.lostAt >= lostForMs) this.#markStale('its pool has no work');
    const forgotten = new Set<ServedJob<Job>>();
    for (const [id, issue] of this.#issues) {
      if (issue === this.#current) continue;
      if (this.#issues.size <= SERVER_LIMITS.jobsKept && now - issue.issuedAt < SERVER_LIMITS.jobKeptMs) break;
      this.#issues.delete(id);
      forgotten.add(issue.served);
    }
    if (forgotten.size === 0) return;
    // Whoever still holds it, e.g. to know a share again, need not any more.
    for (const { served } of this.#issues.values()) forgotten.delete(served);
    for (const served of forgotten) served.stale ??= 'it is too old';
  }

  /** @param oldest of all that are known: its issues come first */
  #forget(oldest: ServedJob<Job>): void {
    for (const [id, { served }] of this.#issues) {
      if (served !== oldest) break;
      this.#issues.delete(id);
    }
    oldest.stale ??= 'it is too old';
  }

  #issue(served: ServedJob<Job>, number: number, now: number): void {
    const before = this.#current;
    const passedS = Math.min(Math.floor((now - this.#contentAt) / 1000), SERVER_LIMITS.ntimeAheadS / 2);
    const ntime = served.job.ntime + passedS;
    // Later than the one before also within a second, but never far ahead of the time there is.
    const repeated = before?.served.workId === served.workId;
    const issue = new Issue(number, served, repeated ? Math.min(Math.max(ntime, before.ntime + 1), ntime + AHEAD_S) : ntime, now);
    before?.retire();
    this.#current = issue;
    this.#issues.set(issue.id, issue);
  }

  #markStale(reason: string): void {
    for (const { served } of this.#issues.values()) served.stale ??= reason;
  }
}

/** Why the source would not take shares of the older job any more; null = it does. */
function obsolete(before: Job, after: Job): string | null {
  if (!equalBytes(before.prevHash, after.prevHash)) return 'another block is being worked on';
  if (before.session !== after.session) return 'the pool has begun a new session';
  if (after.clean) return 'the pool wants only newer work';
  return null;
}

/**
 * Some pools send the same job again under another id, with another difficulty, with the clean flag, or only with a later time.
 * A share repeats one of the other then, and miners begin to count anew: the time they are given must be a new one.
 */
function sameContent(a: Job, b: Job): boolean {
  return (
    a.version === b.version &&
    a.nbits === b.nbits &&
    a.extranonce2Size === b.extranonce2Size &&
    equalBytes(a.prevHash, b.prevHash) &&
    equalBytes(a.extranonce1, b.extranonce1) &&
    equalBytes(a.coinb1, b.coinb1) &&
    equalBytes(a.coinb2, b.coinb2) &&
    a.merkleBranch.map(bytesToHex).join() === b.merkleBranch.map(bytesToHex).join()
  );
}
