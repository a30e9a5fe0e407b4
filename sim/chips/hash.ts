/** Finds nonces that are really there: full headers with the kernels of this machine, midstates in JavaScript (kernels start from headers). */
import { createHash } from 'node:crypto';
import { chooseKernel } from '../../kernels/choice.ts';
import type { Scanner } from '../../kernels/engine.ts';
import { expand, IV, rounds, swap } from '../../kernels/js/sha256.ts';
import type { ChipJob } from './job.ts';
import type { Batch } from './search.ts';

export interface Found {
  readonly core: number;
  /** Header bytes 76 to 79 as a big-endian number. */
  readonly nonce: number;
  /** The element of `Batch.versions`. */
  readonly version: number;
  /** Whole bits above what was asked for. */
  readonly excess: number;
}

export interface Wanted {
  readonly cores: number;
  /** Leading zero bits every nonce has before the ticket mask counts; 32 in silicon. */
  readonly zeroBits: number;
  /** Register 14: each byte asks for zeros in the next eight bits of the hash, from its lowest byte on. */
  readonly ticketMask: number;
}

/** Tries one counter value on every core, under every version of the batch. */
export type BatchHasher = (job: ChipJob, batch: Batch, wanted: Wanted) => Found[];

export function batchHasher(): BatchHasher {
  let scanner: Scanner | null = null;
  const pairs = new Uint32Array(2 * 256 * 16);
  const midstates = midstateHasher();
  return (job, batch, wanted) => {
    if (job.kind === 'midstates') return midstates(job, batch, wanted);
    scanner ??= chooseKernel().rolled.scanner();
    return withKernel(scanner, pairs, job, batch, wanted);
  };
}

/** The kernel counts header bytes 76 to 79 little-endian: 256 in a row are all cores, with both values of counter bit 24. */
function withKernel(scanner: Scanner, pairs: Uint32Array, job: Extract<ChipJob, { kind: 'header' }>, { counter, versions }: Batch, wanted: Wanted): Found[] {
  const first = ((((counter >>> 16) & 0xff) << 8) | (((counter >>> 8) & 0xff) << 16) | ((counter & 0xff) << 24)) >>> 0;
  const mask = swap(wanted.zeroBits >= 32 ? -1 : -1 << (32 - wanted.zeroBits)) >>> 0;
  const found: Found[] = [];
  for (let from = 0; from < versions.length; from += scanner.info.versions) {
    const some = versions.slice(from, from + scanner.info.versions);
    scanner.prepare(job.header, some.map((version) => (job.baseVersion | (version << 13)) >>> 0));
    const count = scanner.scan(first, 256, mask, pairs);
    for (let i = 0; i < count; i++) {
      const top = pairs[2 * i] as number;
      const core = top >>> 1;
      if ((top & 1) !== counter >>> 24 || core >= wanted.cores) continue;
      const nonce = ((top << 24) | (counter & 0xff_ffff)) >>> 0;
      const version = some[pairs[2 * i + 1] as number] as number;
      const header = Buffer.from(job.header);
      header.writeUInt32LE((job.baseVersion | (version << 13)) >>> 0, 0);
      header.writeUInt32BE(nonce, 76);
      const excess = excessOf(sha256(sha256(header)), wanted);
      if (excess !== null) found.push({ core, nonce, version, excess });
    }
  }
  return found;
}

function midstateHasher(): (job: Extract<ChipJob, { kind: 'midstates' }>, batch: Batch, wanted: Wanted) => Found[] {
  const trial = new MidstateTrial();
  return (job, { counter, versions }, wanted) => {
    const found: Found[] = [];
    trial.load(job.tail);
    for (let core = 0; core < wanted.cores; core++) {
      const nonce = ((core << 25) | counter) >>> 0;
      trial.nonce(nonce);
      for (const slot of versions) {
        const excess = trial.excess(job.midstates[slot] as Int32Array, wanted);
        if (excess !== null) found.push({ core, nonce, version: slot, excess });
      }
    }
    return found;
  };
}

/** Hashes headers of which the first 64 bytes are known as a midstate only, one nonce after the other. */
export class MidstateTrial {
  readonly #first = new Int32Array(64);
  readonly #second = new Int32Array(64);
  readonly #state = new Int32Array(8);

  /** @param tail header bytes 64 to 75 */
  load(tail: Uint8Array): void {
    const view = new DataView(tail.buffer, tail.byteOffset);
    for (let i = 0; i < 3; i++) this.#first[i] = view.getInt32(4 * i);
  }

  /** @param nonce header bytes 76 to 79 as a big-endian number */
  nonce(nonce: number): void {
    const first = this.#first;
    first.fill(0, 3, 16);
    first[3] = nonce | 0;
    first[4] = 0x80000000;
    first[15] = 640;
    expand(first, 64);
  }

  /** Whole bits by which the hash is better than asked for; null when it is not good enough. */
  excess(midstate: Int32Array, wanted: Pick<Wanted, 'zeroBits' | 'ticketMask'>): number | null {
    const state = this.#state;
    const second = this.#second;
    state.set(midstate);
    rounds(state, this.#first, 0, 64);
    second.fill(0, 8, 16);
    for (let i = 0; i < 8; i++) second[i] = (state[i] as number) + (midstate[i] as number);
    second[8] = 0x80000000;
    second[15] = 256;
    expand(second, 64);
    state.set(IV);
    rounds(state, second, 0, 64);
    const mask = swap(wanted.zeroBits >= 32 ? -1 : -1 << (32 - wanted.zeroBits));
    if ((((state[7] as number) + (IV[7] as number)) & mask) !== 0) return null;
    const digest = Buffer.alloc(32);
    for (let i = 0; i < 8; i++) digest.writeInt32BE(((state[i] as number) + (IV[i] as number)) | 0, 4 * i);
    return excessOf(digest, wanted);
  }
}

function sha256(data: Uint8Array): Buffer {
  return createHash('sha256').update(data).digest();
}

/** Whole bits by which a hash is better than asked for; null when it is not good enough. */
function excessOf(digest: Buffer, { zeroBits, ticketMask }: Pick<Wanted, 'zeroBits' | 'ticketMask'>): number | null {
  const shown = Buffer.from(digest).reverse();
  const zeros = leadingZeros(shown);
  if (zeros < zeroBits) return null;
  let asked = zeroBits;
  for (let byte = 0; byte < 4; byte++) {
    const mask = (ticketMask >>> (8 * byte)) & 0xff;
    if ((eightBits(shown, zeroBits + 8 * byte) & mask) !== 0) return null;
    for (let rest = mask; rest !== 0; rest &= rest - 1) asked++;
  }
  return Math.max(0, zeros - asked);
}

function leadingZeros(bytes: Uint8Array): number {
  const at = bytes.findIndex((byte) => byte !== 0);
  return at < 0 ? 8 * bytes.length : 8 * at + Math.clz32(bytes[at] as number) - 24;
}

function eightBits(bytes: Uint8Array, offset: number): number {
  const at = offset >>> 3;
  return ((((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0)) >>> (8 - (offset & 7))) & 0xff;
}
