/**
 * Which kernel hashes: prebuilt native, locally built native, WASM SIMD, plain JavaScript, in that order. One that is not there
 * or fails its self-test is passed over, with a reason.
 */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { messageOf, RigError } from '../protocol/common/errors.ts';
import type { Kernel } from './engine.ts';
import { loadAddon, type Addon } from './native/addon.ts';
import { nativeKernel } from './native/kernel.ts';
import { packageRoot } from './paths.ts';
import { prebuiltFolder } from './prebuilt.ts';
import { selfTest } from './self-test.ts';
import { jsKernel, wasmKernel } from './workers/kernels.ts';

export interface LoadOptions {
  /** `auto`, `native`, `wasm`, `js`, or a kernel name. */
  readonly kernel?: string;
  /** Processor features native kernels may use: RB_FEATURE_ bits, see native/kernel.h. Can only take features away. */
  readonly cpuFeatures?: number;
  /** Folder with `prebuilds/`, `build/` and `dist/`. Default: this package. */
  readonly root?: string;
}

/** A kernel that passed its self-test, or why one cannot be used. */
export type Found = { readonly kernel: Kernel; readonly from: string } | { readonly problem: string };

const NATIVE_PLACES = [path.join('prebuilds', prebuiltFolder(), 'rigbrain.node'), path.join('build', 'native', 'rigbrain.node')];
/** Words `kernel` may be. */
export const KNOWN_KERNELS: readonly string[] = ['auto', 'native', 'avx512', 'avx2', 'sse2', 'neon', 'scalar', 'wasm', 'wasm-simd', 'js'];

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

/** Every kernel of this installation, fastest first. Lazy: the first good one is usually enough. */
export function* findKernels(options: LoadOptions = {}): Generator<Found> {
  const root = options.root ?? packageRoot();
  const { addon, from, problems } = findAddon(root);
  // One place missing is normal as long as the other is there.
  if (!addon) for (const problem of problems) yield { problem };
  if (addon) {
    const features = addon.cpuFeatures() & (options.cpuFeatures ?? ~0);
    for (const kernel of addon.kernels()) {
      if ((kernel.features & ~features) !== 0) yield { problem: `${kernel.name}: this processor has no ${kernel.isa}` };
      else yield tested(() => nativeKernel(addon, kernel), kernel.name, from);
    }
  }
  yield tested(() => wasmKernel(root), 'wasm-simd', 'WebAssembly');
  yield tested(() => jsKernel(), 'js', 'JavaScript');
}

function tested(make: () => Kernel, name: string, from: string): Found {
  try {
    const kernel = make();
    const wrong = selfTest(kernel.scanner());
    return wrong === null ? { kernel, from } : { problem: `${name}: failed its self-test (${wrong})` };
  } catch (error) {
    return { problem: `${name}: ${messageOf(error)}` };
  }
}

/**
 * Chooses a kernel.
 * @returns it, where it came from, and why each better one is not used
 * @throws RigError E_HASHER_UNAVAILABLE when the one asked for is unknown or cannot be used
 */
export function chooseKernel(options: LoadOptions = {}): { readonly kernel: Kernel; readonly from: string; readonly problems: readonly string[] } {
  const wanted = options.kernel ?? 'auto';
  if (!KNOWN_KERNELS.includes(wanted)) throw new RigError('E_HASHER_UNAVAILABLE', `there is no hash kernel "${wanted}"`, { hint: `Use one of ${KNOWN_KERNELS.join(', ')}.` });
  const problems: string[] = [];
  for (const found of findKernels(options)) {
    if ('problem' in found) problems.push(found.problem);
    else if (wanted === 'auto' || found.kernel.info.kernel === wanted || found.kernel.info.source === wanted) return { ...found, problems };
  }
  throw new RigError('E_HASHER_UNAVAILABLE', `the hash kernel "${wanted}" cannot run here: ${problems.join('; ') || 'not part of this build'}`);
}
