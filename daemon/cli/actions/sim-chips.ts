/** `rigbrain sim bm1370` and its like: simulated chips on a tty. */
import type { ModelName } from '../../../sim/chips/models.ts';
import type { Globals } from '../globals.ts';
import type { CliIo } from '../io.ts';
import { DEFAULT_RATE_HS, simDevice, type SimDeviceFlags, type SimDeviceHooks } from './sim-device.ts';

/** Options of `rigbrain sim bm1370`. */
export interface SimChipsFlags extends SimDeviceFlags {
  readonly chips: number;
}

export function simChips(io: CliIo, globals: Globals, model: ModelName, flags: SimChipsFlags, hooks?: SimDeviceHooks): Promise<number> {
  const { chips, zeroBits, rate = DEFAULT_RATE_HS, link = null } = flags;
  return simDevice(io, globals, { spec: { kind: 'chips', model, chips, rate_hs: rate, zeroBits, link }, title: `${chips} x ${model.toUpperCase()}`, facts: { model, chips } }, flags, hooks);
}
