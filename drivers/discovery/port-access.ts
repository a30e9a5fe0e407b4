/** Where a device of the configuration has its ports at this moment, or in plain words why it has none. */
import { realpathSync } from 'node:fs';
import type { PortRole } from '../../protocol/usb/device.ts';
import { portOf } from '../../protocol/usb/identity.ts';
import type { PortPlace } from '../port-options.ts';
import type { Located, PortAccess, Transport } from '../transport/contract.ts';
import { SerialTransport } from '../transport/serial.ts';
import { notReady, type DeviceFinder } from './finder.ts';
import type { FoundDevice, FoundPort } from './found.ts';
import { portProblem } from './sysfs.ts';

export interface PortAccessParts {
  /** What the options say of its place. */
  readonly place: PortPlace;
  /** Driver id, such as `gekko`. */
  readonly driver: string;
  /** Id of the device in the configuration. */
  readonly entryId: string;
  readonly finder: Pick<DeviceFinder, 'find'>;
  /** Makes a transport; opens nothing. Default: a serial port. */
  readonly openSerial?: (path: string, baud: number) => Transport;
  /** True for devices that belong to another entry: they are passed over when no place is told and none has this entry's id. */
  readonly taken?: (device: FoundDevice) => boolean;
}

type Ports = Partial<Record<PortRole, string>>;

/** The way of one device to its ports. */
export function portAccess(parts: PortAccessParts): PortAccess {
  return {
    async locate() {
      const { devices } = await parts.finder.find();
      return parts.place.port === undefined ? locateFound(parts, devices) : locatePaths(parts.place.port, parts.place, devices);
    },
    transport: parts.openSerial ?? ((path, baud) => new SerialTransport(path, baud)),
  };
}

/** Whether an entry of the configuration names this very device: by port, serial number, socket, or by the device's id as its own. */
export function names(entry: { readonly id: string; readonly place: PortPlace }, device: FoundDevice): boolean {
  const { port, usb_serial: serial, usb_path: busPath } = entry.place;
  if (port !== undefined) return portAt(device, realPath(port)) !== undefined;
  if (serial !== undefined || busPath !== undefined) return isAt(entry.place, device);
  return entry.id === device.id;
}

function isAt({ usb_serial: serial, usb_path: busPath }: PortPlace, { place }: FoundDevice): boolean {
  return (serial === undefined || place.serial === serial) && (busPath === undefined || place.busPath === busPath);
}

function realPath(path: string): string | null {
  try {
    return realpathSync(path);
  } catch {
    return null;
  }
}

function portAt(device: FoundDevice, node: string | null): FoundPort | undefined {
  return node === null ? undefined : device.ports.find((port) => realPath(port.node) === node);
}

function locatePaths(asic: string, place: PortPlace, devices: readonly FoundDevice[]): Located {
  const node = realPath(asic);
  const device = devices.find((one) => portAt(one, node) !== undefined);
  // The other ports of the same device need not be named: nobody else could be meant.
  const own = device !== undefined && portAt(device, node)?.role === 'asic' ? rolesOf(device) : {};
  const ports: Ports = { ...own, asic };
  if (place.control_port !== undefined) ports.control = place.control_port;
  if (place.telemetry_port !== undefined) ports.telemetry = place.telemetry_port;
  for (const path of Object.values(ports)) {
    const problem = portProblem(path);
    if (problem !== null) return realPath(path) === null ? { found: false, reason: `not plugged in: ${problem}` } : { found: false, reason: problem, there: true };
  }
  return { found: true, ports, usb: device?.place ?? null };
}

function rolesOf(device: FoundDevice): Ports {
  return Object.fromEntries(device.ports.flatMap(({ role, path }) => (role === null ? [] : [[role, path]])));
}

function locateFound(parts: PortAccessParts, devices: readonly FoundDevice[]): Located {
  const chosen = choose(parts, devices);
  if (typeof chosen === 'string') return { found: false, reason: chosen };
  const problem = notReady(chosen);
  if (problem !== null) return { found: false, reason: `${describe(chosen)} is plugged in, but ${problem}`, there: true };
  const ports = portsFor(parts.driver, chosen);
  return typeof ports === 'string' ? { found: false, reason: ports, there: true } : { found: true, ports, usb: chosen.place };
}

/** The device an entry means, or why none. */
function choose({ place, driver, entryId, taken }: PortAccessParts, devices: readonly FoundDevice[]): FoundDevice | string {
  if (place.usb_serial !== undefined || place.usb_path !== undefined) {
    const there = devices.filter((device) => isAt(place, device));
    const words = [place.usb_serial === undefined ? null : `serial number ${place.usb_serial}`, place.usb_path === undefined ? null : `socket ${place.usb_path}`].filter((text) => text !== null).join(' and ');
    if (there.length === 0) return `not plugged in: no USB device with ${words}`;
    const fitting = there.filter((device) => fits(driver, device));
    if (fitting.length === 1) return fitting[0]!;
    if (fitting.length > 1) return `${fitting.length} USB devices have ${words}: give usb_path as well: ${fitting.map((device) => device.place.busPath).join(' or ')}`;
    return misfit(driver, there[0]!, words);
  }
  const named = devices.find(({ id }) => id === entryId);
  if (named !== undefined) return fits(driver, named) ? named : misfit(driver, named, `id ${entryId}`);

  const free = devices.filter((device) => taken?.(device) !== true);
  const family = free.filter((device) => device.driver === driver);
  if (family.length === 1) return family[0]!;
  if (family.length > 1) return several(family);
  const perhaps = free.filter(({ match }) => match.kind === 'candidates' && match.devices.some((device) => device.family === driver));
  if (perhaps.length === 0) return `not plugged in: ${devices.some((device) => device.driver === driver) ? `every USB device for driver ${driver} that is there belongs to another device` : `no USB device for driver ${driver} is found`}`;
  return `not told which device: ${perhaps.map(describe).join(', ')} may be one for driver ${driver}; give ${placeOption(perhaps)}`;
}

/** A person who names a device decides what an unknown one is, but not that a known one is something else. */
function fits(driver: string, device: FoundDevice): boolean {
  return device.match.kind !== 'identified' || device.driver === driver;
}

function misfit(driver: string, device: FoundDevice, words: string): string {
  return `the USB device with ${words} is ${describe(device)}, not one for driver ${driver}${device.driver === null ? '' : ` (its driver is ${device.driver})`}`;
}

function several(devices: readonly FoundDevice[]): string {
  const titles = new Set(devices.map(({ match }) => (match.kind === 'identified' ? match.device.title : 'device')));
  const what = titles.size === 1 ? `of ${[...titles][0]}` : `for this driver (${[...titles].join(', ')})`;
  return `not told which device: ${devices.length} ${what} are plugged in; give ${placeOption(devices)}`;
}

/** The option that tells these devices apart, with the values to choose from. */
function placeOption(devices: readonly FoundDevice[]): string {
  const option = devices.every(({ ownSerial }) => ownSerial) ? 'usb_serial' : 'usb_path';
  return `${option}: ${devices.map(({ place }) => (option === 'usb_serial' ? place.serial : place.busPath)).join(' or ')}`;
}

function describe({ match, place }: FoundDevice): string {
  const where = `in socket ${place.busPath}`;
  if (match.kind === 'identified') return `${match.device.title} ${where}`;
  return `"${place.product ?? `${place.vendorId}:${place.productId}`}" ${where}`;
}

/** Ports by role; where the device is not identified, by what a candidate of this driver has, or the only port there is. */
function portsFor(driver: string, device: FoundDevice): Ports | string {
  if (device.match.kind === 'identified') return rolesOf(device);
  const candidate = device.match.kind === 'candidates' ? device.match.devices.find(({ family }) => family === driver) : undefined;
  if (candidate !== undefined && device.ports.length > 1) return Object.fromEntries(device.ports.flatMap(({ interfaceNumber, path }) => {
    const role = portOf(candidate, interfaceNumber)?.role;
    return role === undefined ? [] : [[role, path]];
  }));
  const [only, ...more] = device.ports;
  if (only === undefined) return `${describe(device)} is plugged in, but the system has made no serial port for it`;
  if (more.length > 0) return `${describe(device)} has ${device.ports.length} serial ports: give port: ${device.ports.map(({ path }) => path).join(' or ')}`;
  return { asic: only.path };
}
