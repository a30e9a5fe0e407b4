import { describe, expect, it } from 'vitest';
import { BITAXE, COMPAC, CP2102, foundOf } from '../../../drivers/discovery/fake-usb.fixture.ts';
import { UDEV_RULES_FILE, udevRules } from '../../../drivers/discovery/udev-rules.ts';
import { fakeMachine, type FakeParts } from './fake-machine.fixture.ts';
import { serialFindings } from './serial.ts';

const GROUP = { '/etc/group': 'root:x:0:\ndialout:x:20:\nplugdev:x:46:\n' };
const NEWPAC = { ids: '0403:6015', manufacturer: 'GekkoScience', product: 'NewPac Bitcoin Miner', serial: 'N1', ttys: { 0: 'ttyUSB4' } } as const;

async function visit(parts: FakeParts = {}) {
  const findings = await serialFindings(fakeMachine(parts));
  return { findings, find: (check: string) => findings.find((finding) => finding.check === check) };
}

describe('groups', () => {
  it('says how to join when the user may not open ports', async () => {
    const { find } = await visit({ files: GROUP });
    expect(find('serial group')).toMatchObject({ status: 'warn', fix: 'sudo usermod -aG dialout miner, then log in again.' });
    expect(find('USB group')).toBeUndefined();
  });

  it('is content with a member, and with root', async () => {
    expect((await visit({ files: GROUP, user: { name: 'miner', uid: 1000, gids: [1000, 20] } })).find('serial group')).toMatchObject({ status: 'ok' });
    expect((await visit({ files: GROUP, user: { name: 'root', uid: 0, gids: [0] } })).find('serial group')).toMatchObject({ status: 'ok' });
  });

  it('looks at plugdev only for miners without a serial port', async () => {
    const { find } = await visit({ files: GROUP, found: foundOf({ '1-1': { ids: '29f1:33f3' } }) });
    expect(find('USB group')).toMatchObject({ status: 'warn', fix: expect.stringContaining('plugdev') });
    expect(find('USB device avalon-nano-1-1')).toMatchObject({ status: 'ok', detail: expect.stringContaining('no driver') });
  });
});

describe('ports', () => {
  it('of the configuration are looked for', async () => {
    const entries = [
      { id: 'bench', driver: 'bm13xx-serial', enabled: true, place: { port: '/dev/null' } },
      { id: 'ghost', driver: 'icarus', enabled: true, place: { port: '/dev/nothing' } },
      { id: 'off', driver: 'icarus', enabled: false, place: { port: '/dev/nothing' } },
      { id: 'cpu', driver: 'cpu', enabled: true, place: {} },
    ];
    const findings = await serialFindings(fakeMachine(), entries);
    expect(findings.filter(({ check }) => check.startsWith('device '))).toMatchObject([
      { check: 'device bench', status: 'ok', detail: '/dev/null' },
      { check: 'device ghost', status: 'warn', detail: 'not plugged in: /dev/nothing does not exist' },
    ]);
  });

  it('says what a port is of, and who has it open', async () => {
    const { find } = await visit({
      found: foundOf({ '1-1': BITAXE('A1'), '1-2': CP2102(0) }, [{ name: 'ttyAMA0', why: 'not on USB' }]),
      files: { '/proc/77/comm': 'minicom\n', '/proc/78/comm': 'node\n', '/proc/78/cmdline': 'node\0/opt/rigbrain/dist/daemon/cli/bin.js\0run\0' },
      links: { '/proc/77/fd/3': '/dev/ttyACM1', '/proc/77/fd/4': '/dev/ttyACM1', '/proc/78/fd/5': '/dev/ttyACM0' },
    });
    expect(find('serial port /dev/ttyACM1')).toMatchObject({ status: 'warn', detail: 'Bitaxe with bitaxe-raw firmware, asic port, open in minicom (77)' });
    expect(find('serial port /dev/ttyACM0')).toMatchObject({ status: 'ok', detail: 'Bitaxe with bitaxe-raw firmware, control port, in use by Rigbrain (78)' });
    expect(find('serial port /dev/ttyUSB0')).toMatchObject({ status: 'ok', detail: expect.stringMatching(/CP2102.*may be a miner.*free/) });
    expect(find('serial port /dev/ttyAMA0')).toMatchObject({ status: 'ok', detail: 'not on USB, free' });
  });

  it('says when a port cannot be opened, is missing, or its device was taken', async () => {
    const { find } = await visit({
      found: foundOf({ '1-1': COMPAC('1001'), '1-2': { ...BITAXE('A1'), ttys: { 0: 'ttyACM0' } }, '1-3': { ...COMPAC('1002'), ttys: {}, kernelDriver: 'usbfs' } }),
      portProblems: { '/dev/ttyUSB0': 'this user may not open it' },
    });
    expect(find('serial port /dev/ttyUSB0')).toMatchObject({ status: 'warn', detail: expect.stringContaining('may not open'), fix: expect.stringContaining('rigbrain udev --install') });
    expect(find('serial port /dev/ttyACM0')).toMatchObject({ status: 'warn', detail: expect.stringContaining('no serial port for it (asic port') });
    expect(find('USB device compac-1002')).toMatchObject({ status: 'warn', detail: expect.stringContaining('libusb') });
  });

  it('warns of the wait of FTDI bridges, of miners only', async () => {
    const gps = { ids: '0403:6001', manufacturer: 'FTDI', product: 'GPS', ttys: { 0: 'ttyUSB9' } } as const;
    const parts = (ms: string): FakeParts => ({ found: foundOf({ '1-1': NEWPAC, '1-2': gps }), files: { '/sys/class/tty/ttyUSB4/device/latency_timer': ms, '/sys/class/tty/ttyUSB9/device/latency_timer': '16\n' } });
    expect((await visit(parts('16\n'))).find('latency /dev/ttyUSB4')).toMatchObject({ status: 'warn', detail: expect.stringContaining('16 ms') });
    expect((await visit(parts('1\n'))).find('latency /dev/ttyUSB4')).toMatchObject({ status: 'ok' });
    expect((await visit(parts('1\n'))).find('latency /dev/ttyUSB9')).toBeUndefined();
  });
});

describe('other programs', () => {
  it('warns of ModemManager while it runs, unless it is told to leave the miners alone', async () => {
    const running = { '/proc/9/comm': 'ModemManager\n' };
    expect((await visit()).find('ModemManager')).toMatchObject({ status: 'ok', detail: 'not running' });
    expect((await visit({ files: running })).find('ModemManager')).toMatchObject({ status: 'warn' });
    const told = { ...running, '/sys/class/tty/ttyUSB0/dev': '188:0\n', '/run/udev/data/c188:0': 'E:ID_BUS=usb\nE:ID_MM_DEVICE_IGNORE=1\n' };
    expect((await visit({ files: told, found: foundOf({ '1-1': COMPAC('1001') }) })).find('ModemManager')).toMatchObject({ status: 'ok' });
    expect((await visit({ files: told, found: foundOf({ '1-1': COMPAC('1001'), '1-2': COMPAC('1002', 1) }) })).find('ModemManager')).toMatchObject({ status: 'warn' });
  });

  it('warns of brltty, and of rules of another version', async () => {
    expect((await visit({ files: { '/proc/9/comm': 'brltty\n' } })).find('brltty')).toMatchObject({ status: 'warn' });
    expect((await visit()).find('brltty')).toBeUndefined();
    expect((await visit({ files: { [UDEV_RULES_FILE]: udevRules() } })).find('udev rules')).toMatchObject({ status: 'ok', detail: UDEV_RULES_FILE });
    expect((await visit({ files: { [UDEV_RULES_FILE]: '# old\n' } })).find('udev rules')).toMatchObject({ status: 'warn', fix: 'sudo rigbrain udev --install' });
  });
});

describe('devices that come and go', () => {
  const disconnects = (count: number): string => Array.from({ length: count }, (_, n) => `[${n}.1] usb 1-1.2: USB disconnect, device number ${n + 5}`).join('\n');
  const numbers = (top: number) => ({ '/sys/bus/usb/devices/usb1/devnum': '1', '/sys/bus/usb/devices/1-1/devnum': '2', '/sys/bus/usb/devices/1-1.2/devnum': `${top}`, '/sys/bus/usb/devices/1-1.2:1.0/bInterfaceNumber': '00' });

  it.each([
    ['dmesg', 5, 'warn'],
    ['dmesg', 4, 'ok'],
    ['journalctl --dmesg --boot --quiet --no-pager --output=cat --grep=USB disconnect', 7, 'warn'],
  ])('are counted in %s (%d times: %s)', async (command, count, status) => {
    const finding = (await visit({ commands: { [command]: disconnects(count) } })).find('USB unplugging');
    expect(finding?.status).toBe(status);
    if (status === 'warn') expect(finding?.detail).toBe(`socket 1-1.2 lost its device ${count} times`);
  });

  it('show in the numbers the kernel gives, where its log cannot be read', async () => {
    expect((await visit({ files: numbers(41) })).find('USB unplugging')).toMatchObject({ status: 'warn', detail: 'bus 1 has 2 devices, but gave number 41: some went and came back' });
    expect((await visit({ files: numbers(3) })).find('USB unplugging')).toMatchObject({ status: 'ok' });
    expect((await visit()).find('USB unplugging')).toMatchObject({ status: 'unknown' });
  });
});
