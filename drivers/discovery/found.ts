/** A device as the rest of the program sees it: which miner it is, under which id, with which ports. */
import type { DeviceFamily, PortRole } from '../../protocol/usb/device.ts';
import { matchUsbDevice, portOf, type UsbMatch } from '../../protocol/usb/identity.ts';
import type { UsbPlace } from '../transport/contract.ts';
import type { StableIds } from './ids.ts';
import type { Scan, UsbNode } from './scan.ts';
import { link, list, type Roots } from './sysfs.ts';

export interface FoundPort {
  /** What the port is for; null = not known. */
  readonly role: PortRole | null;
  readonly interfaceNumber: number;
  /** The best name there is: one that survives replugging, else that of the kernel. */
  readonly path: string;
  /** The kernel's own, such as /dev/ttyACM0. */
  readonly node: string;
}

export interface FoundDevice {
  /** Stable id `[a-z0-9-]+`: kind and serial number, or kind and socket where the number is not the device's own. */
  readonly id: string;
  readonly place: UsbPlace & { readonly busPath: string };
  readonly match: UsbMatch;
  /** Driver that speaks to it; null unless it is identified and there is one. */
  readonly driver: DeviceFamily | null;
  readonly ports: readonly FoundPort[];
  /** Such as /dev/hidraw0. */
  readonly hidraws: readonly string[];
  /** Whether its serial number tells it from others. */
  readonly ownSerial: boolean;
  /** Kernel drivers of its interfaces; `usbfs` = a program has taken it through libusb. */
  readonly kernelDrivers: readonly string[];
}

export interface OtherPort {
  readonly path: string;
  /** Plain words: why nothing is known of it. */
  readonly why: string;
}

export interface Found {
  /** Miners, what may be one, and everything else with a serial port; in the order of the sockets. */
  readonly devices: readonly FoundDevice[];
  readonly otherPorts: readonly OtherPort[];
}

/** Makes devices of a scan. */
export function identify({ usb, otherTtys }: Scan, roots: Roots, ids: StableIds): Found {
  const matched = usb.map((node) => ({ node, match: matchUsbDevice(node.place) })).filter(({ node, match }) => match.kind !== 'unknown' || node.ttys.length > 0);
  const named = ids.assign(matched.map(({ node, match }) => ({ key: keyOf(match, node), node })));
  const names = portNames(roots);
  const devices = matched.map(({ node, match }, index): FoundDevice => {
    const { id, ownSerial } = named[index]!;
    const twin = matched.some(({ node: other }) => other !== node && byIdWords(other) === byIdWords(node));
    return {
      id,
      place: node.place,
      match,
      driver: match.kind === 'identified' ? match.device.family : null,
      ports: node.ttys.map(({ name, interfaceNumber }) => ({
        role: match.kind === 'identified' ? (portOf(match.device, interfaceNumber)?.role ?? null) : null,
        interfaceNumber,
        path: names(name, twin),
        node: `${roots.dev}/${name}`,
      })),
      hidraws: node.hidraws.map((name) => `${roots.dev}/${name}`),
      ownSerial,
      kernelDrivers: node.kernelDrivers,
    };
  });
  return { devices, otherPorts: otherTtys.map(({ name, why }) => ({ path: `${roots.dev}/${name}`, why })) };
}

function keyOf(match: UsbMatch, { place }: UsbNode): string {
  return match.kind === 'identified' ? match.device.key : `usb-${place.vendorId}-${place.productId}`;
}

/** The words udev makes a name under by-id of: of two devices with the same ones only one gets the name. */
function byIdWords({ place }: UsbNode): string {
  return [place.manufacturer, place.product, place.serial].join('\0');
}

/** Stable names of the ports of this moment: by serial number, or by socket for devices that share theirs. */
function portNames({ dev }: Roots): (tty: string, twin: boolean) => string {
  const read = (folder: string): Map<string, string> =>
    new Map(
      list(`${dev}/serial/${folder}`)
        .sort((a, b) => b.length - a.length || b.localeCompare(a)) // the shortest comes last and wins
        .map((name) => [(link(`${dev}/serial/${folder}/${name}`) ?? '').split('/').at(-1)!, `${dev}/serial/${folder}/${name}`]),
    );
  const [byId, byPath] = [read('by-id'), read('by-path')];
  return (tty, twin) => (twin ? byPath.get(tty) : (byId.get(tty) ?? byPath.get(tty))) ?? `${dev}/${tty}`;
}
