/** The machine as the doctor sees it: a narrow window, so that every finding can be tried on machines we do not have. */
import { execFile } from 'node:child_process';
import { readdirSync, readFileSync, readlinkSync, statfsSync } from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import { messageOf } from '../../../protocol/common/errors.ts';

/** A serial port as the system lists it. */
export interface SerialPortInfo {
  readonly path: string;
  readonly manufacturer: string | null;
  readonly vendorId: string | null;
  readonly productId: string | null;
  readonly serialNumber: string | null;
}

/** A USB HID device as the system lists it. */
export interface HidInfo {
  readonly path: string;
  readonly manufacturer: string | null;
  readonly product: string | null;
  readonly vendorId: string;
  readonly productId: string;
}

export interface Machine {
  /** Output of a command; null when it is not installed, fails, or takes longer than the deadline. */
  run(command: string, args: readonly string[]): Promise<string | null>;
  /** Text of a (virtual) file; null when it cannot be read. */
  read(file: string): string | null;
  /** Names in a folder; empty when it cannot be read. */
  list(folder: string): readonly string[];
  /** Target of a symbolic link; null when it cannot be read. */
  link(file: string): string | null;
  /** Free bytes for this user on the file system of a folder; null when unknown. */
  freeBytes(folder: string): number | null;
  /** Opens a TCP connection and closes it again. Null when it worked, else why not. */
  connect(host: string, port: number, deadlineMs: number): Promise<string | null>;
  /** The serial ports. Rejects when the serial library is not installed. */
  serialPorts(): Promise<readonly SerialPortInfo[]>;
  /** The HID devices. Rejects when the HID library, or a system library it needs, is not installed. */
  hidDevices(): Promise<readonly HidInfo[]>;
  readonly user: { readonly name: string; readonly uid: number; readonly gids: readonly number[] };
  readonly nodeVersion: string;
}

const COMMAND_DEADLINE_MS = 3000;

export const thisMachine: Machine = {
  run: (command, args) =>
    new Promise((resolve) => {
      execFile(command, args, { timeout: COMMAND_DEADLINE_MS, maxBuffer: 1 << 20, encoding: 'utf8' }, (error, stdout) => resolve(error === null ? stdout : null));
    }),
  read(file) {
    try {
      return readFileSync(file, 'utf8');
    } catch {
      return null;
    }
  },
  list(folder) {
    try {
      return readdirSync(folder);
    } catch {
      return [];
    }
  },
  link(file) {
    try {
      return readlinkSync(file);
    } catch {
      return null;
    }
  },
  freeBytes(folder) {
    try {
      const { bavail, bsize } = statfsSync(folder);
      return bavail * bsize;
    } catch {
      return null;
    }
  },
  connect: (host, port, deadlineMs) =>
    new Promise((resolve) => {
      const socket = net.connect({ host, port });
      const end = (reason: string | null) => {
        socket.destroy();
        resolve(reason);
      };
      socket.setTimeout(deadlineMs, () => end(`no answer within ${deadlineMs / 1000} s`));
      socket.once('connect', () => end(null));
      socket.once('error', (error) => end(messageOf(error) || (error as NodeJS.ErrnoException).code || 'refused'));
    }),
  async serialPorts() {
    const { SerialPort } = await import('serialport');
    // The library asks udevadm; without it (containers) the names in /dev are all there is to know.
    const ports = await SerialPort.list().catch(() => null);
    if (ports === null) return thisMachine.list('/dev').filter((name) => /^tty(USB|ACM)\d+$/.test(name)).map((name) => ({ path: `/dev/${name}`, manufacturer: null, vendorId: null, productId: null, serialNumber: null }));
    return ports.map((port) => ({
      path: port.path,
      manufacturer: port.manufacturer ?? null,
      vendorId: port.vendorId ?? null,
      productId: port.productId ?? null,
      serialNumber: port.serialNumber ?? null,
    }));
  },
  async hidDevices() {
    const { default: hid } = await import('node-hid');
    // hidraw is the kernel's own interface: it needs no libusb and no root.
    if (process.platform === 'linux') hid.setDriverType('hidraw');
    const usbId = (id: number): string => id.toString(16).padStart(4, '0');
    return (await hid.devicesAsync()).map((device) => ({
      path: device.path ?? '',
      manufacturer: device.manufacturer || null,
      product: device.product || null,
      vendorId: usbId(device.vendorId),
      productId: usbId(device.productId),
    }));
  },
  user: { name: os.userInfo().username, uid: process.getuid?.() ?? -1, gids: process.getgroups?.() ?? [] },
  nodeVersion: process.versions.node,
};
