/** The commands MQTT may give, their payloads, and the interface of whoever carries them out. */
import { z } from 'zod';
import type { Capability } from '../../drivers/contract.ts';
import type { StartHunt } from '../hunt/control.ts';
import { transaction } from './payload-schemas.ts';

/**
 * Carries out commands that have been validated and checked against the device's capabilities. Every call resolves
 * with JSON values for the answer, or rejects (a RigError's code and message are passed on to the caller). Calls may
 * be repeated: QoS 1 delivers a command at least once, so each must mean the same the second time.
 */
export interface CommandHandler {
  /** Pauses one device, or all mining when `device` is null. `by` says who asked, for the log. */
  pause(device: string | null, by: string): Promise<unknown>;
  /** Undoes `pause`. */
  resume(device: string | null, by: string): Promise<unknown>;
  /** Starts one device anew: reset of its chips, initialisation, ramp. */
  restart(device: string, by: string): Promise<unknown>;
  /** Lets a device show a person which one it is. */
  identify(device: string, by: string): Promise<unknown>;
  /** Changes settings (`threads`, `limit_percent` ...). `paused` is never among the values: it arrives as pause or resume. */
  set(device: string, values: Record<string, unknown>, by: string): Promise<unknown>;
  /** Starts, pauses, resumes or stops the hunt. */
  hunt(command: HuntCommand, by: string): Promise<unknown>;
}

export type HuntCommand =
  | { readonly verb: 'start'; readonly request: StartHunt }
  | { readonly verb: 'resume'; readonly hunt_id?: string; readonly more_generations?: number }
  | { readonly verb: 'pause' | 'stop' };

const deviceId = z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/, 'use a device id from the devices topic');

export const requestAnyDevice = z.strictObject({ device: deviceId.describe('Device; all mining when left out.').optional(), transaction: transaction.optional() });
export const requestOneDevice = z.strictObject({ device: deviceId.describe('Device.'), transaction: transaction.optional() });
export const requestNothing = z.strictObject({ transaction: transaction.optional() });

const generations = z.int().min(1).max(1_000_000);
const numbersByName = z.record(z.string().max(64), z.number());

export const requestHuntStart = z.strictObject({
  generations: generations.describe('Generations; left out: as configured.').optional(),
  population: z.int().min(1).max(1000).describe('Jobs of a generation; likewise.').optional(),
  seed: z.int().min(0).max(2 ** 32 - 1).describe('Of everything drawn at random; left out: drawn.').optional(),
  golden_seeds: z.int().min(0).max(100).describe('Fresh seeds for the champion; likewise as configured.').optional(),
  simulation: numbersByName.describe('Numbers of `simulation` that are to be others than configured.').optional(),
  transaction: transaction.optional(),
});
export const requestHuntResume = z.strictObject({
  hunt_id: z.string().max(64).describe('Which; left out: the paused one, or the newest.').optional(),
  more_generations: generations.describe('So many more than it has.').optional(),
  transaction: transaction.optional(),
});

export const setRig = z.strictObject({ paused: z.boolean().describe('True pauses all mining, false resumes it.'), transaction: transaction.optional() });

/** Any part of these; the driver refuses what lies outside the limits of the very board. */
export const setDevice = z.strictObject({
  paused: z.boolean().describe('True pauses the device, false resumes it.').optional(),
  threads: z.int().min(1).max(1024).describe('Hashing threads.').optional(),
  limit_percent: z.number().min(1).max(100).describe('Share of its full speed the device may use.').optional(),
  frequency_mhz: z.number().positive().describe('Chip frequency.').optional(),
  voltage_v: z.number().min(0.1).max(3).describe('Core voltage of the chips.').optional(),
  fan_percent: z.union([z.number().min(0).max(100), z.literal('auto')]).describe('Fan speed, or auto.').optional(),
  transaction: transaction.optional(),
});

/** What a device must be able to do before a setting is passed on. */
export const SETTING_CAPABILITIES: Readonly<Record<string, Capability>> = {
  paused: 'pause',
  threads: 'set_threads',
  limit_percent: 'set_limit_percent',
  frequency_mhz: 'set_frequency_mhz',
  voltage_v: 'set_voltage_v',
  fan_percent: 'set_fan_percent',
};
