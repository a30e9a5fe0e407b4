import { randomBytes } from 'node:crypto';
import type { Nonce, Work } from '../../drivers/contract.ts';
import { targetFromZeros, targetToBytes } from '../../protocol/bitcoin/target.ts';
import { rollableMask, versionBitsToSubmit } from '../../protocol/bitcoin/version-rolling.ts';
import { equalBytes } from '../../protocol/common/bytes.ts';
import type { Clock } from '../../protocol/common/clock.ts';
import type { Job, Share } from '../mining/job.ts';
import { checkHeader, headerOf, merkleRootOf, type CheckedHash } from './nonce-check.ts';
import { SearchSpace } from './search-space.ts';

/** What the host found when it re-hashed a nonce. */
export type NonceVerdict =
  /** At or below the job's share target or the network's: goes to the pool. */
  | { readonly kind: 'share'; readonly share: Share }
  /** At or below the local target only: counted for the session, not sent. */
  | { readonly kind: 'local_hit'; readonly checked: CheckedHash }
  /** Good, but its source has moved on to another block. */
  | { readonly kind: 'stale'; readonly share: Share }
  | { readonly kind: 'duplicate' }
  /** For a work that is not kept any more, so long ago was it replaced. */
  | { readonly kind: 'expired' }
  /** The hash does not meet the target the device was given: the device miscalculated. */
  | { readonly kind: 'hardware_error'; readonly reason: string };

interface IssuedWork {
  readonly work: Work;
  readonly deviceId: string;
  readonly job: Job;
  readonly extranonce2: Uint8Array;
  readonly merkleRoot: Uint8Array;
  readonly target: bigint;
  /** Every (nonce, version) already reported for this work; null before the first: most works of quick chips yield none. */
  seen: Set<string> | null;
}

/**
 * Works kept for each device to match late nonces; the answers to older ones cannot be judged. More than chips have job ids
 * (32), by device so that one that asks often does not push out the work of one that asks seldom.
 */
const WORKS_KEPT = 256;
/** Jobs whose works are kept: as many as a pool session takes shares for. A job may weigh a quarter of a megabyte. */
const JOBS_KEPT = 32;
const SEEN_PER_WORK = 4096;
/** Local hits are a sign of life, not data: no more than this many a second from one device. */
const LOCAL_HITS_PER_SECOND = 5;

/**
 * The dynamic template manager's core: turns the newest Job into Work for each device, disjoint by construction, and
 * judges the nonces that come back by hashing them on the host.
 */
export class TemplateManager {
  readonly #clock: Clock;
  readonly #localZeros: number;
  /** Makes share ids differ between two runs of the daemon: the ledger tells entries apart by them. */
  readonly #idPrefix = randomBytes(3).toString('hex');
  readonly #space: SearchSpace;
  readonly #issued = new Map<number, IssuedWork>();
  /** Ids of the works of each device in `#issued`, oldest first. */
  readonly #byDevice = new Map<string, Set<number>>();
  /** Keys of the newest jobs, oldest first. */
  readonly #jobKeys = new Set<string>();
  #job: Job | null = null;
  #wanted: (Target & { readonly key: string }) | null = null;
  #nextWorkId = 1;
  #nextShareId = 1;

  /**
   * @param options.localZeros local target in leading zero hex digits: hits between it and the pool's target are counted only
   * @param options.prefixFor bytes that every extranonce2 of this rig's devices begins with, where others search the rest
   */
  constructor(options: { clock: Clock; localZeros: number; prefixFor?: (job: Job) => Uint8Array }) {
    this.#space = new SearchSpace(options.prefixFor);
    this.#clock = options.clock;
    this.#localZeros = options.localZeros;
  }

  /** The job being worked on, or null. */
  get job(): Job | null {
    return this.#job;
  }

  /** Takes a newer job. Work issued from now on is of this job; nonces of older jobs are still judged. */
  setJob(job: Job): void {
    this.#job = job;
    this.#jobKeys.delete(job.key);
    this.#jobKeys.add(job.key);
    if (this.#jobKeys.size <= JOBS_KEPT) return;
    this.#jobKeys.delete(this.#jobKeys.values().next().value as string);
    for (const [id, issued] of this.#issued) if (!this.#jobKeys.has(issued.job.key)) this.#forget(id, issued.deviceId);
  }

  #forget(workId: number, deviceId: string): void {
    this.#issued.delete(workId);
    this.#byDevice.get(deviceId)?.delete(workId);
  }

  /** There is nothing worth working on until the next `setJob`. */
  clearJob(): void {
    this.#job = null;
  }

  /**
   * A fresh piece of the current job for a device; null when there is no job or its space is used up.
   * @param hashrateHs the device's rate, to keep local hits rare; null = unknown
   */
  nextWork(deviceId: string, hashrateHs: number | null): Work | null {
    const job = this.#job;
    if (!job) return null;
    const piece = this.#space.next(job);
    if (!piece) return null;
    const merkleRoot = merkleRootOf(job, piece.extranonce2);
    const local = localTarget(this.#zerosFor(hashrateHs));
    const wanted = this.#wantedOf(job);
    const { value: target, bytes } = local.value > wanted.value ? local : wanted;
    const work: Work = {
      id: this.#nextWorkId++,
      header: headerOf(job, merkleRoot, job.version, 0),
      versionMask: rollableMask(job.version, job.versionMask),
      nonceFrom: piece.nonceFrom,
      nonceTo: piece.nonceTo,
      target: bytes,
      shareTarget: wanted.bytes,
    };
    this.#issued.set(work.id, { work, deviceId, job, extranonce2: piece.extranonce2, merkleRoot, target, seen: null });
    let ids = this.#byDevice.get(deviceId);
    if (!ids) this.#byDevice.set(deviceId, (ids = new Set()));
    ids.add(work.id);
    if (ids.size > WORKS_KEPT) this.#forget(ids.values().next().value as number, deviceId);
    return work;
  }

  /** Judges a nonce by hashing it on the host. Never throws. */
  judge(deviceId: string, nonce: Nonce): NonceVerdict {
    const issued = this.#issued.get(nonce.workId);
    if (!issued && nonce.workId > 0 && nonce.workId < this.#nextWorkId) return { kind: 'expired' };
    if (!issued || issued.deviceId !== deviceId) {
      return { kind: 'hardware_error', reason: `answer to work ${nonce.workId}, which this device was not given` };
    }
    const { job, work } = issued;
    if (((nonce.version ^ job.version) & ~work.versionMask) !== 0) {
      return { kind: 'hardware_error', reason: 'version bits outside the agreed mask were rolled' };
    }
    const key = `${nonce.nonce}:${nonce.version}`;
    issued.seen ??= new Set();
    if (issued.seen.has(key)) return { kind: 'duplicate' };
    if (issued.seen.size < SEEN_PER_WORK) issued.seen.add(key);

    const header = headerOf(job, issued.merkleRoot, nonce.version, nonce.nonce);
    const checked = checkHeader(header);
    if (checked.value > issued.target) return { kind: 'hardware_error', reason: 'the hash does not meet the target of its work' };
    if (checked.value > wantedTarget(job)) return { kind: 'local_hit', checked };
    const share: Share = {
      id: `${this.#idPrefix}-${this.#nextShareId++}`,
      job,
      deviceId,
      extranonce2: issued.extranonce2,
      ntime: job.ntime,
      nonce: nonce.nonce,
      version: nonce.version,
      versionBits: job.versionMask === 0 ? null : versionBitsToSubmit(job.version, job.versionMask, nonce.version),
      header,
      hash: checked.hash,
      difficulty: checked.difficulty,
      leadingZeros: checked.leadingZeros,
      isBlock: checked.value <= job.networkTarget,
      foundAt: this.#clock.now(),
    };
    return this.#isStale(job) ? { kind: 'stale', share } : { kind: 'share', share };
  }

  /** Stale = the source has since moved to another block. A newer job for the same block leaves older shares good. */
  #isStale(job: Job): boolean {
    const current = this.#job;
    if (!current || current.key === job.key) return false;
    if (current.sourceId !== job.sourceId || current.session !== job.session) return false;
    return !equalBytes(current.prevHash, job.prevHash);
  }

  /** The same bytes for all works of a job: there are hundreds of them a second. */
  #wantedOf(job: Job): Target {
    if (this.#wanted?.key !== job.key) {
      const value = wantedTarget(job);
      this.#wanted = { key: job.key, value, bytes: targetToBytes(value) };
    }
    return this.#wanted;
  }

  #zerosFor(hashrateHs: number | null): number {
    let zeros = this.#localZeros;
    if (hashrateHs !== null) while (zeros < 64 && hashrateHs / 16 ** zeros > LOCAL_HITS_PER_SECOND) zeros += 1;
    return zeros;
  }
}

interface Target {
  readonly value: bigint;
  /** 32 bytes, little-endian; nobody writes to them. */
  readonly bytes: Uint8Array;
}

const localTargets = new Map<number, Target>();

function localTarget(zeros: number): Target {
  let target = localTargets.get(zeros);
  if (!target) {
    const value = targetFromZeros(zeros);
    localTargets.set(zeros, (target = { value, bytes: targetToBytes(value) }));
  }
  return target;
}

/** The easier of share and network target: a pool that asks for more than the network does must still get its block. */
function wantedTarget(job: Job): bigint {
  return job.networkTarget > job.shareTarget ? job.networkTarget : job.shareTarget;
}
