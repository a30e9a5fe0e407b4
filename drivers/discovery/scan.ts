/** What is plugged in, straight from sysfs: no udev, no native library, and no port is ever opened. */
import type { KnownPlace, Places } from './places.ts';
import { link, list, real, text, type Roots } from './sysfs.ts';

export interface UsbTty {
  /** Such as `ttyACM0`. */
  readonly name: string;
  readonly interfaceNumber: number;
}

/** A USB device that is no hub, as the kernel tells it. */
export interface UsbNode {
  readonly place: KnownPlace;
  /** Grows with every plugging in, so that another device in the same socket is told from the same one. */
  readonly devnum: string | null;
  /** Kernel drivers of its interfaces; `usbfs` = a program has taken it. */
  readonly kernelDrivers: readonly string[];
  readonly ttys: readonly UsbTty[];
  /** Names such as `hidraw0`. */
  readonly hidraws: readonly string[];
}

export interface Scan {
  readonly usb: readonly UsbNode[];
  /** Serial ports that USB tells nothing about: those of the board, and those in /dev that sysfs does not show. */
  readonly otherTtys: readonly { readonly name: string; readonly why: string }[];
  /** False = a device has not told its names yet. */
  readonly complete: boolean;
}

const BUS_PATH = /^\d+-\d+(\.\d+)*$/;
const INTERFACE = /(?:^|\/)(\d+-\d+(?:\.\d+)*):\d+\.(\d+)(?=\/|$)/;
const { compare: bySocket } = new Intl.Collator('en', { numeric: true });

/**
 * A word that changes when something is plugged in or out, at the cost of a few lists and one small file a device. Reads only
 * what takes no lock in the kernel, so it may run on the event loop.
 */
export function signature(roots: Roots): string {
  const devices = busPaths(roots).map((busPath) => `${busPath}=${text(`${roots.sys}/bus/usb/devices/${busPath}/devnum`) ?? ''}`);
  const names = ['class/tty', 'class/hidraw'].map((folder) => list(`${roots.sys}/${folder}`).join());
  // With what they lead to: a device that was out and in again has its old name, for another node.
  const links = ['by-id', 'by-path'].map((folder) => list(`${roots.dev}/serial/${folder}`).map((name) => `${name}=${link(`${roots.dev}/serial/${folder}/${name}`)}`).join());
  return [devices.join(), ...names, ...links].join('\n');
}

function busPaths(roots: Roots): string[] {
  return list(`${roots.sys}/bus/usb/devices`).filter((name) => BUS_PATH.test(name)).sort(bySocket);
}

/**
 * Reads everything.
 * @param places what is known already; kept up here
 * @param patience resolves when devices that do not answer are waited for no more: they are left out
 */
export async function scan(roots: Roots, places: Places, patience: () => Promise<void>): Promise<Scan> {
  const present = busPaths(roots).map((busPath) => {
    const folder = `${roots.sys}/bus/usb/devices/${busPath}`;
    return { busPath, folder, devnum: text(`${folder}/devnum`) };
  });
  places.keep(present.map(({ busPath }) => busPath));
  // Without a number nothing tells one device from the next in its socket.
  const unread = present.filter(({ busPath, devnum }) => devnum === null || places.get(busPath, devnum) === undefined);
  if (unread.length > 0) await Promise.race([Promise.all(unread.map(({ folder, busPath, devnum }) => places.read(folder, busPath, devnum))), patience()]);
  const { byDevice: ttys, others } = readTtys(roots);
  const hidraws = readHidraws(roots);
  const drivers = kernelDrivers(roots);
  let complete = true;
  const usb = present.flatMap(({ busPath, devnum }): UsbNode[] => {
    const place = places.get(busPath, devnum);
    if (place === undefined) complete = false;
    if (place === undefined || place === null) return [];
    return [{ place, devnum, kernelDrivers: drivers.get(busPath) ?? [], ttys: ttys.get(busPath) ?? [], hidraws: hidraws.get(busPath) ?? [] }];
  });
  return { usb, otherTtys: others, complete };
}

/** The USB interface that something in /sys/class belongs to. */
function interfaceOf(entry: string): { readonly busPath: string; readonly interfaceNumber: number; readonly folder: string } | null {
  const target = link(entry) ?? real(`${entry}/device`);
  const match = target === null ? null : INTERFACE.exec(target);
  return match === null ? null : { busPath: match[1]!, interfaceNumber: Number(match[2]), folder: match[0].replace(/^\//, '') };
}

function readTtys(roots: Roots) {
  const byDevice = new Map<string, UsbTty[]>();
  const others: { name: string; why: string }[] = [];
  const names = list(`${roots.sys}/class/tty`);
  for (const name of names) {
    if (/^(tty\d*|console|ptmx)$/.test(name)) continue;
    const entry = `${roots.sys}/class/tty/${name}`;
    const at = interfaceOf(entry);
    if (at === null) {
      if (isRealPort(entry)) others.push({ name, why: 'a serial port of this machine, not on USB' });
      continue;
    }
    // The number is in the name of the interface too, but the attribute is what the kernel documents.
    const told = Number.parseInt(text(`${roots.sys}/bus/usb/devices/${at.folder}/bInterfaceNumber`) ?? '', 16);
    push(byDevice, at.busPath, { name, interfaceNumber: Number.isNaN(told) ? at.interfaceNumber : told });
  }
  for (const ttys of byDevice.values()) ttys.sort((a, b) => a.interfaceNumber - b.interfaceNumber || a.name.localeCompare(b.name));
  const inSys = new Set(names);
  for (const name of list(roots.dev)) if (/^tty(USB|ACM)\d+$/.test(name) && !inSys.has(name)) others.push({ name, why: 'the system tells nothing about it (a container without its sysfs?)' });
  return { byDevice, others };
}

/** Ports that were found by their driver; boards list many places where one could be. */
function isRealPort(entry: string): boolean {
  const target = link(entry);
  if (target === null || target.includes('/virtual/')) return false;
  const type = text(`${entry}/type`);
  return type !== null && type !== '0';
}

function readHidraws(roots: Roots): Map<string, string[]> {
  const byDevice = new Map<string, string[]>();
  for (const name of list(`${roots.sys}/class/hidraw`)) {
    const at = interfaceOf(`${roots.sys}/class/hidraw/${name}`);
    if (at !== null) push(byDevice, at.busPath, name);
  }
  return byDevice;
}

function kernelDrivers(roots: Roots): Map<string, string[]> {
  const byDevice = new Map<string, string[]>();
  for (const name of list(`${roots.sys}/bus/usb/devices`)) {
    const busPath = INTERFACE.exec(name)?.[1];
    const driver = busPath === undefined ? null : link(`${roots.sys}/bus/usb/devices/${name}/driver`);
    if (busPath !== undefined && driver !== null) push(byDevice, busPath, driver.split('/').at(-1)!);
  }
  return byDevice;
}

function push<T>(map: Map<string, T[]>, key: string, value: T): void {
  map.set(key, [...(map.get(key) ?? []), value]);
}
