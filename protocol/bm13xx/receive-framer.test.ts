import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { loadVectors } from '../../test/vectors.ts';
import { bytesToHex, concatBytes } from '../common/bytes.ts';
import { replyTrailer } from './crc5.ts';
import { ReceiveFramer, type ReplyLength } from './receive-framer.ts';
import { decodeReply } from './reply.ts';
import { FAST, hex } from './vectors.fixture.ts';

/** Feeds the stream in pieces of the given sizes, then the rest. */
function feed(length: ReplyLength, stream: Uint8Array, cuts: readonly number[] = []) {
  const framer = new ReceiveFramer(length);
  const frames: string[] = [];
  let skipped = 0;
  let crcErrors = 0;
  let at = 0;
  for (const cut of [...cuts, stream.length]) {
    const result = framer.push(stream.subarray(at, at + cut));
    frames.push(...result.frames.map(bytesToHex));
    skipped += result.skippedBytes;
    crcErrors += result.crcErrors;
    at = Math.min(stream.length, at + cut);
    expect(framer.heldBytes).toBeLessThan(11);
  }
  return { frames, skipped, crcErrors, held: framer.heldBytes, framer };
}

const NONCE = 'aa554c0352750cd205a29c';
const CHIP_ID_9 = 'aa5513971800000006';

/** A reply with random content, of the length given. */
const reply = (length: 9 | 11) =>
  fc.tuple(fc.uint8Array({ minLength: length - 3, maxLength: length - 3 }), fc.constantFrom(0, 4)).map(([body, type]) => Uint8Array.of(0xaa, 0x55, ...body, replyTrailer(body, type)));

/** True when AA 55 stands inside the frame too: only then can a reader that comes from garbage be misled once more. */
const ambiguous = (frame: Uint8Array) => bytesToHex(frame.subarray(1)).includes('aa') || frame.at(-1) === 0xaa;

describe('ReceiveFramer', () => {
  it('returns replies in a row', () => {
    expect(feed(11, hex(NONCE + NONCE))).toMatchObject({ frames: [NONCE, NONCE], skipped: 0, crcErrors: 0, held: 0 });
    expect(feed(9, hex(CHIP_ID_9 + CHIP_ID_9))).toMatchObject({ frames: [CHIP_ID_9, CHIP_ID_9], skipped: 0 });
  });

  it('drops one byte of a false start and goes on', () => {
    expect(feed(11, hex(`aa${NONCE}`))).toMatchObject({ frames: [NONCE], skipped: 1, crcErrors: 0 });
    expect(feed(11, hex(`aa55${NONCE}`))).toMatchObject({ frames: [NONCE], skipped: 2, crcErrors: 1 });
    expect(feed(11, hex(`${NONCE.slice(0, -2)}9d${NONCE}`))).toMatchObject({ frames: [NONCE], skipped: 11, crcErrors: 1 });
  });

  it('changes the length on the way and forgets on reset', () => {
    const framer = new ReceiveFramer(9);
    expect(framer.push(hex(CHIP_ID_9 + NONCE.slice(0, 8))).frames.map(bytesToHex)).toEqual([CHIP_ID_9]);
    framer.expect(11);
    expect(framer.push(hex(NONCE.slice(8))).frames.map(bytesToHex)).toEqual([NONCE]);
    framer.push(hex('aa55'));
    expect(framer.reset()).toBe(2);
    expect(framer.heldBytes).toBe(0);
  });

  it('tells both lengths apart while it does not know which comes', () => {
    const { frames, framer } = feed('either', hex(CHIP_ID_9 + CHIP_ID_9));
    expect(frames).toEqual([CHIP_ID_9]);
    expect(framer.flush().frames.map(bytesToHex)).toEqual([CHIP_ID_9]);
    expect(feed('either', hex(NONCE + NONCE)).frames).toEqual([NONCE, NONCE]);
    expect(feed('either', hex(CHIP_ID_9 + NONCE)).frames).toEqual([CHIP_ID_9, NONCE]);
  });

  it('is the same in any cut', () => {
    fc.assert(
      fc.property(fc.constantFrom<9 | 11>(9, 11), fc.array(fc.oneof(reply(9), reply(11), fc.uint8Array({ maxLength: 12 }))), fc.array(fc.integer({ min: 0, max: 13 })), (length, parts, cuts) => {
        const stream = concatBytes(...parts);
        const { framer: _, ...whole } = feed(length, stream);
        const { framer: __, ...pieces } = feed(length, stream, cuts);
        expect(pieces).toEqual(whole);
        expect(whole.frames.length * length + whole.skipped + whole.held).toBe(stream.length);
        for (const frame of whole.frames) expect(decodeReply(hex(frame))).toMatchObject({ ok: true });
      }),
    );
  });

  it('never throws and loses at most one frame after garbage', () => {
    // Garbage that is likely to mislead: preambles, beginnings and mutations of real replies.
    const garbage = fc.array(
      fc.oneof(fc.uint8Array({ maxLength: 20 }), fc.constant(hex('aa55')), fc.constant(hex('aaaa55aa')), reply(11).map((bytes) => bytes.subarray(0, 7)), reply(9)),
      { maxLength: 6 },
    );
    fc.assert(
      fc.property(fc.constantFrom<9 | 11>(9, 11), garbage, fc.integer(), (length, noise, seed) => {
        const clean = fc.sample(reply(length).filter((frame) => !ambiguous(frame)), { numRuns: 4, seed });
        const { frames } = feed(length, concatBytes(...noise, ...clean));
        expect(frames.slice(-3)).toEqual(clean.slice(1).map(bytesToHex));
      }),
      { numRuns: FAST ? 300 : 3000 },
    );
  });

  it('takes the captured desynchronised streams', (context) => {
    const { vectors } = loadVectors<{ vectors: { id: string; bytes: string; expect_frames: string[]; expect_skipped_bytes: number; incomplete_tail: string }[] }>(context, 'asic/desync_streams.json');
    for (const v of vectors) {
      for (const size of [1, 3, 7, 1000]) {
        const stream = hex(v.bytes);
        const { frames, skipped, held } = feed(11, stream, Array.from({ length: Math.ceil(stream.length / size) }, () => size));
        expect(frames, v.id).toEqual(v.expect_frames);
        expect({ skipped, held }, v.id).toEqual({ skipped: v.expect_skipped_bytes, held: v.incomplete_tail.length / 2 });
      }
    }
  });
});
