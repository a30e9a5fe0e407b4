import { hash } from 'node:crypto';

/** SHA-256 of the bytes (FIPS 180-4): 32 bytes. */
export function sha256(data: Uint8Array): Uint8Array {
  const digest = hash('sha256', data, 'buffer');
  return new Uint8Array(digest.buffer, digest.byteOffset, digest.byteLength);
}

/** SHA-256 of the SHA-256: Bitcoin's hash of headers and transactions. 32 bytes in digest order. */
export function sha256d(data: Uint8Array): Uint8Array {
  return sha256(sha256(data));
}
