/** SHA-256 compression (FIPS 180-4 section 6.2.2) for midstates, and the constants of the plain JavaScript kernel. */
import { INITIAL_STATE, ROUND_CONSTANTS } from '../generator/sha256d.ts';

export const K = Int32Array.from(ROUND_CONSTANTS);
export const IV = Int32Array.from(INITIAL_STATE);

/** Fills words 16 .. `until` - 1 of a message schedule from the 16 before. */
export function expand(w: Int32Array, until: number): void {
  for (let t = 16; t < until; t++) {
    const x = w[t - 15] as number;
    const y = w[t - 2] as number;
    const s0 = ((x >>> 7) | (x << 25)) ^ ((x >>> 18) | (x << 14)) ^ (x >>> 3);
    const s1 = ((y >>> 17) | (y << 15)) ^ ((y >>> 19) | (y << 13)) ^ (y >>> 10);
    w[t] = ((w[t - 16] as number) + s0 + (w[t - 7] as number) + s1) | 0;
  }
}

/** Runs rounds `from` .. `until` - 1 on `state` in place, without the final addition. */
export function rounds(state: Int32Array, w: Int32Array, from: number, until: number): void {
  let a = state[0] as number, b = state[1] as number, c = state[2] as number, d = state[3] as number;
  let e = state[4] as number, f = state[5] as number, g = state[6] as number, h = state[7] as number;
  for (let t = from; t < until; t++) {
    const s1 = ((e >>> 6) | (e << 26)) ^ ((e >>> 11) | (e << 21)) ^ ((e >>> 25) | (e << 7));
    const t1 = (h + s1 + (((f ^ g) & e) ^ g) + (K[t] as number) + (w[t] as number)) | 0;
    const s0 = ((a >>> 2) | (a << 30)) ^ ((a >>> 13) | (a << 19)) ^ ((a >>> 22) | (a << 10));
    const t2 = (s0 + (((a ^ b) & (b ^ c)) ^ b)) | 0;
    h = g; g = f; f = e; e = (d + t1) | 0; d = c; c = b; b = a; a = (t1 + t2) | 0;
  }
  state[0] = a; state[1] = b; state[2] = c; state[3] = d; state[4] = e; state[5] = f; state[6] = g; state[7] = h;
}

/** State after the first 64 bytes of a header with its version replaced, 8 words. */
export function midstateOf(header: Uint8Array, version: number): Int32Array {
  const view = new DataView(header.buffer, header.byteOffset, 80);
  const w = new Int32Array(64);
  for (let i = 1; i < 16; i++) w[i] = view.getInt32(4 * i);
  w[0] = swap(version);
  expand(w, 64);
  const state = IV.slice();
  rounds(state, w, 0, 64);
  for (let i = 0; i < 8; i++) state[i] = (state[i] as number) + (IV[i] as number);
  return state;
}

/** Header words 16, 17, 18 as SHA-256 reads them: merkle tail, time, bits. */
export function tailOf(header: Uint8Array): Int32Array {
  const view = new DataView(header.buffer, header.byteOffset, 80);
  return Int32Array.of(view.getInt32(64), view.getInt32(68), view.getInt32(72));
}

/** A 32-bit word with its bytes reversed. */
export function swap(x: number): number {
  return (x << 24) | ((x & 0xff00) << 8) | ((x >>> 8) & 0xff00) | (x >>> 24);
}
