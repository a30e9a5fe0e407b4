import type { DriverDescriptor } from '../contract.ts';
import { ICARUS_CAPABILITIES, ICARUS_ID, ICARUS_TITLE, icarusOptions } from './options.ts';

/** Sticks and boards that take 64 bytes of work and answer with a nonce. */
export const descriptor: DriverDescriptor<typeof icarusOptions> = {
  id: ICARUS_ID,
  title: ICARUS_TITLE,
  options: icarusOptions,
  capabilities: ICARUS_CAPABILITIES,
  async create(context) {
    const { createIcarus } = await import('./device.ts');
    return createIcarus(context);
  },
  async makeSafe(context) {
    const { makeIcarusSafe } = await import('./safe.ts');
    return makeIcarusSafe(context);
  },
};
