import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { createHasher } from './hasher.ts';
import { hashHeader, topMask } from './header.ts';
import { DIFFICULTY_1, easyTarget, GENESIS, GENESIS_NONCE, kernelsHere, referenceHits, searchAll } from './kernels.fixture.ts';
import { findKernels } from './loader.ts';
import { selfTest } from './self-test.ts';
import type { Scanner } from './engine.ts';

const kernels = kernelsHere();

describe.each(kernels.map((kernel) => ({ name: kernel.info.kernel, kernel })))('kernel $name', ({ name, kernel }) => {
  const hasher = createHasher({ kernel: name, threads: 2, nice: 0 });
  afterAll(() => hasher.stop());

  it('finds the genesis nonce in every lane', () => {
    const scanner = kernel.scanner();
    const out = new Uint32Array(64);
    scanner.prepare(GENESIS, [1]);
    for (let offset = 0; offset <= 2 * scanner.info.lanes; offset++) {
      expect(scanner.scan(GENESIS_NONCE - offset, offset + 1, 0xffffffff, out)).toBe(1);
      expect(out[0]).toBe(offset);
      expect(scanner.scan(GENESIS_NONCE - offset, offset, 0xffffffff, out)).toBe(0);
    }
  });

  it('agrees with node:crypto on the top word of any header, version and nonce', () => {
    const scanner = kernel.scanner();
    const out = new Uint32Array(128);
    const word = fc.integer({ min: 0, max: 0xffffffff });
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 80, maxLength: 80 }), word, word, fc.integer({ min: 1, max: 40 }), word, (header, version, first, count, mask) => {
        scanner.prepare(header, [version]);
        const found = Array.from({ length: scanner.scan(first, count, mask, out) }, (_, i) => out[2 * i]);
        const expected: number[] = [];
        for (let i = 0; i < count; i++) if ((Buffer.from(hashHeader(header, version, first + i)).readUInt32BE(28) & mask) === 0) expected.push(i);
        expect(found).toEqual(expected);
      }),
      { numRuns: 60 },
    );
  });

  it('tells exactly the hits of the whole search space', async () => {
    const nonces = fc.tuple(fc.integer({ min: 0, max: 0xffffffff }), fc.integer({ min: 0, max: 700 }));
    const mask = fc.array(fc.integer({ min: 0, max: 31 }), { maxLength: 2 }).map((bits) => bits.reduce((all, bit) => (all | (2 ** bit)) >>> 0, 0));
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ minLength: 80, maxLength: 80 }), fc.integer({ min: 5, max: 12 }), mask, nonces, async (header, bits, versionMask, [from, length]) => {
        const job = { id: 1, header, target: easyTarget(bits), versionMask, nonceFrom: from, nonceTo: Math.min(0xffffffff, from + length) };
        const own = Buffer.from(header).readUInt32LE(0);
        const versions = new Set<number>();
        for (let sub = versionMask; ; sub = ((sub - 1) & versionMask) >>> 0) {
          versions.add((own | sub) >>> 0);
          if (sub === 0) break;
        }
        const hits = await searchAll(hasher, job);
        const expected = [...versions].flatMap((version) => referenceHits(job, version));
        expect(hits.map((hit) => `${hit.version}:${hit.nonce}`).sort()).toEqual(expected.sort());
        for (const hit of hits) expect(Buffer.from(hit.hash).equals(hashHeader(header, hit.version, hit.nonce))).toBe(true);
      }),
      { numRuns: 12 },
    );
    expect(hasher.stats()).toMatchObject({ hardwareErrors: 0n, dropped: 0n });
  });

  it('mines the genesis block at its own difficulty', async () => {
    const hits = await searchAll(hasher, { id: 2, header: GENESIS, target: DIFFICULTY_1, versionMask: 0, nonceFrom: GENESIS_NONCE - 5000, nonceTo: GENESIS_NONCE + 5000 });
    expect(hits).toMatchObject([{ jobId: 2, nonce: GENESIS_NONCE, version: 1 }]);
    expect(Buffer.from(hits[0]?.hash ?? []).reverse().toString('hex')).toBe('000000000019d6689c085ae165831e934ff763ae46a2a6c172b3f1b60a8ce26f');
  });

  it('takes a window of one nonce, and one that ends at 2^32 - 1, and counts exactly', async () => {
    const before = hasher.stats().hashes;
    const one = await searchAll(hasher, { id: 3, header: GENESIS, target: DIFFICULTY_1, versionMask: 0, nonceFrom: GENESIS_NONCE, nonceTo: GENESIS_NONCE });
    expect(one.map((hit) => hit.nonce)).toEqual([GENESIS_NONCE]);
    const job = { id: 4, header: GENESIS, target: easyTarget(3), versionMask: 0, nonceFrom: 0xffffffff - 30, nonceTo: 0xffffffff };
    const end = await searchAll(hasher, job);
    expect(end.map((hit) => `${hit.version}:${hit.nonce}`).sort()).toEqual(referenceHits(job, 1).sort());
    expect(hasher.stats().hashes - before).toBe(32n);
  });
});

describe('kernels', () => {
  it('include every path the feature mask allows, down to the portable one', () => {
    const names = (cpuFeatures: number): string[] => [...findKernels({ cpuFeatures })].flatMap((found) => ('kernel' in found ? [found.kernel.info.kernel] : []));
    const native = kernels.some((kernel) => kernel.info.source === 'native');
    expect(names(0)).toEqual([...(native ? ['scalar'] : []), 'wasm-simd', 'js']);
    expect(names(~0)).toEqual(kernels.map((kernel) => kernel.info.kernel));
  });

  it('fail the self-test when one bit of one hash is wrong', () => {
    const good = kernels.at(-1)?.scanner() as Scanner;
    expect(selfTest(good)).toBeNull();
    const lossy: Scanner = { ...good, scan: (first, count, mask, out) => Math.max(0, good.scan(first, count, mask, out) - 1) };
    expect(selfTest(lossy)).toMatch(/not found in lane 0/);
    const shifted: Scanner = { ...good, scan: (first, count, mask, out) => good.scan(first, count, mask === 0xffffffff ? mask : mask << 1, out) };
    expect(selfTest(shifted)).toMatch(/wrong hash/);
  });
});

describe('topMask', () => {
  it('covers exactly the leading zero bits of the target, in the byte order of the digest', () => {
    expect(topMask(DIFFICULTY_1)).toBe(0xffffffff);
    expect(topMask(Buffer.alloc(32, 0xff))).toBe(0);
    expect(topMask(easyTarget(1))).toBe(0x00000080);
    expect(topMask(easyTarget(8))).toBe(0x000000ff);
    expect(topMask(easyTarget(12))).toBe(0x0000f0ff);
    expect(topMask(easyTarget(31))).toBe(0xfeffffff);
    expect(topMask(new Uint8Array(32))).toBe(0xffffffff);
  });
});
