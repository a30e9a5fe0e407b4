/** Checks a device's options against its driver's own schema, with the place in the file. */
import type { z } from 'zod';
import { nearestOrigin, pathKey, type Origins } from './origin.ts';
import type { ConfigProblem } from './problem.ts';
import type { DeviceConfig } from './schema.ts';
import { suggest } from './suggest.ts';
import { validate } from './validate.ts';

/**
 * @param schemas the options schema of every known driver, by driver id; null = known, but it cannot be loaded on this
 *   machine, so its options cannot be judged
 */
export function deviceProblems(devices: readonly DeviceConfig[], origins: Origins, schemas: ReadonlyMap<string, z.ZodType | null>): ConfigProblem[] {
  return devices.flatMap((device, index) => {
    const schema = schemas.get(device.driver);
    if (schema === null) return [];
    if (schema !== undefined) return validate(schema, device.options, origins, ['devices', index, 'options']).problems;
    const path = ['devices', index, 'driver'];
    return [{ origin: nearestOrigin(origins, path), path: pathKey(path), reason: 'there is no such driver', suggestion: suggest(device.driver, schemas.keys()) }];
  });
}
