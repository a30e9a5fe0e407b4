import type { DriverDescriptor } from '../contract.ts';
import { CPU_CAPABILITIES, CPU_ID, CPU_TITLE, cpuOptions } from './options.ts';

/** The processor of this machine: a fallback and a way to try everything out, not a way to earn. */
export const descriptor: DriverDescriptor<typeof cpuOptions> = {
  id: CPU_ID,
  title: CPU_TITLE,
  options: cpuOptions,
  capabilities: CPU_CAPABILITIES,
  async create(context) {
    const { CpuDevice } = await import('./device.ts');
    return new CpuDevice(context);
  },
};
