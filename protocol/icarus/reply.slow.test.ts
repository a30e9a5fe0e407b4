import { expect, it } from 'vitest';
import { xorshift } from '../common/xorshift.fixture.ts';
import { encodeIcarusReply, IcarusFramer } from './reply.ts';
import type { IcarusReplyBytes } from './reply.ts';

const ROUNDS = 1_000_000;

it.each([4, 5, 8] as const)('a million damaged streams of %i-byte replies, and no reply lost after the silence that follows', { timeout: 300_000 }, (size: IcarusReplyBytes) => {
  const next = xorshift(size);
  const framer = new IcarusFramer(size);
  let dropped = 0;
  for (let round = 0; round < ROUNDS; round++) {
    framer.push(Uint8Array.from({ length: next(12) }, () => next(256)));
    dropped += framer.gap();
    const nonce = next(0xffff_ffff);
    const reply = encodeIcarusReply(nonce, new Uint8Array(size - 4));
    const cut = next(size);
    const found = [...framer.push(reply.subarray(0, cut)), ...framer.push(reply.subarray(cut))];
    if (found.length !== 1 || found[0]!.nonce !== nonce) throw new Error(`round ${round}: a clean reply was lost`);
  }
  expect(dropped).toBeGreaterThan(0);
});
