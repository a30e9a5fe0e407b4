/** Which hash kernel would run here, and why not a faster one. */
import { messageOf } from '../../../protocol/common/errors.ts';
import { fail, ok, warn, type Finding } from './finding.ts';

/** Loads and self-tests kernels until one is good; hashes nothing else. */
export async function kernelFinding(): Promise<Finding> {
  try {
    const { chooseKernel } = await import('../../../kernels/choice.ts');
    const { kernel, from, problems } = chooseKernel();
    const { kernel: name, isa, lanes, source } = kernel.info;
    const text = `${name} (${isa}, ${lanes} ${lanes === 1 ? 'lane' : 'lanes'}, ${from})${problems.length === 0 ? '' : `; not used: ${problems.join('; ')}`}`;
    if (source === 'native') return ok('hash kernel', text);
    return warn('hash kernel', text, 'Install a C compiler (sudo apt install build-essential), then npm run build:native: several times faster.');
  } catch (error) {
    return fail('hash kernel', messageOf(error), 'Reinstall with `npm install`; without a kernel the CPU cannot hash.');
  }
}
