import type { Device } from '../../drivers/contract.ts';

/** Hashes the devices of the rig have made since they were last asked about: by their own count, or by rate and time where they do not count. */
export class HashMeter {
  /** Count, or time, at the last look. */
  readonly #last = new Map<string, { readonly hashes: number | null; readonly at: number }>();

  /** Null = no device can tell. */
  take(devices: readonly Device[], now: number): number | null {
    let sum: number | null = null;
    for (const device of devices) {
      const { hashes_total, hashrate_hs, status } = device.state();
      const before = this.#last.get(device.id);
      this.#last.set(device.id, { hashes: hashes_total, at: now });
      if (hashes_total !== null) {
        // A device that was started anew may count from nothing again.
        const from = before?.hashes ?? (before === undefined ? 0 : hashes_total);
        sum = (sum ?? 0) + (hashes_total >= from ? hashes_total - from : hashes_total);
      } else if (hashrate_hs !== null) {
        const ms = status === 'hashing' && before !== undefined ? now - before.at : 0;
        sum = (sum ?? 0) + (hashrate_hs * ms) / 1000;
      }
    }
    return sum;
  }
}
