/** What the hashing threads do beside hashing: how they add up, how soon they take a new job, whether the event loop stays free. */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { createHasher } from '../kernels/hasher.ts';
import type { Hasher } from '../kernels/types.ts';
import { benchHeader } from './hash-slice.ts';
import { median, percentile } from './statistics.ts';

/** As the daemon runs them. */
export const NICE = 19;

export interface Threads {
  /** `auto` or a kernel name. */
  readonly kernel: string;
  /** Version bits of the jobs; 0 = the plain kernel. */
  readonly versionMask: number;
}

export interface Scaling {
  readonly one_hashes_per_second: number;
  readonly two_hashes_per_second: number;
  /** Two threads over one: medians of slices taken in turn, by the wall clock. */
  readonly ratio: number;
  readonly slices: number;
}

export interface JobSwitch {
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
  readonly samples: number;
  readonly threads: number;
}

export interface EventLoopDelay {
  readonly p50: number;
  readonly p99: number;
  /** The worst stall. */
  readonly max: number;
}

function start({ kernel }: Threads, threads: number): Hasher {
  return createHasher({ kernel, threads, nice: NICE });
}

function job(hasher: Hasher, { versionMask }: Threads, id: number): number {
  return hasher.setJob({ id, header: benchHeader(id), target: new Uint8Array(32), versionMask });
}

/** Two threads against one. Needs two free processors to mean anything. */
export async function measureScaling(options: Threads, slices: number, sliceMs: number): Promise<Scaling> {
  const hashers = [start(options, 1), start(options, 2)];
  const rates: number[][] = [[], []];
  try {
    for (const hasher of hashers) {
      hasher.pause();
      job(hasher, options, 0);
    }
    // The first round starts the threads and warms up.
    for (let slice = -1; slice < slices; slice++) {
      for (const [i, hasher] of hashers.entries()) {
        hasher.resume();
        await sleep(20);
        const before = hasher.stats().hashes;
        const from = performance.now();
        await sleep(sliceMs);
        const hashes = Number(hasher.stats().hashes - before);
        if (slice >= 0) rates[i]?.push((hashes * 1000) / (performance.now() - from));
        hasher.pause();
        await sleep(5);
      }
    }
  } finally {
    await Promise.all(hashers.map((hasher) => hasher.stop()));
  }
  const [one, two] = [median(rates[0] ?? []), median(rates[1] ?? [])];
  return { one_hashes_per_second: Math.round(one), two_hashes_per_second: Math.round(two), ratio: Number((two / one).toFixed(3)), slices };
}

/** Microseconds from setJob to the first hash of that job, as the threads saw it. */
export async function measureJobSwitch(options: Threads, threads: number, samples: number): Promise<JobSwitch> {
  const hasher = start(options, threads);
  const times: number[] = [];
  try {
    // One more for the start of the threads, which is not a switch.
    for (let id = 0; id <= samples; id++) {
      const generation = job(hasher, options, id);
      // At nice 19 on a machine that is busy with something else a thread may wait for seconds.
      const deadline = performance.now() + 10_000;
      while (!hasher.stats().perThread.every((thread) => thread.generation === generation)) {
        if (performance.now() > deadline) throw new Error(`a thread did not take job ${id} within 10 s`);
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

/** How late, in milliseconds, the event loop is while the threads hash. The timer's own period is taken off. */
export async function measureEventLoop(options: Threads, threads: number, ms: number): Promise<EventLoopDelay> {
  const resolution = 5;
  const hasher = start(options, threads);
  const delay = monitorEventLoopDelay({ resolution });
  try {
    job(hasher, options, 0);
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
