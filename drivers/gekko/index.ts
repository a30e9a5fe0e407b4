import type { DriverDescriptor } from '../contract.ts';
import { CONTROLLED_CAPABILITIES, GEKKO_ID, GEKKO_TITLE, gekkoOptions } from './options.ts';

/** Sticks of GekkoScience: BM1384 and BM1387 with a framing of their own, BM1397, BM1362 and BM1370 as chains. */
export const descriptor: DriverDescriptor<typeof gekkoOptions> = {
  id: GEKKO_ID,
  title: GEKKO_TITLE,
  options: gekkoOptions,
  capabilities: CONTROLLED_CAPABILITIES,
  async create(context) {
    const { createGekko } = await import('./device.ts');
    return createGekko(context);
  },
  async makeSafe(context) {
    const { makeGekkoSafe } = await import('./safe.ts');
    return makeGekkoSafe(context);
  },
};
