import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { createHasher } from './hasher.ts';
import { hashHeader, meetsTarget, topMask } from './header.ts';
import { DIFFICULTY_1, easyTarget, GENESIS, GENESIS_NONCE, kernelsHere, referenceHits, referenceHitsOf, referencePairs, searchAll, versionsOf } from './kernels.fixture.ts';
import { findKernels, nativeKernels } from './loader.ts';

const kernels = kernelsHere();
const FAST = process.env.RIGBRAIN_FAST === '1';
/** Hashes in the comparison of all kernels, in total. */
const COMPARED = FAST ? 2 ** 20 : 2 ** 24;

/** More than the ring of one thread holds may be dropped, by design. */
const MOST_HITS = 200;

const word = fc.integer({ min: 0, max: 0xffffffff });
const bytes80 = fc.uint8Array({ minLength: 80, maxLength: 80 });

type Wish = { readonly kind: 'easy'; readonly bits: number } | { readonly kind: 'all' | 'none' | 'exact' | 'just below'; readonly pick: number };

/** A target at the edge: what every hash meets, what none does, exactly one hash of the window, and one less than that. */
function targetOf(wish: Wish, header: Uint8Array, versions: readonly number[], from: number, length: number): Uint8Array {
  if (wish.kind === 'easy') return easyTarget(wish.bits);
  if (wish.kind === 'all') return Buffer.alloc(32, 0xff);
  if (wish.kind === 'none') return new Uint8Array(32);
  // The lowest of a few, so that little else of the window meets it.
  const some = Array.from({ length: 64 }, (_, i) => hashHeader(header, versions[(wish.pick + i) % versions.length] as number, from + ((wish.pick + 7 * i) % length)));
  const lowest = some.reduce((low, hash) => (meetsTarget(hash, low) ? hash : low));
  if (wish.kind === 'exact') return lowest;
  const value = BigInt(`0x${Buffer.from(lowest).reverse().toString('hex')}`) - 1n;
  return Buffer.from(value.toString(16).padStart(64, '0'), 'hex').reverse();
}

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
    fc.assert(
      fc.property(bytes80, word, word, fc.integer({ min: 1, max: 40 }), word, (header, version, first, count, mask) => {
        scanner.prepare(header, [version]);
        const found = Array.from({ length: scanner.scan(first, count, mask, out) }, (_, i) => out[2 * i]);
        const expected: number[] = [];
        for (let i = 0; i < count; i++) if ((Buffer.from(hashHeader(header, version, first + i)).readUInt32BE(28) & mask) === 0) expected.push(i);
        expect(found).toEqual(expected);
      }),
      { numRuns: 60 },
    );
  });

  it('tells exactly the hits of any search space, each once, and counts every hash', async () => {
    const nonces = fc.tuple(fc.oneof(word, fc.constantFrom(0, 0xffffffff, 0xfffffff0, 0x7ffffff0)), fc.integer({ min: 1, max: 600 }));
    // Few bits and many, next to each other and apart; some the version has already.
    const mask = fc.array(fc.integer({ min: 0, max: 31 }), { maxLength: 7 }).map((bits) => bits.reduce((all, bit) => (all | (2 ** bit)) >>> 0, 0));
    const target = fc.oneof(
      fc.integer({ min: 5, max: 12 }).map((bits) => ({ kind: 'easy' as const, bits })),
      fc.record({ kind: fc.constantFrom('all' as const, 'none' as const, 'exact' as const, 'just below' as const), pick: fc.nat() }),
    );
    await fc.assert(
      fc.asyncProperty(bytes80, target, mask, nonces, async (header, wish, versionMask, [from, wanted]) => {
        const base = { id: 1, header, versionMask, nonceFrom: from };
        const versions = versionsOf({ ...base, target: new Uint8Array(32) });
        const length = Math.min(wanted, 0x100000000 - from, wish.kind === 'all' ? Math.max(1, Math.floor(MOST_HITS / versions.length)) : 600);
        const job = { ...base, nonceTo: from + length - 1, target: targetOf(wish, header, versions, from, length) };
        const expected = referenceHitsOf(job);
        fc.pre(expected.length <= MOST_HITS);
        const before = hasher.stats().hashes;
        const hits = await searchAll(hasher, job);
        expect(hits.map((hit) => `${hit.version}:${hit.nonce}`).sort()).toEqual(expected);
        if (wish.kind === 'exact') expect(hits.length).toBeGreaterThan(0);
        expect(hasher.stats().hashes - before).toBe(BigInt(length * versions.length));
        for (const hit of hits) expect(Buffer.from(hit.hash).equals(hashHeader(header, hit.version, hit.nonce))).toBe(true);
      }),
      { numRuns: FAST ? 15 : 40 },
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
  it('include every path the feature mask allows, down to the portable one, and each of them mines', async () => {
    const native = nativeKernels({});
    const able = (cpuFeatures: number): string[] => nativeKernels({ cpuFeatures }).kernels.map((kernel) => kernel.info.kernel);
    const names = (cpuFeatures: number): string[] => [...findKernels({ cpuFeatures })].flatMap((found) => ('kernel' in found ? [found.kernel.info.kernel] : []));
    expect(names(0)).toEqual([...(native.kernels.length > 0 ? ['scalar'] : []), 'wasm-simd', 'js']);
    expect(names(~0)).toEqual(kernels.map((kernel) => kernel.info.kernel));
    const reached = new Set<string>();
    // Every set of features there is: RB_FEATURE_ has six bits.
    for (let cpuFeatures = 63; cpuFeatures >= 0; cpuFeatures--) {
      if ((cpuFeatures & ~native.features) !== 0) continue;
      const fresh = able(cpuFeatures).filter((name) => !reached.has(name));
      for (const kernel of fresh) {
        reached.add(kernel);
        const hasher = createHasher({ kernel, cpuFeatures, threads: 1, nice: 0 });
        const window = { header: GENESIS, target: DIFFICULTY_1, nonceFrom: GENESIS_NONCE - 2000, nonceTo: GENESIS_NONCE + 2000 };
        expect([hasher.info.kernel, hasher.info.rolled.kernel]).toEqual([kernel, kernel]);
        for (const versionMask of [0, 0x2000]) expect((await searchAll(hasher, { id: 1, ...window, versionMask })).map((hit) => hit.nonce)).toEqual([GENESIS_NONCE]);
        await hasher.stop();
      }
    }
    expect([...reached].sort()).toEqual(native.kernels.map((kernel) => kernel.info.kernel).sort());
  });

  it(`find the same as plain JavaScript over ${COMPARED} hashes: any header, versions, window and mask`, () => {
    const others = kernels.filter((kernel) => kernel.info.kernel !== 'js').map((kernel) => kernel.scanner());
    expect(others.length).toBeGreaterThan(0);
    const bit = fc.integer({ min: 0, max: 31 }).map((at) => (1 << at) >>> 0);
    const mask = fc.oneof({ weight: 4, arbitrary: fc.tuple(word, word).map(([a, b]) => (a & b) >>> 0) }, { weight: 2, arbitrary: bit }, fc.constantFrom(0xffffffff, 0x0000ffff, 0xff000000));
    const one = fc.oneof(word, fc.integer({ min: 0, max: 0xffff }).map((bits) => (0x20000000 | (bits << 13)) >>> 0));
    const first = fc.oneof(word, fc.integer({ min: 0, max: 600 }).map((back) => 2 ** 32 - back).filter((at) => at < 2 ** 32), fc.constant(0));
    // Room for every hash to pass.
    const out = new Uint32Array(2 * 64 * 700);
    let compared = 0;
    const check = (header: Uint8Array, versions: readonly number[], from: number, count: number, bits: number): void => {
      const expected = referencePairs(header, versions, from, count, bits);
      for (const scanner of others) {
        const pairs: string[] = [];
        for (let start = 0; start < versions.length; start += scanner.info.versions) {
          scanner.prepare(header, versions.slice(start, start + scanner.info.versions));
          const found = scanner.scan(from, count, bits, out);
          for (let i = 0; i < 2 * found; i += 2) pairs.push(`${start + (out[i + 1] as number)}:${out[i]}`);
        }
        const { kernel } = scanner.info;
        // One comparison of whole lists: a hash lost, told twice or in the wrong lane or slot shows.
        expect([kernel, ...pairs.sort()]).toEqual([kernel, ...expected]);
        compared += count * versions.length;
      }
    };
    const perRun = 32 * 300 * others.length;
    fc.assert(
      fc.property(bytes80, fc.array(one, { minLength: 1, maxLength: 64, size: 'max' }), first, fc.integer({ min: 1, max: 700 }), mask, check),
      { numRuns: Math.ceil(COMPARED / perRun), endOnFailure: true },
    );
    // Every hash passes mask 0: no buffer may be too small for that.
    check(Buffer.alloc(80, 0x5a), Array.from({ length: 64 }, (_, i) => i), 0xfffffff0, 97, 0);
    for (let run = 0; compared < COMPARED; run++) check(Buffer.alloc(80, run), Array.from({ length: 48 }, (_, i) => (0x20000000 + i * 0x2000) >>> 0), run * 0x9e3779b9 >>> 0, 700, 0x0000000f);
  }, 120_000);
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
