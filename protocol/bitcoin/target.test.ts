import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { loadVectors } from '../../test/vectors.ts';
import { bytesToHex, hexToBytes, reverseBytes } from '../common/bytes.ts';
import * as t from './target.ts';

/** SHA-256d of the genesis block, digest order. */
const GENESIS_HASH = reverseBytes(hexToBytes('000000000019d6689c085ae165831e934ff763ae46a2a6c172b3f1b60a8ce26f'));

describe('target and difficulty', () => {
  it.each<[number | string, string]>([
    [1, '00000000ffff0000000000000000000000000000000000000000000000000000'],
    [3, '0000000055550000000000000000000000000000000000000000000000000000'],
    [42, '0000000006185b6db6db6db6db6db6db6db6db6db6db6db6db6db6db6db6db6d'],
    [0.25, '00000003fffc0000000000000000000000000000000000000000000000000000'],
    [2 ** -48, 'f'.repeat(64)],
    [Number.MIN_VALUE, 'f'.repeat(64)],
    [Number.MAX_VALUE, '0'.repeat(64)],
    ['16383.75', t.targetToHex((t.DIFFICULTY_ONE * 100n) / 1638375n)],
    ['1e-5', t.targetToHex(t.DIFFICULTY_ONE * 100000n)],
  ])('difficulty %s has the exact target', (difficulty, hex) => {
    expect(t.targetToHex(t.targetFromDifficulty(difficulty))).toBe(hex);
  });

  it.each([0, -1, NaN, Infinity, '0', '-1', 'x', '', '1e', '0x10', '1e999'])('refuses difficulty %s', (difficulty) => {
    expect(() => t.targetFromDifficulty(difficulty)).toThrow(RangeError);
  });

  it('takes a double as the exact binary fraction it is', () => {
    fc.assert(
      fc.property(fc.double({ min: 1e-9, max: 1e15, noNaN: true }), (difficulty) => {
        // Scale by a power of two until the double is an integer: that loses nothing.
        let integer = difficulty;
        let shift = 0n;
        while (!Number.isInteger(integer)) {
          integer *= 2;
          shift += 1n;
        }
        expect(t.targetFromDifficulty(difficulty)).toBe((t.DIFFICULTY_ONE << shift) / BigInt(integer));
      }),
    );
  });

  it('gives the difficulty of a hash and of a target', () => {
    expect(t.difficultyOfHash(GENESIS_HASH)).toBeCloseTo(2536.4262984453103, 9);
    expect(t.difficultyFromTarget(t.DIFFICULTY_ONE)).toBe(1);
    expect(t.difficultyFromTarget(t.targetFromDifficulty(16384))).toBe(16384);
    expect(t.difficultyFromTarget(0n)).toBe(Infinity);
  });

  it('compares a hash with a target, equality included', () => {
    const value = t.hashToBigInt(GENESIS_HASH);
    expect(t.meetsTarget(GENESIS_HASH, value)).toBe(true);
    expect(t.meetsTarget(GENESIS_HASH, value - 1n)).toBe(false);
    expect(t.meetsTarget(GENESIS_HASH, t.DIFFICULTY_ONE)).toBe(true);
    expect(t.meetsTarget(GENESIS_HASH, t.targetFromDifficulty(2536))).toBe(true);
    expect(t.meetsTarget(GENESIS_HASH, t.targetFromDifficulty(2537))).toBe(false);
  });

  it('writes 32 bytes, least significant first, and reads them back', () => {
    expect(bytesToHex(t.targetToBytes(t.DIFFICULTY_ONE))).toBe('0000000000000000000000000000000000000000000000000000ffff00000000');
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: t.MAX_TARGET }), (target) => {
        expect(t.targetFromBytes(t.targetToBytes(target))).toBe(target);
      }),
    );
    expect(() => t.targetToBytes(t.MAX_TARGET + 1n)).toThrow(RangeError);
    expect(() => t.targetToBytes(-1n)).toThrow(RangeError);
    expect(() => t.targetFromBytes(new Uint8Array(31))).toThrow(RangeError);
  });

  it('counts leading zero hex digits and makes the target of a count', () => {
    expect(t.leadingZeroDigits(GENESIS_HASH)).toBe(10);
    expect(t.leadingZeroDigits(reverseBytes(hexToBytes(`000f${'f'.repeat(60)}`)))).toBe(3);
    expect(t.leadingZeroDigits(reverseBytes(hexToBytes('f'.repeat(64))))).toBe(0);
    expect(t.leadingZeroDigits(new Uint8Array(32))).toBe(64);
    for (const zeros of [0, 1, 7, 63, 64]) {
      const hash = t.targetToBytes(t.targetFromZeros(zeros));
      expect(t.leadingZeroDigits(hash)).toBe(zeros);
    }
    expect(t.meetsTarget(GENESIS_HASH, t.targetFromZeros(10))).toBe(true);
    expect(t.meetsTarget(GENESIS_HASH, t.targetFromZeros(11))).toBe(false);
    expect(() => t.targetFromZeros(65)).toThrow(RangeError);
    expect(() => t.targetFromZeros(1.5)).toThrow(RangeError);
  });

  it('agrees with the external vectors', (context) => {
    interface Vector { difficulty: string; target: string; target_le: string }
    const { vectors } = loadVectors<{ vectors: Vector[] }>(context, 'stratum/difficulty_target.json');
    for (const v of vectors) {
      const exact = t.targetFromDifficulty(v.difficulty);
      expect(t.targetToHex(exact), v.difficulty).toBe(v.target);
      expect(bytesToHex(t.targetToBytes(exact)), v.difficulty).toBe(v.target_le);
      const fromDouble = t.targetFromDifficulty(Number(v.difficulty));
      const error = fromDouble > exact ? fromDouble - exact : exact - fromDouble;
      expect(error << 50n, v.difficulty).toBeLessThanOrEqual(exact);
    }
    expect(vectors.length).toBeGreaterThan(0);
  });
});
