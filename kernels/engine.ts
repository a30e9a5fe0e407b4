/** What a source of kernels provides, so that the hasher above it need not know whether threads are C or JavaScript. */
import type { KernelInfo } from './types.ts';

/** One kernel, run on the calling thread: for the self-test, the benchmark and the worker threads. */
export interface Scanner {
  readonly info: KernelInfo;
  /** Nonces of a unit of work with one version, and with `info.versions` of them: well under 1 ms of hashing. */
  readonly unitNonces: number;
  readonly rolledNonces: number;
  /** Chooses what to hash: 80 header bytes, and the versions to put in them, 1 to `info.versions`. */
  prepare(header: Uint8Array, versions: ArrayLike<number>): void;
  /**
   * Hashes nonces `first` .. `first + count - 1` (wrapping) under every version and writes a pair (offset of the nonce, index
   * of the version) for every hash whose H7 (last digest word) has only zero bits under `mask`, in any order. Pairs that do
   * not fit `out` are lost.
   * @returns how many pairs were written
   */
  scan(first: number, count: number, mask: number, out: Uint32Array): number;
}

export interface EngineOptions {
  readonly threads: number;
  readonly nice: number;
  readonly limitPercent: number;
  readonly affinity: readonly number[];
  /** Called on the event loop, at most once until `drain`, when there are hits, an exhausted job, or when the last thread has ended. */
  readonly onWake: () => void;
  /** A thread ended by an error. */
  readonly onFault: (error: Error) => void;
}

/** A checked job. */
export interface EngineJob {
  readonly header: Uint8Array;
  readonly versionMask: number;
  readonly target: Uint8Array;
  readonly nonceFrom: number;
  readonly nonceTo: number;
}

/** Threads that search. Calls return at once. */
export interface Engine {
  /** The shared counters, laid out as in counters.ts. */
  readonly counters: BigUint64Array;
  /** @returns the generation of the job: 1, 2, 3 ... */
  setJob(job: EngineJob): number;
  clearJob(): void;
  setPaused(paused: boolean): void;
  setLimit(percent: number): void;
  /** Reads (nonce, version) pairs of the current job into `out`. @returns how many pairs; when `out` was filled there may be more */
  drain(out: Uint32Array): number;
  /** Tells the threads to end. */
  stop(): void;
  /** Frees what is left, once no thread is alive. */
  close(): void;
}

export interface Kernel {
  readonly info: KernelInfo;
  scanner(): Scanner;
  /** Starts threads that run this kernel for jobs with one version, and `rolled`, one of the same source, for jobs with more. */
  open(options: EngineOptions, rolled: KernelInfo): Engine;
}
