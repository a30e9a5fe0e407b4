/** Every driver of this installation, including those that cannot be loaded here. */
import type { DriverDescriptor } from '../../../drivers/contract.ts';
import { driverIds, loadDriver } from '../../../drivers/registry.ts';
import { messageOf } from '../../../protocol/common/errors.ts';

export type KnownDriver = { readonly id: string; readonly descriptor: DriverDescriptor; readonly problem: null } | { readonly id: string; readonly descriptor: null; readonly problem: string };

export function knownDrivers(): Promise<KnownDriver[]> {
  return Promise.all(
    driverIds().map(async (id): Promise<KnownDriver> => {
      try {
        return { id, descriptor: await loadDriver(id), problem: null };
      } catch (error) {
        return { id, descriptor: null, problem: messageOf(error) };
      }
    }),
  );
}

/** The descriptors of those that can be loaded. */
export async function loadableDrivers(): Promise<DriverDescriptor[]> {
  return (await knownDrivers()).flatMap(({ descriptor }) => descriptor ?? []);
}
