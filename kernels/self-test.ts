/** Known answers every kernel must give before it may hash for anybody. */
import { hashHeader } from './header.ts';
import type { Scanner } from './engine.ts';
import { atOnce } from './steps.ts';

const FULL_MASK = 0xffffffff;

/** Headers of blocks 0 and 125552 of the Bitcoin chain, with the nonces that were mined. Both hashes end in 32 zero bits. */
const BLOCKS = [
  {
    header:
      '0100000000000000000000000000000000000000000000000000000000000000000000003ba3edfd7a7b12b27ac72c3e67768f617fc81bc3888a51323a9fb8aa4b1e5e4a29ab5f49ffff001d00000000',
    nonce: 2083236893,
  },
  {
    header:
      '0100000081cd02ab7e569e8bcd9317e2fe99f2de44d49ab2b8851ba4a308000000000000e320b6c2fffc8d750423db8b1eb942ae710e951ed797f7affc8892b0f1fc122bc7f5d74df2b9441a00000000',
    nonce: 2504433986,
  },
].map(({ header, nonce }) => ({ header: Buffer.from(header, 'hex'), nonce }));

/** A header nobody mined, for hashes that are not special. Its window crosses 2^32 - 1. */
const ORDINARY = Buffer.from((BLOCKS[0] as { header: Buffer }).header).fill(0x5a, 4, 72);
const FIRST = 0xffffffec;
const NONCES = 40;
/** In groups of many versions fewer nonces do: making the answers is what takes time. */
const MANY_VERSIONS = 8;
const FEWER_NONCES = 20;
/** One hash in four passes the first; every one the second. */
const MASKS = [0x00000300, 0];

/** Versions with many and with few bits, no two alike. */
const versionNumber = (index: number): number => (0x20000000 + index * 0x9e3779b9) >>> 0;

/** Top words of the ordinary hashes by node:crypto, a row for each version: made once, compared with every kernel. */
const rows = new Map<number, readonly number[]>();

function topWords(index: number): readonly number[] {
  let row = rows.get(index);
  if (!row) {
    row = Array.from({ length: index < MANY_VERSIONS ? NONCES : FEWER_NONCES }, (_, i) => Buffer.from(hashHeader(ORDINARY, versionNumber(index), FIRST + i)).readUInt32BE(28));
    rows.set(index, row);
  }
  return row;
}

/** selfTestSteps, all at once: takes about 5 ms, the first call 30 ms. */
export function selfTest(scanner: Scanner): string | null {
  return atOnce(selfTestSteps(scanner));
}

/**
 * Hashes the known blocks with the nonce in every lane and the version in every slot of small, odd and full groups, in the last
 * lane of a whole unit too, and compares ordinary hashes one by one with node:crypto. Yields many times, for a caller with an
 * event loop to look after.
 * @returns null when every answer was right, else what was wrong
 */
export function* selfTestSteps(scanner: Scanner): Generator<void, string | null> {
  const { lanes, versions } = scanner.info;
  for (const group of new Set([1, 2, 3, 5, versions].filter((count) => count <= versions))) {
    const wrong = (yield* knownBlocks(scanner, lanes, group)) ?? (yield* ordinaryHashes(scanner, lanes, group));
    if (wrong !== null) return group === 1 ? wrong : `${wrong}, ${group} versions at once`;
  }
  return null;
}

function* knownBlocks(scanner: Scanner, lanes: number, group: number): Generator<void, string | null> {
  const out = new Uint32Array(4 * group);
  const unit = group === 1 ? scanner.unitNonces : scanner.rolledNonces;
  for (const { header, nonce } of BLOCKS) {
    // The right version in every slot: each must find it.
    scanner.prepare(header, new Uint32Array(group).fill(header.readUInt32LE(0)));
    for (let lane = 0; lane < lanes; lane++) {
      yield;
      if (!everySlotAt(out, scanner.scan(nonce - lane, 2 * lanes, FULL_MASK, out), lane, group)) return `nonce ${nonce} not found in lane ${lane}`;
    }
    yield;
    if (!everySlotAt(out, scanner.scan(nonce - (unit - 1), unit, FULL_MASK, out), unit - 1, group)) return `nonce ${nonce} not found at the end of a unit`;
  }
  return null;
}

/** Whether the pairs are this offset with each of `group` versions, once. */
function everySlotAt(pairs: Uint32Array, found: number, offset: number, group: number): boolean {
  if (found !== group) return false;
  const slots = new Set<number>();
  for (let i = 0; i < 2 * found; i += 2) {
    if (pairs[i] !== offset) return false;
    slots.add(pairs[i + 1] as number);
  }
  return slots.size === group && Math.max(...slots) === group - 1;
}

function* ordinaryHashes(scanner: Scanner, lanes: number, group: number): Generator<void, string | null> {
  const out = new Uint32Array(2 * (group * NONCES + 1));
  scanner.prepare(ORDINARY, Array.from({ length: group }, (_, i) => versionNumber(i)));
  // One vector, two, and several with a part of one at the end.
  const most = group > MANY_VERSIONS ? FEWER_NONCES : NONCES;
  for (const count of new Set([lanes, 2 * lanes, most].map((nonces) => Math.min(nonces, most)))) {
    for (const mask of MASKS) {
      const times = new Uint8Array(group * NONCES);
      const found = scanner.scan(FIRST, count, mask, out);
      for (let i = 0; i < 2 * found; i += 2) {
        const at = (out[i + 1] as number) * NONCES + (out[i] as number);
        times[at] = (times[at] ?? 0) + 1;
      }
      let expected = 0;
      for (let index = 0; index < group; index++) {
        const words = topWords(index);
        yield;
        for (let offset = 0; offset < count; offset++) {
          const passes = ((words[offset] as number) & mask) === 0 ? 1 : 0;
          expected += passes;
          if (times[index * NONCES + offset] !== passes) return `wrong hash for nonce ${(FIRST + offset) >>> 0} and version ${versionNumber(index)}`;
        }
      }
      if (found !== expected) return `${found - expected} hashes too many of ${count} nonces`;
    }
  }
  return null;
}
