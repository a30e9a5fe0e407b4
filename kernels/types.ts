/** The hasher as the rest of the program sees it: the same whether the kernel is native, WASM or plain JavaScript. */
import type { EventEmitter } from 'node:events';
import type { Log } from '../protocol/common/log.ts';
import type { RigError } from '../protocol/common/errors.ts';

export type KernelSource = 'native' | 'wasm' | 'js';

export interface KernelInfo {
  /** Name to choose it by, see KNOWN_KERNELS in choice.ts. */
  readonly kernel: string;
  /** Instruction set in plain words. */
  readonly isa: string;
  /** Nonces hashed side by side. */
  readonly lanes: number;
  /** Most rolled versions it hashes in one go, sharing work between them; 1 = it shares none. */
  readonly versions: number;
  readonly source: KernelSource;
}

export interface HasherOptions {
  /** `auto` (fastest that works), a source (`native`, `wasm`), or a kernel name. Default auto. */
  readonly kernel?: string;
  /** Threads that hash, 1 to 1024. Default: one less than the processors available, at least 1. */
  readonly threads?: number;
  /** CPU numbers the threads are bound to in turn. Default: not bound. Native kernels on Linux only. */
  readonly affinity?: readonly number[];
  /** Nice value of the hashing threads, 0 to 19. Default 19: everything else on the machine goes first. */
  readonly nice?: number;
  /** Share of the time that is hashed, 1 to 100. Default 100. */
  readonly limitPercent?: number;
  /** Receives one line at creation: which kernel, and why the better ones are not used. */
  readonly log?: Log;
}

export interface HasherJob {
  /** The caller's number for this job, an integer; comes back with every hit. */
  readonly id: number;
  /** 80 bytes; the nonce in it is ignored. */
  readonly header: Uint8Array;
  /** Version bits that may be set besides those the header's version has (BIP310); 0 = none. */
  readonly versionMask: number;
  /** A hash counts when it is <= target, both as little-endian 256-bit numbers. 32 bytes, little-endian. */
  readonly target: Uint8Array;
  /** First and last nonce, inclusive. Default: all 2^32. */
  readonly nonceFrom?: number;
  readonly nonceTo?: number;
}

/** A header at or below the target, re-hashed and checked in JavaScript before it is told. */
export interface Hit {
  readonly jobId: number;
  readonly nonce: number;
  /** The full version that was hashed. */
  readonly version: number;
  /** SHA-256d in digest order. */
  readonly hash: Uint8Array;
}

export interface HasherStats {
  /** Name of the kernel the present job runs on; null without a job. */
  readonly kernel: string | null;
  /** Hashes computed since creation. */
  readonly hashes: bigint;
  readonly perThread: readonly ThreadStats[];
  /** Hits lost because more came than could be taken: the target is far too easy. */
  readonly dropped: bigint;
  /** Hits of a kernel that were not: a defect of the machine (heat, overclocking). Never told as hits. */
  readonly hardwareErrors: bigint;
}

export interface ThreadStats {
  readonly hashes: bigint;
  readonly hashing: boolean;
  /** Generation (see setJob) being hashed, 0 when idle. */
  readonly generation: number;
  /** From setJob to this thread's first hash of the newest job it has seen, microseconds. */
  readonly switchUs: number;
  /** Whether the operating system granted the nice value and the binding to a CPU. */
  readonly niceSet: boolean;
  readonly affinitySet: boolean;
}

export interface HasherEvents {
  hit: [Hit];
  /** Every nonce under every version of this job has been hashed. All its hits have been told before. */
  exhausted: [jobId: number];
  /** A hashing thread ended that should not have. */
  fault: [RigError];
}

/** The kernel of jobs with one version, and what else there is to know. */
export interface HasherInfo extends KernelInfo {
  readonly threads: number;
  /** The kernel of jobs whose version is rolled; often the same. */
  readonly rolled: KernelInfo;
  /** Kernels that failed their self-test and are not used, with what went wrong. */
  readonly failed: readonly string[];
}

/** Owns threads: whoever creates one stops it. A process does not end by itself while one is running. */
export interface Hasher {
  readonly info: HasherInfo;
  readonly events: EventEmitter<HasherEvents>;
  /**
   * Replaces the job at once. Hits already found for the older one are still told, each with its own `jobId`. Threads are on
   * the new one within 1 ms when a core is free.
   * @returns a number that increases with every job, the `generation` in the statistics
   * @throws RigError E_HASHER_ARGUMENT when the job is malformed
   */
  setJob(job: HasherJob): number;
  /** Drops the job; the threads sleep until the next. */
  clearJob(): void;
  /** The threads sleep until `resume`, which goes on where they were. */
  pause(): void;
  resume(): void;
  /** @throws RigError E_HASHER_ARGUMENT when not an integer of 1 to 100 */
  setLimitPercent(percent: number): void;
  /** Reads shared memory: cheap, no call into the kernel. */
  stats(): HasherStats;
  /** Ends the threads and tells what they had found. Idempotent; nothing is told after it has resolved. */
  stop(): Promise<void>;
}
