/** A solo source when the chain moves under it: news from others, reorganisations, late blocks, restarts, two nodes. */
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { BlockRelay } from '../daemon/mining/block-relay.ts';
import { startZmqPublisher } from '../daemon/mining/zmq-publisher.fixture.ts';
import { displayHash } from '../protocol/bitcoin/header.ts';
import { systemClock } from '../protocol/common/clock.ts';
import { silentLog } from '../protocol/common/log.ts';
import { bcoinInstalled, startBcoin, type BcoinNode } from './bcoin-node.ts';
import { temporaryFolder } from './harness.ts';
import { copyBlocks, generate, search, SoloBench, tipOf } from './solo-bench.fixture.ts';

const installed = bcoinInstalled();
const bench = new SoloBench();
const folder = temporaryFolder();
let node: BcoinNode;
let second: BcoinNode;

beforeAll(async () => {
  if (!installed) return;
  [node, second] = await Promise.all([startBcoin(), startBcoin({ blocks: 0 })]);
  await copyBlocks(node, second, 1);
  expect(await tipOf(second)).toBe(await tipOf(node));
}, 120_000);

afterAll(async () => {
  await bench.close();
  await Promise.all([node?.close(), second?.close()]);
  folder.remove();
});

/** Nothing is polled during a test. */
const NO_POLL = 3_600_000;

it.skipIf(!installed)('mines from the first block of a chain on: heights of one opcode, and no segwit yet', async () => {
  const fresh = await startBcoin({ blocks: 0 });
  try {
    const { source, next } = await bench.start(fresh);
    for (let height = 1; height <= 20; height++) {
      const job = await next((newer) => newer.height === height);
      expect(await source.submit(search(job))).toMatchObject({ status: 'accepted' });
    }
    expect(await fresh.rpc('getblockcount')).toBe(20);
    await source.stop();
  } finally {
    await fresh.close();
  }
}, 60_000);

describe.skipIf(!installed)('solo mining while the chain moves', () => {
  it('hears of a block of somebody else by long poll alone', async () => {
    const { source, next } = await bench.start(node, { pollMs: NO_POLL });
    const first = await next();
    const [theirs] = await generate(node, 1);
    const job = await next();
    expect(job).toMatchObject({ clean: true, height: first.height! + 1 });
    expect(displayHash(job.prevHash)).toBe(theirs);
    // And of the one after: the call waits again.
    const [later] = await generate(node, 1);
    expect(displayHash((await next((newer) => newer.height === first.height! + 2)).prevHash)).toBe(later);
    await source.stop();
  });

  it('hears of a block by ZMQ alone', async () => {
    const publisher = await startZmqPublisher();
    const { source, next } = await bench.start(node, { pollMs: NO_POLL, longPoll: false, zmq: publisher.url });
    const first = await next();
    await publisher.subscribed();
    const [theirs] = await generate(node, 1);
    publisher.publishBlock(theirs!);
    const job = await next((newer) => newer.height === first.height! + 1);
    expect(displayHash(job.prevHash)).toBe(theirs);
    await source.stop();
    await publisher.close();
  });

  it('goes to the new tip when another chain overtakes, and mines on it', async () => {
    const fork = Number(await node.rpc('getblockcount'));
    await copyBlocks(node, second, 434);
    const { source, next } = await bench.start(node);
    const job = await next();
    expect(await source.submit(search(job))).toMatchObject({ status: 'accepted' });
    const ours = await next((newer) => newer.height === fork + 2);
    // Two blocks elsewhere against our one.
    const theirs = await generate(second, 2);
    await copyBlocks(second, node, fork + 1);
    expect(await tipOf(node)).toBe(theirs[1]);
    const moved = await next((newer) => displayHash(newer.prevHash) === theirs[1]);
    expect(moved).toMatchObject({ clean: true, height: fork + 3 });
    expect(displayHash(ours.prevHash)).not.toBe(theirs[1]);
    expect(await source.submit(search(moved))).toMatchObject({ status: 'accepted' });
    expect(Number(await node.rpc('getblockcount'))).toBe(fork + 3);
    await source.stop();
  });

  it('tells a block on an old tip apart, and mines on', async () => {
    const { source, next } = await bench.start(node, { pollMs: 200 });
    const old = await next();
    const late = search(old);
    const [theirs] = await generate(node, 1);
    expect(await source.submit(late)).toMatchObject({ status: 'stale' });
    expect(await tipOf(node)).toBe(theirs);
    const job = await next((newer) => newer.height === old.height! + 1);
    expect(await source.submit(search(job))).toMatchObject({ status: 'accepted' });
    await source.stop();
  });

  it('gives a block to every node of the chain', async () => {
    await copyBlocks(node, second, 434);
    expect(await tipOf(second)).toBe(await tipOf(node));
    const relay = new BlockRelay({ clock: systemClock, log: silentLog });
    const one = await bench.start(node, { id: 'one' }, { relay });
    const two = await bench.start(second, { id: 'two' }, { relay });
    const [job] = await Promise.all([one.next(), two.next()]);
    const share = search(job);
    expect(await one.source.submit(share)).toMatchObject({ status: 'accepted', reason: expect.stringMatching(/(one|two): accepted/) });
    await relay.settled(20_000);
    expect([await tipOf(node), await tipOf(second)]).toEqual([displayHash(share.hash), displayHash(share.hash)]);
    // The other source hears of it too, and its own block goes both ways.
    const theirs = search(await two.next((newer) => displayHash(newer.prevHash) === displayHash(share.hash)));
    expect(await two.source.submit(theirs)).toMatchObject({ status: 'accepted' });
    await relay.settled(20_000);
    expect([await tipOf(node), await tipOf(second)]).toEqual([displayHash(theirs.hash), displayHash(theirs.hash)]);
    await Promise.all([one.source.stop(), two.source.stop()]);
  });

  it('comes back to a node that was started again with another cookie', async () => {
    const cookieFile = path.join(folder.dir, '.cookie');
    writeFileSync(cookieFile, '__cookie__:first');
    const before = await startBcoin({ blocks: 432, password: 'first' });
    const { source, next, until } = await bench.start(before, { cookieFile, user: null, password: null });
    await next();
    await before.close();
    await until(() => (source.state().status === 'backing_off' ? true : undefined));
    writeFileSync(cookieFile, '__cookie__:second');
    const after = await startBcoin({ blocks: 435, password: 'second', httpPort: Number(new URL(before.url).port) });
    try {
      const job = await next((newer) => newer.height === 436);
      expect(job).toMatchObject({ session: 2, clean: true });
      expect(await source.submit(search(job))).toMatchObject({ status: 'accepted' });
      await vi.waitFor(() => expect(source.state()).toMatchObject({ status: 'mining', reconnects: 1 }));
      await source.stop();
    } finally {
      await after.close();
    }
  }, 60_000);
});
