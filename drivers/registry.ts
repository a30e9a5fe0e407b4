/** Every driver of this installation. Loaded one by one, when wanted: a missing native library disables one driver, not the program. */
import { messageOf, RigError } from '../protocol/common/errors.ts';
import type { DriverDescriptor } from './contract.ts';

const LOADERS: Readonly<Record<string, () => Promise<{ readonly descriptor: unknown }>>> = {
  'bitaxe-raw': () => import('./bitaxe-raw/index.ts'),
  'bm13xx-serial': () => import('./bm13xx-serial/index.ts'),
  cpu: () => import('./cpu/index.ts'),
  gekko: () => import('./gekko/index.ts'),
  icarus: () => import('./icarus/index.ts'),
};

/** Ids a person may write as `driver:` in the configuration. */
export function driverIds(): string[] {
  return Object.keys(LOADERS);
}

/** @throws RigError E_DEVICE_UNKNOWN when there is no such driver, or something it needs is missing on this machine */
export async function loadDriver(id: string): Promise<DriverDescriptor> {
  const load = Object.hasOwn(LOADERS, id) ? LOADERS[id] : undefined;
  if (!load) throw new RigError('E_DEVICE_UNKNOWN', `there is no driver "${id}"`, { context: { driver: id }, hint: `Use one of ${driverIds().join(', ')}.` });
  try {
    return (await load()).descriptor as DriverDescriptor;
  } catch (error) {
    throw new RigError('E_DEVICE_UNKNOWN', `the driver "${id}" cannot be loaded: ${messageOf(error)}`, { cause: error, context: { driver: id } });
  }
}
