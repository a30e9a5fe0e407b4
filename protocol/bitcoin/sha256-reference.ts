/**
 * SHA-256 written out from FIPS 180-4, for reading and for checking the fast kernels against. Hot paths use `hash.ts`.
 */
import { readU32BE, writeU32BE } from '../common/bytes.ts';

/** Bytes of one message block. */
export const BLOCK_BYTES = 64;

/** Section 4.2.2: first 32 bits of the fractional parts of the cube roots of the first 64 primes. */
export const ROUND_CONSTANTS: Readonly<Uint32Array> = Uint32Array.of(
  0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
  0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
  0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
  0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
  0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
  0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
  0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
  0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
);

/** Section 5.3.3: first 32 bits of the fractional parts of the square roots of the first 8 primes. */
export const INITIAL_STATE: Readonly<Uint32Array> = Uint32Array.of(
  0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
);

const rotr = (x: number, n: number): number => (x >>> n) | (x << (32 - n));

/** Section 6.2.2: the state after one more 64-byte block. Neither argument is changed. */
export function compress(state: Readonly<Uint32Array>, block: Uint8Array): Uint32Array {
  const w = new Uint32Array(64);
  for (let t = 0; t < 16; t++) w[t] = readU32BE(block, 4 * t);
  for (let t = 16; t < 64; t++) {
    const w15 = w[t - 15]!;
    const w2 = w[t - 2]!;
    const sigma0 = rotr(w15, 7) ^ rotr(w15, 18) ^ (w15 >>> 3);
    const sigma1 = rotr(w2, 17) ^ rotr(w2, 19) ^ (w2 >>> 10);
    w[t] = w[t - 16]! + sigma0 + w[t - 7]! + sigma1;
  }

  let [a, b, c, d, e, f, g, h] = state as unknown as [number, number, number, number, number, number, number, number];
  for (let t = 0; t < 64; t++) {
    const sum1 = rotr(e, 6) ^ rotr(e, 11) ^ rotr(e, 25);
    const choose = (e & f) ^ (~e & g);
    const t1 = (h + sum1 + choose + ROUND_CONSTANTS[t]! + w[t]!) | 0;
    const sum0 = rotr(a, 2) ^ rotr(a, 13) ^ rotr(a, 22);
    const majority = (a & b) ^ (a & c) ^ (b & c);
    const t2 = (sum0 + majority) | 0;
    h = g;
    g = f;
    f = e;
    e = (d + t1) | 0;
    d = c;
    c = b;
    b = a;
    a = (t1 + t2) | 0;
  }

  const working = [a, b, c, d, e, f, g, h];
  return Uint32Array.from(working, (word, i) => word + state[i]!);
}

/** Section 5.1.1: the message followed by a 1 bit, zeros, and its length in bits as 64-bit big-endian number. */
export function pad(message: Uint8Array): Uint8Array {
  const blocks = Math.ceil((message.length + 9) / BLOCK_BYTES);
  const padded = new Uint8Array(blocks * BLOCK_BYTES);
  padded.set(message);
  padded[message.length] = 0x80;
  writeU32BE(padded, Math.floor(message.length / 0x2000_0000), padded.length - 8);
  writeU32BE(padded, message.length << 3, padded.length - 4);
  return padded;
}

/** SHA-256 of the message: 32 bytes. */
export function sha256Reference(message: Uint8Array): Uint8Array {
  const padded = pad(message);
  let state: Readonly<Uint32Array> = INITIAL_STATE;
  for (let at = 0; at < padded.length; at += BLOCK_BYTES) state = compress(state, padded.subarray(at, at + BLOCK_BYTES));
  const digest = new Uint8Array(32);
  state.forEach((word, i) => writeU32BE(digest, word, 4 * i));
  return digest;
}

/** State after the first 64 bytes of a block header: the part that does not depend on ntime, nbits or nonce. */
export function midstate(header: Uint8Array): Uint32Array {
  return compress(INITIAL_STATE, header.subarray(0, BLOCK_BYTES));
}
