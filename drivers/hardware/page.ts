/** The text of docs/hardware.md, made from the tables the drivers go by, so that the two cannot drift apart. */
import { z } from 'zod';
import { BM13XX_CHIPS, type Bm13xxChip } from '../../protocol/bm13xx/chips.ts';
import { bitaxeBoard, bitaxeBoardVersions } from '../../protocol/bitaxe-raw/boards.ts';
import { GEKKO_STICKS, type GekkoReset, type GekkoStickName } from '../../protocol/gekko/sticks.ts';
import type { DeviceFamily, KnownUsbDevice } from '../../protocol/usb/device.ts';
import { KNOWN_USB_DEVICES } from '../../protocol/usb/known-devices.ts';
import type { DriverDescriptor } from '../contract.ts';
import { driverIds, loadDriver } from '../registry.ts';
import { CHIP_PROOF, DEVICE_PROOF, FAMILY_NOTES, type Proof } from './proof.ts';

const FAMILIES: readonly DeviceFamily[] = ['bitaxe-raw', 'gekko', 'icarus', 'bm13xx-serial'];
/** Options that say where a device is or how it is tried out, not what it does. */
const PLACE = new Set(['port', 'control_port', 'telemetry_port', 'usb_serial', 'usb_path', 'nonce_zero_bits']);

const RECOGNISED: Readonly<Record<KnownUsbDevice['proof'], string>> = {
  strings: 'by its own USB names',
  ids: 'by its USB ids',
  probe: 'not by USB: configure it',
};

const LEVEL: Readonly<Record<Proof['level'], string>> = { trace: 'captured trace', simulator: 'simulator', fake: 'own fake', none: 'never seen' };

const MEANS: Readonly<Record<Proof['level'], string>> = {
  trace: 'bytes captured from real chips are decoded, and every nonce in them is hashed again',
  simulator: 'its driver mines on a simulator that was written from the facts and shares no code with the driver',
  fake: 'its driver runs on a fake written beside it: both may have the same mistake',
  none: 'written from descriptions only, and not tried',
};
const LEVELS = Object.keys(LEVEL) as Proof['level'][];
const ALL: readonly Proof[] = [...Object.values(DEVICE_PROOF), ...Object.values(CHIP_PROOF)];

const RESET: Readonly<Record<GekkoReset, string>> = {
  none: 'no reset line: unplugging is the only reset',
  'ftdi-cbus': 'its reset line needs the bit-bang mode of the FTDI bridge, which a tty does not offer: unplugging is the only reset',
  'cp2105-gpio': 'reset and power are on pins of the CP2105 that a tty does not offer; the controller on the telemetry port switches the regulator',
};

export async function hardwarePage(): Promise<string> {
  const families = await Promise.all(FAMILIES.map(familySection));
  return [
    '# Hardware',
    '',
    'Generated from `protocol/usb/known-devices.ts`, the drivers and `drivers/hardware/proof.ts`; do not edit. Refresh: `npx vitest run drivers/hardware -u`.',
    '',
    '**No real hardware was ever attached to this program.** What is known of a device comes from public sources and, where it says so, from bytes',
    'captured on real chips by others. The column "proof" tells how far each one was tried:',
    '',
    '| proof | means |',
    '| --- | --- |',
    ...LEVELS.filter((level) => ALL.some((proof) => proof.level === level)).map((level) => `| ${LEVEL[level]} | ${MEANS[level]} |`),
    '',
    'The first start of a real device is therefore a test: stay with it, begin at the default clock, and look at its temperature.',
    '',
    '`rigbrain devices` shows which of these is plugged in; how a port is named in the configuration is in [config.md](config.md).',
    '',
    ...families.flat(),
    '## Chips on a serial line',
    '',
    'A chain of these chips is the same behind a Bitaxe, on a stick or on a bare board. Clocks are settings known to be in use, not limits of',
    'the silicon. BM1384 and BM1387 have a framing of their own and are driven by `gekko` only.',
    '',
    ...table(['chip', 'jobs', 'cores', 'clock known in use', 'proof'], Object.values(BM13XX_CHIPS).map(chipRow)),
    '',
    ...shownBy(Object.values(CHIP_PROOF)),
    '## Known, but without a driver',
    '',
    'They are recognised, so that `rigbrain devices` can say what they are and why they are left alone.',
    '',
    ...table(['device', 'USB', 'why'], KNOWN_USB_DEVICES.filter(({ family }) => family === null).map((device) => [device.title, usbOf(device), device.note ?? ''])),
    '',
  ].join('\n');
}

async function familySection(family: DeviceFamily): Promise<string[]> {
  const devices = KNOWN_USB_DEVICES.filter((device) => device.family === family);
  const descriptor = driverIds().includes(family) ? await loadDriver(family) : null;
  const gaps = [...new Set(devices.flatMap((device) => (proofOf(device).gap === null ? [] : [`${device.title}: ${proofOf(device).gap}.`])))];
  return [
    `## Driver \`${family}\``,
    '',
    ...(descriptor === null ? ['This driver is not in this version.', ''] : [`${descriptor.title}.`, '', ...settingLines(descriptor), '']),
    ...table(['device', 'USB', 'recognised', 'ports', 'proof'], devices.map((device) => [device.title, usbOf(device), RECOGNISED[device.proof], portsOf(device), proofText(proofOf(device))])),
    '',
    ...shownBy(devices.map(proofOf)),
    ...[...FAMILY_NOTES[family], ...resetNotes(devices), ...gaps].map((note) => `- ${note}`),
    '',
    ...(family === 'bitaxe-raw' ? bitaxeBoards() : []),
  ];
}

interface OptionSchema {
  readonly minimum?: number;
  readonly maximum?: number;
  readonly enum?: readonly unknown[];
  /** Such as a number, or a word. */
  readonly anyOf?: readonly OptionSchema[];
}

/** What may be configured, with its limits, and which commands it takes. */
function settingLines(descriptor: DriverDescriptor): string[] {
  const { properties = {} } = z.toJSONSchema(descriptor.options, { target: 'draft-7', io: 'input' }) as { properties?: Record<string, OptionSchema> };
  const options = Object.entries(properties)
    .filter(([name]) => !PLACE.has(name))
    .map(([name, schema]) => {
      const { minimum, maximum, enum: values } = schema.anyOf?.find((one) => one.minimum !== undefined) ?? schema;
      if (values !== undefined) return `\`${name}\` (${values.join(', ')})`;
      return minimum === undefined || maximum === undefined ? `\`${name}\`` : `\`${name}\` (${minimum} to ${maximum})`;
    });
  return [
    `- Set in the configuration: ${options.join(', ') || 'nothing'}.`,
    `- Commands while it runs (of those the very device has): ${descriptor.capabilities.map((word) => `\`${word}\``).join(', ') || 'none'}.`,
  ];
}

/** Boards with the same parts, in one row. */
function bitaxeBoards(): string[] {
  const rows = new Map<string, string[]>();
  for (const version of bitaxeBoardVersions()) {
    const { family, asic, asics, fan, temperature, regulator } = bitaxeBoard(version)!;
    const parts = [family, asics === 1 ? asic : `${asics} x ${asic}`, regulator.chip, fan, `${temperature.sensor}${temperature.offsetC === 0 ? '' : `, +${temperature.offsetC} °C`}`].join('\0');
    rows.set(parts, [...(rows.get(parts) ?? []), version]);
  }
  return [
    'Boards by version (printed on the board; USB does not tell it, the chips that answer narrow it down):',
    '',
    ...table(['board', 'versions', 'chips', 'regulator', 'fan', 'temperature'], [...rows].map(([parts, versions]) => {
      const [family, chips, regulator, fan, temperature] = parts.split('\0') as [string, string, string, string, string];
      return [family, versions.join(', '), chips, regulator, fan, temperature];
    })),
    '',
  ];
}

function resetNotes(devices: readonly KnownUsbDevice[]): string[] {
  const groups = new Map<GekkoReset, string[]>();
  for (const { key, title } of devices) {
    if (!Object.hasOwn(GEKKO_STICKS, key)) continue;
    const { reset } = GEKKO_STICKS[key as GekkoStickName];
    groups.set(reset, [...(groups.get(reset) ?? []), title.replace(/^GekkoScience | \(.*\)$/g, '')]);
  }
  return [...groups].map(([reset, titles]) => `${titles.join(', ')}: ${RESET[reset]}.`);
}

function chipRow(chip: Bm13xxChip): string[] {
  const { name, jobFormat, cores, operating } = chip;
  const proof = CHIP_PROOF[name];
  return [name, jobFormat === 'midstate' ? 'midstates' : 'whole header', String(cores), operating === null ? 'not known' : `${operating.mhz[0]} to ${operating.mhz[1]} MHz`, `${proofText(proof)}${proof.gap === null ? '' : `: ${proof.gap}`}`];
}

function proofOf({ key }: KnownUsbDevice): Proof {
  return DEVICE_PROOF[key] ?? { level: 'none', tests: [], gap: null };
}

function proofText({ level }: Proof): string {
  return LEVEL[level];
}

function usbOf({ vendorId, productId, product }: KnownUsbDevice): string {
  return `\`${vendorId}:${productId}\`${product === null ? '' : ` "${product}"`}`;
}

function portsOf({ ports }: KnownUsbDevice): string {
  return ports.map(({ role, interfaceNumber }) => `${role} (if${interfaceNumber.toString(16).padStart(2, '0')})`).join(', ');
}

/** Where the proof can be looked at. */
function shownBy(proofs: readonly Proof[]): string[] {
  const tests = [...new Set(proofs.flatMap(({ tests: files }) => files))].sort();
  return tests.length === 0 ? [] : [`Shown by ${tests.map((file) => `\`${file}\``).join(', ')}.`, ''];
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const line = (cells: readonly string[]): string => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)];
}
