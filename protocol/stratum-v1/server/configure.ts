/** mining.configure (BIP310), the server's side. */
import { u32ToHex } from '../../common/bytes.ts';
import { parseU32Hex } from '../notify.ts';
import { readDifficulty } from './request.ts';

/** What was agreed with a miner. Null = it did not ask. */
export interface Agreement {
  /** The mask the miner asked for when version rolling is agreed. */
  readonly askedMask: number | null;
  readonly minimumDifficulty: number | null;
  readonly subscribeExtranonce: boolean;
  /** Answer of the server. */
  readonly result: Readonly<Record<string, unknown>>;
}

const ALL_BITS = 0xffff_ffff;

function bitCount(mask: number): number {
  let count = 0;
  for (let rest = mask >>> 0; rest !== 0; rest = (rest & (rest - 1)) >>> 0) count += 1;
  return count;
}

/**
 * The least number of bits a miner wants: a number, or a text that one firmware means as decimal and another as hex, so
 * the smaller reading counts. Null = it is neither.
 */
function minBitCount(value: unknown): number | null {
  if (value === undefined || value === null) return 0;
  if (typeof value === 'number') return Number.isInteger(value) && value >= 0 && value <= 32 ? value : null;
  if (typeof value !== 'string') return null;
  const hex = parseU32Hex(value);
  if (hex === null) return null;
  return /^\d+$/.test(value) ? Number(value) : hex;
}

/**
 * Answers mining.configure.
 * @param offered version bits that may be rolled now; 0 = none
 * @returns what is agreed, or the reason why the request cannot be used
 */
export function negotiate(extensions: readonly unknown[], values: Readonly<Record<string, unknown>>, offered: number): Agreement | { readonly reason: string } {
  const result: Record<string, unknown> = {};
  let askedMask: number | null = null;
  let minimumDifficulty: number | null = null;
  let subscribeExtranonce = false;
  for (const extension of extensions.slice(0, 32)) {
    switch (extension) {
      case 'version-rolling': {
        const wanted = values['version-rolling.mask'];
        const asked = wanted === undefined ? ALL_BITS : parseU32Hex(wanted);
        if (asked === null) return { reason: 'version-rolling.mask is not up to 8 hex digits' };
        const least = minBitCount(values['version-rolling.min-bit-count']);
        if (least === null) return { reason: 'version-rolling.min-bit-count is not a number from 0 to 32' };
        const mask = (asked & offered) >>> 0;
        const agreed = mask !== 0 && bitCount(mask) >= least;
        result['version-rolling'] = agreed;
        if (!agreed) break;
        askedMask = asked;
        result['version-rolling.mask'] = u32ToHex(mask);
        break;
      }
      case 'minimum-difficulty':
        minimumDifficulty = readDifficulty(values['minimum-difficulty.value']);
        result['minimum-difficulty'] = minimumDifficulty !== null;
        break;
      case 'subscribe-extranonce':
        subscribeExtranonce = true;
        result['subscribe-extranonce'] = true;
        break;
      case 'info':
        result['info'] = true;
        break;
      default:
        if (typeof extension === 'string' && extension.length <= 64) result[extension] = false;
    }
  }
  return { askedMask, minimumDifficulty, subscribeExtranonce, result };
}
