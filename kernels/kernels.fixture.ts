/** What the tests of this room share: real headers, and the kernels this machine can run. */
import { existsSync } from 'node:fs';
import path from 'node:path';
import type { Kernel } from './engine.ts';
import { hashHeader, meetsTarget, topMask } from './header.ts';
import { jsScanner } from './js/scanner.ts';
import { findKernels } from './loader.ts';
import { compiledFile, packageRoot } from './paths.ts';
import type { Hasher, HasherJob, Hit } from './types.ts';

/** The header of Bitcoin's first block. */
export const GENESIS = Buffer.from(
  '0100000000000000000000000000000000000000000000000000000000000000000000003ba3edfd7a7b12b27ac72c3e67768f617fc81bc3888a51323a9fb8aa4b1e5e4a29ab5f49ffff001d1dac2b7c',
  'hex',
);
export const GENESIS_NONCE = 2083236893;
/** Its target, difficulty 1: 0xffff << 208. */
export const DIFFICULTY_1 = Buffer.alloc(32).fill(0xff, 26, 28);

/** Every kernel of this machine that passed its self-test. @throws Error when the project is not built */
export function kernelsHere(): Kernel[] {
  if (!existsSync(compiledFile('workers/worker.js'))) throw new Error(`dist/ is not built in ${path.basename(packageRoot())}: run npm run build, then npm run build:native and npm run build:wasm`);
  return [...findKernels()].flatMap((found) => ('kernel' in found ? [found.kernel] : []));
}

/** A target that about one in 2^bits hashes meets. 32 bytes, little-endian. */
export function easyTarget(bits: number): Uint8Array {
  const value = (1n << BigInt(256 - bits)) - 1n;
  return Buffer.from(value.toString(16).padStart(64, '0'), 'hex').reverse();
}

/** Every version a job has: its own with any of the mask's bits set besides. */
export function versionsOf({ header, versionMask }: HasherJob): number[] {
  const own = Buffer.from(header).readUInt32LE(0);
  const versions: number[] = [];
  for (let sub = (versionMask & ~own) >>> 0; ; sub = ((sub - 1) & versionMask & ~own) >>> 0) {
    versions.push((own | sub) >>> 0);
    if (sub === 0) return versions;
  }
}

const reference = jsScanner();

/** What a scanner must tell of these nonces and versions, by the plain JavaScript kernel. As `index of the version:offset`, sorted. */
export function referencePairs(header: Uint8Array, versions: readonly number[], first: number, count: number, mask: number): string[] {
  const most = reference.info.versions;
  const pairs: string[] = [];
  const out = new Uint32Array(2 * count * most);
  for (let start = 0; start < versions.length; start += most) {
    reference.prepare(header, versions.slice(start, start + most));
    const found = reference.scan(first, count, mask, out);
    for (let i = 0; i < 2 * found; i += 2) pairs.push(`${start + (out[i + 1] as number)}:${out[i]}`);
  }
  return pairs.sort();
}

/** All hits of a job as `version:nonce`, sorted. The plain JavaScript kernel finds the candidates, node:crypto checks them. */
export function referenceHitsOf(job: HasherJob): string[] {
  const { header, target, nonceFrom = 0, nonceTo = 0xffffffff } = job;
  const versions = versionsOf(job);
  return referencePairs(header, versions, nonceFrom, nonceTo - nonceFrom + 1, topMask(target))
    .map((pair): [number, number] => {
      const [index, offset] = pair.split(':').map(Number) as [number, number];
      return [versions[index] as number, nonceFrom + offset];
    })
    .filter(([version, nonce]) => meetsTarget(hashHeader(header, version, nonce), target))
    .map(([version, nonce]) => `${version}:${nonce}`)
    .sort();
}

/** All hits of a nonce range under one version, by node:crypto. As `version:nonce`. */
export function referenceHits(job: HasherJob, version: number): string[] {
  const hits: string[] = [];
  for (let nonce = job.nonceFrom ?? 0; nonce <= (job.nonceTo ?? 0xffffffff); nonce++) {
    if (meetsTarget(hashHeader(job.header, version, nonce), job.target)) hits.push(`${version}:${nonce}`);
  }
  return hits;
}

/** Sets a job and waits until it is exhausted. */
export function searchAll(hasher: Hasher, job: HasherJob): Promise<Hit[]> {
  const hits: Hit[] = [];
  const onHit = (hit: Hit): void => void hits.push(hit);
  return new Promise((resolve) => {
    hasher.events.on('hit', onHit);
    hasher.events.once('exhausted', () => {
      hasher.events.off('hit', onHit);
      resolve(hits);
    });
    hasher.setJob(job);
  });
}
