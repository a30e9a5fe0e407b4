import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { loadVectors } from '../../test/vectors.ts';
import { BIP320_MASK, bitsInsideMask, rollableMask, rollVersion, versionBitsToSubmit } from './version-rolling.ts';

const u32 = fc.integer({ min: 0, max: 0xffff_ffff });

describe('version rolling', () => {
  it('replaces the bits inside the mask and no others', () => {
    expect(rollVersion(0x20000000, BIP320_MASK, 0x00b44000)).toBe(0x20b44000);
    expect(rollVersion(0x20000004, BIP320_MASK, 0x0000e000)).toBe(0x2000e004);
    expect(rollVersion(0x32ef0000, BIP320_MASK, 0x00010000)).toBe(0x20010000);
    expect(rollVersion(0xe0000000, 0, 0)).toBe(0xe0000000);
  });

  it('submits the header bits inside the mask and refuses a version changed outside it', () => {
    expect(versionBitsToSubmit(0x20000000, BIP320_MASK, 0x20b44000)).toBe(0x00b44000);
    expect(() => versionBitsToSubmit(0x20000000, BIP320_MASK, 0x20000001)).toThrow(RangeError);
  });

  it('knows bits outside the mask', () => {
    expect(bitsInsideMask(0x20000000, BIP320_MASK)).toBe(false);
    expect(bitsInsideMask(0x1fffe000, BIP320_MASK)).toBe(true);
    expect(bitsInsideMask(0x00010000, 0x0000e000)).toBe(false);
  });

  it('makes pools that replace, OR or XOR agree when only the rollable bits change', () => {
    fc.assert(
      fc.property(u32, u32, u32, (job, mask, counter) => {
        const rolled = (job | (counter & rollableMask(job, mask))) >>> 0;
        const bits = versionBitsToSubmit(job, mask, rolled);
        expect(rollVersion(job, mask, bits)).toBe(rolled);
        expect((job | bits) >>> 0).toBe(rolled);
        // A XOR pool is right only while the job has no bit inside the mask.
        if ((job & mask) === 0) expect((job ^ bits) >>> 0).toBe(rolled);
      }),
    );
  });

  it('agrees with the external vectors', (context) => {
    interface Vector { job_version: string; mask: string; version_bits: string; bits_inside_mask: boolean; bip310_version: string | null }
    const { vectors } = loadVectors<{ vectors: Vector[] }>(context, 'stratum/version_rolling.json');
    for (const v of vectors) {
      const [job, mask, bits] = [v.job_version, v.mask, v.version_bits].map((hex) => Number.parseInt(hex, 16)) as [number, number, number];
      expect(bitsInsideMask(bits, mask)).toBe(v.bits_inside_mask);
      if (v.bip310_version !== null) expect(rollVersion(job, mask, bits)).toBe(Number.parseInt(v.bip310_version, 16));
    }
    expect(vectors.length).toBeGreaterThan(0);
  });
});
