import { describe, expect, it } from 'vitest';
import { fakeMachine } from './fake-machine.fixture.ts';
import { nodeFinding, dataDirFindings } from './runtime.ts';
import { clockFinding, powerFindings } from './system.ts';

const TIMEDATECTL = 'timedatectl show --property=NTPSynchronized --property=NTP';
const PI = { '/proc/device-tree/model': 'Raspberry Pi 4 Model B Rev 1.4\0' };

describe('clock', () => {
  it.each([
    ['NTP=yes\nNTPSynchronized=yes\n', 'ok'],
    ['NTP=no\nNTPSynchronized=no\n', 'warn'],
  ])('reads timedatectl (%j)', async (text, status) => {
    expect((await clockFinding(fakeMachine({ commands: { [TIMEDATECTL]: text } }))).status).toBe(status);
  });

  it('asks chrony next, and says when nobody knows', async () => {
    expect((await clockFinding(fakeMachine({ commands: { 'chronyc -c tracking': 'C0,ntp,3,0.1,Normal\n' } }))).status).toBe('ok');
    expect((await clockFinding(fakeMachine({ commands: { 'chronyc -c tracking': 'C0,,0,0.0,Not synchronised\n' } }))).status).toBe('warn');
    expect((await clockFinding(fakeMachine())).status).toBe('unknown');
  });
});

describe('power of a Raspberry Pi', () => {
  it.each([
    ['0x0', 'ok', 'no under-voltage'],
    ['0x50005', 'warn', 'under-voltage now'],
    ['0x50000', 'warn', 'under-voltage since boot'],
    ['0x4', 'warn', 'throttled now'],
    ['0x40000', 'warn', 'throttled since boot'],
    ['0x40004', 'warn', 'throttled now'],
  ])('reads throttled=%s', async (bits, status, text) => {
    const [finding] = await powerFindings(fakeMachine({ files: PI, commands: { 'vcgencmd get_throttled': `throttled=${bits}\n` } }));
    expect(finding).toMatchObject({ status, detail: expect.stringContaining(text) });
  });

  it('falls back to the alarm of the kernel', async () => {
    const files = { ...PI, '/sys/class/hwmon/hwmon1/name': 'rpi_volt\n', '/sys/class/hwmon/hwmon1/in0_lcrit_alarm': '1\n' };
    expect((await powerFindings(fakeMachine({ files })))[0]).toMatchObject({ status: 'warn' });
    expect((await powerFindings(fakeMachine({ files: PI })))[0]).toMatchObject({ status: 'unknown' });
  });

  it('is not looked at on other machines', async () => {
    expect(await powerFindings(fakeMachine())).toEqual([]);
  });
});

describe('Node.js', () => {
  it.each([
    ['20.19.0', 'ok'],
    ['24.1.0', 'ok'],
    ['20.18.9', 'fail'],
    ['18.20.0', 'fail'],
  ])('%s is %s', (nodeVersion, status) => {
    expect(nodeFinding(fakeMachine({ nodeVersion })).status).toBe(status);
  });
});

describe('disk', () => {
  it.each([
    [10e9, 'ok'],
    [500e6, 'warn'],
    [1e6, 'fail'],
    [null, 'unknown'],
  ])('%s free bytes: %s', (freeBytes, status) => {
    expect(dataDirFindings(fakeMachine({ freeBytes }), '/tmp')[1]!.status).toBe(status);
  });

  it('fails for a data folder that cannot be', () => {
    expect(dataDirFindings(fakeMachine(), '/etc/hostname/data')[0]).toMatchObject({ status: 'fail' });
  });
});
