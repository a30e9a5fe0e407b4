import { expect, it } from 'vitest';
import { xorshift } from '../common/xorshift.fixture.ts';
import { replyTrailer } from '../bm13xx/crc5.ts';
import { GekkoReplyFramer } from './reply-framer.ts';
import { decodeGekkoReply, GEKKO_REPLY_BYTES } from './reply.ts';
import type { GekkoChip } from './reply.ts';

const ROUNDS = 1_000_000;

it.each(['BM1384', 'BM1387'] as const)('%s: a million damaged streams, and no reply lost after the silence that follows', { timeout: 300_000 }, (chip: GekkoChip) => {
  const next = xorshift(GEKKO_REPLY_BYTES[chip]);
  const framer = new GekkoReplyFramer(chip);
  const clean = (): Uint8Array => {
    const bytes = Uint8Array.from({ length: GEKKO_REPLY_BYTES[chip] }, () => next(256));
    if (chip === 'BM1384') bytes[4] = 0x80 | next(32);
    else {
      bytes[5] = next(128);
      bytes[6] = replyTrailer(bytes.subarray(0, 6), 4);
    }
    return bytes;
  };
  for (let round = 0; round < ROUNDS; round++) {
    const noise = clean();
    if (next(2) === 0) noise[next(noise.length)] = next(256);
    framer.push(noise.subarray(next(noise.length)));
    if (next(4) === 0) framer.push(Uint8Array.from({ length: next(40) }, () => next(256)));
    framer.gap();
    const first = clean();
    const cut = next(first.length);
    const found = [...framer.push(first.subarray(0, cut)).replies, ...framer.push(first.subarray(cut)).replies];
    if (found.length !== 1 || found[0]!.kind !== 'nonce' || found[0]!.position !== (decodeGekkoReply(chip, first) as { position: number }).position) throw new Error(`round ${round}: a clean reply was lost`);
  }
});

it.each(['BM1384', 'BM1387'] as const)('%s: without silence, replies are found again after damage', { timeout: 300_000 }, (chip: GekkoChip) => {
  const next = xorshift(1 + GEKKO_REPLY_BYTES[chip]);
  let lost = 0;
  const rounds = ROUNDS / 20;
  const clean = 20;
  for (let round = 0; round < rounds; round++) {
    const framer = new GekkoReplyFramer(chip);
    framer.push(Uint8Array.from({ length: 1 + next(GEKKO_REPLY_BYTES[chip]) }, () => next(256)));
    let found = 0;
    for (let i = 0; i < clean; i++) {
      const bytes = Uint8Array.from({ length: GEKKO_REPLY_BYTES[chip] }, () => next(256));
      if (chip === 'BM1384') bytes[4] = 0x80 | next(32);
      else {
        bytes[5] = next(128);
        bytes[6] = replyTrailer(bytes.subarray(0, 6), 4);
      }
      const position = (decodeGekkoReply(chip, bytes) as { position: number }).position;
      for (const reply of framer.push(bytes).replies) if (reply.kind === 'nonce' && reply.position === position) found += 1;
    }
    lost += Math.max(0, clean - found);
  }
  // BM1384 nonces prove nothing, so there it takes a frame or two; a chain is never without silence for long.
  expect(lost / rounds).toBeLessThan(chip === 'BM1384' ? 3 : 1.2);
});
