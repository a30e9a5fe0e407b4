/** How fast this machine hashes, how quickly a new job is taken up, and whether the event loop stays free meanwhile. */
import os from 'node:os';
import { chooseKernel } from '../kernels/choice.ts';
import { findAddon } from '../kernels/loader.ts';
import { formsHere } from './hash-forms.ts';
import { measureKernels, type KernelMeasurements } from './hash-kernels.ts';
import { measureEventLoop, measureJobSwitch, measureScaling, NICE, type EventLoopDelay, type JobSwitch, type Scaling } from './hash-threads.ts';

export interface HashReport extends KernelMeasurements {
  /** Why kernels are missing from the list. */
  readonly not_measured: readonly string[];
  /** Processors this process may use; that many threads hash in the event-loop measurement. */
  readonly threads: number;
  readonly cpu: string;
  /** Programs wanting a processor when the run began, from the system; much above 0 = what follows is disturbed. */
  readonly load_1m: number;
  /** Nice value of the hashing threads in what follows. */
  readonly nice: number;
  /** null = fewer than two processors. */
  readonly two_threads: Scaling | null;
  readonly job_switch_us: JobSwitch;
  readonly event_loop_delay_ms: EventLoopDelay;
}

export interface BenchHashOptions {
  /** Kernels (`avx512`) or forms (`avx512:1`) to measure on one thread; none = all. */
  readonly only?: readonly string[];
  /** Slices each kernel is measured in. */
  readonly slices?: number;
  readonly sliceMs?: number;
  /** CPU the measuring thread is bound to. Default: the last one this process may use. */
  readonly cpu?: number;
  readonly scalingSlices?: number;
  readonly jobSwitches?: number;
  readonly eventLoopMs?: number;
  /** `auto`, or the kernel whose threads are measured. */
  readonly kernel?: string;
  /** Whether those threads roll versions. Default true. */
  readonly versionRolling?: boolean;
}

/** The version bits pools grant to miners: BIP320. */
const BIP320_MASK = 0x1fffe000;

/**
 * Measures on this machine, now: other programs that run lower the numbers.
 * @throws RigError E_HASHER_UNAVAILABLE when a kernel that was named cannot run here
 */
export async function benchHash(options: BenchHashOptions = {}): Promise<HashReport> {
  const load = os.loadavg()[0] ?? NaN;
  const { addon } = findAddon();
  const run = { kernel: options.kernel ?? 'auto', versionMask: options.versionRolling === false ? 0 : BIP320_MASK };
  // Found out before the long part.
  chooseKernel({ kernel: run.kernel });
  const { forms, problems } = formsHere(options.only);
  const measured = await measureKernels(addon, forms, { slices: options.slices ?? 12, sliceMs: options.sliceMs ?? 60, cpu: options.cpu ?? -1 });
  const threads = os.availableParallelism();
  return {
    ...measured,
    not_measured: problems,
    threads,
    cpu: os.cpus()[0]?.model ?? 'unknown',
    load_1m: Number(load.toFixed(2)),
    nice: NICE,
    two_threads: threads < 2 ? null : await measureScaling(run, options.scalingSlices ?? 6, 250),
    // A processor is left free for the event loop.
    job_switch_us: await measureJobSwitch(run, Math.max(1, threads - 1), options.jobSwitches ?? 300),
    event_loop_delay_ms: await measureEventLoop(run, threads, options.eventLoopMs ?? 2000),
  };
}
