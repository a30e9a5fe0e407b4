import { expect, it } from 'vitest';
import { ManualClock } from '../../protocol/common/manual-clock.ts';
import { MemoryTransport } from '../transport/memory.fixture.ts';
import { TxLine } from './tx-line.ts';

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

async function bench() {
  const clock = new ManualClock();
  const transport = new MemoryTransport();
  await transport.open();
  const out: { at: number; bytes: number }[] = [];
  transport.onWrite = (bytes) => out.push({ at: clock.monotonic(), bytes: bytes.length });
  const sent: number[] = [];
  const line = new TxLine(transport, clock, 115_200);
  const job = (id: number, bytes = 88): void => line.job(() => new Uint8Array(bytes), () => sent.push(id));
  const run = async (ms: number): Promise<void> => {
    for (let i = 0; i < ms; i++) {
      clock.advance(1);
      await turn();
    }
  };
  return { clock, transport, line, out, sent, job, run };
}

it('sends a job within the call when nothing is on the wire', async () => {
  const { out, sent, job } = await bench();
  job(1);
  expect(out).toEqual([{ at: 0, bytes: 88 }]);
  await turn();
  expect(sent).toEqual([1]);
});

it('hands one job ahead to the system, and of those behind it the newest as soon as there is room for it', async () => {
  const { out, sent, job, run } = await bench();
  for (const id of [1, 2]) {
    job(id);
    await turn();
  }
  for (const id of [3, 4, 5]) job(id);
  await run(30);
  // 88 bytes are 7.6 ms at this speed.
  expect(out.map(({ bytes }) => bytes)).toEqual([88, 88, 88]);
  expect(out[1]!.at).toBe(0);
  expect(out[2]!.at).toBeGreaterThanOrEqual(7);
  expect(out[2]!.at).toBeLessThanOrEqual(9);
  expect(sent).toEqual([1, 2, 5]);
});

it('lets a job that comes while a control frame waits for its turn go before it', async () => {
  const { out, line, job, run } = await bench();
  job(1);
  line.control(new Uint8Array(11));
  await run(2);
  job(2);
  await run(30);
  expect(out.map(({ bytes }) => bytes)).toEqual([88, 88, 11]);
  expect(out[1]!.at).toBe(2);
});

it('lets a job wait for one short frame at most, however many there are', async () => {
  const { clock, out, line, job, run } = await bench();
  for (let i = 0; i < 40; i++) line.control(new Uint8Array(11));
  await run(5);
  const before = out.length;
  const asked = clock.monotonic();
  job(1);
  await run(60);
  const sentAt = out.findIndex(({ bytes }) => bytes === 88);
  expect(sentAt - before).toBeLessThanOrEqual(1);
  expect(out[sentAt]!.at - asked).toBeLessThanOrEqual(2);
  expect(out).toHaveLength(41);
});

it('bounds what waits, and forgets it when it is cleared', async () => {
  const { clock, out, line, job, sent, run } = await bench();
  for (let i = 0; i < 1000; i++) line.control(new Uint8Array(7));
  job(1);
  line.clear();
  await run(50);
  expect(out).toHaveLength(1);
  expect(sent).toEqual([]);
  expect(clock.pendingTimers).toBe(0);
});

it('waits for a line that takes nothing, with one frame under way and the newest job behind it', async () => {
  const { transport, out, sent, job, run } = await bench();
  transport.stuck = true;
  for (const id of [1, 2, 3]) {
    job(id);
    await run(20);
  }
  expect(sent).toEqual([]);
  transport.unstick();
  await run(20);
  expect(out).toHaveLength(2);
  expect(sent).toEqual([1, 3]);
  transport.stuck = true;
  job(4);
  transport.unplug();
  await run(20);
  // What never left is not told as sent.
  expect(sent).toEqual([1, 3]);
});
