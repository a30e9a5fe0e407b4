/** How fast this machine hashes, how quickly a new job is taken up, and whether the event loop stays free meanwhile. */
import os from 'node:os';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Scanner } from '../kernels/engine.ts';
import { createHasher } from '../kernels/hasher.ts';
import { findKernels } from '../kernels/loader.ts';
import type { KernelSource } from '../kernels/types.ts';
import { median, percentile } from './statistics.ts';

export interface KernelResult {
  readonly kernel: string;
  readonly lanes: number;
  readonly isa: string;
  readonly source: KernelSource;
  /** One thread: median, smallest and largest of the slices. */
  readonly hashes_per_second: number;
  readonly min: number;
  readonly max: number;
  /** Median over the median of the plain JavaScript loop in the same run. */
  readonly ratio_to_js: number;
}

export interface HashReport {
  readonly kernels: readonly KernelResult[];
  /** Why kernels are missing from the list. */
  readonly not_measured: readonly string[];
  /** Threads that hashed in the event-loop measurement: every processor. */
  readonly threads: number;
  readonly cpu: string;
  /** Programs wanting a processor when the run began, from the system; much above 0 = switch and delay times are disturbed. */
  readonly load_1m: number;
  readonly job_switch_us: { readonly p50: number; readonly p99: number; readonly max: number; readonly samples: number; readonly threads: number };
  readonly event_loop_delay_ms: { readonly p50: number; readonly p99: number; readonly max: number };
}

export interface BenchHashOptions {
  /** Slices each kernel is measured in, taken in turn so that a busy moment hits all of them. */
  readonly slices?: number;
  readonly sliceMs?: number;
  readonly jobSwitches?: number;
  readonly eventLoopMs?: number;
  /** `auto`, or the kernel whose threads are measured. */
  readonly kernel?: string;
}

/** Measures on this machine, now: other programs that run lower the numbers. About 8 s with the defaults. */
export async function benchHash(options: BenchHashOptions = {}): Promise<HashReport> {
  const load = os.loadavg()[0] ?? NaN;
  const { scanners, problems } = scannersHere();
  const kernels = await measureKernels(scanners, options.slices ?? 12, options.sliceMs ?? 60);
  const threads = os.availableParallelism();
  const kernel = options.kernel ?? 'auto';
  return {
    kernels,
    not_measured: problems,
    threads,
    cpu: os.cpus()[0]?.model ?? 'unknown',
    load_1m: Number(load.toFixed(2)),
    job_switch_us: await measureJobSwitch(kernel, Math.max(1, threads - 1), options.jobSwitches ?? 300),
    event_loop_delay_ms: await measureEventLoop(kernel, threads, options.eventLoopMs ?? 2000),
  };
}

function scannersHere(): { scanners: Scanner[]; problems: string[] } {
  const scanners: Scanner[] = [];
  const problems: string[] = [];
  for (const found of findKernels()) {
    if ('kernel' in found) scanners.push(found.kernel.scanner());
    else problems.push(found.problem);
  }
  return { scanners, problems };
}

async function measureKernels(scanners: readonly Scanner[], slices: number, sliceMs: number): Promise<KernelResult[]> {
  const out = new Uint32Array(4096);
  const rates = scanners.map((): number[] => []);
  for (let slice = -1; slice < slices; slice++) {
    for (const [i, scanner] of scanners.entries()) {
      scanner.prepare(header(slice), [0x20000000]);
      const rate = scanFor(scanner, sliceMs, out);
      // The first round warms up: V8 compiles, the processor raises its clock.
      if (slice >= 0) rates[i]?.push(rate);
    }
    await new Promise((resolve) => setImmediate(resolve));
  }
  const js = median(rates[scanners.findIndex((scanner) => scanner.info.source === 'js')] ?? []);
  return scanners.map((scanner, i) => {
    const own = rates[i] ?? [];
    const { kernel, lanes, isa, source } = scanner.info;
    return {
      kernel,
      lanes,
      isa,
      source,
      hashes_per_second: Math.round(median(own)),
      min: Math.round(Math.min(...own)),
      max: Math.round(Math.max(...own)),
      ratio_to_js: Number((median(own) / js).toFixed(2)),
    };
  });
}

/**
 * Hashes for about that long on this thread.
 * @returns hashes per second of processor time: what other programs take of the time does not count
 */
function scanFor(scanner: Scanner, ms: number, out: Uint32Array): number {
  const batch = scanner.unitNonces * 8;
  const start = performance.now();
  const startCpu = process.cpuUsage();
  let hashes = 0;
  let elapsed = 0;
  do {
    scanner.scan(hashes, batch, 0xffffffff, out);
    hashes += batch;
    elapsed = performance.now() - start;
  } while (elapsed < ms);
  const cpu = process.cpuUsage(startCpu);
  // V8's helper threads count as processor time too; one thread cannot have used more than has passed.
  return (hashes * 1000) / Math.min(elapsed, (cpu.user + cpu.system) / 1000);
}

/** A header nobody mined; only its bytes differ from slice to slice. */
function header(seed: number): Uint8Array {
  return Uint8Array.from({ length: 80 }, (_, i) => (i * 37 + seed * 101) & 0xff);
}

/** From setJob to the first hash of that job, as the threads saw it, with a processor left free for the event loop. */
async function measureJobSwitch(kernel: string, threads: number, samples: number): Promise<HashReport['job_switch_us']> {
  const hasher = createHasher({ kernel, threads });
  const target = new Uint8Array(32);
  const times: number[] = [];
  try {
    // One more for the start of the threads, which is not a switch.
    for (let id = 0; id <= samples; id++) {
      const generation = hasher.setJob({ id, header: header(id), target, versionMask: 0 });
      const deadline = performance.now() + 2000;
      while (!hasher.stats().perThread.every((thread) => thread.generation === generation)) {
        if (performance.now() > deadline) throw new Error(`a thread did not take job ${id} within 2 s`);
        await sleep(1);
      }
      if (id > 0) times.push(...hasher.stats().perThread.map((thread) => thread.switchUs));
      await sleep(2);
    }
  } finally {
    await hasher.stop();
  }
  return { p50: percentile(times, 50), p99: percentile(times, 99), max: percentile(times, 100), samples: times.length, threads };
}

/** How late the event loop is while every processor hashes. The timer's own period is taken off. */
async function measureEventLoop(kernel: string, threads: number, ms: number): Promise<HashReport['event_loop_delay_ms']> {
  const resolution = 5;
  const hasher = createHasher({ kernel, threads });
  const delay = monitorEventLoopDelay({ resolution });
  try {
    hasher.setJob({ id: 0, header: header(0), target: new Uint8Array(32), versionMask: 0 });
    await sleep(200);
    delay.enable();
    await sleep(ms);
    delay.disable();
  } finally {
    await hasher.stop();
  }
  const late = (ns: number): number => Number(Math.max(0, ns / 1e6 - resolution).toFixed(2));
  return { p50: late(delay.percentile(50)), p99: late(delay.percentile(99)), max: late(delay.max) };
}
