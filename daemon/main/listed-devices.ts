import { LONE_CPU } from '../../config/cpu-key.ts';
import type { DeviceConfig } from '../../config/schema.ts';

export interface DeviceOverrides {
  /** Kernel and thread count for every CPU device, from the command line; null = not given. */
  readonly kernel: string | null;
  readonly threads: number | null;
}

/** The devices a configuration means, with the command line's choices laid over the options of every CPU. Indices stay those of `configured`. */
export function listedDevices(configured: readonly DeviceConfig[], overrides: DeviceOverrides): DeviceConfig[] {
  const listed = configured.length > 0 ? configured : [LONE_CPU];
  return listed.map((device) => (device.driver === 'cpu' ? { ...device, options: { ...device.options, ...given(overrides) } } : device));
}

/** Only the choices that were made. */
export function given({ kernel, threads }: DeviceOverrides): Record<string, string | number> {
  return { ...(kernel === null ? {} : { kernel }), ...(threads === null ? {} : { threads }) };
}
