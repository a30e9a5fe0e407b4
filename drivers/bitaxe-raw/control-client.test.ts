import { expect, it } from 'vitest';
import { gpioGet, gpioSet, i2cRead, reboot } from '../../protocol/bitaxe-raw/commands.ts';
import { ControlChannel } from '../../protocol/bitaxe-raw/control-channel.ts';
import { BITAXE_RAW_FIRMWARE, type ReplyFormat } from '../../protocol/bitaxe-raw/firmware.ts';
import { hexToBytes } from '../../protocol/common/bytes.ts';
import { ManualClock } from '../../protocol/common/manual-clock.ts';
import { MemoryTransport } from '../transport/memory.fixture.ts';
import { ControlClient, controlFailure, MOST_WAITING } from './control-client.ts';

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

async function bench(format: ReplyFormat = 'v1') {
  const transport = new MemoryTransport('/dev/ttyCONTROL');
  await transport.open();
  const clock = new ManualClock();
  const client = new ControlClient({ transport, channel: new ControlChannel(format), clock });
  const sent = (): string[] => transport.written.map((bytes) => Buffer.from(bytes).toString('hex'));
  const say = async (hex: string): Promise<void> => {
    transport.feed(hexToBytes(hex));
    await turn();
  };
  return { transport, clock, client, sent, say };
}

it('asks one thing at a time, in order, each in one write', async () => {
  const { client, sent, say } = await bench();
  const first = client.request(gpioGet(0), 'first');
  const second = client.request(gpioSet(0, false), 'second');
  expect(sent()).toEqual(['060000000600']);
  await say('0500000001');
  expect(await first).toEqual(Uint8Array.of(1));
  expect(sent()).toEqual(['060000000600', '07000100060000']);
  await say('0500010000');
  expect(await second).toEqual(Uint8Array.of(0));
});

it('a late reply is dropped, and does not answer the next request', async () => {
  const { client, clock, say } = await bench();
  const late = client.request(gpioGet(0), 'reading a pin', { timeoutMs: 300 });
  clock.advance(300);
  await expect(late).rejects.toMatchObject({ code: 'E_DEVICE_CONTROL', message: '/dev/ttyCONTROL: reading a pin failed: no answer within 300 ms' });
  const next = client.request(gpioGet(0), 'next');
  await say('0500000001');
  await say('0500010000');
  expect(await next).toEqual(Uint8Array.of(0));
  expect(client.counters).toMatchObject({ requests: 2, timeouts: 1, bytes_skipped: 5 });
});

it('an error of v0, which tells a length that never comes, is told at the deadline', async () => {
  const { client, clock, say } = await bench('v0');
  const asked = client.request(i2cRead(0x4c, 4), 'reading');
  await say('04000010');
  clock.advance(1000);
  await expect(asked).rejects.toMatchObject({ message: expect.stringMatching(/answered "timeout"/) as string });
  expect(controlFailure(await asked.catch((error: unknown) => error))).toBe('refused');
});

it('an error carries the stack of whoever asked', async () => {
  const { client, say } = await bench();
  async function readsTheFan(): Promise<unknown> {
    return client.request(gpioGet(9), 'reading');
  }
  const failed = readsTheFan().catch((error: Error) => error);
  await say('04000011');
  const error = (await failed) as Error;
  expect(error.message).toContain('invalid command');
  expect(error.stack).toContain('readsTheFan');
});

it('bytes in any cut, with garbage around', async () => {
  const { client, say } = await bench();
  const asked = client.request(gpioGet(0), 'reading');
  for (const hex of ['ff', 'aa05', '0000', '00', '01', 'ffff']) await say(hex);
  expect(await asked).toEqual(Uint8Array.of(1));
});

it('the queue has a bound, which does not hold for what makes a board safe', async () => {
  const { client } = await bench();
  const asked = Array.from({ length: MOST_WAITING + 2 }, () => client.request(gpioGet(0), 'reading').catch((error: unknown) => controlFailure(error)));
  const urgent = client.request(gpioSet(0, false), 'reset', { urgent: true }).catch((error: unknown) => controlFailure(error));
  client.close();
  expect(await Promise.all(asked)).toEqual([...Array.from({ length: MOST_WAITING + 1 }, () => 'gone'), 'full']);
  expect(await urgent).toBe('gone');
});

it('locked, only what is urgent goes through; what was under way gets a moment', async () => {
  const { client, clock, sent, say } = await bench();
  const underWay = client.request(gpioGet(0), 'one').catch((error: unknown) => controlFailure(error));
  const waiting = client.request(gpioGet(0), 'two').catch((error: unknown) => controlFailure(error));
  client.lock('it is made safe');
  const refused = client.request(gpioSet(0, true), 'three').catch((error: unknown) => controlFailure(error));
  const urgent = client.request(gpioSet(0, false), 'reset', { urgent: true });
  expect(await waiting).toBe('locked');
  expect(await refused).toBe('locked');
  clock.advance(100);
  expect(await underWay).toBe('timeout');
  expect(sent().at(-1)).toBe('07000100060000');
  await say('0500010000');
  expect(await urgent).toEqual(Uint8Array.of(0));
  client.unlock();
  const after = client.request(gpioGet(0), 'four');
  await say('0500020001');
  expect(await after).toEqual(Uint8Array.of(1));
});

it('what is urgent goes before what waits, and in its own order', async () => {
  const { client, sent, say } = await bench();
  const all = [client.request(gpioGet(0), 'a'), client.request(gpioGet(1), 'b'), client.request(gpioGet(2), 'c', { urgent: true }), client.request(gpioGet(3), 'd', { urgent: true })];
  for (let id = 0; id < 4; id++) await say(`05000${id}0001`);
  await Promise.all(all);
  expect(sent().map((hex) => hex.slice(10, 12))).toEqual(['00', '02', '03', '01']);
});

it('a process that was held up looks at what came before it calls a reply late', async () => {
  const { client, clock, transport } = await bench();
  const asked = client.request(gpioGet(0), 'reading', { timeoutMs: 100 });
  asked.catch(() => {});
  // The timer fires 500 ms late, before the bytes that lie in the port are read.
  const { monotonic } = clock;
  clock.monotonic = () => monotonic.call(clock) + 500;
  clock.advance(100);
  transport.feed(hexToBytes('0500000001'));
  await turn();
  expect(await asked).toEqual(Uint8Array.of(1));
});

it('a port that goes rejects everything, and a restart of the board is not waited for', async () => {
  const { client, transport, clock } = await bench();
  expect(await client.request(reboot(BITAXE_RAW_FIRMWARE.emberone), 'restarting')).toEqual(new Uint8Array(0));
  const asked = client.request(gpioGet(0), 'reading').catch((error: unknown) => controlFailure(error));
  transport.unplug();
  expect(await asked).toBe('gone');
  expect(await client.request(gpioGet(0), 'again').catch((error: unknown) => controlFailure(error))).toBe('gone');
  expect(clock.pendingTimers).toBe(0);
});
