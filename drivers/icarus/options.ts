import { z } from 'zod';
import type { Capability } from '../contract.ts';
import { nonceZeroBits, portOptions } from '../port-options.ts';

export const ICARUS_ID = 'icarus';
export const ICARUS_TITLE = 'Block Erupter and relatives (Icarus protocol)';
export const ICARUS_CAPABILITIES: readonly Capability[] = ['pause', 'restart'];

export const icarusOptions = z.strictObject({
  ...portOptions,
  model: z
    .enum(['block-erupter', 'icarus', 'lancelot', 'antminer-u', 'rockminer'])
    .default('block-erupter')
    .describe('What it is: their USB bridges are the same, and their replies differ in length.'),
  hash_time_ns: z
    .number()
    .min(0.001)
    .max(1e6)
    .describe('Nanoseconds per hash, when they differ from those of the model: 2.9761 is 336 MH/s. Default: as the model, measured for antminer-u and rockminer.')
    .optional(),
  nonce_zero_bits: nonceZeroBits,
});

export type IcarusOptions = z.output<typeof icarusOptions>;
