import type { Engine, EngineOptions, Kernel, Scanner } from '../engine.ts';
import type { KernelInfo } from '../types.ts';
import type { Addon, NativeKernel } from './addon.ts';

/** A kernel of the addon as a Kernel. The threads, job slots and hit rings are C: native/search.c. */
export function nativeKernel(addon: Addon, kernel: NativeKernel): Kernel {
  const info: KernelInfo = { kernel: kernel.name, isa: kernel.isa, lanes: kernel.lanes, source: 'native' };
  return { info, scanner: () => nativeScanner(addon, kernel, info), open: (options) => openNative(addon, kernel.name, options) };
}

function nativeScanner(addon: Addon, kernel: NativeKernel, info: KernelInfo): Scanner {
  const versions = new Uint32Array(1);
  let header = new Uint8Array(80);
  let pairs = new Uint32Array(0);
  return {
    info,
    unitNonces: kernel.unitNonces,
    prepare(nextHeader, version) {
      header = Uint8Array.from(nextHeader);
      versions[0] = version;
    },
    scan(first, count, mask, out) {
      if (pairs.length < 2 * out.length) pairs = new Uint32Array(2 * out.length);
      const found = addon.scan(kernel.name, header, versions, first >>> 0, Math.ceil(count / kernel.lanes), mask, pairs);
      let kept = 0;
      for (let i = 0; i < found; i++) {
        const offset = pairs[2 * i] as number;
        if (offset < count && kept < out.length) out[kept++] = offset;
      }
      return kept;
    },
  };
}

function openNative(addon: Addon, kernel: string, options: EngineOptions): Engine {
  const handle = addon.open(kernel, options.threads, options.nice, options.limitPercent, Uint32Array.from(options.affinity), options.onWake);
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
