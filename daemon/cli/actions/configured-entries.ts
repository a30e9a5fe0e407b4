/** Entries of the configuration that mean a device on a port, and whether it is there. Opens nothing. */
import type { DeviceConfig } from '../../../config/schema.ts';
import type { Found } from '../../../drivers/discovery/found.ts';
import { names, portAccess } from '../../../drivers/discovery/port-access.ts';
import type { PortPlace } from '../../../drivers/port-options.ts';

export interface ConfiguredEntry {
  readonly id: string;
  readonly driver: string;
  readonly enabled: boolean;
  readonly place: PortPlace;
}

export interface EntryFinding {
  readonly id: string;
  readonly driver: string;
  /** Its ports by role; empty while there is a problem. */
  readonly ports: Readonly<Record<string, string>>;
  /** Where on USB it is; null = not there, or not on USB. */
  readonly bus_path: string | null;
  /** Why it cannot be mined with now, in plain words; null = nothing is in its way. */
  readonly problem: string | null;
}

const PLACE_KEYS = ['port', 'control_port', 'telemetry_port', 'usb_serial', 'usb_path'] as const;

/** Entries as far as their place goes; what is wrong in their options is told by `rigbrain check`. */
export function entriesOf(devices: readonly Pick<DeviceConfig, 'id' | 'driver' | 'enabled' | 'options'>[]): ConfiguredEntry[] {
  return devices.map(({ id, driver, enabled, options }) => ({
    id,
    driver,
    enabled,
    place: Object.fromEntries(PLACE_KEYS.flatMap((key) => (typeof options[key] === 'string' ? [[key, options[key]]] : []))),
  }));
}

/** Looks up every enabled entry but CPUs, as the daemon would. */
export async function entryFindings(entries: readonly ConfiguredEntry[], found: Found): Promise<EntryFinding[]> {
  return Promise.all(
    entries.filter(({ enabled, driver }) => enabled && driver !== 'cpu').map(async ({ id, driver, place }): Promise<EntryFinding> => {
      const others = entries.filter((other) => other.id !== id);
      const located = await portAccess({ place, driver, entryId: id, finder: { find: async () => found }, taken: (device) => others.some((other) => names(other, device)) }).locate();
      return located.found ? { id, driver, ports: { ...located.ports }, bus_path: located.usb?.busPath ?? null, problem: null } : { id, driver, ports: {}, bus_path: null, problem: located.reason };
    }),
  );
}
