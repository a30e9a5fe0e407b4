import { pathKey, type Origin } from './origin.ts';
import type { DeviceConfig, RigConfig } from './schema.ts';

/** The one device of a configuration that lists none: the CPU fallback hasher. */
export const LONE_CPU: DeviceConfig = { id: 'cpu', driver: 'cpu', enabled: true, options: {} };

/**
 * Lays the options under `cpu` under those of every CPU device, listed or not, so that nobody else has to know the key. What a
 * device says itself stays. @param origins gets the place of each option for its new path
 */
export function withCpuKey(config: RigConfig, origins: Map<string, Origin>): RigConfig {
  // Defaults of the key itself are not somebody's wish.
  const written = Object.entries(config.cpu ?? {}).filter(([key]) => [...origins.keys()].some((path) => path === `cpu.${key}` || path.startsWith(`cpu.${key}.`)));
  if (written.length === 0) return config;
  const listed = config.devices.length > 0 ? config.devices : [LONE_CPU];
  const devices = listed.map((device, index) => {
    if (device.driver !== 'cpu') return device;
    const missing = written.filter(([key]) => !(key in device.options));
    for (const [key] of missing) origins.set(pathKey(['devices', index, 'options', key]), origins.get(`cpu.${key}`) ?? { kind: 'default' });
    return { ...device, options: { ...Object.fromEntries(missing), ...device.options } };
  });
  return { ...config, devices };
}
