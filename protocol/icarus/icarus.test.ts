import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { displayHash, hashHeader, HEADER_BYTES } from '../bitcoin/header.ts';
import { compress } from '../bitcoin/sha256-reference.ts';
import { sha256 } from '../bitcoin/hash.ts';
import { bytesToHex, concatBytes, hexToBytes, readU32LE, u32ToHex, writeU32BE } from '../common/bytes.ts';
import { loadVectors } from '../../test/vectors.ts';
import { GOLDEN_REPLY, GOLDEN_WORK, judgeGoldenProbe } from './golden.ts';
import { antminerWorkId, decodeIcarusReply, encodeIcarusReply, IcarusFramer } from './reply.ts';
import { fullRangeMs, hashrateOfHashTime, ICARUS_LONGEST_WORK_MS, ICARUS_MODELS, nextWorkAfterMs, noncesSearched } from './timing.ts';
import { decodeIcarusWork, encodeIcarusWork, icarusWorkOfHeader } from './work.ts';
import type { IcarusWork } from './work.ts';

/** SHA-256d of the header that a device hashes: finished from the midstate, as the device does. */
function hashOfWork(work: IcarusWork, nonceBytes: Uint8Array): Uint8Array {
  const block = new Uint8Array(64);
  block.set(concatBytes(work.tail, nonceBytes));
  block[16] = 0x80;
  writeU32BE(block, 8 * HEADER_BYTES, 60);
  const first = new Uint8Array(32);
  compress(Uint32Array.from(work.midstate), block).forEach((word, i) => writeU32BE(first, word, 4 * i));
  return sha256(first);
}

interface Vector {
  id: string;
  work_64_bytes: string;
  reply_4_bytes: string;
  sha_midstate_big_endian_words?: string;
  header_tail_merkle4_ntime_nbits?: string;
  header_nonce_bytes?: string;
  nonce_u32_for_submit?: string;
  hash_display: string;
}

describe('Icarus', () => {
  it('agrees with the vectors, down to the hash', (context) => {
    const { vectors } = loadVectors<{ vectors: Vector[] }>(context, 'asic/icarus.json');
    expect(vectors.length).toBeGreaterThan(0);
    for (const v of vectors) {
      const packet = hexToBytes(v.work_64_bytes);
      const work = decodeIcarusWork(packet)!;
      const reply = decodeIcarusReply(hexToBytes(v.reply_4_bytes))!;
      expect(bytesToHex(encodeIcarusWork(work)), v.id).toBe(v.work_64_bytes);
      expect(displayHash(hashOfWork(work, hexToBytes(v.reply_4_bytes))), v.id).toBe(v.hash_display);
      if (v.sha_midstate_big_endian_words !== undefined) expect(Array.from(work.midstate, u32ToHex).join('')).toBe(v.sha_midstate_big_endian_words);
      if (v.header_tail_merkle4_ntime_nbits !== undefined) expect(bytesToHex(work.tail)).toBe(v.header_tail_merkle4_ntime_nbits);
      if (v.nonce_u32_for_submit !== undefined) expect(u32ToHex(reply.nonce)).toBe(v.nonce_u32_for_submit);
      if (v.header_nonce_bytes !== undefined) expect(bytesToHex(encodeIcarusReply(reply.nonce))).toBe(v.header_nonce_bytes);
    }
  });

  it('the golden work is a block of the main chain', () => {
    const hash = hashOfWork(decodeIcarusWork(Uint8Array.from(GOLDEN_WORK))!, Uint8Array.from(GOLDEN_REPLY));
    expect(displayHash(hash)).toBe('00000000000004b64108a8e4168cfaa890d62b8c061c6b74305b7f6cb2cf9fda');
  });

  it('gives a device the header whose hash the host checks', () => {
    fc.assert(fc.property(fc.uint8Array({ minLength: 80, maxLength: 80 }), (header) => {
      const packet = encodeIcarusWork(icarusWorkOfHeader(header));
      expect(packet).toHaveLength(64);
      expect(hashOfWork(decodeIcarusWork(packet)!, header.subarray(76))).toEqual(hashHeader(header));
    }), { numRuns: 20 });
    expect(decodeIcarusWork(new Uint8Array(63))).toBe(null);
    expect(() => icarusWorkOfHeader(new Uint8Array(79))).toThrow(RangeError);
    expect(() => encodeIcarusWork({ midstate: new Uint32Array(7), tail: new Uint8Array(12) })).toThrow(RangeError);
  });
});

describe('probe', () => {
  it('believes only the golden nonce', () => {
    expect(judgeGoldenProbe(new Uint8Array(0))).toEqual({ kind: 'silent' });
    expect(judgeGoldenProbe(hexToBytes('000187a2'))).toEqual({ kind: 'icarus', extraBytes: 0 });
    expect(judgeGoldenProbe(hexToBytes('000187a281'))).toEqual({ kind: 'icarus', extraBytes: 1 });
    expect(judgeGoldenProbe(hexToBytes('a2870100'))).toEqual({ kind: 'other' });
    expect(judgeGoldenProbe(hexToBytes('000187'))).toEqual({ kind: 'other' });
    expect(judgeGoldenProbe(new TextEncoder().encode('$GPGGA,,'))).toEqual({ kind: 'other' });
  });
});

describe('IcarusFramer', () => {
  it('gives the same replies however they are cut, and nothing else', () => {
    fc.assert(fc.property(fc.array(fc.integer({ min: 0, max: 0xffffffff }), { maxLength: 20 }), fc.array(fc.integer({ min: 1, max: 9 })), fc.constantFrom(4, 5, 8), (nonces, cuts, size) => {
      const framer = new IcarusFramer(size as 4 | 5 | 8);
      const stream = concatBytes(...nonces.map((nonce) => encodeIcarusReply(nonce, new Uint8Array(size - 4).fill(0x85))));
      const got: number[] = [];
      let at = 0;
      for (const cut of [...cuts, stream.length]) {
        for (const reply of framer.push(stream.subarray(at, at + cut))) {
          got.push(reply.nonce);
          expect(antminerWorkId(reply)).toBe(size === 4 ? null : 5);
        }
        at += cut;
      }
      expect(got).toEqual(nonces);
    }));
  });

  it('begins anew after silence, whatever came before', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 50 }), (garbage) => {
      const framer = new IcarusFramer(4);
      framer.push(garbage);
      expect(framer.gap()).toBe(garbage.length % 4);
      expect(framer.push(hexToBytes('000187a2'))).toEqual([{ nonce: readU32LE(hexToBytes('000187a2')), extra: new Uint8Array(0) }]);
    }));
  });
});

describe('timing', () => {
  it('agrees with the published rates', () => {
    const { 'block-erupter': erupter, icarus, lancelot } = ICARUS_MODELS;
    expect(Math.round(hashrateOfHashTime(erupter.hashTimeNs!) / 1e6)).toBe(336);
    expect(fullRangeMs(erupter.hashTimeNs!) / 1000).toBeCloseTo(12.8, 1);
    expect(fullRangeMs(icarus.hashTimeNs!) / 1000).toBeCloseTo(11.3, 1);
    expect(Math.round(hashrateOfHashTime(lancelot.hashTimeNs!) / 1e6)).toBe(400);
  });

  it('sends new work before a range ends and never later than after 10 s', () => {
    expect(nextWorkAfterMs(null)).toBe(ICARUS_LONGEST_WORK_MS);
    fc.assert(fc.property(fc.double({ min: 0.01, max: 100, noNaN: true }), (hashTimeNs) => {
      expect(nextWorkAfterMs(hashTimeNs)).toBeLessThan(fullRangeMs(hashTimeNs));
      expect(nextWorkAfterMs(hashTimeNs)).toBeLessThanOrEqual(ICARUS_LONGEST_WORK_MS);
    }));
    expect(noncesSearched(2.5, 1e9)).toBe(2 ** 32);
    expect(noncesSearched(2.5, 1000)).toBe(400_000_000);
    expect(() => fullRangeMs(0)).toThrow(RangeError);
  });
});
