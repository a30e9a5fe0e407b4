import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync, existsSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { identify, type Found } from './found.ts';
import { StableIds } from './ids.ts';
import type { Roots } from './sysfs.ts';

export interface FakeDevice {
  /** Such as `c0de:cafe`. */
  readonly ids: `${string}:${string}`;
  readonly manufacturer?: string;
  readonly product?: string;
  readonly serial?: string;
  /** bcdDevice as the kernel writes it. */
  readonly bcdDevice?: string;
  /** By interface number: the tty, and the driver that made it; a tty that a number names twice is a mistake of the test. */
  readonly ttys?: Readonly<Record<number, string>>;
  /** File (a pty) that a tty's node in /dev leads to; default: an empty file of its own. */
  readonly nodes?: Readonly<Record<string, string>>;
  readonly kernelDriver?: string;
  readonly hidraw?: string;
  readonly hub?: boolean;
  /** Leave out what udev makes, as in the first moment or in a container. */
  readonly withoutNodes?: boolean;
}

/** A machine's sysfs and /dev in a folder, laid out as the kernel and udev do, with links where they have links. */
export class FakeUsb {
  readonly root = mkdtempSync(path.join(os.tmpdir(), 'rb-usb-'));
  readonly roots: Roots = { sys: path.join(this.root, 'sys'), dev: path.join(this.root, 'dev') };
  readonly #plugged = new Map<string, string[]>();
  #devnum = 1;

  constructor() {
    for (const folder of ['sys/bus/usb/devices', 'sys/class/tty', 'sys/class/hidraw', 'dev/serial/by-id', 'dev/serial/by-path']) mkdirSync(path.join(this.root, folder), { recursive: true });
    this.#link('sys/class/tty/tty1', '../../devices/virtual/tty/tty1', []);
  }

  /** @param busPath socket, such as `1-1.2` */
  plug(busPath: string, device: FakeDevice): void {
    if (this.#plugged.has(busPath)) throw new Error(`${busPath} is taken`);
    const made: string[] = [];
    const [idVendor, idProduct] = device.ids.split(':');
    const folder = `devices/platform/soc/usb${busPath.split('-')[0]}/${busPath}`;
    this.#files(`sys/${folder}`, { idVendor, idProduct, bcdDevice: device.bcdDevice ?? '0100', bDeviceClass: device.hub === true ? '09' : '00', devnum: String(++this.#devnum), manufacturer: device.manufacturer, product: device.product, serial: device.serial });
    made.push(`sys/${folder}`);
    this.#link(`sys/bus/usb/devices/${busPath}`, `../../../${folder}`, made);
    for (const number of Object.keys({ 0: '', ...device.ttys }).map(Number)) this.#interface(busPath, folder, number, device, made);
    this.#plugged.set(busPath, made);
    if (device.withoutNodes !== true) this.settle(busPath, device);
  }

  /** What udev does a moment later. */
  settle(busPath: string, device: FakeDevice): void {
    const made = this.#plugged.get(busPath)!;
    for (const [number, tty] of Object.entries(device.ttys ?? {})) {
      const node = `dev/${tty}`;
      const target = device.nodes?.[tty];
      if (target !== undefined) this.#link(node, target, made);
      else writeFileSync(path.join(this.root, node), '');
      made.push(node);
      const words = [device.manufacturer, device.product, device.serial].filter((word) => word !== undefined).join('_').replace(/[^\w.-]+/g, '_');
      const end = `${number.padStart(2, '0')}`;
      this.#link(`dev/serial/by-id/usb-${words}-if${end}`, `../../${tty}`, made, true);
      this.#link(`dev/serial/by-path/platform-soc-usb-0:${busPath.split('-')[1]}:1.${number}`, `../../${tty}`, made);
    }
    if (device.hidraw !== undefined) writeFileSync(path.join(this.root, 'dev', device.hidraw), '');
  }

  unplug(busPath: string): void {
    for (const name of (this.#plugged.get(busPath) ?? []).reverse()) rmSync(path.join(this.root, name), { recursive: true, force: true });
    this.#plugged.delete(busPath);
  }

  /** A port of the board: no USB. @param type as serial_core tells it; 0 = there is none */
  addUart(name: string, type: number): void {
    this.#files(`sys/devices/platform/serial/tty/${name}`, { type: String(type) });
    this.#link(`sys/class/tty/${name}`, `../../devices/platform/serial/tty/${name}`, []);
    writeFileSync(path.join(this.root, 'dev', name), '');
  }

  remove(): void {
    rmSync(this.root, { recursive: true, force: true });
  }

  #interface(busPath: string, folder: string, number: number, device: FakeDevice, made: string[]): void {
    const name = `${busPath}:1.${number}`;
    const tty = device.ttys?.[number];
    const usbSerial = tty?.startsWith('ttyUSB') === true;
    this.#files(`sys/${folder}/${name}`, { bInterfaceNumber: number.toString(16).padStart(2, '0') });
    this.#link(`sys/bus/usb/devices/${name}`, `../../../${folder}/${name}`, made);
    const driver = device.kernelDriver ?? (tty === undefined ? undefined : usbSerial ? 'cp210x' : 'cdc_acm');
    if (driver !== undefined) this.#link(`sys/${folder}/${name}/driver`, `../../../../../../bus/usb/drivers/${driver}`, []);
    if (tty !== undefined) {
      const ttyFolder = `${folder}/${name}/${usbSerial ? `${tty}/` : ''}tty/${tty}`;
      this.#files(`sys/${ttyFolder}`, { dev: '188:0' });
      if (usbSerial && driver === 'ftdi_sio') this.#files(`sys/${folder}/${name}/${tty}`, { latency_timer: '16' });
      this.#link(`sys/${ttyFolder}/device`, usbSerial ? `../../../${tty}` : `../../../${name}`, []);
      this.#link(`sys/class/tty/${tty}`, `../../${ttyFolder}`, made);
    }
    if (number === 0 && device.hidraw !== undefined) {
      const hid = `${folder}/${name}/0003:${device.ids.toUpperCase()}.0001`;
      this.#files(`sys/${hid}`, { uevent: `DRIVER=hid-generic\nHID_ID=0003:0000${device.ids.replace(':', ':0000').toUpperCase()}\nHID_NAME=${device.manufacturer} ${device.product}` });
      this.#files(`sys/${hid}/hidraw/${device.hidraw}`, { dev: '240:0' });
      this.#link(`sys/${hid}/hidraw/${device.hidraw}/device`, '../..', []);
      this.#link(`sys/class/hidraw/${device.hidraw}`, `../../${hid}/hidraw/${device.hidraw}`, made);
    }
  }

  #files(folder: string, files: Readonly<Record<string, string | undefined>>): void {
    mkdirSync(path.join(this.root, folder), { recursive: true });
    for (const [name, content] of Object.entries(files)) if (content !== undefined) writeFileSync(path.join(this.root, folder, name), `${content}\n`);
  }

  #link(name: string, target: string, made: string[], replace = false): void {
    const full = path.join(this.root, name);
    if (replace && existsSync(path.dirname(full))) rmSync(full, { force: true });
    symlinkSync(target, full);
    made.push(name);
  }
}


export const BITAXE = (serial: string, first = 0): FakeDevice => ({
  ids: 'c0de:cafe', manufacturer: 'OSMU', product: 'Bitaxe', serial, bcdDevice: '0110', ttys: { 0: `ttyACM${first}`, 2: `ttyACM${first + 1}` },
});
export const COMPAC = (serial: string, number = 0): FakeDevice => ({
  ids: '10c4:ea60', manufacturer: 'GekkoScience', product: 'Compac BM1384 Bitcoin Miner', serial, ttys: { 0: `ttyUSB${number}` },
});
/** A bridge chip as it leaves the factory: a Block Erupter, or any gadget. */
export const CP2102 = (number = 0, serial = '0001'): FakeDevice => ({
  ids: '10c4:ea60', manufacturer: 'Silicon Labs', product: 'CP2102 USB to UART Bridge Controller', serial, ttys: { 0: `ttyUSB${number}` },
});

/** The same devices without any tree: as the finder tells them when udev has made no names. */
export function foundOf(devices: Readonly<Record<string, FakeDevice>>, otherTtys: { name: string; why: string }[] = []): Found {
  const usb = Object.entries(devices).map(([busPath, { ids, manufacturer = null, product = null, serial = null, ttys = {}, kernelDriver, hidraw }]) => ({
    place: { vendorId: ids.slice(0, 4), productId: ids.slice(5), manufacturer, product, serial, bcdDevice: 0x0100, busPath },
    devnum: '2',
    kernelDrivers: kernelDriver === undefined ? [] : [kernelDriver],
    ttys: Object.entries(ttys).map(([number, name]) => ({ name, interfaceNumber: Number(number) })),
    hidraws: hidraw === undefined ? [] : [hidraw],
  }));
  const nowhere = '/nonexistent';
  const inDev = (name: string): string => name.replace(nowhere, '/dev');
  const found = identify({ usb, otherTtys, complete: true }, { sys: nowhere, dev: nowhere }, new StableIds());
  return {
    devices: found.devices.map((device) => ({ ...device, ports: device.ports.map((port) => ({ ...port, path: inDev(port.path), node: inDev(port.node) })), hidraws: device.hidraws.map(inDev) })),
    otherPorts: found.otherPorts.map((port) => ({ ...port, path: inDev(port.path) })),
  };
}

/** Lets the file system answer until something holds. */
export async function eventually(holds: () => boolean): Promise<void> {
  const end = performance.now() + 5000;
  while (!holds()) {
    if (performance.now() > end) throw new Error('it never came to hold');
    await new Promise((resolve) => setImmediate(resolve));
  }
}
