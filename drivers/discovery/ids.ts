/** Gives every plugged-in device an id of its own, and lets it keep it while it is plugged in. */
import { stableUsbId } from '../../protocol/usb/identity.ts';
import type { UsbNode } from './scan.ts';

export interface NamedDevice {
  readonly id: string;
  readonly ownSerial: boolean;
}

interface Wanted {
  /** Kind of device, `[a-z0-9-]+`. */
  readonly key: string;
  readonly node: UsbNode;
}

/**
 * Ids are made of the serial number where that is the device's own. A number seen on two devices at once is nobody's own from then on:
 * devices plugged in later are named by their socket, and one that already runs keeps its name until it is unplugged.
 */
export class StableIds {
  /** By socket and plugging in. */
  #held = new Map<string, NamedDevice>();
  /** Ids that two devices would have had; at most one a device ever seen. */
  readonly #shared = new Set<string>();

  assign(wanted: readonly Wanted[]): NamedDevice[] {
    const serials = wanted.map(({ key, node }) => stableUsbId({ key }, node.place.serial));
    for (const [index, id] of serials.entries()) if (id !== null && serials.indexOf(id) !== index) this.#share(id);

    const held = new Map<string, NamedDevice>();
    const used = new Set<string>();
    const keep = (index: number, named: NamedDevice): void => {
      held.set(pluggingOf(wanted[index]!), named);
      used.add(named.id);
    };
    for (const [index, device] of wanted.entries()) {
      const before = this.#held.get(pluggingOf(device));
      if (before !== undefined) keep(index, before);
    }
    for (const [index, device] of wanted.entries()) {
      if (held.has(pluggingOf(device))) continue;
      const serial = serials[index] ?? null;
      const own = serial !== null && !this.#shared.has(serial) && !used.has(serial);
      keep(index, { id: own ? serial : unused(`${device.key}-${device.node.place.busPath.replaceAll('.', '-')}`, used), ownSerial: own });
    }
    this.#held = held;
    return wanted.map((device) => held.get(pluggingOf(device))!);
  }

  #share(id: string): void {
    if (this.#shared.size < 1024) this.#shared.add(id);
  }
}

function pluggingOf({ key, node }: Wanted): string {
  return `${key} ${node.place.busPath} ${node.devnum ?? ''} ${node.place.serial ?? ''}`;
}

function unused(id: string, used: ReadonlySet<string>): string {
  for (let n = 1; ; n++) {
    const candidate = n === 1 ? id : `${id}-${n}`;
    if (!used.has(candidate)) return candidate;
  }
}
