import { symlinkSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ManualClock } from '../../protocol/common/manual-clock.ts';
import type { PortPlace } from '../port-options.ts';
import type { Transport } from '../transport/contract.ts';
import { BITAXE, COMPAC, CP2102, FakeUsb } from './fake-usb.fixture.ts';
import { DeviceFinder } from './finder.ts';
import type { FoundDevice } from './found.ts';
import { names, portAccess } from './port-access.ts';

let usb: FakeUsb;
let clock: ManualClock;
let finder: DeviceFinder;
beforeEach(() => {
  usb = new FakeUsb();
  clock = new ManualClock();
  finder = new DeviceFinder({ roots: usb.roots, clock });
});
afterEach(() => usb.remove());

const openSerial = (path: string, baud: number) => ({ name: `${path}@${baud}` }) as Transport;
const access = (driver: string, place: PortPlace = {}, entryId = 'mine', taken?: (device: FoundDevice) => boolean) =>
  portAccess({ place, driver, entryId, finder, openSerial, ...(taken === undefined ? {} : { taken }) });
const locate = async (...args: Parameters<typeof access>) => {
  clock.advance(1000);
  return await access(...args).locate();
};
const reason = async (...args: Parameters<typeof access>) => {
  const located = await locate(...args);
  return located.found ? 'found' : located.reason;
};
const byId = (name: string): string => `${usb.roots.dev}/serial/by-id/usb-${name}`;

describe('a port given by its path', () => {
  it('is taken as it is at this moment, and with the other ports of its device', async () => {
    const port = byId('OSMU_Bitaxe_A1-if02');
    expect(await locate('bitaxe-raw', { port })).toEqual({ found: false, reason: `not plugged in: ${port} does not exist` });
    usb.plug('1-1', BITAXE('A1'));
    expect(await locate('bitaxe-raw', { port })).toEqual({ found: true, ports: { asic: port, control: byId('OSMU_Bitaxe_A1-if00') }, usb: expect.objectContaining({ serial: 'A1', bcdDevice: 0x0110 }) });
    usb.unplug('1-1');
    expect(await locate('bitaxe-raw', { port })).toMatchObject({ found: false });
  });

  it('may be anything that can be opened, such as a pty; its control port too', async () => {
    symlinkSync('/dev/null', `${usb.roots.dev}/pty`);
    expect(await locate('bitaxe-raw', { port: `${usb.roots.dev}/pty`, control_port: '/dev/zero' })).toEqual({ found: true, ports: { asic: `${usb.roots.dev}/pty`, control: '/dev/zero' }, usb: null });
    expect(await reason('gekko', { port: '/dev/null', telemetry_port: '/dev/gone' })).toBe('not plugged in: /dev/gone does not exist');
  });

  it('opens nothing itself', () => {
    expect(access('icarus').transport('/dev/x', 115_200).name).toBe('/dev/x@115200');
  });
});

describe('a device given by serial number or socket', () => {
  it('is found wherever it is plugged in, or by its socket alone', async () => {
    usb.plug('1-1', COMPAC('10001', 0));
    usb.plug('1-2', COMPAC('10002', 1));
    expect(await locate('gekko', { usb_serial: '10002' })).toMatchObject({ found: true, ports: { asic: byId('GekkoScience_Compac_BM1384_Bitcoin_Miner_10002-if00') }, usb: { busPath: '1-2' } });
    expect(await locate('gekko', { usb_path: '1-1' })).toMatchObject({ found: true, usb: { serial: '10001' } });
    expect(await reason('gekko', { usb_serial: '10003' })).toBe('not plugged in: no USB device with serial number 10003');
    expect(await reason('gekko', { usb_path: '1-9', usb_serial: '10001' })).toBe('not plugged in: no USB device with serial number 10001 and socket 1-9');
    expect(await reason('icarus', { usb_path: '1-1' })).toBe('the USB device with socket 1-1 is GekkoScience Compac (BM1384) in socket 1-1, not one for driver icarus (its driver is gekko)');
  });

  it('makes a bridge chip what the person says it is', async () => {
    usb.plug('1-1', CP2102(0));
    expect(await locate('icarus', { usb_path: '1-1' })).toMatchObject({ found: true, ports: { asic: expect.stringContaining('if00') } });
    expect(await locate('bm13xx-serial', { usb_serial: '0001' })).toMatchObject({ found: true });
    usb.plug('1-2', CP2102(1));
    expect(await reason('icarus', { usb_serial: '0001' })).toBe('2 USB devices have serial number 0001: give usb_path as well: 1-1 or 1-2');
    usb.plug('1-3', { ids: '0403:6010', product: 'Dual RS232', ttys: { 0: 'ttyUSB3', 1: 'ttyUSB4' } });
    expect(await reason('bm13xx-serial', { usb_path: '1-3' })).toMatch(/has 2 serial ports: give port: .*ttyUSB|has 2 serial ports: give port: .*if00 or .*if01/);
  });

  it('says when its ports are not there yet', async () => {
    usb.plug('1-1', { ...COMPAC('10001'), withoutNodes: true });
    expect(await locate('gekko', { usb_serial: '10001' })).toMatchObject({ there: true });
    expect(await reason('gekko', { usb_serial: '10001' })).toBe(`GekkoScience Compac (BM1384) in socket 1-1 is plugged in, but ${usb.roots.dev}/ttyUSB0 does not exist`);
  });
});

describe('a device whose place is not told', () => {
  it('is the one with its id, else the only one of its driver', async () => {
    expect(await reason('gekko')).toBe('not plugged in: no USB device for driver gekko is found');
    usb.plug('1-1', COMPAC('10001', 0));
    expect(await locate('gekko')).toMatchObject({ found: true, usb: { serial: '10001' } });
    usb.plug('1-2', COMPAC('10002', 1));
    expect(await reason('gekko')).toBe('not told which device: 2 of GekkoScience Compac (BM1384) are plugged in; give usb_serial: 10001 or 10002');
    expect(await locate('gekko', {}, 'compac-10002')).toMatchObject({ found: true, usb: { serial: '10002' } });
    expect(await locate('gekko', {}, 'mine', (device) => device.id === 'compac-10002')).toMatchObject({ found: true, usb: { serial: '10001' } });
  });

  it('is none that belongs to another', async () => {
    usb.plug('1-1', COMPAC('10001', 0));
    usb.plug('1-2', CP2102(1));
    const others = (device: FoundDevice): boolean => device.id !== 'compac-10002';
    expect(await reason('gekko', {}, 'compac-10002', others)).toBe('not plugged in: every USB device for driver gekko that is there belongs to another device');
    expect(await reason('icarus', {}, 'compac-10002', others)).toBe('not plugged in: no USB device for driver icarus is found');
  });

  it('is never guessed among bridge chips', async () => {
    usb.plug('1-1', CP2102(0));
    expect(await reason('icarus')).toBe('not told which device: "CP2102 USB to UART Bridge Controller" in socket 1-1 may be one for driver icarus; give usb_path: 1-1');
  });

  it('names sockets where serial numbers tell nothing', async () => {
    usb.plug('1-1', COMPAC('0001', 0));
    usb.plug('1-2', COMPAC('10002', 1));
    expect(await reason('gekko')).toMatch(/give usb_path: 1-1 or 1-2$/);
  });
});

describe('names', () => {
  it('tells whether an entry means this very device', async () => {
    usb.plug('1-1', BITAXE('A1'));
    const [device] = (await finder.find(0)).devices;
    const means = (place: PortPlace, id = 'mine'): boolean => names({ id, place }, device!);
    expect([means({ port: `${usb.roots.dev}/ttyACM1` }), means({ port: byId('OSMU_Bitaxe_A1-if00') }), means({ usb_serial: 'A1' }), means({ usb_path: '1-1' }), means({}, 'bitaxe-raw-a1')]).toEqual([true, true, true, true, true]);
    expect([means({}), means({ port: '/dev/null' }, 'bitaxe-raw-a1'), means({ usb_serial: 'A1', usb_path: '1-2' }), means({ usb_serial: 'B' })]).toEqual([false, false, false, false]);
  });
});
