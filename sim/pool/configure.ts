/** mining.configure (BIP310): what a miner asks for and what it gets. */
import { hex32 } from './job.ts';

export interface Agreement {
  /** The answer: true, false or a reason for every code asked for, and extension values. */
  readonly result: Record<string, boolean | string>;
  /** Bits the miner may roll; null = version rolling was not agreed. */
  readonly versionMask: number | null;
  /** The mask the miner asked for, against which later changes are cut. */
  readonly askedMask: number;
  readonly minimumDifficulty: number | null;
  readonly extranonceSubscribed: boolean;
}

/** Returns null when the parameters are not those of mining.configure. */
export function negotiate(params: unknown, poolMask: number): Agreement | null {
  if (!Array.isArray(params)) return null;
  const [codes, values = {}] = params as unknown[];
  if (!Array.isArray(codes) || codes.length > 32 || typeof values !== 'object' || values === null || Array.isArray(values)) return null;
  const given = values as Record<string, unknown>;
  const asked = codes.filter((code): code is string => typeof code === 'string');

  const askedMask = readHex(given['version-rolling.mask'] ?? 'ffffffff');
  const minBits = Number(given['version-rolling.min-bit-count'] ?? 0);
  const mask = (poolMask & (askedMask ?? 0)) >>> 0;
  const difficulty = given['minimum-difficulty.value'];
  const minimumDifficulty = asked.includes('minimum-difficulty') && typeof difficulty === 'number' && Number.isFinite(difficulty) && difficulty > 0 ? difficulty : null;

  const result: Record<string, boolean | string> = {};
  for (const code of asked) {
    if (code === 'version-rolling') {
      if (askedMask === null) result[code] = 'version-rolling.mask is not hex';
      else if (bitCount(mask) < minBits) result[code] = `only ${bitCount(mask)} version bits are available`;
      else result[code] = mask !== 0;
      if (result[code] === true) result['version-rolling.mask'] = hex32(mask);
    } else if (code === 'minimum-difficulty') result[code] = minimumDifficulty !== null;
    else result[code] = code === 'subscribe-extranonce' || code === 'info';
  }
  return {
    result,
    versionMask: result['version-rolling'] === true ? mask : null,
    askedMask: askedMask ?? 0,
    minimumDifficulty,
    extranonceSubscribed: asked.includes('subscribe-extranonce'),
  };
}

function readHex(value: unknown): number | null {
  return typeof value === 'string' && /^[0-9a-fA-F]{1,8}$/.test(value) ? Number.parseInt(value, 16) : null;
}

function bitCount(value: number): number {
  return value.toString(2).replaceAll('0', '').length;
}
