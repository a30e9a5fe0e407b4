import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bytesToHex, hexToBytes } from '../common/bytes.ts';
import { sha256, sha256d } from './hash.ts';
import { compress, INITIAL_STATE, midstate, sha256Reference } from './sha256-reference.ts';

const ascii = (text: string) => new TextEncoder().encode(text);

describe('SHA-256', () => {
  // FIPS 180-4 example values.
  it.each([
    ['', 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'],
    ['abc', 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'],
    ['abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq', '248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1'],
  ])('hashes %j to the published digest, fast and by the book', (text, digest) => {
    expect(bytesToHex(sha256(ascii(text)))).toBe(digest);
    expect(bytesToHex(sha256Reference(ascii(text)))).toBe(digest);
  });

  it('agrees with node:crypto on messages of any length', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (message) => {
        const expected = createHash('sha256').update(message).digest('hex');
        expect(bytesToHex(sha256Reference(message))).toBe(expected);
        expect(bytesToHex(sha256(message))).toBe(expected);
      }),
      { numRuns: 300 },
    );
  });

  it('hashes twice', () => {
    expect(bytesToHex(sha256d(ascii('hello')))).toBe('9595c9df90075148eb06860365df33584b75bff782a510c6cd4883a419833d50');
  });

  it('returns plain arrays that own nothing else', () => {
    const digest = sha256(ascii('x'));
    expect(digest.constructor).toBe(Uint8Array);
    expect(digest.buffer.byteLength).toBe(32);
  });

  it('gives the midstate of a header and leaves its inputs alone', () => {
    const header = hexToBytes(
      '0400002035fd44bf837bdc13c6e5607db472b528a804d248490700000000000000000000cd1be82132ef0d12053dcece1fa0247fcfdb61d4dbd3eb32ea9ef9b4c604a846d88b656401dd051700000000',
    );
    const state = midstate(header);
    expect(state).toEqual(compress(INITIAL_STATE, header.subarray(0, 64)));
    expect(INITIAL_STATE[0]).toBe(0x6a09e667);
    // Finishing from the midstate must give the hash of all 80 bytes.
    const last = new Uint8Array(64);
    last.set(header.subarray(64));
    last[16] = 0x80;
    last[62] = 0x02;
    last[63] = 0x80;
    const end = [...compress(state, last)].map((word) => word.toString(16).padStart(8, '0')).join('');
    expect(end).toBe(bytesToHex(sha256(header)));
  });
});
