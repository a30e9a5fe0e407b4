import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { concatBytes, hexToBytes } from '../common/bytes.ts';
import { replyTrailer } from '../bm13xx/crc5.ts';
import { GekkoReplyFramer } from './reply-framer.ts';
import { chipOfNonce, decodeGekkoReply, GEKKO_REPLY_BYTES, isChipId } from './reply.ts';
import type { GekkoChip, GekkoReply } from './reply.ts';

const four = fc.uint8Array({ minLength: 4, maxLength: 4 });
const chipName = fc.constantFrom<GekkoChip>('BM1384', 'BM1387');

function registerBytes(chip: GekkoChip, value: Uint8Array): Uint8Array {
  const body = chip === 'BM1384' ? value : concatBytes(value, Uint8Array.of(0x80, 0x0c));
  return concatBytes(body, Uint8Array.of(replyTrailer(body, 0)));
}

function nonceBytes(chip: GekkoChip, nonce: Uint8Array, id: number, goodCrc = true): Uint8Array {
  if (chip === 'BM1384') return concatBytes(nonce, Uint8Array.of(0x80 | (id & 0x1f)));
  const body = concatBytes(nonce, Uint8Array.of(0, id & 0x7f));
  return concatBytes(body, Uint8Array.of(replyTrailer(body, 4) ^ (goodCrc ? 0 : 1)));
}

const replyBytes = (chip: GekkoChip) => fc.oneof(four.map((v) => registerBytes(chip, chip === 'BM1384' ? Uint8Array.of(0x80, ...v.subarray(1)) : v)), fc.tuple(four, fc.nat(127)).map(([n, id]) => nonceBytes(chip, n, id)));

describe('a reply', () => {
  it('is a register value or a nonce', () => {
    expect(decodeGekkoReply('BM1384', registerBytes('BM1384', hexToBytes('13840000')))).toEqual({ kind: 'register', value: 0x1384_0000, chipAddress: null, register: null });
    expect(decodeGekkoReply('BM1384', hexToBytes('000187a285'))).toEqual({ kind: 'nonce', nonce: 0xa287_0100, position: 0x0001_87a2, idByte: 5, crcHolds: null });
    expect(decodeGekkoReply('BM1387', registerBytes('BM1387', hexToBytes('80500221')))).toEqual({ kind: 'register', value: 0x8050_0221, chipAddress: 0x80, register: 0x0c });
    expect(decodeGekkoReply('BM1387', nonceBytes('BM1387', hexToBytes('c00187a2'), 9, false))).toMatchObject({ kind: 'nonce', idByte: 9, crcHolds: false });
    expect(isChipId(decodeGekkoReply('BM1384', registerBytes('BM1384', hexToBytes('13840000')))!, 'BM1384')).toBe(true);
    expect(isChipId(decodeGekkoReply('BM1384', registerBytes('BM1384', hexToBytes('80070003')))!, 'BM1384')).toBe(false);
  });

  it('tells which chip found a nonce', () => {
    const reply = (hex: string) => decodeGekkoReply('BM1384', hexToBytes(hex)) as Extract<GekkoReply, { kind: 'nonce' }>;
    expect([chipOfNonce(reply('7f00000080'), 2), chipOfNonce(reply('8000000080'), 2), chipOfNonce(reply('ff00000080'), 12)]).toEqual([0, 1, 11]);
  });
});

describe('GekkoReplyFramer', () => {
  it('gives the same replies however the stream is cut', () => {
    fc.assert(fc.property(chipName.chain((chip) => fc.tuple(fc.constant(chip), fc.array(replyBytes(chip), { maxLength: 12 }))), fc.array(fc.integer({ min: 1, max: 9 })), ([chip, replies], cuts) => {
      const framer = new GekkoReplyFramer(chip);
      const stream = concatBytes(...replies);
      const got: GekkoReply[] = [];
      let at = 0;
      for (const cut of [...cuts, stream.length]) {
        const { replies: found, skippedBytes } = framer.push(stream.subarray(at, at + cut));
        got.push(...found);
        expect(skippedBytes).toBe(0);
        at += cut;
      }
      expect(got).toEqual(replies.map((bytes) => decodeGekkoReply(chip, bytes)));
    }));
  });

  it('takes every reply after silence, whatever came before', () => {
    fc.assert(fc.property(chipName.chain((chip) => fc.tuple(fc.constant(chip), fc.array(replyBytes(chip), { minLength: 1, maxLength: 6 }))), fc.uint8Array({ maxLength: 60 }), ([chip, replies], garbage) => {
      const framer = new GekkoReplyFramer(chip);
      framer.push(garbage);
      framer.gap();
      expect(framer.push(concatBytes(...replies)).replies).toEqual(replies.map((bytes) => decodeGekkoReply(chip, bytes)));
    }));
  });

  it('accounts for every byte', () => {
    fc.assert(fc.property(chipName, fc.array(fc.uint8Array({ maxLength: 30 })), (chip, chunks) => {
      const framer = new GekkoReplyFramer(chip);
      let bytes = 0;
      for (const result of [...chunks.map((chunk) => framer.push(chunk)), framer.gap()]) bytes += result.skippedBytes + result.replies.length * GEKKO_REPLY_BYTES[chip];
      expect(bytes).toBe(chunks.reduce((sum, chunk) => sum + chunk.length, 0));
    }));
  });

  it('finds its way back without silence when a byte is lost', () => {
    const framer = new GekkoReplyFramer('BM1387');
    const nonces = Array.from({ length: 6 }, (_, i) => nonceBytes('BM1387', Uint8Array.of(0x40 + i, 0xb1, 0xc2, 0xd3), 4 * i));
    const stream = concatBytes(nonces[0]!.subarray(1), ...nonces.slice(1));
    const { replies } = framer.push(stream);
    expect(replies).toEqual(nonces.slice(1).map((bytes) => decodeGekkoReply('BM1387', bytes)));
  });

  it('takes the last reply of a burst that began with garbage', () => {
    const framer = new GekkoReplyFramer('BM1384');
    expect(framer.push(concatBytes(hexToBytes('ffffffffff40'), nonceBytes('BM1384', hexToBytes('40112233'), 7))).replies).toEqual([]);
    expect(framer.gap().replies).toEqual([{ kind: 'nonce', nonce: 0x3322_1140, position: 0x4011_2233, idByte: 7, crcHolds: null }]);
  });
});
