/** Clock and power of the host. */
import { ok, unknown, warn, type Finding } from './finding.ts';
import type { Machine } from './machine.ts';

/** Is the wall clock kept right? Ledger folders and block times follow it. */
export async function clockFinding(machine: Machine): Promise<Finding> {
  const fix = 'sudo timedatectl set-ntp true, or install chrony.';
  const shown = await machine.run('timedatectl', ['show', '--property=NTPSynchronized', '--property=NTP']);
  const synchronized = /^NTPSynchronized=(yes|no)$/m.exec(shown ?? '')?.[1];
  if (synchronized === 'yes') return ok('clock', 'synchronised');
  if (synchronized === 'no') return warn('clock', 'not synchronised', fix);
  const chrony = await machine.run('chronyc', ['-c', 'tracking']);
  if (chrony !== null) return /,Normal\s*$/.test(chrony) ? ok('clock', 'synchronised by chrony') : warn('clock', 'chrony is not synchronised', fix);
  return unknown('clock', 'neither timedatectl nor chronyc answers here');
}

/** Bits of `vcgencmd get_throttled` (Raspberry Pi documentation). */
const UNDER_VOLTAGE_NOW = 1 << 0;
const THROTTLED_NOW = 1 << 2;
const UNDER_VOLTAGE_SINCE_BOOT = 1 << 16;
const THROTTLED_SINCE_BOOT = 1 << 18;

/** Under-voltage of a Raspberry Pi; empty on other machines. */
export async function powerFindings(machine: Machine): Promise<Finding[]> {
  const model = (machine.read('/proc/device-tree/model') ?? '').replaceAll('\0', '').trim();
  if (!model.startsWith('Raspberry Pi')) return [];
  const bits = throttledBits(await machine.run('vcgencmd', ['get_throttled'])) ?? alarmBits(machine);
  if (bits === null) return [unknown('power supply', `${model}: neither vcgencmd nor the kernel's voltage alarm can be read`)];
  const fix = 'Use the official power supply and a short cable; power USB devices from a hub of their own.';
  if ((bits & UNDER_VOLTAGE_NOW) !== 0) return [warn('power supply', `${model}: under-voltage now`, fix)];
  if ((bits & UNDER_VOLTAGE_SINCE_BOOT) !== 0) return [warn('power supply', `${model}: under-voltage since boot`, fix)];
  const cool = 'Cool the board, or set fewer threads.';
  if ((bits & THROTTLED_NOW) !== 0) return [warn('power supply', `${model}: throttled now (heat)`, cool)];
  if ((bits & THROTTLED_SINCE_BOOT) !== 0) return [warn('power supply', `${model}: throttled since boot (heat)`, cool)];
  return [ok('power supply', `${model}: no under-voltage`)];
}

function throttledBits(text: string | null): number | null {
  const hex = /throttled=0x([0-9a-f]+)/i.exec(text ?? '')?.[1];
  return hex === undefined ? null : Number.parseInt(hex, 16);
}

/** The kernel's own alarm: hwmon device `rpi_volt`, 1 = under-voltage was seen. */
function alarmBits(machine: Machine): number | null {
  for (const entry of machine.list('/sys/class/hwmon')) {
    if ((machine.read(`/sys/class/hwmon/${entry}/name`) ?? '').trim() !== 'rpi_volt') continue;
    const alarm = machine.read(`/sys/class/hwmon/${entry}/in0_lcrit_alarm`);
    if (alarm !== null) return alarm.trim() === '1' ? UNDER_VOLTAGE_SINCE_BOOT : 0;
  }
  return null;
}
