import { describe, expect, it } from 'vitest';
import { fakeMachine, usbPort } from './fake-machine.fixture.ts';
import { byIdName, serialFindings } from './serial.ts';

const GROUP = { '/etc/group': 'root:x:0:\ndialout:x:20:\n' };

describe('serial group', () => {
  it('says how to join when the user may not open ports', async () => {
    const [group] = await serialFindings(fakeMachine({ files: GROUP }));
    expect(group).toMatchObject({ status: 'warn', fix: 'sudo usermod -aG dialout miner, then log in again.' });
  });

  it('is content with a member, and with root', async () => {
    expect((await serialFindings(fakeMachine({ files: GROUP, user: { name: 'miner', uid: 1000, gids: [1000, 20] } })))[0]).toMatchObject({ status: 'ok' });
    expect((await serialFindings(fakeMachine({ files: GROUP, user: { name: 'root', uid: 0, gids: [0] } })))[0]).toMatchObject({ status: 'ok' });
  });
});

describe('serial ports', () => {
  it('names a port by its stable name and says who has it open', async () => {
    const machine = fakeMachine({
      ports: [usbPort('/dev/ttyUSB0'), usbPort('/dev/ttyUSB1'), { path: '/dev/ttyS0', manufacturer: null, vendorId: null, productId: null, serialNumber: null }],
      files: { '/proc/77/comm': 'minicom\n', '/proc/self/comm': 'x\n' },
      links: { '/dev/serial/by-id/usb-FTDI_DM01-if00': '../../ttyUSB0', '/proc/77/fd/0': '/dev/pts/1', '/proc/77/fd/3': '/dev/ttyUSB0', '/proc/77/fd/4': '/dev/ttyUSB0' },
    });
    const ports = (await serialFindings(machine)).filter((finding) => finding.check.startsWith('serial port '));
    expect(ports).toEqual([
      { check: 'serial port /dev/serial/by-id/usb-FTDI_DM01-if00', status: 'warn', detail: 'open in minicom (77)', fix: expect.any(String) },
      { check: 'serial port /dev/ttyUSB1', status: 'ok', detail: 'FTDI 0403:6015, free', fix: null },
    ]);
    expect(byIdName(machine, '/dev/ttyUSB1')).toBeNull();
  });

  it('reports an absent library plainly, without failing', async () => {
    const found = await serialFindings(fakeMachine({ ports: new Error("Cannot find package 'serialport'") }));
    expect(found[1]).toMatchObject({ check: 'serial ports', status: 'unknown', detail: expect.stringContaining("Cannot find package 'serialport'") });
  });
});

describe('ModemManager', () => {
  it('is warned about while it runs', async () => {
    expect((await serialFindings(fakeMachine({ files: { '/proc/9/comm': 'ModemManager\n' } }))).at(-1)).toMatchObject({ check: 'ModemManager', status: 'warn' });
    expect((await serialFindings(fakeMachine())).at(-1)).toMatchObject({ check: 'ModemManager', status: 'ok' });
  });
});
