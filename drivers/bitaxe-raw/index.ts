import type { DriverDescriptor } from '../contract.ts';
import { BITAXE_RAW_CAPABILITIES, BITAXE_RAW_ID, BITAXE_RAW_TITLE, bitaxeRawOptions } from './options.ts';

/** Boards behind bitaxe-raw firmware: a control port for power, reset, fan and sensors, and the line of the ASICs. */
export const descriptor: DriverDescriptor<typeof bitaxeRawOptions> = {
  id: BITAXE_RAW_ID,
  title: BITAXE_RAW_TITLE,
  options: bitaxeRawOptions,
  capabilities: BITAXE_RAW_CAPABILITIES,
  async create(context) {
    const { createBitaxeRaw } = await import('./device.ts');
    return createBitaxeRaw(context);
  },
  async makeSafe(context) {
    const { makeBitaxeSafe } = await import('./make-safe.ts');
    return makeBitaxeSafe(context);
  },
};
