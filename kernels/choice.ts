/**
 * Which kernel hashes: the fastest native one as measured here, one for jobs with one version and one for jobs whose version is
 * rolled; WASM SIMD when there is no native one, plain JavaScript last.
 */
import os from 'node:os';
import { RigError } from '../protocol/common/errors.ts';
import type { Kernel } from './engine.ts';
import { fallbacks, nativeKernels, testing, type Found, type LoadOptions, type NativeKernels } from './loader.ts';
import { readRates, writeRates, type Kept, type RateKey } from './rate-cache.ts';
import { better, measureRates, type Rate, type Rates } from './rates.ts';
import { atOnce, inTurns } from './steps.ts';

/** Words `kernel` may be. `hybrid` is the best of all whose name begins so. */
export const KNOWN_KERNELS: readonly string[] = ['auto', 'native', 'hybrid', 'hybrid-44', 'hybrid-46', 'hybrid-50', 'hybrid-64', 'avx512', 'shani', 'shani-avx512', 'avx2', 'sse2', 'armv8-sha2', 'neon', 'scalar', 'wasm', 'wasm-simd', 'js'];

export interface Chosen {
  /** Hashes jobs with one version. */
  readonly kernel: Kernel;
  /** Hashes jobs with more. Often the same. */
  readonly rolled: Kernel;
  /** Where they came from. */
  readonly from: string;
  /** Why others cannot be used, those that failed included. */
  readonly problems: readonly string[];
  /** Kernels that failed their self-test. */
  readonly failed: readonly string[];
  /** What a person should know about the file with measured rates; said once for each file. */
  readonly warnings: readonly string[];
  /** What was measured; null when there was nothing to choose between. */
  readonly rates: Rates | null;
}

/**
 * Chooses kernels. Takes 150 ms the first time, for self-tests and measurements; then a moment, as long as the process
 * lives. prepareKernels does the same without holding up the event loop.
 * @throws RigError E_HASHER_UNAVAILABLE when the one asked for is unknown or cannot be used
 */
export function chooseKernel(options: LoadOptions = {}): Chosen {
  return atOnce(choosing(options));
}

/** Tests and measures beforehand, so that chooseKernel need not: the event loop goes on after each millisecond or so. @throws RigError as chooseKernel */
export async function prepareKernels(options: LoadOptions = {}): Promise<void> {
  await inTurns(choosing(options, false));
}

function* choosing(options: LoadOptions, final = true): Generator<void, Chosen> {
  const wanted = options.kernel ?? 'auto';
  const native = nativeKernels(options);
  yield;
  if (!KNOWN_KERNELS.includes(wanted) && !native.kernels.some((kernel) => kernel.info.kernel === wanted)) {
    throw new RigError('E_HASHER_UNAVAILABLE', `there is no hash kernel "${wanted}"`, { hint: `Use one of ${KNOWN_KERNELS.join(', ')}.` });
  }
  const problems = [...native.problems];
  const failed: string[] = [];
  const note = (found: Found): found is Extract<Found, { problem: string }> => {
    if (!('problem' in found)) return false;
    problems.push(found.problem);
    if (found.failed) failed.push(found.problem);
    return true;
  };

  const able: Kernel[] = [];
  for (const kernel of native.kernels) {
    const found = yield* testing(() => kernel, kernel.info.kernel, native.from, native.build);
    if (!note(found)) able.push(kernel);
    yield;
  }
  const candidates = able.filter(({ info: { kernel } }) => wanted === 'auto' || wanted === 'native' || kernel === wanted || (wanted === 'hybrid' && kernel.startsWith('hybrid-')));
  if (candidates.length > 0) {
    const { rates, warnings } = candidates.length > 1 ? yield* ratesOf(able, native, options.cacheFile) : { rates: null, warnings: [] };
    const best = (mode: keyof Rate): Kernel => candidates.reduce((first, next) => ((rates?.[next.info.kernel]?.[mode] ?? 0) > (rates?.[first.info.kernel]?.[mode] ?? 0) ? next : first));
    return { kernel: best('plain'), rolled: best('rolled'), from: native.from, problems, failed, warnings: final ? once(warnings) : [], rates };
  }
  const names = able.map((kernel) => kernel.info.kernel);
  for (const fallback of fallbacks(options)) {
    const found = yield* fallback;
    if (note(found)) continue;
    const { kernel, source } = found.kernel.info;
    if (wanted === 'auto' || kernel === wanted || source === wanted) return { kernel: found.kernel, rolled: found.kernel, from: found.from, problems, failed, warnings: [], rates: null };
    names.push(kernel);
  }
  throw new RigError('E_HASHER_UNAVAILABLE', `the hash kernel "${wanted}" cannot run here: ${problems.join('; ') || 'not part of this build'}; these can: ${names.join(', ')}`, { hint: 'Use one of those, or auto.' });
}

interface Known {
  readonly rates: Rates;
  readonly warnings: readonly string[];
}

/** Rates measured or read in this process. */
const known = new Map<string, Known>();

/** From memory, else from the file, else measured now; the file also says when to measure once more. */
function* ratesOf(kernels: readonly Kernel[], native: NativeKernels, file: string | undefined): Generator<void, Known> {
  const key: RateKey = { cpu: os.cpus()[0]?.model.trim() ?? process.arch, features: native.features, build: native.build, kernels: kernels.map((kernel) => kernel.info.kernel) };
  const id = JSON.stringify([key, file]);
  const before = known.get(id);
  if (before) return before;
  const at = new Date();
  const kept: Kept = file === undefined ? { rates: null, times: 0, isDue: true, problem: null } : readRates(file, key, at);
  if (kept.rates && !kept.isDue) return remember(id, { rates: kept.rates, warnings: [] });
  const rates = better(kept.rates ?? {}, yield* measureRates(kernels, native.threadCpuNs));
  const problem = file === undefined ? null : writeRates(file, key, rates, kept.times + 1, at);
  return remember(id, { rates, warnings: [kept.problem, problem].filter((text) => text !== null) });
}

function remember(id: string, now: Known): Known {
  known.set(id, now);
  return now;
}

const said = new Set<string>();

function once(warnings: readonly string[]): string[] {
  const fresh = warnings.filter((warning) => !said.has(warning));
  for (const warning of fresh) said.add(warning);
  return fresh;
}
