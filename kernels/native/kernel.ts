import type { Engine, EngineOptions, Kernel, Scanner } from '../engine.ts';
import type { KernelInfo } from '../types.ts';
import type { Addon, NativeKernel } from './addon.ts';

/** A kernel of the addon as a Kernel. The threads, job slots and hit rings are C: native/search.c and worker.c. */
export function nativeKernel(addon: Addon, kernel: NativeKernel): Kernel {
  const info: KernelInfo = { kernel: kernel.name, isa: kernel.isa, lanes: kernel.lanes, versions: kernel.midstates, source: 'native' };
  return { info, scanner: () => nativeScanner(addon, kernel, info), open: (options, rolled) => openNative(addon, kernel.name, rolled.kernel, options) };
}

function nativeScanner(addon: Addon, kernel: NativeKernel, info: KernelInfo): Scanner {
  let versions = new Uint32Array(1);
  let header = new Uint8Array(80);
  let pairs = new Uint32Array(0);
  return {
    info,
    unitNonces: kernel.unitNonces,
    rolledNonces: kernel.rolledNonces,
    prepare(nextHeader, nextVersions) {
      header = Uint8Array.from(nextHeader);
      versions = Uint32Array.from(nextVersions);
    },
    scan(first, count, mask, out) {
      // Whole vectors are hashed: their last lanes may reach past `count`.
      const room = out.length + 2 * kernel.lanes * versions.length;
      if (pairs.length < room) pairs = new Uint32Array(room);
      const found = addon.scan(kernel.name, header, versions, first >>> 0, Math.ceil(count / kernel.lanes), mask, pairs);
      let kept = 0;
      for (let i = 0; i < 2 * found && kept + 1 < out.length; i += 2) {
        if ((pairs[i] as number) >= count) continue;
        out[kept++] = pairs[i] as number;
        out[kept++] = pairs[i + 1] as number;
      }
      return kept / 2;
    },
  };
}

function openNative(addon: Addon, plain: string, rolled: string, options: EngineOptions): Engine {
  const handle = addon.open(plain, rolled, options.threads, options.nice, options.limitPercent, Uint32Array.from(options.affinity), options.onWake);
  return {
    counters: new BigUint64Array(handle.counters),
    setJob: (job) => addon.setJob(handle, job.header, job.versionMask, job.target, job.nonceFrom, job.nonceTo),
    clearJob: () => addon.clearJob(handle),
    setPaused: (paused) => addon.setPaused(handle, paused),
    setLimit: (percent) => addon.setLimit(handle, percent),
    drain: (out) => addon.drain(handle, out),
    stop: () => addon.stop(handle),
    close: () => addon.close(handle),
  };
}
