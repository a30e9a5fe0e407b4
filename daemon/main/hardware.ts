/** What is plugged in, joined to the configuration: which device of it belongs to which entry, and the way of each to its ports. */
import type { DeviceConfig, RigConfig } from '../../config/schema.ts';
import { DeviceFinder } from '../../drivers/discovery/finder.ts';
import type { FoundDevice } from '../../drivers/discovery/found.ts';
import { names, portAccess } from '../../drivers/discovery/port-access.ts';
import type { Roots } from '../../drivers/discovery/sysfs.ts';
import type { PortPlace } from '../../drivers/port-options.ts';
import type { PortAccess, Transport } from '../../drivers/transport/contract.ts';
import type { Clock } from '../../protocol/common/clock.ts';
import { listedDevices } from './listed-devices.ts';
import type { BoardEntry } from './safe-boards.ts';

export interface HardwareParts {
  readonly config: Pick<RigConfig, 'devices' | 'discovery'>;
  /** Demo mode leaves alone what nobody has listed. */
  readonly demo: boolean;
  readonly clock: Clock;
  readonly roots: Roots;
  /** Makes a transport; opens nothing. */
  readonly openSerial: (path: string, baud: number) => Transport;
}

const PLACE_KEYS = ['port', 'control_port', 'telemetry_port', 'usb_serial', 'usb_path'] as const;

export class Hardware {
  readonly finder: DeviceFinder;
  readonly #parts: HardwareParts;
  readonly #listed: readonly DeviceConfig[];

  constructor(parts: HardwareParts) {
    this.#parts = parts;
    this.#listed = listedDevices(parts.config.devices, { kernel: null, threads: null });
    this.finder = new DeviceFinder({ roots: parts.roots, clock: parts.clock });
  }

  /** Whether devices that say what they are may be driven without an entry. */
  get discovers(): boolean {
    return this.#parts.config.discovery.enabled && !this.#parts.demo;
  }

  /** The ports of an entry of the configuration. */
  portsOf(entry: Pick<DeviceConfig, 'id' | 'driver' | 'options'>): PortAccess {
    const others = this.#listed.filter(({ id }) => id !== entry.id);
    return this.#access(entry.id, entry.driver, placeOf(entry), (device) => others.some((other) => names({ id: other.id, place: placeOf(other) }, device)));
  }

  /** The ports of a device that was found. */
  portsOfFound(device: FoundDevice, driver: string): PortAccess {
    // Unplugged, it waits for its own return: another of its kind that comes meanwhile is a device of its own.
    return this.#access(device.id, driver, {}, (other) => other.id !== device.id);
  }

  /**
   * Whether an entry speaks for this device: one that names it, or one for its driver that names no place and so means whatever
   * is there. Also an entry with `enabled: false`: that is how a person has a device left alone.
   * @param present every device plugged in
   */
  isListed(device: FoundDevice, present: readonly FoundDevice[]): boolean {
    return this.#listed.some((entry) => {
      const place = placeOf(entry);
      if (names({ id: entry.id, place }, device)) return true;
      const anyPlace = Object.keys(place).length === 0 && !present.some(({ id }) => id === entry.id);
      return anyPlace && entry.driver === device.driver;
    });
  }

  /** Every board that the configuration lists, or USB shows. */
  async boards(): Promise<BoardEntry[]> {
    const listed = this.#listed.filter(({ enabled }) => enabled).map((entry): BoardEntry => ({ id: entry.id, driver: entry.driver, options: entry.options, ports: this.portsOf(entry) }));
    if (!this.discovers) return listed;
    const { devices } = await this.finder.findSettled();
    const found = devices.flatMap((device): BoardEntry[] => (device.driver === null || this.isListed(device, devices) ? [] : [{ id: device.id, driver: device.driver, options: {}, ports: this.portsOfFound(device, device.driver) }]));
    return [...listed, ...found];
  }

  #access(entryId: string, driver: string, place: PortPlace, taken: (device: FoundDevice) => boolean): PortAccess {
    return portAccess({ place, driver, entryId, finder: this.finder, openSerial: this.#parts.openSerial, taken });
  }
}

/** What the options of an entry say of its place; they are checked elsewhere. */
function placeOf({ options }: Pick<DeviceConfig, 'options'>): PortPlace {
  return Object.fromEntries(PLACE_KEYS.flatMap((key) => (typeof options[key] === 'string' ? [[key, options[key]]] : [])));
}
