import { z } from 'zod';
import { GEKKO_STICKS, type GekkoStickName } from '../../protocol/gekko/sticks.ts';
import type { Capability } from '../contract.ts';
import { nonceZeroBits, portOptions, telemetryPortOption } from '../port-options.ts';

export const GEKKO_ID = 'gekko';
export const GEKKO_TITLE = 'GekkoScience sticks (Compac, 2Pac, NewPac, R606, CompacF, R909, A1, A2)';
/** Of every stick. */
export const STICK_CAPABILITIES: readonly Capability[] = ['pause', 'restart', 'set_frequency_mhz'];
/** Of the sticks with a controller for regulator, fan and lamp. */
export const CONTROLLED_CAPABILITIES: readonly Capability[] = [...STICK_CAPABILITIES, 'identify', 'set_voltage_v', 'set_fan_percent'];

const MODELS = Object.keys(GEKKO_STICKS) as [GekkoStickName, ...GekkoStickName[]];

export const gekkoOptions = z.strictObject({
  ...portOptions,
  telemetry_port: telemetryPortOption,
  model: z.enum(MODELS).describe('Which stick it is. Default: as its USB names say.').optional(),
  chips: z.int().min(1).max(64).describe('Chips it has: with fewer it is not used. Default: as the model; as many as answer where sticks differ (Terminus).').optional(),
  frequency_mhz: z.number().min(100).max(600).describe('Clock of the chips, reached in steps; the next that they can make above it. Most sticks with BM1384 go up to 400. Default: 100, which the power of a USB port is enough for.').optional(),
  voltage_v: z.number().min(0.2).max(0.5).describe('Core voltage of A1 and A2, per chip, in steps of 0.005; needs the telemetry port. Default: as their controller has it.').optional(),
  fan_percent: z.int().min(0).max(100).describe('Fixed speed of the fan of A1 and A2. Default: as hot as it is.').optional(),
  max_temp_c: z.number().min(40).max(110).default(90).describe('Temperature at which A1 and A2 are switched off; the telemetry port tells it.'),
  nonce_zero_bits: nonceZeroBits,
});

export type GekkoOptions = z.output<typeof gekkoOptions>;
