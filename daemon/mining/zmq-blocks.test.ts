import net from 'node:net';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { silentLog } from '../../protocol/common/log.ts';
import { ManualClock } from '../../protocol/common/manual-clock.ts';
import { ZmqBlocks } from './zmq-blocks.ts';
import { startZmqPublisher } from './zmq-publisher.fixture.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup();
});

const hashOf = (byte: string) => byte.repeat(32);

async function setup(options: { minor?: 0 | 1 } = {}) {
  const publisher = await startZmqPublisher(options);
  const clock = new ManualClock();
  const news: (string | null)[] = [];
  const blocks = new ZmqBlocks({ url: publisher.url, random: () => 0 }, { clock, log: silentLog, onNews: (hash) => news.push(hash) });
  cleanups.push(() => blocks.stop(), () => publisher.close());
  blocks.start();
  await publisher.subscribed();
  await vi.waitFor(() => expect(blocks.connected).toBe(true));
  return { publisher, clock, news, blocks };
}

const came = (news: readonly unknown[], expected: readonly unknown[]) => vi.waitFor(() => expect(news).toEqual(expected));

describe('ZmqBlocks', () => {
  it.each([0, 1] as const)('tells of blocks published by ZMTP 3.%i', async (minor) => {
    const { publisher, news } = await setup({ minor });
    publisher.publishBlock(hashOf('aa'), 5);
    publisher.publishBlock(hashOf('bb'), 6);
    await came(news, [null, hashOf('aa'), hashOf('bb')]);
  });

  it('says that it does not know when a number was left out, and counts over 2^32', async () => {
    const { publisher, news } = await setup();
    publisher.publishBlock(hashOf('aa'), 0xffff_ffff);
    publisher.publishBlock(hashOf('bb'), 0);
    publisher.publishBlock(hashOf('cc'), 2);
    await came(news, [null, hashOf('aa'), hashOf('bb'), null]);
  });

  it('comes back after a lost connection, and has the node looked at once it is there', async () => {
    const { publisher, news, clock, blocks } = await setup();
    publisher.drop();
    await vi.waitFor(() => expect(blocks.connected).toBe(false));
    await vi.waitFor(() => expect(clock.pendingTimers).toBe(1));
    clock.advance(500);
    await publisher.subscribed();
    publisher.publishBlock(hashOf('aa'));
    await came(news, [null, null, hashOf('aa')]);
  });

  it('asks a silent publisher for a sign of life, and drops one that gives none', async () => {
    const { publisher, clock, blocks } = await setup();
    publisher.mute();
    clock.advance(30_000);
    await vi.waitFor(() => expect(publisher.commands).toContain('PING'));
    expect(blocks.connected).toBe(true);
    clock.advance(30_000);
    await vi.waitFor(() => expect(blocks.connected).toBe(false));
  });

  it('gives up on what is no publisher, and tries again later', async () => {
    const { publisher, blocks, clock } = await setup();
    publisher.raw(Buffer.from('02ffffffffffffffff', 'hex'));
    await vi.waitFor(() => expect(blocks.connected).toBe(false));
    await vi.waitFor(() => expect(clock.pendingTimers).toBe(1));
  });

  it('leaves nothing behind when it stops', async () => {
    const { publisher, blocks, clock } = await setup();
    blocks.stop();
    await vi.waitFor(() => expect(publisher.subscribers).toBe(0));
    expect(clock.pendingTimers).toBe(0);
  });

  it('refuses an address that is none', () => {
    const deps = { clock: new ManualClock(), log: silentLog, onNews: () => {} };
    for (const url of ['ipc:///tmp/x', 'tcp://host', 'tcp://host:70000']) expect(() => new ZmqBlocks({ url }, deps)).toThrow(expect.objectContaining({ code: 'E_POOL_URL' }));
  });
});

/** Nobody answers at all: a listener that reads and says nothing. */
it('does not wait for ever for a port that says nothing', async () => {
  const server = net.createServer(() => {});
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const clock = new ManualClock();
  let connections = 0;
  server.on('connection', () => (connections += 1));
  const blocks = new ZmqBlocks({ url: `tcp://127.0.0.1:${(server.address() as { port: number }).port}`, random: () => 0 }, { clock, log: silentLog, onNews: () => {} });
  cleanups.push(() => blocks.stop(), () => server.close());
  blocks.start();
  await vi.waitFor(() => {
    clock.advance(1000);
    expect(connections).toBeGreaterThanOrEqual(2);
  });
});
