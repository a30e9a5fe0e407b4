import { describe, expect, it } from 'vitest';
import { fakeMachine, usbPort } from '../doctor/fake-machine.fixture.ts';
import { FakeIo } from '../fake-io.fixture.ts';
import { devices } from './devices.ts';

const GLOBALS = { json: true, data: null, config: null };

describe('devices', () => {
  it('lists drivers with their options, and the hardware by its stable name', async () => {
    const io = new FakeIo('/');
    const machine = fakeMachine({ ports: [usbPort('/dev/ttyUSB0')], hid: [{ path: '/dev/hidraw0', manufacturer: 'Lab', product: 'Stage', vendorId: '04d8', productId: '003f' }], links: { '/dev/serial/by-id/usb-FTDI_DM01-if00': '../../ttyUSB0' } });
    expect(await devices(io, GLOBALS, machine)).toBe(0);
    const { drivers, found } = JSON.parse(io.stdout) as { drivers: { id: string; options: { properties: object } }[]; found: { cpu: object; serial_ports: object[]; hid_devices: object[] } };
    expect(drivers.find((driver) => driver.id === 'cpu')?.options.properties).toHaveProperty('threads');
    expect(found.cpu).toMatchObject({ kernel: expect.any(String), lanes: expect.any(Number), problem: null });
    expect(found.serial_ports).toEqual([{ path: '/dev/ttyUSB0', stable_path: '/dev/serial/by-id/usb-FTDI_DM01-if00', manufacturer: 'FTDI', vendorId: '0403', productId: '6015', serialNumber: 'DM01' }]);
    expect(found.hid_devices).toEqual([{ path: '/dev/hidraw0', manufacturer: 'Lab', product: 'Stage', vendorId: '04d8', productId: '003f' }]);
  });

  it('prints a page for a person, also without the serial library', async () => {
    const io = new FakeIo('/');
    expect(await devices(io, { ...GLOBALS, json: false }, fakeMachine({ ports: new Error('Cannot find package'), hid: new Error('libudev.so.1: cannot open shared object file') }))).toBe(0);
    expect(io.stdout).toMatch(/^ {2}cpu: CPU of this machine$/m);
    expect(io.stdout).toMatch(/^ {6}limit_percent +Share of the time/m);
    expect(io.stdout).toMatch(/serial: the serialport library cannot be loaded \(Cannot find package\)/);
    expect(io.stdout).toMatch(/hid: the node-hid library cannot be loaded \(libudev/);
  });
});
