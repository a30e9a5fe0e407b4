/** Which miner a USB device is. Ids alone are no identity: see `known-devices.ts`. */
import type { KnownUsbDevice, UsbFacts, UsbPort } from './device.ts';
import { KNOWN_USB_DEVICES } from './known-devices.ts';

export type UsbMatch =
  /** It is this device. `device.family` null: known, but no driver here speaks to it. */
  | { readonly kind: 'identified'; readonly device: KnownUsbDevice }
  /** It may be one of these, or none: `reason` says what is missing. Never open it on this ground alone. */
  | { readonly kind: 'candidates'; readonly devices: readonly KnownUsbDevice[]; readonly reason: string }
  | { readonly kind: 'unknown'; readonly reason: string };

type Check = 'same' | 'different' | 'untold';

/** Strings are compared without case and without the spaces and NULs some firmware pads them with. */
function normal(text: string): string {
  return text.replace(/[\s\0]+/gu, ' ').trim().toLowerCase();
}

function check(told: string | null, expected: readonly string[] | null): Check {
  if (expected === null) return 'same';
  if (told === null || normal(told) === '') return 'untold';
  return expected.some((text) => normal(text) === normal(told)) ? 'same' : 'different';
}

function checkStrings(facts: UsbFacts, device: KnownUsbDevice): Check {
  const checks = [check(facts.manufacturer, device.manufacturers), check(facts.product, device.product === null ? null : [device.product])];
  if (checks.includes('different')) return 'different';
  return checks.includes('untold') ? 'untold' : 'same';
}

/** Matches what the system tells of a device against the table. Ids may have either case. */
export function matchUsbDevice(facts: UsbFacts, table: readonly KnownUsbDevice[] = KNOWN_USB_DEVICES): UsbMatch {
  const ids = `${facts.vendorId}:${facts.productId}`.toLowerCase();
  const sameIds = table.filter((device) => `${device.vendorId}:${device.productId}` === ids);
  if (sameIds.length === 0) return { kind: 'unknown', reason: `${ids} is not a device known to mine` };

  // Ids that belong to one device alone need no strings: some systems do not tell them.
  const identified = sameIds.find((device) => device.proof === 'ids' || (device.proof === 'strings' && checkStrings(facts, device) === 'same'));
  if (identified !== undefined) return { kind: 'identified', device: identified };

  const devices = sameIds.filter((device) => checkStrings(facts, device) !== 'different');
  if (devices.length > 0) return { kind: 'candidates', devices, reason: reasonOf(facts, devices, ids) };
  const told = [facts.manufacturer, facts.product].map((text) => (text === null ? 'not told' : `"${text}"`)).join(', ');
  return { kind: 'unknown', reason: `${ids} is shared by many gadgets, and this one's manufacturer and product (${told}) are not those of a miner` };
}

function reasonOf(facts: UsbFacts, devices: readonly KnownUsbDevice[], ids: string): string {
  const byStrings = devices.some((device) => device.proof === 'strings');
  if (byStrings && facts.product === null) return `${ids} is shared by many gadgets, and the system does not tell the product name`;
  if (byStrings && facts.manufacturer === null) return `${ids} is shared by many gadgets, and the system does not tell the manufacturer`;
  return `${ids} with these names is a bridge chip that many gadgets use: name it in the configuration if it is a miner`;
}

/**
 * bInterfaceNumber from a `/dev/serial/by-id` name such as `usb-OSMU_Bitaxe_1234-if02` or `...-if00-port0`; null when the
 * name does not tell it. The number is written in hexadecimal.
 */
export function interfaceNumberOfById(name: string): number | null {
  const match = /-if([0-9a-f]{2})(?:-port\d+)?$/.exec(name);
  return match === null ? null : Number.parseInt(match[1]!, 16);
}

/** What the port with an interface number is for; null when the device has no such port. */
export function portOf(device: KnownUsbDevice, interfaceNumber: number): UsbPort | null {
  return device.ports.find((port) => port.interfaceNumber === interfaceNumber) ?? null;
}

/** Serial numbers that bridge chips leave the factory with: the same on every piece. */
const FACTORY_SERIALS = /^0*1?$/;

/**
 * The stable id `[a-z0-9-]+` of a device: its key and serial number; null when the serial number is missing or the
 * factory's, so that a name must come from somewhere else (the place it is plugged in, or the configuration).
 */
export function stableUsbId(device: Pick<KnownUsbDevice, 'key'>, serial: string | null): string | null {
  const slug = (serial ?? '').toLowerCase().replace(/[^a-z0-9]+/g, '-').replace(/^-+|-+$/g, '');
  return slug === '' || FACTORY_SERIALS.test(slug) ? null : `${device.key}-${slug}`;
}
