import fc from 'fast-check';
import { expect, test } from 'vitest';
import { loadVectors } from '../../test/vectors.ts';
import { bitsFromTarget, DIFFICULTY_1_TARGET, difficultyOf, targetForWork, targetFromBits, targetFromDifficulty, workOfTarget } from './target.ts';

test('compact targets have their published values', () => {
  expect(targetFromBits(0x1d00ffff)).toBe(0xffffn << 208n);
  expect(targetFromBits(0x1b0404cb)).toBe(0x0404cbn << 192n);
  expect(targetFromBits(0x207fffff)).toBe(0x7fffffn << 232n);
  expect(difficultyOf(targetFromBits(0x1b0404cb))).toBeCloseTo(16307.420938523983, 9);
  expect(difficultyOf(targetFromBits(0x207fffff))).toBeCloseTo(4.6565423739069247e-10, 24);
});

test('negative, zero and oversized compact targets are refused', () => {
  for (const bits of [0, 0x01003456, 0x04923456, 0x1d800000, 0xff123456, 0x2300ffff]) expect(() => targetFromBits(bits)).toThrow(RangeError);
});

test('a target survives its compact form when it has 23 bits or fewer', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0x8000, max: 0x7fffff }), fc.integer({ min: 3, max: 32 }), (mantissa, exponent) => {
      const target = BigInt(mantissa) << BigInt(8 * (exponent - 3));
      expect(targetFromBits(bitsFromTarget(target))).toBe(target);
    }),
  );
});

test('difficulty to target is exact, fractions included, and is capped at 256 bits', () => {
  expect(targetFromDifficulty(1)).toBe(DIFFICULTY_1_TARGET);
  expect(targetFromDifficulty(3)).toBe(0x5555n << 208n);
  expect(targetFromDifficulty(0.5)).toBe(0x1fffen << 208n);
  expect(targetFromDifficulty(2 ** -12)).toBe(DIFFICULTY_1_TARGET << 12n);
  expect(targetFromDifficulty(16383.75)).toBe((DIFFICULTY_1_TARGET * 4n) / 65535n);
  expect(targetFromDifficulty(1e-12)).toBe((1n << 256n) - 1n);
  for (const bad of [0, -1, Number.NaN, Number.POSITIVE_INFINITY]) expect(() => targetFromDifficulty(bad)).toThrow(RangeError);
});

test('work and target are inverse', () => {
  expect(workOfTarget(DIFFICULTY_1_TARGET)).toBe(4295032833n);
  expect(workOfTarget(targetForWork(2n ** 22n))).toBe(2n ** 22n - 1n);
});

test('agrees with the external difficulty and nbits vectors', (context) => {
  const difficulties = loadVectors<{ vectors: { difficulty: string; target: string }[] }>(context, 'stratum/difficulty_target.json');
  for (const { difficulty, target } of difficulties.vectors) {
    // Vectors written with more digits than a double has are compared to the precision of a double.
    const exact = BigInt(`0x${target}`);
    const error = targetFromDifficulty(Number(difficulty)) - exact;
    expect((error < 0n ? -error : error) <= exact >> 50n, difficulty).toBe(true);
  }
  const bits = loadVectors<{ vectors: { nbits: string; target: string; usable_as_pow_target: boolean; compact_of_target: string }[] }>(context, 'stratum/nbits_target.json');
  for (const vector of bits.vectors.filter((one) => one.usable_as_pow_target)) {
    const target = targetFromBits(Number.parseInt(vector.nbits, 16));
    expect(target, vector.nbits).toBe(BigInt(`0x${vector.target}`));
    expect(bitsFromTarget(target), vector.nbits).toBe(Number.parseInt(vector.compact_of_target, 16));
  }
});
