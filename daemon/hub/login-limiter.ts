/** How often an address may be wrong about the token. */
import { isIP } from 'node:net';
import type { Clock } from '../../protocol/common/clock.ts';
import { plainAddress } from '../server/allow.ts';

/** Wrong tokens in a row; then one more each time so much has passed. */
const BURST = 10;
const REFILL_MS = 6_000;
/** Addresses remembered; of more, the one that was wrong longest ago is forgotten. */
const MOST_ADDRESSES = 1024;

interface Bucket {
  left: number;
  at: number;
}

export class LoginLimiter {
  readonly #clock: Clock;
  /** In the order of their last failure. */
  readonly #buckets = new Map<string, Bucket>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Seconds to wait; 0 = may try. While it has to wait not even the right token helps: else it could guess on. */
  waitSeconds(address: string): number {
    const bucket = this.#buckets.get(groupOf(address));
    if (bucket === undefined) return 0;
    const left = this.#leftOf(bucket);
    return left >= 1 ? 0 : Math.ceil(((1 - left) * REFILL_MS) / 1000);
  }

  failed(address: string): void {
    const group = groupOf(address);
    const bucket = this.#buckets.get(group);
    const left = Math.max(0, (bucket === undefined ? BURST : this.#leftOf(bucket)) - 1);
    this.#buckets.delete(group);
    if (this.#buckets.size >= MOST_ADDRESSES) this.#buckets.delete(this.#buckets.keys().next().value!);
    this.#buckets.set(group, { left, at: this.#clock.monotonic() });
  }

  succeeded(address: string): void {
    this.#buckets.delete(groupOf(address));
  }

  /** Addresses remembered now. */
  get size(): number {
    return this.#buckets.size;
  }

  #leftOf({ left, at }: Bucket): number {
    return Math.min(BURST, left + (this.#clock.monotonic() - at) / REFILL_MS);
  }
}

/** Whoever has one IPv6 address has all of its /64. */
function groupOf(address: string): string {
  const plain = plainAddress(address);
  if (isIP(plain) !== 6) return plain;
  const [head = '', tail] = plain.split('::');
  const left = head === '' ? [] : head.split(':');
  const right = tail === undefined || tail === '' ? [] : tail.split(':');
  const groups = tail === undefined ? left : [...left, ...Array<string>(Math.max(0, 8 - left.length - right.length)).fill('0'), ...right];
  return `${groups.slice(0, 4).map((group) => Number.parseInt(group, 16).toString(16)).join(':')}::/64`;
}
