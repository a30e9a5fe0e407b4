/** Known answers every kernel must give before it may hash for anybody. */
import { hashHeader } from './header.ts';
import type { Scanner } from './engine.ts';

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
];

/**
 * Hashes the known blocks with the nonce in every lane, and a range of ordinary nonces that crosses 2^32 - 1 compared one by
 * one with node:crypto. Takes about 5 ms.
 * @returns null when every answer was right, else what was wrong
 */
export function selfTest(scanner: Scanner): string | null {
  const out = new Uint32Array(1024);
  for (const block of BLOCKS) {
    const header = Buffer.from(block.header, 'hex');
    const version = header.readUInt32LE(0);
    scanner.prepare(header, [version]);
    for (let lane = 0; lane < scanner.info.lanes; lane++) {
      const found = scanner.scan(block.nonce - lane, 2 * scanner.info.lanes, FULL_MASK, out);
      if (found !== 1 || out[0] !== lane) return `nonce ${block.nonce} not found in lane ${lane}`;
    }
  }
  const header = Buffer.from((BLOCKS[0] as { header: string }).header, 'hex').fill(0x5a, 4, 72);
  const mask = 0x00000300;
  for (const version of [0x20000000, 0xffffffff]) {
    scanner.prepare(header, [version]);
    const first = 0xffffff80;
    const found = Array.from({ length: scanner.scan(first, 256, mask, out) }, (_, i) => out[2 * i]);
    for (let offset = 0; offset < 256; offset++) {
      const top = Buffer.from(hashHeader(header, version, first + offset)).readUInt32BE(28);
      if (((top & mask) === 0) !== found.includes(offset)) return `wrong hash for nonce ${(first + offset) >>> 0}`;
    }
  }
  return null;
}
