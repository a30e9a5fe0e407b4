import { z } from 'zod';
import type { Capability } from '../contract.ts';
import { nonceZeroBits, portOptions } from '../port-options.ts';

export const SERIAL_ID = 'bm13xx-serial';
export const SERIAL_TITLE = 'Chain of BM13xx chips on a serial port';
export const SERIAL_CAPABILITIES: readonly Capability[] = ['pause', 'restart', 'set_frequency_mhz'];

export const serialOptions = z.strictObject({
  ...portOptions,
  chip: z
    .enum(['auto', 'BM1362', 'BM1366', 'BM1368', 'BM1370', 'BM1372', 'BM1373', 'BM1397'])
    .default('auto')
    .describe('The chips of the chain; auto = whichever answers.'),
  chips: z.int().min(1).max(256).describe('Chips there should be: fewer are a fault. Default: as many as answer.').optional(),
  domains: z.int().min(2).max(64).describe('Voltage domains of a hash board, each with as many chips; asks for `chips`, and BM1362 or BM1366 as `chip`. Default: one.').optional(),
  frequency_mhz: z.number().min(50).max(1000).describe('Clock of the chips. Default: what boards with this chip use.').optional(),
  baud: z
    .union([z.literal('auto'), z.int().min(9600).max(3_125_000)])
    .default('auto')
    .describe('Speed of the line once the chips run: auto = the fast one of the chip. 115200 stays at that of a reset.'),
  reset: z.enum(['none', 'rts', 'dtr']).default('none').describe('Modem line that is wired to the reset of the chips.'),
  reset_held: z.enum(['on', 'off']).default('on').describe('State of that line that holds the chips in reset: on = set (the pin of the adapter is low).'),
  nonce_zero_bits: nonceZeroBits,
});

export type SerialOptions = z.output<typeof serialOptions>;
