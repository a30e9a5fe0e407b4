import type { DriverDescriptor } from '../contract.ts';
import { SERIAL_CAPABILITIES, SERIAL_ID, SERIAL_TITLE, serialOptions } from './options.ts';

/** Bare chips on a UART: test benches, hash boards behind an adapter. */
export const descriptor: DriverDescriptor<typeof serialOptions> = {
  id: SERIAL_ID,
  title: SERIAL_TITLE,
  options: serialOptions,
  capabilities: SERIAL_CAPABILITIES,
  async create(context) {
    const { createSerial } = await import('./device.ts');
    return createSerial(context);
  },
  async makeSafe(context) {
    const { makeSerialSafe } = await import('./safe.ts');
    return makeSerialSafe(context);
  },
};
