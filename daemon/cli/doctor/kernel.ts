/** Which hash kernels would run here, how fast, and why not others. */
import type { RigConfig } from '../../../config/schema.ts';
import { messageOf, RigError } from '../../../protocol/common/errors.ts';
import { fail, ok, warn, type Finding } from './finding.ts';

/** Words that leave the choice to the program, so that a slow one is news. */
const OPEN = new Set(['auto', 'native']);

/** One finding for each kernel the configuration asks for; without a CPU device in it, for the one that would be chosen. */
export async function kernelFindings(devices: RigConfig['devices']): Promise<Finding[]> {
  const wanted = devices.filter(({ driver, enabled }) => driver === 'cpu' && enabled).map(({ options }) => (typeof options.kernel === 'string' ? options.kernel : 'auto'));
  const findings: Finding[] = [];
  for (const name of new Set(wanted.length === 0 ? ['auto'] : wanted)) findings.push(await kernelFinding(name));
  return findings;
}

/** Tests the kernels of this machine and measures them against each other, as the daemon does at its start. */
async function kernelFinding(wanted: string): Promise<Finding> {
  try {
    const { chooseKernel } = await import('../../../kernels/choice.ts');
    const { kernel, rolled, from, problems, failed, rates } = chooseKernel({ kernel: wanted });
    const { kernel: name, isa, lanes, source } = kernel.info;
    const rate = (hs: number | undefined): string => (hs === undefined ? '' : `, ${(hs / 1e6).toFixed(1)} MH/s a thread`);
    const plain = `${name} (${isa}, ${lanes} ${lanes === 1 ? 'lane' : 'lanes'}, ${from}${rate(rates?.[name]?.plain)})`;
    const second = rates === null ? '' : `; with rolled versions ${rolled.info.kernel}${rate(rates[rolled.info.kernel]?.rolled)}`;
    const text = `${plain}${second}${problems.length === 0 ? '' : `; not used: ${problems.join('; ')}`}`;
    if (failed.length > 0) return warn('hash kernel', text, 'A kernel hashes wrongly on this processor and is not used: report the CPU model.');
    if (source === 'native' || !OPEN.has(wanted)) return ok('hash kernel', text);
    return warn('hash kernel', text, 'Install a C compiler (sudo apt install build-essential), then npm run build:native: several times faster.');
  } catch (error) {
    const hint = wanted !== 'auto' && error instanceof RigError ? error.hint : undefined;
    return fail('hash kernel', messageOf(error), hint ?? 'Reinstall with `npm install`; without a kernel the CPU cannot hash.');
  }
}
