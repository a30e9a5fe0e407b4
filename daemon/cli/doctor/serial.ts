/** Serial ports: may we open them, which are there, and who has them open. */
import { messageOf } from '../../../protocol/common/errors.ts';
import { ok, unknown, warn, type Finding } from './finding.ts';
import type { Machine, SerialPortInfo } from './machine.ts';

/** Groups that own serial ports on Debian and on Arch. */
const SERIAL_GROUPS = ['dialout', 'uucp'];

export async function serialFindings(machine: Machine): Promise<Finding[]> {
  return [groupFinding(machine), ...(await portFindings(machine)), ...(await modemManagerFindings(machine))];
}

function groupFinding(machine: Machine): Finding {
  if (machine.user.uid === 0) return ok('serial group', 'running as root: every port may be opened');
  const groups = new Map((machine.read('/etc/group') ?? '').split('\n').map((line) => [line.split(':')[0] ?? '', Number(line.split(':')[2])] as const));
  const known = SERIAL_GROUPS.filter((name) => groups.has(name));
  if (known.length === 0) return unknown('serial group', 'this system has no dialout group');
  const mine = known.find((name) => machine.user.gids.includes(groups.get(name)!));
  if (mine !== undefined) return ok('serial group', `${machine.user.name} is in ${mine}`);
  return warn('serial group', `${machine.user.name} is not in ${known[0]}: serial ports cannot be opened`, `sudo usermod -aG ${known[0]} ${machine.user.name}, then log in again.`);
}

async function portFindings(machine: Machine): Promise<Finding[]> {
  let ports: readonly SerialPortInfo[];
  try {
    ports = await machine.serialPorts();
  } catch (error) {
    return [unknown('serial ports', `the serialport library cannot be loaded (${messageOf(error).split('\n')[0]}); only serial devices need it`)];
  }
  const usb = ports.filter(isAdapter);
  if (usb.length === 0) return [ok('serial ports', 'no USB serial adapter found')];
  const holders = portHolders(machine);
  return usb.map((port) => {
    const check = `serial port ${byIdName(machine, port.path) ?? port.path}`;
    const held = holders.get(port.path);
    const what = [port.manufacturer, port.vendorId !== null ? `${port.vendorId}:${port.productId}` : null].filter((text) => text !== null).join(' ');
    if (held === undefined) return ok(check, what === '' ? 'free' : `${what}, free`);
    return warn(check, `open in ${held.join(', ')}`, 'Stop that program if Rigbrain is to use the port.');
  });
}

/** Ports of a plugged-in adapter; not the fixed ones of the main board, which are always listed. */
export function isAdapter(port: SerialPortInfo): boolean {
  return port.vendorId !== null || /^\/dev\/tty(USB|ACM)\d+$/.test(port.path);
}

/** The name of a port that survives replugging; null when there is none. */
export function byIdName(machine: Machine, port: string): string | null {
  const folder = '/dev/serial/by-id';
  const name = machine.list(folder).find((entry) => `/dev/${(machine.link(`${folder}/${entry}`) ?? '').split('/').at(-1)}` === port);
  return name === undefined ? null : `${folder}/${name}`;
}

/** Which processes have a tty open, as far as this user may see: port -> `name (pid)`. */
export function portHolders(machine: Machine): Map<string, string[]> {
  const holders = new Map<string, string[]>();
  for (const pid of machine.list('/proc')) {
    if (!/^\d+$/.test(pid)) continue;
    const open = new Set(machine.list(`/proc/${pid}/fd`).map((fd) => machine.link(`/proc/${pid}/fd/${fd}`)));
    for (const target of open) {
      if (target === null || !/^\/dev\/tty(USB|ACM|AMA|S)\d+$/.test(target)) continue;
      const name = (machine.read(`/proc/${pid}/comm`) ?? 'unknown').trim();
      holders.set(target, [...(holders.get(target) ?? []), `${name} (${pid})`]);
    }
  }
  return holders;
}

async function modemManagerFindings(machine: Machine): Promise<Finding[]> {
  const running = machine.list('/proc').some((pid) => /^\d+$/.test(pid) && (machine.read(`/proc/${pid}/comm`) ?? '').trim() === 'ModemManager');
  if (!running) return [ok('ModemManager', 'not running')];
  return [warn('ModemManager', 'is running: it probes serial ports and can disturb a miner', 'sudo systemctl disable --now ModemManager, or use the udev rules in deploy/.')];
}
