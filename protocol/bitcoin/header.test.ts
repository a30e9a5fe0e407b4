import { describe, expect, it } from 'vitest';
import { loadVectors } from '../../test/vectors.ts';
import { bytesToHex, hexToBytes, reverseBytes, swapWords, writeU32LE } from '../common/bytes.ts';
import { displayHash, hashHeader, parseHeader, serializeHeader } from './header.ts';
import { midstate } from './sha256-reference.ts';
import { difficultyOfHash, meetsTarget } from './target.ts';
import { targetFromCompact } from './nbits.ts';

const GENESIS = '0100000000000000000000000000000000000000000000000000000000000000000000003ba3edfd7a7b12b27ac72c3e67768f617fc81bc3888a51323a9fb8aa4b1e5e4a29ab5f49ffff001d1dac2b7c';

interface HeaderVector {
  name: string;
  version: number;
  prev_hash_display: string;
  merkle_root_display: string;
  time: number;
  bits_hex: string;
  nonce: number;
  header: string;
  hash_display: string;
  hash_raw: string;
  stratum_v1_prevhash: string;
  share_difficulty: string;
}

describe('block header', () => {
  it('reads and hashes the genesis block', () => {
    const header = hexToBytes(GENESIS);
    const fields = parseHeader(header);
    expect(fields).toMatchObject({ version: 1, ntime: 1231006505, nbits: 0x1d00ffff, nonce: 2083236893 });
    expect(displayHash(fields.merkleRoot)).toBe('4a5e1e4baab89f3a32518a88c31bc87f618f76673e2cc77ab2127b7afdeda33b');
    expect(displayHash(hashHeader(header))).toBe('000000000019d6689c085ae165831e934ff763ae46a2a6c172b3f1b60a8ce26f');
    expect(bytesToHex(serializeHeader(fields))).toBe(GENESIS);
  });

  it('keeps versions with the top bit as unsigned numbers', () => {
    const fields = { ...parseHeader(hexToBytes(GENESIS)), version: 0xffffe000 };
    expect(parseHeader(serializeHeader(fields)).version).toBe(0xffffe000);
  });

  it('refuses wrong lengths', () => {
    expect(() => parseHeader(new Uint8Array(79))).toThrow(RangeError);
    expect(() => hashHeader(new Uint8Array(81))).toThrow(RangeError);
    expect(() => serializeHeader({ ...parseHeader(hexToBytes(GENESIS)), prevHash: new Uint8Array(31) })).toThrow(/prevHash/);
    expect(() => serializeHeader({ ...parseHeader(hexToBytes(GENESIS)), merkleRoot: new Uint8Array(33) })).toThrow(/merkleRoot/);
  });

  it('agrees with headers of well-known blocks', (context) => {
    const { vectors } = loadVectors<{ vectors: HeaderVector[] }>(context, 'stratum/headers.json');
    for (const v of vectors) {
      const built = serializeHeader({
        version: v.version,
        prevHash: reverseBytes(hexToBytes(v.prev_hash_display)),
        merkleRoot: reverseBytes(hexToBytes(v.merkle_root_display)),
        ntime: v.time,
        nbits: Number.parseInt(v.bits_hex, 16),
        nonce: v.nonce,
      });
      expect(bytesToHex(built), v.name).toBe(v.header);
      expect(parseHeader(built).version >>> 0, v.name).toBe(v.version >>> 0);
      const hash = hashHeader(built);
      expect(bytesToHex(hash), v.name).toBe(v.hash_raw);
      expect(displayHash(hash), v.name).toBe(v.hash_display);
      expect(bytesToHex(swapWords(parseHeader(built).prevHash)), v.name).toBe(v.stratum_v1_prevhash);
      expect(difficultyOfHash(hash) / Number(v.share_difficulty), v.name).toBeCloseTo(1, 9);
      expect(meetsTarget(hash, targetFromCompact(parseHeader(built).nbits)!), v.name).toBe(true);
    }
    expect(vectors.length).toBeGreaterThan(0);
  });

  it('agrees with a published midstate', (context) => {
    const { header_only } = loadVectors<{ header_only?: { midstate?: string; header_with_zero_nonce?: string; header?: string; hash_display?: string }[] }>(context, 'stratum/v1_shares.json');
    let compared = 0;
    for (const v of header_only ?? []) {
      if (v.header !== undefined) expect(displayHash(hashHeader(hexToBytes(v.header)))).toBe(v.hash_display);
      if (v.midstate === undefined || v.header_with_zero_nonce === undefined) continue;
      // The source prints the bytes of the words in the order the chip takes them: least significant first.
      const bytes = new Uint8Array(32);
      midstate(hexToBytes(v.header_with_zero_nonce)).forEach((word, i) => writeU32LE(bytes, word, 4 * i));
      expect(bytesToHex(bytes)).toBe(v.midstate);
      compared++;
    }
    expect(compared).toBeGreaterThan(0);
  });
});

it('leaves a Buffer as it was, and gives copies', () => {
  const header = Buffer.from(Array.from({ length: 80 }, (_, index) => index));
  const { merkleRoot, prevHash } = parseHeader(header);
  displayHash(merkleRoot);
  merkleRoot.fill(0);
  prevHash.fill(0);
  expect([...header]).toEqual(Array.from({ length: 80 }, (_, index) => index));
});
