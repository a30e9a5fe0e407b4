import { execFileSync } from 'node:child_process';
import { rmSync, symlinkSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../protocol/common/clock.ts';
import { ManualClock } from '../../protocol/common/manual-clock.ts';
import { loadVectors } from '../../test/vectors.ts';
import { BITAXE, COMPAC, CP2102, eventually, FakeUsb } from './fake-usb.fixture.ts';
import { DeviceFinder, notReady } from './finder.ts';
import type { FoundDevice } from './found.ts';

let usb: FakeUsb;
let clock: ManualClock;
let finder: DeviceFinder;
beforeEach(() => {
  usb = new FakeUsb();
  clock = new ManualClock();
  finder = new DeviceFinder({ roots: usb.roots, clock });
});
afterEach(() => usb.remove());

const look = async (): Promise<readonly FoundDevice[]> => (await finder.find(0)).devices;
const byId = (name: string): string => `${usb.roots.dev}/serial/by-id/${name}`;

describe('what is plugged in', () => {
  it('groups the ports of a device by what they are for, under names that survive replugging', async () => {
    usb.plug('1-1.2', BITAXE('B5:4A90', 3));
    const [bitaxe] = await look();
    expect(bitaxe).toMatchObject({ id: 'bitaxe-raw-b5-4a90', driver: 'bitaxe-raw', ownSerial: true, match: { kind: 'identified' } });
    expect(bitaxe!.place).toEqual({ vendorId: 'c0de', productId: 'cafe', manufacturer: 'OSMU', product: 'Bitaxe', serial: 'B5:4A90', bcdDevice: 0x0110, busPath: '1-1.2' });
    expect(bitaxe!.ports).toEqual([
      { role: 'control', interfaceNumber: 0, path: byId('usb-OSMU_Bitaxe_B5_4A90-if00'), node: `${usb.roots.dev}/ttyACM3` },
      { role: 'asic', interfaceNumber: 2, path: byId('usb-OSMU_Bitaxe_B5_4A90-if02'), node: `${usb.roots.dev}/ttyACM4` },
    ]);
    expect(notReady(bitaxe!)).toBeNull();
  });

  it('tells candidates and strangers with their reasons, and no hub, keyboard or console', async () => {
    usb.plug('1-1', { ids: '05e3:0610', product: 'USB2.1 Hub', hub: true });
    usb.plug('1-1.1', CP2102(0));
    usb.plug('1-1.2', { ids: '1546:01a7', manufacturer: 'u-blox', product: 'GPS', ttys: { 0: 'ttyACM0' } });
    usb.plug('1-1.3', { ids: '046d:c31c', product: 'Keyboard', hidraw: 'hidraw0' });
    const found = await look();
    expect(found.map(({ id, driver, match }) => [id, driver, match.kind])).toEqual([
      ['usb-10c4-ea60-1-1-1', null, 'candidates'],
      ['usb-1546-01a7-1-1-2', null, 'unknown'],
    ]);
    expect(found.map(({ match }) => (match.kind === 'identified' ? '' : match.reason)).join()).toMatch(/bridge chip.*not a device known to mine/);
  });

  it('tells miners that have no serial port', async () => {
    usb.plug('2-1', { ids: '29f1:33f3', product: 'Avalon nano' });
    usb.plug('2-2', { ids: '04d8:00de', manufacturer: 'Microchip Technology Inc.', product: 'MCP2210 USB to SPI Master', hidraw: 'hidraw3' });
    const found = await look();
    expect(found.map(({ id, hidraws }) => [id, hidraws])).toEqual([['avalon-nano-2-1', []], ['usb-04d8-00de-2-2', [`${usb.roots.dev}/hidraw3`]]]);
    expect(found[0]!.match).toMatchObject({ kind: 'identified', device: { family: null, note: expect.stringContaining('no driver') } });
  });

  it('lists the ports USB tells nothing about, but no place where a port could be', async () => {
    usb.addUart('ttyAMA0', 32);
    usb.addUart('ttyS5', 0);
    expect((await finder.find(0)).otherPorts).toEqual([{ path: `${usb.roots.dev}/ttyAMA0`, why: 'a serial port of this machine, not on USB' }]);
  });

  it('finds nothing, without an error, where there is no sysfs', async () => {
    const blind = new DeviceFinder({ roots: { sys: '/nonexistent', dev: '/nonexistent' }, clock });
    expect(await blind.findSettled()).toEqual({ devices: [], otherPorts: [] });
  });

  it('knows every serial device of the vectors that has a driver', async (context) => {
    const { vectors } = loadVectors<{ vectors: { vid: string; pid: string; manufacturer: string | null; product: string | null; linux_node: string }[] }>(context, 'asic/usb_ids.json');
    for (const [index, v] of vectors.entries()) {
      usb.plug(`3-${index + 1}`, {
        ids: `${v.vid}:${v.pid}`,
        ...(v.manufacturer === null ? {} : { manufacturer: v.manufacturer }),
        ...(v.product === null ? {} : { product: v.product }),
        ...(v.linux_node.includes('tty') ? { ttys: { 0: `ttyUSB${index}` } } : {}),
      });
    }
    const found = await look();
    expect(found).toHaveLength(vectors.length);
    expect(found.filter(({ match }) => match.kind === 'unknown').map(({ place }) => place)).toEqual([]);
    expect(new Set(found.map(({ id }) => id)).size).toBe(vectors.length);
  });
});

describe('stable ids', () => {
  it('are the same after replugging into another socket, where the serial number is its own', async () => {
    usb.plug('1-1', COMPAC('10001'));
    expect((await look())[0]!.id).toBe('compac-10001');
    usb.unplug('1-1');
    usb.plug('1-2', COMPAC('10001', 7));
    expect((await look())[0]).toMatchObject({ id: 'compac-10001', place: { busPath: '1-2' }, ports: [{ node: `${usb.roots.dev}/ttyUSB7` }] });
  });

  it('are made of the socket where the number is missing or the factory\'s', async () => {
    usb.plug('1-1', COMPAC('0001', 0));
    usb.plug('1-1.4', { ids: '0403:6015', manufacturer: 'GekkoScience', product: 'NewPac Bitcoin Miner', ttys: { 0: 'ttyUSB1' } });
    expect((await look()).map(({ id, ownSerial }) => [id, ownSerial])).toEqual([['compac-1-1', false], ['newpac-1-1-4', false]]);
  });

  it('are made of the socket where two devices have the same number, and the ports are named by the socket then', async () => {
    usb.plug('1-1', COMPAC('123', 0));
    usb.plug('1-2', COMPAC('123', 1));
    const found = await look();
    expect(found.map(({ id }) => id)).toEqual(['compac-1-1', 'compac-1-2']);
    expect(found.map(({ ports }) => ports[0]!.path.replace(usb.roots.dev, ''))).toEqual(['/serial/by-path/platform-soc-usb-0:1:1.0', '/serial/by-path/platform-soc-usb-0:2:1.0']);
  });

  it('stay with a running device when its twin comes, until it is unplugged', async () => {
    usb.plug('1-2', COMPAC('123', 0));
    expect((await look())[0]!.id).toBe('compac-123');
    usb.plug('1-1', COMPAC('123', 1));
    expect((await look()).map(({ id }) => id)).toEqual(['compac-1-1', 'compac-123']);
    usb.unplug('1-2');
    usb.plug('1-2', COMPAC('123', 2));
    expect((await look()).map(({ id }) => id)).toEqual(['compac-1-1', 'compac-1-2']);
  });
});

describe('ports that are not ready', () => {
  it('says whether a node is missing, a program has the device, or no port was made', async () => {
    usb.plug('1-1', { ...COMPAC('7'), withoutNodes: true });
    expect(notReady((await look())[0]!)).toBe(`${usb.roots.dev}/ttyUSB0 does not exist`);
    usb.plug('1-2', { ids: '10c4:ea60', manufacturer: 'GekkoScience', product: 'Compac BM1384 Bitcoin Miner', kernelDriver: 'usbfs' });
    expect(notReady((await look())[1]!)).toMatch(/another program has taken the device through libusb/);
    usb.plug('1-3', { ...BITAXE('9'), ttys: { 0: 'ttyACM0' } });
    expect(notReady((await look())[2]!)).toBe('the system has made no serial port for it (asic port, interface 2)');
  });

  it('gives udev two seconds, and no more', async () => {
    const stick = { ...COMPAC('7'), withoutNodes: true };
    usb.plug('1-1', stick);
    await look();
    const settled = finder.findSettled();
    for (let tries = 0; tries < 10; tries++) await nextTry();
    await eventually(() => clock.pendingTimers > 0);
    usb.settle('1-1', stick);
    await nextTry();
    expect(notReady((await settled).devices[0]!)).toBeNull();
    expect(clock.monotonic()).toBe(1100);

    usb.plug('1-2', { ...COMPAC('8', 1), withoutNodes: true });
    await look();
    const given = finder.findSettled();
    for (let tries = 0; tries < 20; tries++) await nextTry();
    expect(notReady((await given).devices[1]!)).toMatch(/does not exist/);
    expect(clock.monotonic()).toBe(3100);
  });

  async function nextTry(): Promise<void> {
    await eventually(() => clock.pendingTimers > 0);
    clock.advance(100);
  }
});

describe('a sick device', () => {
  it('whose names cannot be read holds nobody up, and is told when it has recovered', async () => {
    usb.plug('1-1', COMPAC('10001', 0));
    await look();
    usb.plug('1-2', COMPAC('10002', 1));
    const product = `${usb.roots.sys}/bus/usb/devices/1-2/product`;
    rmSync(product);
    execFileSync('mkfifo', [product]); // a reader waits in the kernel, as it does for a locked device
    const first = finder.find(0);
    await waitInVain();
    expect((await first).devices.map(({ id }) => id)).toEqual(['compac-10001']);
    const second = finder.find(0);
    await waitInVain();
    expect((await second).devices).toHaveLength(1);
    expect(clock.pendingTimers).toBe(0);

    const settled = finder.findSettled();
    await waitInVain();
    await eventually(() => clock.pendingTimers > 0);
    await writeFile(product, 'Compac BM1384 Bitcoin Miner\n'); // lets the reader go
    expect((await look()).map(({ id }) => id)).toEqual(['compac-10001', 'compac-10002']);
    clock.advance(100);
    expect((await settled).devices).toHaveLength(2);
  });

  it('is not taken for one because the program itself was held up', async () => {
    for (let n = 1; n <= 8; n++) usb.plug(`1-${n}`, COMPAC(`${10000 + n}`, n));
    const real = new DeviceFinder({ roots: usb.roots, clock: systemClock });
    const found = real.find(0);
    const until = performance.now() + 500;
    while (performance.now() < until); // as when hash kernels are measured
    expect((await found).devices).toHaveLength(8);
  });
});

async function waitInVain(): Promise<void> {
  for (let step = 0; step < 10; step++) {
    await eventually(() => clock.pendingTimers > 0);
    clock.advance(30);
  }
}

describe('sharing a look', () => {
  it('answers from one picture within half a second, and for all who ask at once', async () => {
    usb.plug('1-1', COMPAC('1'));
    const [a, b] = await Promise.all([finder.find(), finder.find()]);
    expect(a).toBe(b);
    usb.plug('1-2', COMPAC('2', 1));
    clock.advance(499);
    expect((await finder.find()).devices).toHaveLength(1);
    clock.advance(1);
    const later = await finder.find();
    expect(later.devices).toHaveLength(2);
    clock.advance(10_000);
    expect(await finder.find()).toBe(later);
  });

  it('sees that udev has put a name to another node meanwhile', async () => {
    usb.plug('1-1', COMPAC('10001', 1));
    const name = byId('usb-GekkoScience_Compac_BM1384_Bitcoin_Miner_10001-if00');
    rmSync(name);
    symlinkSync('../../ttyUSB0', name);
    expect((await look())[0]!.ports[0]!.path).not.toBe(name);
    rmSync(name);
    symlinkSync('../../ttyUSB1', name);
    expect((await look())[0]!.ports[0]!.path).toBe(name);
  });

  it('sees another device that came into the same socket under the same tty', async () => {
    usb.plug('1-1', COMPAC('1'));
    expect((await look())[0]!.id).toBe('compac-1-1');
    usb.unplug('1-1');
    usb.plug('1-1', { ...BITAXE('22'), ttys: { 0: 'ttyUSB0' } });
    expect((await look())[0]!.id).toBe('bitaxe-raw-22');
  });

  it('costs next to nothing while nothing changes, with 32 devices of two ports', async () => {
    for (let n = 0; n < 32; n++) usb.plug(`1-1.${n + 1}`, BITAXE(`S${n + 100}`, 2 * n));
    expect(await look()).toHaveLength(32);
    const took: number[] = [];
    for (let n = 0; n < 51; n++) {
      const from = performance.now();
      await look();
      took.push(performance.now() - from);
    }
    // 0.7 ms on the machine it was written on; the median, so that a busy moment of another program does not matter.
    expect(took.sort((a, b) => a - b)[25]).toBeLessThan(5);
  });
});
