import { expect, it } from 'vitest';
import { hexToBytes } from '../../protocol/common/bytes.ts';
import { ManualClock } from '../../protocol/common/manual-clock.ts';
import { MemoryTransport } from '../transport/memory.fixture.ts';
import { openControl } from './control-side.ts';
import { formatOfLevel, probeReplyFormat } from './reply-format.ts';

it('the three framings of a level are told apart, in any surroundings', () => {
  expect(formatOfLevel(hexToBytes('0100a501'), 0xa5)).toBe('v0');
  expect(formatOfLevel(hexToBytes('0500a50000'), 0xa5)).toBe('v1');
  expect(formatOfLevel(hexToBytes('0400a501'), 0xa5)).toBe('bonanza');
  expect(formatOfLevel(hexToBytes('ffff010500a50001'), 0xa5)).toBe('v1');
  expect(formatOfLevel(hexToBytes('0500a5'), 0xa5)).toBeNull();
  // Of another request, an error, and no level.
  for (const hex of ['0100a401', '0400a511', '0100a502', '']) expect(formatOfLevel(hexToBytes(hex), 0xa5)).toBeNull();
});

/** A port that answers with what `answer` makes of the id of a request. */
async function port(answer: (id: string) => string): Promise<MemoryTransport> {
  const transport = new MemoryTransport('/dev/ttyCONTROL');
  transport.onWrite = (bytes) => transport.feed(hexToBytes(answer(Buffer.from(bytes.subarray(2, 3)).toString('hex'))));
  return transport;
}

async function settled<T>(clock: ManualClock, promise: Promise<T>): Promise<T> {
  let done = false;
  promise.then(() => (done = true), () => (done = true));
  for (let i = 0; i < 5000 && !done; i++) {
    await new Promise((resolve) => setImmediate(resolve));
    if (!done) clock.advance(1);
  }
  return promise;
}

it('asks again when the first answer is spoilt, and gives a stranger up after a second', async () => {
  const clock = new ManualClock();
  const { signal } = new AbortController();
  let count = 0;
  const shy = await port((id) => (++count === 1 ? '00' : `0100${id}00`));
  await shy.open();
  expect(await settled(clock, probeReplyFormat(shy, clock, signal))).toBe('v0');
  const stranger = await port(() => '4f4b0d0a');
  await stranger.open();
  const from = clock.monotonic();
  await expect(settled(clock, probeReplyFormat(stranger, clock, signal))).rejects.toMatchObject({ code: 'E_DEVICE_CONTROL' });
  expect(clock.monotonic() - from).toBeLessThanOrEqual(1000);
  expect(clock.pendingTimers).toBe(0);
});

it('the bridge of a Bonanza is told and left alone, and an opening that is ended leaves nothing open', async () => {
  const clock = new ManualClock();
  const bonanza = await port((id) => `0400${id}00`);
  const parts = { transport: bonanza, firmware: 'bitaxe', bcdDevice: null, replyFormat: 'auto', clock } as const;
  await expect(settled(clock, openControl(parts, new AbortController().signal))).rejects.toMatchObject({ code: 'E_DEVICE_UNKNOWN', message: expect.stringMatching(/Bonanza.*no driver/) as string });
  expect(bonanza.isOpen).toBe(false);
  expect(bonanza.written).toHaveLength(1);

  const mute = new MemoryTransport('/dev/ttyCONTROL');
  const abort = new AbortController();
  clock.after(100, () => abort.abort(new Error('enough')));
  await expect(settled(clock, openControl({ ...parts, transport: mute }, abort.signal))).rejects.toThrow('enough');
  expect(mute.isOpen).toBe(false);
});
