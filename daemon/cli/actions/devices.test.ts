import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { BITAXE, COMPAC, CP2102, foundOf } from '../../../drivers/discovery/fake-usb.fixture.ts';
import { fakeMachine, type FakeParts } from '../doctor/fake-machine.fixture.ts';
import { FakeIo } from '../fake-io.fixture.ts';
import { devices } from './devices.ts';

const dir = mkdtempSync(path.join(os.tmpdir(), 'rigbrain-devices-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const AVALON = { ids: '29f1:33f3', product: 'Avalon nano' } as const;
const GPS = { ids: '1546:01a7', manufacturer: 'u-blox', product: 'GPS', ttys: { 0: 'ttyACM9' } } as const;

async function show(parts: FakeParts, json: boolean, options = { drivers: false }, yaml = 'devices: []\n') {
  const config = path.join(dir, 'rig.yaml');
  writeFileSync(config, yaml);
  const io = new FakeIo(dir);
  expect(await devices(io, { json, data: null, config }, options, fakeMachine(parts))).toBe(0);
  return io;
}

interface Listed {
  drivers: { id: string; options: { properties: object } }[];
  found: { cpu: object; devices: Record<string, unknown>[]; serial_ports: object[]; hid_devices: object[] };
}

describe('devices --json', () => {
  it('has drivers with their options, and everything that is plugged in, with why it is not used', async () => {
    const io = await show({
      found: foundOf({ '1-1': BITAXE('A1'), '1-2': CP2102(0), '1-3': AVALON, '1-4': GPS }, [{ name: 'ttyAMA0', why: 'not on USB' }]),
      files: { '/sys/class/hidraw/hidraw0/device/uevent': 'DRIVER=hid-generic\nHID_ID=0003:000004D8:0000003F\nHID_NAME=Lab Stage\n' },
    }, true);
    const { drivers, found } = JSON.parse(io.stdout) as Listed;
    expect(drivers.find((driver) => driver.id === 'cpu')?.options.properties).toHaveProperty('threads');
    expect(found.cpu).toMatchObject({ kernel: expect.any(String), lanes: expect.any(Number), problem: null });
    expect(found.devices).toMatchObject([
      {
        id: 'bitaxe-raw-a1', match: 'identified', title: 'Bitaxe with bitaxe-raw firmware', driver: 'bitaxe-raw', configured_as: null, config: null, serial_is_its_own: true,
        usb: { vendor_id: 'c0de', product_id: 'cafe', manufacturer: 'OSMU', product: 'Bitaxe', serial: 'A1', bcd_device: 0x0100, bus_path: '1-1' },
        ports: [{ role: 'control', interface_number: 0, path: '/dev/ttyACM0', node: '/dev/ttyACM0', problem: null }, { role: 'asic', interface_number: 2 }],
      },
      {
        id: 'usb-10c4-ea60-1-2', match: 'candidates', driver: null, reason: expect.stringContaining('bridge chip'),
        may_be: expect.arrayContaining([{ key: 'block-erupter', title: 'ASICMINER Block Erupter USB', driver: 'icarus', note: null }]),
        config: '- id: icarus-1-2\n  driver: icarus\n  options: { usb_path: "1-2" }',
      },
      { id: 'avalon-nano-1-3', match: 'identified', driver: null, reason: expect.stringContaining('no driver'), ports: [] },
      { id: 'usb-1546-01a7-1-4', match: 'unknown', reason: expect.stringContaining('not a device known to mine'), may_be: [] },
    ]);
    expect(found.serial_ports).toEqual([{ path: '/dev/ttyAMA0', reason: 'not on USB', problem: null }]);
    expect(found.hid_devices).toEqual([{ path: '/dev/hidraw0', name: 'Lab Stage', vendor_id: '04d8', product_id: '003f' }]);
  });

  it('says which entry of the configuration a device is, and whether it needs one', async () => {
    const one = async (yaml: string) => (JSON.parse((await show({ found: foundOf({ '1-1': COMPAC('1001') }) }, true, undefined, yaml)).stdout) as Listed).found.devices[0];
    expect(await one('devices: []\n')).toMatchObject({ id: 'compac-1001', configured_as: null, reason: null, config: null });
    expect(await one('devices: [{id: compac-1001, driver: gekko}]\n')).toMatchObject({ configured_as: 'compac-1001', reason: null });
    expect(await one('devices: [{id: left, driver: gekko, options: {usb_path: 1-1}}, {id: right, driver: gekko}]\n')).toMatchObject({ configured_as: 'left' });
    expect(await one('devices: [{id: right, driver: gekko, options: {usb_path: 1-2}}]\n')).toMatchObject({ configured_as: null });
    expect(await one('devices: [{id: any, driver: gekko, enabled: false}]\n')).toMatchObject({ configured_as: 'any', reason: 'the entry any of the configuration has enabled: false' });
    expect(await one('discovery: {enabled: false}\n')).toMatchObject({ reason: expect.stringContaining('discovery.enabled is false'), config: '- id: gekko-1001\n  driver: gekko\n  options: { usb_serial: "1001" }' });
  });
});

describe('devices', () => {
  it('shows what is plugged in: miners first, then what may be one with the lines that use it, then the rest', async () => {
    const io = await show({ found: foundOf({ '1-1': GPS, '1-2': AVALON, '1-3': CP2102(0, 'X77'), '1-4': COMPAC('1001', 1) }), portProblems: { '/dev/ttyUSB1': 'this user may not open /dev/ttyUSB1' } }, false);
    const at = (text: string): number => io.outLines.findIndex((line) => line.startsWith(text));
    expect(at('  compac-1001: GekkoScience Compac (BM1384); driver gekko, not used')).toBeGreaterThan(0);
    expect(at('  usb-10c4-ea60-x77: may be a miner; not used')).toBeGreaterThan(at('  compac-1001'));
    expect(at('  avalon-nano-1-2: Avalon nano stick (A3233); not used')).toBeGreaterThan(at('  usb-10c4-ea60-x77'));
    expect(at('  usb-1546-01a7-1-1: not known to mine; not used')).toBeGreaterThan(at('  avalon-nano-1-2'));
    expect(io.stdout).toContain('      - id: icarus-x77\n        driver: icarus\n        options: { usb_serial: "X77" }');
    expect(io.stdout).toMatch(/^ {4}asic {6}\/dev\/ttyUSB1$/m);
    for (const line of io.outLines.slice(2)) if (!line.startsWith('Drivers here')) expect(line.length, line).toBeLessThanOrEqual(80);
  });

  it('is short about a bridge chip that the configuration has a word for', async () => {
    const io = await show({ found: foundOf({ '1-3': CP2102(0) }) }, false, undefined, 'devices: [{id: erupter, driver: icarus, options: {usb_path: 1-3}}]\n');
    expect(io.stdout).toContain('  usb-10c4-ea60-1-3: may be a miner; driver icarus, configured as erupter\n    10c4:ea60');
    expect(io.stdout).not.toContain('May be:');
  });

  it('shows a HID miner once, with what it lacks', async () => {
    const mcp = { ids: '04d8:00de', manufacturer: 'Microchip Technology Inc.', product: 'MCP2210 USB to SPI Master', hidraw: 'hidraw0' } as const;
    const io = await show({ found: foundOf({ '1-1': mcp }), files: { '/sys/class/hidraw/hidraw0/device/uevent': 'HID_ID=0003:000004D8:000000DE\n', '/sys/class/hidraw/hidraw1/device/uevent': 'HID_ID=0003:0000046D:0000C31C\nHID_NAME=Keyboard\n' } }, false);
    expect(io.stdout).toContain('    it may be a miner, but one that has no driver here\n');
    expect(io.outLines.filter((line) => line.includes('/dev/hidraw0'))).toEqual(['    hid       /dev/hidraw0']);
    expect(io.stdout).toContain('  hid: /dev/hidraw1, Keyboard 046d:c31c');
  });

  it('shows what the configuration names and nothing on USB is: a port of another kind, or one that is not there', async () => {
    const yaml = 'devices: [{id: bench, driver: bm13xx-serial, options: {port: /dev/null}}, {id: ghost, driver: gekko, options: {usb_serial: "777"}}, {id: off, driver: gekko, enabled: false}, {id: compac-1001, driver: gekko}]\n';
    const parts = { found: foundOf({ '1-1': COMPAC('1001') }) };
    const io = await show(parts, false, undefined, yaml);
    expect(io.stdout).toContain('  bench: configured, driver bm13xx-serial\n    asic      /dev/null\n  ghost: configured, driver gekko, not usable now\n    not plugged in: no USB device with serial number 777\n');
    expect(io.stdout).not.toMatch(/^ {2}(off|compac-1001): configured/m);
    expect((JSON.parse((await show(parts, true, undefined, yaml)).stdout) as { found: { configured: object[] } }).found.configured).toMatchObject([
      { id: 'bench', driver: 'bm13xx-serial', ports: { asic: '/dev/null' }, bus_path: null, problem: null },
      { id: 'ghost', ports: {}, problem: 'not plugged in: no USB device with serial number 777' },
      { id: 'compac-1001' },
    ]);
  });

  it('says so when nothing is plugged in', async () => {
    expect((await show({}, false)).stdout).toContain('  usb: no miner and no serial adapter');
  });

  it('lists the drivers with their options when asked', async () => {
    const io = await show({}, false, { drivers: true });
    expect(io.stdout).toMatch(/^ {2}cpu: CPU of this machine$/m);
    expect(io.stdout).toMatch(/^ {6}limit_percent +Share of the time/m);
    expect(io.stdout).not.toContain('Found on this machine');
  });
});
