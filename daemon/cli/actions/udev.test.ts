import { describe, expect, it } from 'vitest';
import { UDEV_RULES_FILE, udevRules } from '../../../drivers/discovery/udev-rules.ts';
import { FakeIo } from '../fake-io.fixture.ts';
import { udev, type UdevHost } from './udev.ts';

const GLOBALS = { json: false, data: null, config: null };

function fakeHost(problem: string | null = null) {
  const written = new Map<string, string>();
  const commands: string[] = [];
  const host: UdevHost = {
    write: (file, text) => void written.set(file, text),
    run: async (command, args) => {
      commands.push([command, ...args].join(' '));
      return problem;
    },
  };
  return { host, written, commands };
}

describe('udev', () => {
  it('prints the rules and touches nothing', async () => {
    const { host, written, commands } = fakeHost();
    const io = new FakeIo('/');
    expect(await udev(io, GLOBALS, false, host)).toBe(0);
    expect(`${io.stdout}\n`).toBe(udevRules());
    expect([written.size, commands]).toEqual([0, []]);
  });

  it('installs them and lets udev go over what is plugged in', async () => {
    const { host, written, commands } = fakeHost();
    const io = new FakeIo('/');
    expect(await udev(io, GLOBALS, true, host)).toBe(0);
    expect(written.get(UDEV_RULES_FILE)).toBe(udevRules());
    expect(commands).toEqual(['udevadm control --reload', 'udevadm trigger --action=change --subsystem-match=tty --subsystem-match=usb --subsystem-match=hidraw']);
    expect(io.stdout).toContain('udev has read them');
  });

  it('says when udev does not answer, and when it is not root', async () => {
    const io = new FakeIo('/');
    expect(await udev(io, { ...GLOBALS, json: true }, true, fakeHost('spawn udevadm ENOENT').host)).toBe(0);
    expect(JSON.parse(io.stdout)).toMatchObject({ installed: true, active: false });
    const denied: UdevHost = { ...fakeHost().host, write: () => { throw new Error('EACCES: permission denied'); } };
    await expect(udev(io, GLOBALS, true, denied)).rejects.toMatchObject({ code: 'E_UDEV', hint: expect.stringContaining('sudo') });
  });
});
