/** What is plugged in, for a person and for a program: what it is, which driver speaks to it, and why not. */
import { notReady } from '../../../drivers/discovery/finder.ts';
import type { Found, FoundDevice } from '../../../drivers/discovery/found.ts';
import { names } from '../../../drivers/discovery/port-access.ts';
import type { Machine } from '../doctor/machine.ts';
import { wrap } from '../help.ts';
import { paint, type CliIo } from '../io.ts';
import type { ConfiguredEntry, EntryFinding } from './configured-entries.ts';

export interface FoundView {
  readonly found: Found;
  readonly entries: readonly ConfiguredEntry[];
  /** What the enabled ones of them find. */
  readonly configured: readonly EntryFinding[];
  /** Whether devices that say what they are need no entry. */
  readonly discovers: boolean;
  /** Drivers that can be loaded here. */
  readonly driverIds: readonly string[];
  /** Why a port cannot be opened; null when it can. */
  readonly problemOf: (path: string) => string | null;
}

interface Verdict {
  /** Why it is not mined with as it is; null = it can be. */
  readonly reason: string | null;
  /** Lines for `devices:` in rig.yaml that would use it. */
  readonly config: readonly string[];
}

function judge(device: FoundDevice, view: FoundView): Verdict {
  const { match } = device;
  const entry = entryOf(device, view);
  const needsEntry = (drivers: readonly string[]): readonly string[] => (entry === null ? entryLines(device, drivers) : []);
  if (match.kind === 'unknown') return { reason: match.reason, config: [] };
  if (match.kind === 'candidates') {
    const drivers = [...new Set(match.devices.flatMap(({ family }) => family ?? []))];
    return drivers.length === 0 ? { reason: 'it may be a miner, but one that has no driver here', config: [] } : { reason: match.reason, config: needsEntry(drivers) };
  }
  if (device.driver === null) return { reason: match.device.note ?? 'there is no driver for it', config: [] };
  if (!view.driverIds.includes(device.driver)) return { reason: `the driver ${device.driver} is not in this installation`, config: [] };
  const problem = notReady(device, view.problemOf);
  if (problem !== null) return { reason: problem, config: [] };
  if (entry?.enabled === false) return { reason: `the entry ${entry.id} of the configuration has enabled: false`, config: [] };
  if (entry === null && !view.discovers) return { reason: 'discovery.enabled is false in the configuration, and no entry under devices: is for it', config: needsEntry([device.driver]) };
  return { reason: null, config: [] };
}

/** An entry of the configuration for a device that a person has to name; the first driver of several. */
function entryLines({ place, ownSerial }: FoundDevice, drivers: readonly string[]): string[] {
  const [driver, ...others] = drivers;
  if (driver === undefined) return [];
  const id = `${driver}-${(ownSerial ? place.serial! : place.busPath).toLowerCase().replace(/[^a-z0-9]+/g, '-').replace(/^-+|-+$/g, '')}`;
  const where = ownSerial ? `usb_serial: ${JSON.stringify(place.serial)}` : `usb_path: "${place.busPath}"`;
  return [`- id: ${id}`, `  driver: ${driver}${others.length === 0 ? '' : `    # or ${others.join(', ')}`}`, `  options: { ${where} }`];
}

/** The entry that names a device; else one for its driver that names no place and so means whatever is there. */
function entryOf(device: FoundDevice, { entries, found }: FoundView): ConfiguredEntry | null {
  const anyPlace = ({ id, driver, place }: ConfiguredEntry): boolean => driver === device.driver && Object.values(place).every((value) => value === undefined) && !found.devices.some((other) => other.id === id);
  return entries.find((entry) => names(entry, device)) ?? entries.find(anyPlace) ?? null;
}

export function foundJson(view: FoundView) {
  return {
    devices: view.found.devices.map((device) => {
      const { match, place } = device;
      const { reason, config } = judge(device, view);
      const known = match.kind === 'identified' ? [match.device] : match.kind === 'candidates' ? match.devices : [];
      return {
        id: device.id,
        match: match.kind,
        title: match.kind === 'identified' ? match.device.title : null,
        driver: device.driver,
        reason,
        configured_as: entryOf(device, view)?.id ?? null,
        usb: { vendor_id: place.vendorId, product_id: place.productId, manufacturer: place.manufacturer, product: place.product, serial: place.serial, bcd_device: place.bcdDevice, bus_path: place.busPath },
        serial_is_its_own: device.ownSerial,
        ports: device.ports.map(({ role, interfaceNumber, path, node }) => ({ role, interface_number: interfaceNumber, path, node, problem: view.problemOf(path) })),
        hidraw: device.hidraws,
        kernel_drivers: device.kernelDrivers,
        may_be: known.map(({ key, title, family, note }) => ({ key, title, driver: family, note })),
        config: config.length === 0 ? null : config.join('\n'),
      };
    }),
    configured: view.configured,
    serial_ports: view.found.otherPorts.map(({ path, why }) => ({ path, reason: why, problem: view.problemOf(path) })),
  };
}

/** Miners first, then what may be one, then the rest. */
export function foundLines(io: CliIo, view: FoundView): string[] {
  const { devices, otherPorts } = view.found;
  const order = (device: FoundDevice): number => (device.driver !== null ? 0 : device.match.kind === 'candidates' ? 1 : device.match.kind === 'identified' ? 2 : 3);
  const lines = [...devices].sort((a, b) => order(a) - order(b)).flatMap((device) => deviceLines(io, device, view));
  for (const entry of view.configured) if (!devices.some((device) => entryOf(device, view)?.id === entry.id)) lines.push(...entryOnlyLines(io, entry));
  for (const { path, why } of otherPorts) lines.push(`  ${path}: ${why}; a board on it is used with driver bm13xx-serial and port: ${path}`);
  return lines.length === 0 ? ['  usb: no miner and no serial adapter'] : lines;
}

/** An entry that no USB device belongs to. */
function entryOnlyLines(io: CliIo, { id, driver, ports, problem }: EntryFinding): string[] {
  const head = `  ${paint(io, 'bold', id)}: configured, driver ${driver}${problem === null ? '' : ', not usable now'}`;
  if (problem !== null) return [head, ...wrap(problem, 76).map((line) => `    ${line}`)];
  return [head, ...Object.entries(ports).map(([role, path]) => `    ${role.padEnd(9)} ${path}`)];
}

function deviceLines(io: CliIo, device: FoundDevice, view: FoundView): string[] {
  const { match, place } = device;
  const { reason, config } = judge(device, view);
  const text = (words: string): string[] => wrap(words, 76).map((line) => `    ${line}`);
  const facts = [`${place.vendorId}:${place.productId}`, ...[place.manufacturer, place.product].flatMap((word) => (word === null ? [] : [`"${word}"`])), `serial ${place.serial ?? 'none'}${place.serial !== null && !device.ownSerial ? ' (not its own)' : ''}`, `socket ${place.busPath}`];
  const title = match.kind === 'identified' ? match.device.title : match.kind === 'candidates' ? 'may be a miner' : 'not known to mine';
  const entry = entryOf(device, view);
  const verdict = reason !== null && entry === null ? (device.driver === null ? 'not used' : `driver ${device.driver}, not used`) : [`driver ${device.driver ?? entry?.driver}`, entry === null ? 'used by itself' : `configured as ${entry.id}`, ...(reason !== null && device.driver !== null ? ['not usable now'] : [])].join(', ');
  const lines = [`  ${paint(io, 'bold', device.id)}: ${title}; ${verdict}`];
  // That USB does not tell what it is matters no more once a person has said it.
  if (reason !== null && (entry === null || device.driver !== null)) lines.push(...text(reason));
  if (match.kind === 'candidates' && entry === null) lines.push(...text(`May be: ${match.devices.map(({ title: name, family, note }) => `${name} (${family ?? note})`).join('; ')}.`));
  lines.push(...text(facts.join(', ')));
  for (const { role, path } of device.ports) lines.push(`    ${(role ?? 'port').padEnd(9)} ${path}`);
  for (const path of device.hidraws) lines.push(`    hid       ${path}`);
  if (config.length > 0) lines.push(`    ${device.driver === null ? 'If it is one of these, this' : 'This'} under devices: in rig.yaml uses it:`, ...config.map((line) => `      ${line}`));
  return lines;
}

export interface HidFound {
  readonly path: string;
  readonly name: string | null;
  readonly vendor_id: string;
  readonly product_id: string;
}

/** HID devices of any kind. */
export function hidDevices(machine: Pick<Machine, 'list' | 'read'>): HidFound[] {
  return machine.list('/sys/class/hidraw').flatMap((name): HidFound[] => {
    const facts = machine.read(`/sys/class/hidraw/${name}/device/uevent`) ?? '';
    const ids = /^HID_ID=[0-9A-F]+:0*([0-9A-F]{4}):0*([0-9A-F]{4})$/m.exec(facts);
    if (ids === null) return [];
    return [{ path: `/dev/${name}`, name: /^HID_NAME=(.+)$/m.exec(facts)?.[1]?.trim() ?? null, vendor_id: ids[1]!.toLowerCase(), product_id: ids[2]!.toLowerCase() }];
  });
}
