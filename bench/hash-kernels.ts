/** The rate of each kernel on one thread. */
import type { Addon } from '../kernels/native/addon.ts';
import type { KernelSource } from '../kernels/types.ts';
import { boundOf, coreHere, type Core } from './bounds.ts';
import type { Form } from './hash-forms.ts';
import { benchHeader, hashSlice } from './hash-slice.ts';
import { median } from './statistics.ts';

export interface KernelResult {
  readonly kernel: string;
  /** Versions hashed in each call: 1 = plain; more = they share the first schedule, as with a pool that grants version rolling. */
  readonly versions: number;
  readonly lanes: number;
  readonly isa: string;
  readonly source: KernelSource;
  /** One thread, in seconds of its processor time: median, smallest and largest of the slices. */
  readonly hashes_per_second: number;
  readonly min: number;
  readonly max: number;
  /** Median over the slices; null = the clock of this processor family is not known. */
  readonly cycles_per_hash: number | null;
  /** What the port model allows at best (bounds.ts), and that over `cycles_per_hash`; null = not known. */
  readonly bound_cycles_per_hash: number | null;
  readonly share_of_bound: number | null;
  /** Median over the median of the plain JavaScript loop in the same run; null = that was not measured. */
  readonly ratio_to_js: number | null;
  /** Hashes done, and how many of them were hashed again by other code and found right. */
  readonly hashes: number;
  readonly hashes_checked: number;
}

export interface MeasureOptions {
  readonly slices: number;
  readonly sliceMs: number;
  /** CPU to bind this thread to; -1 = the last it may use. */
  readonly cpu: number;
}

export interface KernelMeasurements {
  readonly kernels: readonly KernelResult[];
  /** CPU the measuring thread was bound to; `granted` is false, and `cpu` null, where the system does not do that. */
  readonly pinning: { readonly cpu: number | null; readonly granted: boolean };
  /** Clock of the processor during the run; null = not known. */
  readonly clock_hertz: number | null;
}

/** What was seen of one form. */
interface Series {
  readonly rates: number[];
  readonly cycles: number[];
  hashes: number;
  checked: number;
}

/** Measures forms in turn, slice by slice, so that a busy moment or another clock rate hits all of them. */
export async function measureKernels(addon: Addon | null, forms: readonly Form[], options: MeasureOptions): Promise<KernelMeasurements> {
  const series = forms.map((): Series => ({ rates: [], cycles: [], hashes: 0, checked: 0 }));
  const clocks: number[] = [];
  const cpu = addon?.pinThread(options.cpu) ?? -1;
  try {
    for (let slice = -1; slice < options.slices; slice++) {
      for (const [i, form] of forms.entries()) {
        const before = addon?.clockHertz() ?? 0;
        const { hashes, cpuNs, candidates } = hashSlice(addon, form, benchHeader(slice + 1), options.sliceMs);
        // Wide vectors may have lowered it: the mean of both sides.
        const hertz = (before + (addon?.clockHertz() ?? 0)) / 2;
        // The first round warms up: V8 compiles, the processor raises its clock.
        const own = series[i];
        if (slice < 0 || !own) continue;
        own.rates.push((hashes * 1e9) / cpuNs);
        own.hashes += hashes;
        own.checked += candidates;
        if (hertz > 0) {
          own.cycles.push((hertz * cpuNs) / 1e9 / hashes);
          clocks.push(hertz);
        }
      }
      await new Promise((resolve) => setImmediate(resolve));
    }
  } finally {
    addon?.unpinThread();
  }
  const plainJs = forms.findIndex(({ scanner, versions }) => scanner.info.source === 'js' && versions === 1);
  const js = series[plainJs] ? median(series[plainJs].rates) : null;
  const core = coreHere();
  return {
    kernels: forms.map((form, i) => resultOf(form, series[i] as Series, js, core)),
    pinning: { cpu: cpu < 0 ? null : cpu, granted: cpu >= 0 },
    clock_hertz: clocks.length > 0 ? Math.round(median(clocks)) : null,
  };
}

function resultOf({ scanner, versions }: Form, { rates, cycles, hashes, checked }: Series, js: number | null, core: Core | null): KernelResult {
  const { kernel, lanes, isa, source } = scanner.info;
  const perHash = cycles.length > 0 ? median(cycles) : null;
  const bound = boundOf(kernel, versions, core);
  return {
    kernel,
    versions,
    lanes,
    isa,
    source,
    hashes_per_second: Math.round(median(rates)),
    min: Math.round(Math.min(...rates)),
    max: Math.round(Math.max(...rates)),
    cycles_per_hash: perHash === null ? null : Number(perHash.toFixed(2)),
    bound_cycles_per_hash: bound,
    share_of_bound: perHash === null || bound === null ? null : Number((bound / perHash).toFixed(4)),
    ratio_to_js: js === null ? null : Number((median(rates) / js).toFixed(2)),
    hashes,
    hashes_checked: checked,
  };
}
