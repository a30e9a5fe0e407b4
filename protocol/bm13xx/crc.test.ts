import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { loadVectors } from '../../test/vectors.ts';
import { bytesToHex } from '../common/bytes.ts';
import { crc16 } from './crc16.ts';
import { crc5, crc5OfBits, replyCrcHolds, replyTrailer } from './crc5.ts';
import { decodeCommand } from './command.ts';
import { decodeReply } from './reply.ts';
import { hex } from './vectors.fixture.ts';

describe('crc5', () => {
  it('gives the published checks of commands', () => {
    expect(crc5(hex('52050000'))).toBe(0x0a);
    expect(crc5(hex('53050000'))).toBe(0x03);
    expect(crc5(hex('510900a49000ffff'))).toBe(0x1c);
  });

  it('covers the type bits of a reply', () => {
    expect(replyCrcHolds(hex('aa5513971800000006'))).toBe(true);
    expect(replyCrcHolds(hex('aa554c0352750cd205a29c'))).toBe(true);
    expect(replyCrcHolds(hex('aa554c0353750cd205a29c'))).toBe(false);
    expect(replyTrailer(hex('4c0352750cd205a2'), 4)).toBe(0x9c);
    expect(replyTrailer(hex('139718000000'), 0)).toBe(0x06);
  });

  it('is the same bit by bit and byte by byte, and every trailer made holds', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 20 }), fc.constantFrom(0, 4), (body, type) => {
        expect(crc5OfBits(body, 8 * body.length)).toBe(crc5(body));
        expect(crc5(Uint8Array.of(...body, replyTrailer(body, type)))).toBe(0);
      }),
    );
  });

  it('agrees with every captured and published frame', (context) => {
    interface Vector { id: string; direction: string; frame: string; crc_input?: string; crc5?: number; trailer_type_bits?: number; trailer_crc5?: number }
    const { vectors, negative } = loadVectors<{ vectors: Vector[]; negative: { id: string; frame: string }[] }>(context, 'asic/crc5.json');
    expect(vectors.length).toBeGreaterThan(0);
    for (const v of vectors) {
      const bytes = hex(v.frame);
      if (v.direction === 'host_to_chip') {
        expect(crc5(hex(v.crc_input!)), v.id).toBe(v.crc5);
        expect(decodeCommand(bytes), v.id).toMatchObject({ ok: true });
      } else {
        expect(replyTrailer(bytes.subarray(2, -1), v.trailer_type_bits!) & 0x1f, v.id).toBe(v.trailer_crc5);
        expect(decodeReply(bytes), v.id).toMatchObject({ ok: true });
      }
    }
    for (const v of negative) {
      const bytes = hex(v.frame);
      expect(bytes[0] === 0x55 ? decodeCommand(bytes) : decodeReply(bytes), v.id).toEqual({ ok: false, problem: 'wrong CRC5' });
    }
  });
});

describe('crc16', () => {
  it('gives the published check value', () => {
    expect(crc16(new TextEncoder().encode('123456789'))).toBe(0x29b1);
  });

  it('agrees with every job frame', (context) => {
    const { vectors } = loadVectors<{ vectors: { id: string; crc_input: string; crc16: string; frame?: string }[] }>(context, 'asic/crc16.json');
    for (const v of vectors) {
      expect(crc16(hex(v.crc_input)).toString(16).padStart(4, '0'), v.id).toBe(v.crc16);
      if (v.frame !== undefined) expect(bytesToHex(hex(v.frame).slice(-2)), v.id).toBe(v.crc16);
    }
  });
});
