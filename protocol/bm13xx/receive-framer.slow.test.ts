import { expect, it } from 'vitest';
import { xorshift } from '../common/xorshift.fixture.ts';
import { bytesToHex } from '../common/bytes.ts';
import { replyTrailer } from './crc5.ts';
import { ReceiveFramer } from './receive-framer.ts';

const ROUNDS = 1_000_000;

it.each([9, 11] as const)('takes a million damaged streams of %i-byte replies without losing more than one frame after each', { timeout: 300_000 }, (length) => {
  const next = xorshift(length);
  const framer = new ReceiveFramer(length);
  const body = new Uint8Array(length - 3);
  const clean = (): Uint8Array => {
    // Without AA inside: a reply that contains a preamble can mislead any reader once more.
    for (let i = 0; i < body.length; i++) body[i] = next(0xaa);
    const trailer = replyTrailer(body, next(2) * 4);
    return trailer === 0xaa ? clean() : Uint8Array.of(0xaa, 0x55, ...body, trailer);
  };
  let lost = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const noise = clean();
    switch (next(4)) {
      case 0: // a mutated byte
        noise[next(noise.length)] = next(256);
        framer.push(noise);
        break;
      case 1: // cut short
        framer.push(noise.subarray(0, next(noise.length)));
        break;
      case 2: // a stray byte or preamble
        framer.push(Uint8Array.of(...[0xaa, 0x55, 0xaa, next(256)].slice(next(4))));
        break;
      default: // anything
        for (let i = 0; i < noise.length; i++) noise[i] = next(3) === 0 ? [0xaa, 0x55][next(2)]! : next(256);
        framer.push(noise);
    }
    const first = clean();
    const second = clean();
    const cut = next(length);
    const found = [...framer.push(first.subarray(0, cut)).frames, ...framer.push(first.subarray(cut)).frames, ...framer.push(second).frames].map(bytesToHex);
    if (found.at(-1) !== bytesToHex(second)) throw new Error(`round ${round}: the second clean frame was lost`);
    if (found.at(-2) !== bytesToHex(first)) lost += 1;
    if (framer.heldBytes !== 0) throw new Error(`round ${round}: ${framer.heldBytes} bytes held after a clean frame`);
  }
  // A false start swallows part of the first frame only when its short CRC holds by accident.
  expect(lost / ROUNDS).toBeLessThan(0.02);
});
