/** The way into this room: makes a hasher on the best kernel of this machine. */
import os from 'node:os';
import { silentLog } from '../protocol/common/log.ts';
import { checkOptions } from './arguments.ts';
import { KernelHasher } from './kernel-hasher.ts';
import { chooseKernel } from './choice.ts';
import type { LoadOptions } from './loader.ts';
import type { Hasher, HasherOptions } from './types.ts';

/**
 * Makes a hasher, idle until `setJob`. The first one of a process tests and measures kernels, which holds up the event loop for up
 * to 0.2 s unless prepareKernels has done so before.
 * @throws RigError E_HASHER_UNAVAILABLE when the kernel asked for cannot be used, E_HASHER_ARGUMENT when an option is malformed
 */
export function createHasher(options: HasherOptions & LoadOptions = {}): Hasher {
  const settings = checkOptions(options, Math.max(1, os.availableParallelism() - 1));
  const log = options.log ?? silentLog;
  const { kernel, rolled, from, problems, failed, warnings, rates } = chooseKernel(options);
  if (failed.length > 0) log.error({ code: 'E_HASHER_SELF_TEST', problems: failed }, 'a hash kernel failed its self-test and is not used');
  for (const warning of warnings) log.warn({}, warning);
  const byName = (options.kernel ?? 'auto') !== 'auto';
  const why = byName ? '; asked for by name' : problems.length > 0 ? `; not used: ${problems.join('; ')}` : '';
  const facts = { kernel: kernel.info.kernel, kernel_rolled: rolled.info.kernel, source: kernel.info.source, lanes: kernel.info.lanes, threads: settings.threads, ...(rates && { measured_hs: rates }) };
  const second = rolled.info.kernel === kernel.info.kernel ? '' : `, with rolled versions ${rolled.info.kernel}`;
  const line = `hash kernel ${kernel.info.kernel}${second} (${from})${why}`;
  // A fallback costs most of the speed: a person should not have to look for that.
  if (kernel.info.source === 'native' || byName) log.info(facts, line);
  else log.warn({ ...facts, fix: 'install a C compiler and run `npm run build:native`' }, line);
  if (settings.affinity.length > 0 && kernel.info.source !== 'native') log.warn({ affinity: settings.affinity }, 'only native kernels can bind threads to CPUs: affinity is ignored');
  return new KernelHasher(kernel, settings, rolled.info, failed);
}
