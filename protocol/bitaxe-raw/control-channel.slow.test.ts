import { expect, it } from 'vitest';
import { xorshift } from '../common/xorshift.fixture.ts';
import { i2cRead, i2cWrite } from './commands.ts';
import { ControlChannel } from './control-channel.ts';
import type { ReplyFormat } from './firmware.ts';
import { LONGEST_REPLY_BYTES } from './reply.ts';

const ROUNDS = 1_000_000;

it.each(['v0', 'v1', 'bonanza'] as const)('%s: a million damaged replies; the request after a timeout always gets its own', { timeout: 300_000 }, (format: ReplyFormat) => {
  const next = xorshift(format.length);
  const headerBytes = format === 'v1' ? 4 : 3;
  const channel = new ControlChannel(format);
  const clean = (id: number, bytes: number): Uint8Array => {
    const frame = Uint8Array.from({ length: headerBytes + bytes }, () => next(256));
    const told = format === 'v0' ? bytes : frame.length;
    frame.set([told & 0xff, told >> 8, id, ...(format === 'v1' ? [0] : [])]);
    return frame;
  };
  for (let round = 0; round < ROUNDS; round++) {
    const bytes = 5 + next(12);
    const id = channel.request(next(2) === 0 ? i2cRead(0x4c, bytes) : i2cWrite(0x4c, new Uint8Array(2)))[2]!;
    const noise = clean(next(3) === 0 ? next(256) : id, bytes);
    if (next(2) === 0) noise[next(noise.length)] = next(256);
    channel.push(noise.subarray(0, next(noise.length + 1)));
    if (channel.busy && next(16) === 0) channel.push(Uint8Array.from({ length: next(2 * LONGEST_REPLY_BYTES) }, () => next(256)));
    if (channel.busy) channel.timeout();

    // What is left of the noise is forgotten with the request it answered.
    const wanted = 5 + next(12);
    const frame = clean(channel.request(i2cRead(0x4c, wanted))[2]!, wanted);
    const cut = next(frame.length);
    const reply = channel.push(frame.subarray(0, cut)).reply ?? channel.push(frame.subarray(cut)).reply ?? channel.timeout().reply;
    if (reply?.kind !== 'ok' || reply.data.length !== wanted || reply.data[0] !== frame[headerBytes]) throw new Error(`round ${round}: the clean reply was lost`);
  }
  expect(channel.busy).toBe(false);
});
