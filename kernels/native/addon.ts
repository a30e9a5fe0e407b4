/** The native addon as TypeScript sees it; native/addon.h is the other side. */
import { createRequire } from 'node:module';
import type { SpectralAddon } from '../spectral/addon.ts';

export interface NativeKernel {
  readonly name: string;
  readonly isa: string;
  readonly lanes: number;
  /** Most versions one call takes, a power of two; 1 = it cannot share work between versions. */
  readonly midstates: number;
  /** Nonces of a unit with one version, and with `midstates` of them. */
  readonly unitNonces: number;
  readonly rolledNonces: number;
  /** Processor features it needs. */
  readonly features: number;
}

/** What a kernel did in a span of time on the calling thread. */
export interface Measurement {
  /** Pairs of (version, nonce), none of them twice. */
  readonly hashes: number;
  readonly wallNs: number;
  /** Processor time of this thread in that span. */
  readonly cpuNs: number;
  /** Hashes whose H7 passed the mask, each hashed again in plain C, and how many of these had been told wrongly. */
  readonly candidates: number;
  readonly wrong: number;
}

/** Opaque; only the addon that made it can use it. */
export interface NativeHandle {
  readonly counters: ArrayBuffer;
}

export interface Addon extends SpectralAddon {
  /** Kernels compiled in, likely fastest first, whether or not this processor can run them. */
  kernels(): NativeKernel[];
  cpuFeatures(): number;
  /** @param versions 1 up to as many as the kernel has midstates */
  scan(kernel: string, header: Uint8Array, versions: Uint32Array, first: number, batches: number, mask: number, out: Uint32Array): number;
  /** Processor time the calling thread has used, nanoseconds. */
  threadCpuNs(): number;
  /** Hashes that long, over by less than a unit of work, in one call. @param versions as in `scan` @param ms up to an hour */
  measure(kernel: string, header: Uint8Array, versions: Uint32Array, mask: number, ms: number): Measurement;
  /** Clock rate of the processor now, measured in 0.5 ms; 0 = not known on this processor family. */
  clockHertz(): number;
  /** Binds the calling thread to a CPU, -1 = the last one it may use. @returns the CPU, -1 when the system refuses */
  pinThread(cpu: number): number;
  unpinThread(): void;
  /** @param plain kernel of jobs with one version @param rolled kernel of jobs with more */
  open(plain: string, rolled: string, threads: number, nice: number, limitPercent: number, affinity: Uint32Array, callback: () => void): NativeHandle;
  setJob(handle: NativeHandle, header: Uint8Array, versionMask: number, target: Uint8Array, nonceFrom: number, nonceTo: number): number;
  clearJob(handle: NativeHandle): void;
  setPaused(handle: NativeHandle, paused: boolean): void;
  setLimit(handle: NativeHandle, percent: number): void;
  drain(handle: NativeHandle, out: Uint32Array): number;
  stop(handle: NativeHandle): void;
  close(handle: NativeHandle): void;
  /** Sends a state to the service manager's $NOTIFY_SOCKET; false when there is none or it did not take it. */
  sdNotify(state: string): boolean;
}

/** @throws Error when the file is missing or not for this machine */
export function loadAddon(file: string): Addon {
  return createRequire(import.meta.url)(file) as Addon;
}
