import { z } from 'zod';
import type { Capability } from '../contract.ts';
import { controlPortOption, nonceZeroBits, portOptions } from '../port-options.ts';
import { BOARD_VERSIONS } from './plan.ts';

export const BITAXE_RAW_ID = 'bitaxe-raw';
export const BITAXE_RAW_TITLE = 'Bitaxe or EmberOne with bitaxe-raw firmware';
export const BITAXE_RAW_CAPABILITIES: readonly Capability[] = ['pause', 'restart', 'identify', 'set_frequency_mhz', 'set_voltage_v', 'set_fan_percent'];

/** A version looks like a number to YAML, so both are taken. */
export const bitaxeRawOptions = z.strictObject({
  ...portOptions,
  control_port: controlPortOption,
  board: z
    .preprocess((value) => (typeof value === 'number' ? String(value) : value), z.enum(['auto', ...BOARD_VERSIONS]))
    .default('auto')
    .describe('Board version, as printed on the board. auto = found out by the chips that answer; when that does not tell, the versions to choose from are told.'),
  reply_format: z.enum(['auto', 'v0', 'v1']).default('auto').describe('How the firmware frames its replies. auto = by its version, or by trying.'),
  frequency_mhz: z.number().min(50).max(1000).describe('Clock of the chips. Default: that of the chip (BM1370: 525). Must be within the range known for it, see allow_overclock.').optional(),
  voltage_v: z.number().min(0.9).max(1.7).describe('Core voltage. Default: that of the chip (BM1370: 1.15). Must be within the range known for it, see allow_overclock.').optional(),
  fan_percent: z
    .union([z.literal('auto'), z.number().min(20).max(100)])
    .default('auto')
    .describe('Speed of the fan; auto = as much as target_temp_c needs. It goes to 100 by itself near max_temp_c.'),
  fan_tach: z.boolean().default(true).describe('The fan tells its speed, and a fan that stands switches the board off. false = a fan without a speed wire.'),
  target_temp_c: z.number().min(35).max(75).default(60).describe('Temperature the automatic fan keeps.'),
  max_temp_c: z.number().min(50).max(95).default(80).describe('The board is switched off at this temperature.'),
  allow_overclock: z.boolean().default(false).describe('Lets frequency and voltage go above the range known to be in use: at most 40 % and 0.1 V.'),
  chips: z.int().min(1).max(128).describe('Chips that must answer. Default: as many as the board version has.').optional(),
  nonce_zero_bits: nonceZeroBits,
});

export type BitaxeRawOptions = z.output<typeof bitaxeRawOptions>;
