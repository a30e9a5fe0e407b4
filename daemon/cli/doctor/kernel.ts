/** Which hash kernels would run here, how fast, and why not others. */
import { messageOf } from '../../../protocol/common/errors.ts';
import { fail, ok, warn, type Finding } from './finding.ts';

/** Tests the kernels of this machine and measures them against each other, as the daemon does at its start. */
export async function kernelFinding(): Promise<Finding> {
  try {
    const { chooseKernel } = await import('../../../kernels/choice.ts');
    const { kernel, rolled, from, problems, failed, rates } = chooseKernel();
    const { kernel: name, isa, lanes, source } = kernel.info;
    const rate = (hs: number | undefined): string => (hs === undefined ? '' : `, ${(hs / 1e6).toFixed(1)} MH/s a thread`);
    const plain = `${name} (${isa}, ${lanes} ${lanes === 1 ? 'lane' : 'lanes'}, ${from}${rate(rates?.[name]?.plain)})`;
    const second = rates === null ? '' : `; with rolled versions ${rolled.info.kernel}${rate(rates[rolled.info.kernel]?.rolled)}`;
    const text = `${plain}${second}${problems.length === 0 ? '' : `; not used: ${problems.join('; ')}`}`;
    if (failed.length > 0) return warn('hash kernel', text, 'A kernel hashes wrongly on this processor and is not used: report the CPU model.');
    if (source === 'native') return ok('hash kernel', text);
    return warn('hash kernel', text, 'Install a C compiler (sudo apt install build-essential), then npm run build:native: several times faster.');
  } catch (error) {
    return fail('hash kernel', messageOf(error), 'Reinstall with `npm install`; without a kernel the CPU cannot hash.');
  }
}
