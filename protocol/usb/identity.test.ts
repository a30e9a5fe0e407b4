import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { loadVectors } from '../../test/vectors.ts';
import { interfaceNumberOfById, matchUsbDevice, portOf, stableUsbId } from './identity.ts';
import { KNOWN_USB_DEVICES } from './known-devices.ts';

const facts = (ids: string, manufacturer: string | null, product: string | null) => {
  const [vendorId, productId] = ids.split(':') as [string, string];
  return { vendorId, productId, manufacturer, product };
};
const told = (ids: string, manufacturer: string | null, product: string | null) => {
  const match = matchUsbDevice(facts(ids, manufacturer, product));
  return match.kind === 'identified' ? match.device.key : match.kind;
};

/** Ids that many gadgets share. */
const SHARED = ['10c4:ea60', '0403:6001', '0403:6014', '0403:6015', '067b:2303', '0483:5740', 'c0de:cafe'];

describe('USB identity', () => {
  it('knows every id of the vectors, and identifies none by a shared id', (context) => {
    const { vectors } = loadVectors<{ vectors: { vid: string; pid: string; manufacturer: string | null; product: string | null; device: string }[] }>(context, 'asic/usb_ids.json');
    for (const v of vectors) {
      const match = matchUsbDevice({ vendorId: v.vid, productId: v.pid, manufacturer: v.manufacturer, product: v.product });
      expect(match.kind, v.device).not.toBe('unknown');
      const stranger = told(`${v.vid}:${v.pid}`, 'ACME', 'GPS receiver');
      if (SHARED.includes(`${v.vid}:${v.pid}`)) expect(['candidates', 'unknown'], v.device).toContain(stranger);
    }
  });

  it('takes a Bitaxe only with both of its names', () => {
    expect(told('c0de:cafe', 'OSMU', 'Bitaxe')).toBe('bitaxe-raw');
    expect(told('C0DE:CAFE', 'osmu', 'Bitaxe \0')).toBe('bitaxe-raw');
    expect(told('c0de:cafe', 'OSMU', 'BitaxeBonanza')).toBe('bitaxe-bonanza');
    expect(told('c0de:cafe', 'Embassy', 'USB-serial example')).toBe('unknown');
    expect(told('c0de:cafe', 'Embassy', 'Bitaxe')).toBe('unknown');
    expect(told('c0de:cafe', null, 'Bitaxe')).toBe('candidates');
    expect(told('c0de:cafe', null, null)).toBe('candidates');
  });

  it('tells the Gekko sticks apart, whoever sold them', () => {
    expect(told('10c4:ea60', 'GekkoScience', 'Compac BM1384 Bitcoin Miner')).toBe('compac');
    expect(told('10c4:ea60', 'bitshopperde', '2Pac BM1384 Bitcoin Miner')).toBe('2pac');
    expect(told('0403:6015', 'GekkoScience', 'NewPac Bitcoin Miner')).toBe('newpac');
    expect(told('0403:6015', 'GekkoScience', 'R606 Bitcoin Miner')).toBe('r606');
    expect(told('10c4:ea70', 'Silicon Labs', 'GekkoScience Compac A1')).toBe('compac-a1');
    expect(told('10c4:ea70', 'Silicon Labs', 'CP2105 Dual USB to UART Bridge Controller')).toBe('unknown');
  });

  it('leaves a plain bridge chip to a probe or a person', () => {
    const match = matchUsbDevice(facts('10c4:ea60', 'Silicon Labs', 'CP2102 USB to UART Bridge Controller'));
    expect(match.kind === 'candidates' && match.devices.map((device) => device.key)).toEqual(['block-erupter', 'antminer-u', 'rockminer', 'be200', 'zeusminer']);
    expect(told('0403:6015', 'FTDI', 'FT230X Basic UART')).toBe('candidates');
    expect(told('1d6b:0002', 'Linux', 'root hub')).toBe('unknown');
  });

  it('never identifies by a shared id, whatever the names', () => {
    fc.assert(fc.property(fc.constantFrom(...SHARED), fc.option(fc.string()), fc.option(fc.string()), (ids, manufacturer, product) => {
      const match = matchUsbDevice(facts(ids, manufacturer, product));
      if (match.kind === 'identified') expect(product).not.toBe(null);
      else expect(match.reason).not.toBe('');
    }));
  });

  it('has unambiguous lines: one device per ids and strings, keys that can be ids', () => {
    const lines = KNOWN_USB_DEVICES.filter(({ proof }) => proof !== 'probe').map((d) => `${d.vendorId}:${d.productId} ${d.manufacturers?.join()} ${d.product}`);
    expect(new Set(lines).size).toBe(lines.length);
    expect(new Set(KNOWN_USB_DEVICES.map(({ key }) => key)).size).toBe(KNOWN_USB_DEVICES.length);
    for (const device of KNOWN_USB_DEVICES) {
      expect(device.key).toMatch(/^[a-z0-9-]+$/);
      expect(`${device.vendorId}:${device.productId}`).toMatch(/^[0-9a-f]{4}:[0-9a-f]{4}$/);
      if (device.proof === 'ids') expect(SHARED).not.toContain(`${device.vendorId}:${device.productId}`);
      if (device.family === null) expect(device.note).not.toBe(null);
    }
  });
});

describe('ports and names', () => {
  it('reads the interface number of a by-id name', () => {
    expect(interfaceNumberOfById('usb-OSMU_Bitaxe_1234-if02')).toBe(2);
    expect(interfaceNumberOfById('/dev/serial/by-id/usb-Silicon_Labs_GekkoScience_Compac_A1_99-if01-port0')).toBe(1);
    expect(interfaceNumberOfById('ttyACM0')).toBe(null);
    const bitaxe = KNOWN_USB_DEVICES[0]!;
    expect([0, 1, 2].map((n) => portOf(bitaxe, n)?.role ?? null)).toEqual(['control', null, 'asic']);
  });

  it('makes an id of a serial number, but not of one that every piece has', () => {
    const bitaxe = KNOWN_USB_DEVICES[0]!;
    expect(stableUsbId(bitaxe, 'B5:4A 90')).toBe('bitaxe-raw-b5-4a-90');
    for (const serial of [null, '', '0', '0001', '00000000', ' - ']) expect(stableUsbId(bitaxe, serial)).toBe(null);
    fc.assert(fc.property(fc.string(), (serial) => {
      expect(stableUsbId(bitaxe, serial) ?? 'x').toMatch(/^[a-z0-9-]+$/);
    }));
  });
});
