/** Which kernels there are: prebuilt or locally built native ones, WASM SIMD, plain JavaScript. One that fails its self-test is never handed out. */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { messageOf } from '../protocol/common/errors.ts';
import type { Kernel } from './engine.ts';
import { loadAddon, type Addon } from './native/addon.ts';
import { nativeKernel } from './native/kernel.ts';
import { packageRoot } from './paths.ts';
import { prebuiltFolder } from './prebuilt.ts';
import { selfTestSteps } from './self-test.ts';
import { atOnce, everyMs } from './steps.ts';
import { jsKernel, wasmKernel } from './workers/kernels.ts';

/** What the native addon offers on this processor. */
export interface NativeKernels {
  /** Kernels this processor can run, likely fastest first; not tested yet. */
  readonly kernels: readonly Kernel[];
  /** Where the addon is, below the root. */
  readonly from: string;
  /** Digest of the addon's file. */
  readonly build: string;
  /** RB_FEATURE_ bits in use. */
  readonly features: number;
  /** Why a kernel, or all of them, cannot run here. */
  readonly problems: readonly string[];
  /** Processor time of the calling thread, nanoseconds. */
  threadCpuNs(): number;
}

export interface LoadOptions {
  /** `auto`, `native`, `wasm`, `js`, or a kernel name. */
  readonly kernel?: string;
  /** Processor features native kernels may use: RB_FEATURE_ bits, see native/kernel.h. Can only take features away. */
  readonly cpuFeatures?: number;
  /** Folder with `prebuilds/`, `build/` and `dist/`. Default: this package. */
  readonly root?: string;
  /** Native kernels to choose from instead of the addon's. */
  readonly native?: NativeKernels;
  /** JSON file that keeps measured rates between runs. Default: none, they are kept for this process only. */
  readonly cacheFile?: string;
}

/** A kernel that passed its self-test, or why one cannot be used. */
export type Found = { readonly kernel: Kernel; readonly from: string } | { readonly problem: string; readonly failed: boolean };

const NATIVE_PLACES = [path.join('prebuilds', prebuiltFolder(), 'rigbrain.node'), path.join('build', 'native', 'rigbrain.node')];

/** The native addon, or why there is none. `from` is relative to the root. */
export function findAddon(root: string = packageRoot()): { readonly addon: Addon | null; readonly from: string; readonly problems: readonly string[] } {
  const problems: string[] = [];
  for (const from of NATIVE_PLACES) {
    const file = path.join(root, from);
    if (!existsSync(file)) problems.push(`${from}: not there`);
    else {
      try {
        return { addon: loadAddon(file), from, problems };
      } catch (error) {
        problems.push(`${from}: ${messageOf(error).split('\n')[0]}`);
      }
    }
  }
  return { addon: null, from: '', problems };
}

/** The kernels of the native addon that this processor can run; none, and why, when there is no addon. */
export function nativeKernels(options: LoadOptions): NativeKernels {
  if (options.native) return options.native;
  const root = options.root ?? packageRoot();
  const { addon, from, problems } = findAddon(root);
  if (!addon) return { kernels: [], from, build: '', features: 0, problems, threadCpuNs: () => 0 };
  const features = addon.cpuFeatures() & (options.cpuFeatures ?? ~0);
  const all = addon.kernels();
  const able = all.filter((kernel) => (kernel.features & ~features) === 0);
  return {
    kernels: able.map((kernel) => nativeKernel(addon, kernel)),
    from,
    build: createHash('sha256').update(readFileSync(path.join(root, from))).digest('hex').slice(0, 32),
    features,
    // One place missing is normal as long as the other is there.
    problems: all.filter((kernel) => !able.includes(kernel)).map((kernel) => `${kernel.name}: this processor has no ${kernel.isa}`),
    threadCpuNs: () => addon.threadCpuNs(),
  };
}

/** Every kernel of this installation: native ones, likely fastest first, then WASM, then JavaScript. Lazy: each is tested when it is asked for. */
export function* findKernels(options: LoadOptions = {}): Generator<Found> {
  const native = nativeKernels(options);
  for (const problem of native.problems) yield { problem, failed: false };
  for (const kernel of native.kernels) yield atOnce(testing(() => kernel, kernel.info.kernel, native.from, native.build));
  for (const fallback of fallbacks(options)) yield atOnce(fallback);
}

/** The kernels for machines that have no native one, each made and tested by the steps. */
export function* fallbacks(options: LoadOptions): Generator<Generator<void, Found>> {
  yield testing(() => wasmKernel(options.root ?? packageRoot()), 'wasm-simd', 'WebAssembly', null);
  yield testing(() => jsKernel(), 'js', 'JavaScript', null);
}

/** Results of self-tests by build and kernel: a processor that could do it once in this process can do it again. */
const results = new Map<string, string | null>();

/** How long a self-test may hold up the event loop. */
const STEP_MS = 0.7;

/** Makes and tests a kernel. @param build what the result holds for; null = test every time */
export function* testing(make: () => Kernel, name: string, from: string, build: string | null): Generator<void, Found> {
  try {
    const kernel = make();
    const key = `${build}:${name}`;
    const known = build === null ? undefined : results.get(key);
    const wrong = known === undefined ? yield* everyMs(STEP_MS, selfTestSteps(kernel.scanner())) : known;
    if (build !== null) results.set(key, wrong);
    return wrong === null ? { kernel, from } : { problem: `${name}: failed its self-test (${wrong})`, failed: true };
  } catch (error) {
    return { problem: `${name}: ${messageOf(error)}`, failed: false };
  }
}
