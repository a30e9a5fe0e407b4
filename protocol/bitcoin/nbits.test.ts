import { describe, expect, it } from 'vitest';
import { loadVectors } from '../../test/vectors.ts';
import { u32ToHex } from '../common/bytes.ts';
import { expandCompact, targetFromCompact, targetToCompact } from './nbits.ts';
import { difficultyFromTarget, DIFFICULTY_ONE, targetToHex } from './target.ts';

describe('compact targets', () => {
  it('expands the mainnet and regtest limits', () => {
    expect(targetFromCompact(0x1d00ffff)).toBe(DIFFICULTY_ONE);
    expect(targetFromCompact(0x207fffff)).toBe(0x7fffffn << 232n);
    expect(difficultyFromTarget(targetFromCompact(0x207fffff)!)).toBe(4.6565423739069247e-10);
    expect(difficultyFromTarget(targetFromCompact(0x1b04864c)!)).toBeCloseTo(14484.162361225399, 8);
  });

  // Flags as in Bitcoin Core's SetCompact.
  it.each([
    [0x00000000, 0n, false, false],
    [0x01003456, 0n, false, false],
    [0x01fedcba, 0x7en, true, false],
    [0x04923456, 0x12345600n, true, false],
    [0x20123456, 0x123456n << 232n, false, false],
    [0x21000100, 0x100n << 240n, false, false],
    [0x22000001, 1n << 248n, false, false],
    [0x23000001, 0n, false, true],
    [0xff123456, 0n, false, true],
  ])('expands %i with its flags', (nbits, target, negative, overflow) => {
    expect(expandCompact(nbits)).toEqual({ target, negative, overflow });
    expect(targetFromCompact(nbits)).toBe(target === 0n || negative || overflow ? null : target);
  });

  it('packs without setting the sign bit by accident', () => {
    expect(targetToCompact(0x80n)).toBe(0x02008000);
    expect(targetToCompact(0n)).toBe(0);
    expect(targetToCompact(0x7en, true)).toBe(0x01fe0000);
    expect(targetToCompact(DIFFICULTY_ONE)).toBe(0x1d00ffff);
  });

  it('agrees with the external vectors', (context) => {
    interface Vector { nbits: string | null; target: string; compact_of_target: string; negative: boolean; overflow: boolean; usable_as_pow_target?: boolean; network_difficulty?: string }
    const { vectors } = loadVectors<{ vectors: Vector[] }>(context, 'stratum/nbits_target.json');
    for (const v of vectors) {
      if (v.nbits !== null) {
        const nbits = Number.parseInt(v.nbits, 16);
        const expanded = expandCompact(nbits);
        expect({ negative: expanded.negative, overflow: expanded.overflow }, v.nbits).toEqual({ negative: v.negative, overflow: v.overflow });
        if (!v.overflow) expect(targetToHex(expanded.target), v.nbits).toBe(v.target);
        if (v.usable_as_pow_target !== undefined) expect(targetFromCompact(nbits) !== null, v.nbits).toBe(v.usable_as_pow_target);
        if (v.network_difficulty !== undefined) expect(difficultyFromTarget(expanded.target) / Number(v.network_difficulty), v.nbits).toBeCloseTo(1, 12);
      }
      if (!v.overflow) expect(u32ToHex(targetToCompact(BigInt(`0x${v.target}`), v.negative)), v.target).toBe(v.compact_of_target);
    }
    expect(vectors.length).toBeGreaterThan(0);
  });
});
