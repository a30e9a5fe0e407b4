/** Serial ports and USB devices: what is plugged in, may we open it, and who has it open or meddles with it. */
import { notReady } from '../../../drivers/discovery/finder.ts';
import type { Found, FoundDevice, FoundPort } from '../../../drivers/discovery/found.ts';
import { UDEV_RULES_FILE, udevRules } from '../../../drivers/discovery/udev-rules.ts';
import { entryFindings, type ConfiguredEntry, type EntryFinding } from '../actions/configured-entries.ts';
import { ok, unknown, warn, type Finding } from './finding.ts';
import type { Machine } from './machine.ts';
import { portHolders, runningPrograms } from './processes.ts';
import { usbEventFindings } from './usb-events.ts';

/** Groups that own serial ports on Debian and on Arch. */
const SERIAL_GROUPS = ['dialout', 'uucp'];

export async function serialFindings(machine: Machine, entries: readonly ConfiguredEntry[] = []): Promise<Finding[]> {
  const found = await machine.find();
  const configured = await entryFindings(entries, found);
  const needsPlugdev = found.devices.some(({ match }) => match.kind === 'identified' && match.device.node !== 'tty');
  return [
    groupFinding(machine, 'serial group', SERIAL_GROUPS, 'serial ports'),
    ...(needsPlugdev ? [groupFinding(machine, 'USB group', ['plugdev'], 'HID and raw USB devices')] : []),
    ...deviceFindings(machine, found),
    ...configured.map(configuredFinding),
    ...latencyFindings(machine, found),
    rulesFinding(machine),
    ...meddlers(machine, found),
    ...(await usbEventFindings(machine)),
  ];
}

function groupFinding(machine: Machine, check: string, names: readonly string[], what: string): Finding {
  if (machine.user.uid === 0) return ok(check, 'running as root: all of them may be opened');
  const groups = new Map((machine.read('/etc/group') ?? '').split('\n').map((line) => [line.split(':')[0] ?? '', Number(line.split(':')[2])] as const));
  const known = names.filter((name) => groups.has(name));
  if (known.length === 0) return unknown(check, `this system has no ${names[0]} group`);
  const mine = known.find((name) => machine.user.gids.includes(groups.get(name)!));
  if (mine !== undefined) return ok(check, `${machine.user.name} is in ${mine}`);
  return warn(check, `${machine.user.name} is not in ${known[0]}: ${what} cannot be opened`, `sudo usermod -aG ${known[0]} ${machine.user.name}, then log in again.`);
}

function deviceFindings(machine: Machine, { devices, otherPorts }: Found): Finding[] {
  if (devices.length === 0 && otherPorts.length === 0) return [ok('serial ports', 'no USB serial adapter and no USB miner found')];
  const holders = portHolders(machine);
  return [
    ...devices.flatMap((device) => (device.ports.length === 0 ? [portlessFinding(device)] : device.ports.map((port) => portFinding(machine, device, port, holders)))),
    ...otherPorts.map(({ path, why }) => heldFinding(`serial port ${path}`, why, holders.get(path))),
  ];
}

/** What a device is, for the line of one of its ports. */
function titleOf({ match, place, driver }: FoundDevice): string {
  if (match.kind === 'identified') return `${match.device.title}${driver === null ? `, no driver (${match.device.note ?? 'none here'})` : ''}`;
  const name = [place.manufacturer, place.product].filter((text) => text !== null).join(' ') || `${place.vendorId}:${place.productId}`;
  return match.kind === 'candidates' ? `${name}, may be a miner: see \`rigbrain devices\`` : name;
}

function portlessFinding(device: FoundDevice): Finding {
  const check = `USB device ${device.id}`;
  const problem = device.driver === null ? null : notReady(device, () => null);
  return problem === null ? ok(check, titleOf(device)) : warn(check, `${titleOf(device)}: ${problem}`, 'Unplug it and plug it in again; if it stays so, look at what `dmesg` says of it.');
}

function portFinding(machine: Machine, device: FoundDevice, port: FoundPort, holders: ReadonlyMap<string, readonly string[]>): Finding {
  const check = `serial port ${port.path}`;
  const what = `${titleOf(device)}${port.role === null ? '' : `, ${port.role} port`}`;
  const missing = device.driver === null ? null : notReady(device, () => null);
  if (missing !== null) return warn(check, `${what}; ${missing}`, 'Unplug it and plug it in again; if it stays so, look at what `dmesg` says of it.');
  const problem = machine.portProblem(port.path);
  if (problem !== null) return warn(check, `${what}; ${problem}`, '`sudo rigbrain udev --install` gives miners to the group dialout; the user must be in it.');
  return heldFinding(check, what, holders.get(port.node));
}

function heldFinding(check: string, what: string, held: readonly string[] | undefined): Finding {
  if (held === undefined) return ok(check, `${what}, free`);
  if (held.every((holder) => holder.startsWith('Rigbrain'))) return ok(check, `${what}, in use by ${held.join(', ')}`);
  return warn(check, `${what}, open in ${held.join(', ')}`, 'Stop that program if Rigbrain is to use the port.');
}

/** Whether what an entry of the configuration means is there. */
function configuredFinding({ id, ports, problem }: EntryFinding): Finding {
  const check = `device ${id}`;
  if (problem === null) return ok(check, Object.values(ports).join(' and '));
  return warn(check, problem, 'Plug it in, or correct its entry under devices:; `rigbrain devices` shows what is there.');
}

/** FTDI bridges keep bytes back for 16 ms unless told otherwise. */
function latencyFindings(machine: Machine, { devices }: Found): Finding[] {
  return devices.filter(mayMine).flatMap((device) =>
    device.ports.flatMap(({ node, path }): Finding[] => {
      const ms = Number.parseInt(machine.read(`/sys/class/tty/${node.split('/').at(-1)}/device/latency_timer`) ?? '', 10);
      if (Number.isNaN(ms)) return [];
      const check = `latency ${path}`;
      return [ms <= 1 ? ok(check, `${ms} ms`) : warn(check, `the bridge keeps answers back for up to ${ms} ms`, 'sudo rigbrain udev --install: sets 1 ms.')];
    }),
  );
}

function mayMine({ match, driver }: FoundDevice): boolean {
  return driver !== null || (match.kind === 'candidates' && match.devices.some(({ family }) => family !== null));
}

function rulesFinding(machine: Machine): Finding {
  const installed = machine.read(UDEV_RULES_FILE);
  if (installed === null) return ok('udev rules', 'not installed; `sudo rigbrain udev --install` opens miners to the group dialout and keeps ModemManager away');
  return installed === udevRules() ? ok('udev rules', UDEV_RULES_FILE) : warn('udev rules', `${UDEV_RULES_FILE} is not of this version`, 'sudo rigbrain udev --install');
}

/** Programs that write into serial ports, or take them away. */
function meddlers(machine: Machine, { devices }: Found): Finding[] {
  const running = runningPrograms(machine);
  const brltty = running.has('brltty') ? [warn('brltty', 'is running: it takes CP210x, FTDI and CH340 bridges for braille displays', 'sudo apt remove brltty, or sudo systemctl disable --now brltty.')] : [];
  return [modemManagerFinding(machine, running.has('ModemManager'), devices.filter(mayMine)), ...brltty];
}

function modemManagerFinding(machine: Machine, running: boolean, miners: readonly FoundDevice[]): Finding {
  if (!running) return ok('ModemManager', 'not running');
  const told = (node: string): boolean => (machine.read(`/run/udev/data/c${machine.read(`/sys/class/tty/${node.split('/').at(-1)}/dev`)?.trim()}`) ?? '').includes('E:ID_MM_DEVICE_IGNORE=1');
  const ports = miners.flatMap((device) => device.ports);
  if (ports.length > 0 && ports.every(({ node }) => told(node))) return ok('ModemManager', 'is running, but is told to leave the miners alone');
  return warn('ModemManager', 'is running: it probes serial ports and can disturb a miner', 'sudo rigbrain udev --install, or sudo systemctl disable --now ModemManager.');
}
