import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { loadVectors } from '../../test/vectors.ts';
import { bytesToHex, concatBytes, hexToBytes } from '../common/bytes.ts';
import { assembleCoinbase, heightOfCoinbase, heightPush } from './coinbase.ts';

const PREFIX = '01000000010000000000000000000000000000000000000000000000000000000000000000ffffffff';

/** The beginning of a coinbase with this script. */
const withScript = (script: Uint8Array, prefix = PREFIX) => concatBytes(hexToBytes(prefix), Uint8Array.of(script.length), script);

describe('coinbase', () => {
  it('puts the extranonces between the two halves', () => {
    expect(bytesToHex(assembleCoinbase(hexToBytes('01'), hexToBytes('0203'), hexToBytes('04'), hexToBytes('05')))).toBe('0102030405');
  });

  it.each([
    [0, '00'],
    [1, '51'],
    [16, '60'],
    [17, '0111'],
    [127, '017f'],
    [128, '028000'],
    [256, '020001'],
    [32768, '03008000'],
    [227836, '03fc7903'],
    [840000, '0340d10c'],
    [16777215, '04ffffff00'],
    [2147483647, '04ffffff7f'],
  ])('pushes height %i as %s and reads it back', (height, push) => {
    expect(bytesToHex(heightPush(height))).toBe(push);
    expect(heightOfCoinbase(withScript(concatBytes(hexToBytes(push), hexToBytes('0000'))))).toBe(height);
  });

  it('refuses what is not a height', () => {
    for (const height of [-1, 1.5, 2 ** 31, NaN]) expect(() => heightPush(height)).toThrow(RangeError);
  });

  it('reads the height of block 881423 with and without witness marker', () => {
    const script = hexToBytes('030f730d000469c19a6704830cee220cf1ad9a67');
    expect(heightOfCoinbase(withScript(script))).toBe(881423);
    expect(heightOfCoinbase(withScript(script, `0100000000010100${PREFIX.slice(12)}`))).toBe(881423);
  });

  it.each([
    ['nothing', ''],
    ['the prefix only', PREFIX],
    ['a push that is cut off', `${PREFIX}0a0340d1`],
    ['an ordinary input', `0100000001${'11'.repeat(32)}000000000a0340d10c`],
    ['another script', `${PREFIX}044c030102`],
    ['a negative number', `${PREFIX}04020180ff`],
    ['an impossible script length', `${PREFIX}ff0340d10c`],
  ])('knows no height from %s', (_, hex) => {
    expect(heightOfCoinbase(hexToBytes(hex))).toBeNull();
  });

  it('never throws on foreign bytes', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 60 }), (tail) => void heightOfCoinbase(concatBytes(hexToBytes(PREFIX), tail))));
    fc.assert(fc.property(fc.uint8Array({ maxLength: 120 }), (bytes) => void heightOfCoinbase(bytes)));
  });

  it('agrees with the external vectors', (context) => {
    const data = loadVectors<{ vectors: { height: number; script_prefix: string }[]; segwit_coinbase: { full: string; legacy: string } }>(context, 'stratum/coinbase_height.json');
    for (const v of data.vectors) {
      expect(bytesToHex(heightPush(v.height))).toBe(v.script_prefix);
      expect(heightOfCoinbase(withScript(concatBytes(hexToBytes(v.script_prefix), hexToBytes('00'))))).toBe(v.height);
    }
    expect(heightOfCoinbase(hexToBytes(data.segwit_coinbase.full))).toBe(881423);
    expect(heightOfCoinbase(hexToBytes(data.segwit_coinbase.legacy))).toBe(881423);
  });
});
