/** USB devices that come and go by themselves: a weak supply or a bad cable. */
import { ok, unknown, warn, type Finding } from './finding.ts';
import type { Machine } from './machine.ts';

const FIX = 'Give miners a powered hub and a short cable; a port of a Raspberry Pi shares about 1.2 A with the others.';
/** A person plugs something in and out a few times. */
const SUSPICIOUS = 5;

/**
 * By the kernel's log where this user may read it. Else by the numbers the kernel gives: each plugging in takes the next one of
 * its bus, so numbers far above the count of devices tell of devices that went.
 */
export async function usbEventFindings(machine: Machine): Promise<Finding[]> {
  const check = 'USB unplugging';
  const log = (await machine.run('dmesg', [])) ?? (await machine.run('journalctl', ['--dmesg', '--boot', '--quiet', '--no-pager', '--output=cat', '--grep=USB disconnect']));
  if (log !== null) {
    const counts = new Map<string, number>();
    for (const [, socket] of log.matchAll(/usb (\d+-[\d.]+): USB disconnect/g)) counts.set(socket!, (counts.get(socket!) ?? 0) + 1);
    const often = [...counts].filter(([, count]) => count >= SUSPICIOUS);
    if (often.length === 0) return [ok(check, 'the kernel\'s log tells of no device that comes and goes')];
    return [warn(check, often.map(([socket, count]) => `socket ${socket} lost its device ${count} times`).join(', '), FIX)];
  }
  const folder = '/sys/bus/usb/devices';
  const highest = new Map<string, { top: number; count: number }>();
  for (const name of machine.list(folder)) {
    const bus = /^(\d+)-[\d.]+$/.exec(name)?.[1];
    const number = Number.parseInt(machine.read(`${folder}/${name}/devnum`) ?? '', 10);
    if (bus === undefined || Number.isNaN(number)) continue;
    const { top, count } = highest.get(bus) ?? { top: 1, count: 0 };
    highest.set(bus, { top: Math.max(top, number), count: count + 1 });
  }
  if (highest.size === 0) return [unknown(check, 'neither the kernel\'s log nor sysfs can be read, or no USB device is plugged in')];
  // The root hub is number 1.
  const often = [...highest].filter(([, { top, count }]) => top - 1 - count >= SUSPICIOUS);
  if (often.length === 0) return [ok(check, 'no device seems to come and go (by the numbers the kernel gave; its log needs root)')];
  return [warn(check, often.map(([bus, { top, count }]) => `bus ${bus} has ${count} ${count === 1 ? 'device' : 'devices'}, but gave number ${top}: some went and came back`).join(', '), FIX)];
}
