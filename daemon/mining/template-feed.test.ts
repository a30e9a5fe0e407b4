import { afterEach, describe, expect, it, vi } from 'vitest';
import { displayHash } from '../../protocol/bitcoin/header.ts';
import { silentLog } from '../../protocol/common/log.ts';
import { ManualClock } from '../../protocol/common/manual-clock.ts';
import { EndpointState } from './endpoint-state.ts';
import { NodeRpcError } from './node-rpc.ts';
import { ScriptedNode } from './scripted-node.fixture.ts';
import { TemplateFeed, type TemplateFeedOptions } from './template-feed.ts';
import { startZmqPublisher } from './zmq-publisher.fixture.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup();
});

const settle = async () => {
  for (let turn = 0; turn < 5; turn++) await new Promise<void>((resolve) => setImmediate(resolve));
};

async function setup(options: Partial<TemplateFeedOptions> = {}, prepare: (node: ScriptedNode) => void = () => {}) {
  const node = new ScriptedNode();
  node.extra = { longpollid: 'first' };
  prepare(node);
  const clock = new ManualClock();
  const taken: { tip: string; clean: boolean }[] = [];
  const losses: string[] = [];
  const warnings: unknown[] = [];
  const log = { ...silentLog, warn: (facts: object) => warnings.push(facts) };
  const feed = new TemplateFeed(
    { url: 'http://node', ...options },
    { rpc: node, clock, log, endpoint: new EndpointState(clock, () => {}) },
    { check: async () => {}, prove: async () => {}, take: (template, clean) => taken.push({ tip: displayHash(template.prevHash).slice(0, 2), clean }) > 0, lost: (reason) => losses.push(reason) },
  );
  cleanups.push(() => feed.stop());
  feed.start();
  await settle();
  const advance = async (ms: number) => {
    clock.advance(ms);
    await settle();
  };
  return { node, clock, feed, taken, losses, warnings, advance };
}

/** No look at the node by itself during a test. */
const NO_POLL = 10_000_000;

describe('long poll', () => {
  it('brings news of a block without any poll, and waits on with the new id', async () => {
    const { node, taken, advance } = await setup({ pollMs: NO_POLL });
    expect(node.polls.map((poll) => poll.id)).toEqual(['first']);
    node.tip = '22'.repeat(32);
    node.extra = { longpollid: 'second' };
    node.polls[0]!.answer();
    await settle();
    expect(taken).toEqual([{ tip: '11', clean: true }, { tip: '22', clean: true }]);
    await advance(100);
    expect(node.polls.map((poll) => poll.id)).toEqual(['first', 'second']);
  });

  it('brings new transactions as a job that is not clean', async () => {
    const { node, taken } = await setup({ pollMs: NO_POLL });
    node.extra = { longpollid: 'more' };
    node.polls[0]!.answer();
    await settle();
    expect(taken.map(({ clean }) => clean)).toEqual([true, false]);
  });

  it('is not begun when it is switched off, or the node gives no id', async () => {
    expect((await setup({ longPoll: false })).node.polls).toEqual([]);
    expect((await setup({}, (node) => (node.extra = {}))).node.polls).toEqual([]);
  });

  it('is given up when the node cannot do it, and the poll goes on', async () => {
    const { node, taken, warnings, advance } = await setup();
    node.polls[0]!.fail(new NodeRpcError('answer', 'getblocktemplate: not a string', { rpcCode: -32603 }));
    await settle();
    expect(warnings).toEqual([expect.objectContaining({ err: expect.stringContaining('not a string') })]);
    node.tip = '22'.repeat(32);
    await advance(1000);
    expect(taken.at(-1)).toEqual({ tip: '22', clean: true });
    expect(node.polls).toHaveLength(1);
  });

  it('is given up when the node answers at once, again and again, with nothing new', async () => {
    const { node, warnings, advance } = await setup({ pollMs: NO_POLL });
    for (let answer = 0; answer < 3; answer++) {
      node.polls.at(-1)!.answer();
      await settle();
      await advance(100);
    }
    expect(node.polls).toHaveLength(3);
    expect(warnings).toHaveLength(1);
  });

  it('is tried again after a lost connection', async () => {
    const { node, clock } = await setup({ pollMs: NO_POLL });
    node.polls[0]!.fail(new NodeRpcError('transport', 'socket hang up'));
    await vi.waitFor(async () => {
      clock.advance(1000);
      await settle();
      expect(node.polls).toHaveLength(2);
    });
  });

  it('ends with the series and begins with the next', async () => {
    const { node, losses, taken, advance } = await setup();
    node.down = new NodeRpcError('transport', 'connect ECONNREFUSED');
    for (let look = 0; look < 5; look++) await advance(2000);
    expect(losses).toEqual(['connect ECONNREFUSED']);
    node.down = null;
    await advance(30_000);
    expect(taken.at(-1)).toEqual({ tip: '11', clean: true });
    expect(node.polls.length).toBeGreaterThan(1);
  });

  it('leaves no timer and hears no answer after the stop', async () => {
    const { node, clock, feed, taken } = await setup();
    await feed.stop();
    node.polls[0]!.answer();
    await settle();
    expect(taken).toHaveLength(1);
    expect(clock.pendingTimers).toBe(0);
  });

  it('wins over a poll that was asked before it and answered after it', async () => {
    const { node, taken, advance, clock } = await setup();
    let release: () => void = () => {};
    const template = node.template.bind(node);
    // The next template by poll is made now, on the old tip, and takes its time on the wire.
    const old = await template({ rules: ['segwit'] });
    node.template = (request, options) => ('longpollid' in request ? template(request, options) : new Promise((resolve) => (release = () => resolve(old))));
    node.tip = '22'.repeat(32);
    await advance(1000);
    clock.advance(5);
    node.polls[0]!.answer();
    await settle();
    expect(taken.at(-1)).toEqual({ tip: '22', clean: true });
    node.template = template;
    release();
    await settle();
    expect(taken.map(({ tip }) => tip)).toEqual(['11', '22']);
    await advance(1000);
    expect(taken.map(({ tip }) => tip)).toEqual(['11', '22']);
  });
});

describe('ZMQ', () => {
  it('has a template fetched for a block at once, and none for one that is known', async () => {
    const publisher = await startZmqPublisher();
    cleanups.push(() => publisher.close());
    const { node, taken } = await setup({ pollMs: NO_POLL, longPoll: false, zmq: publisher.url });
    await publisher.subscribed();
    // The subscription itself counts as news: something may have been missed before it.
    await vi.waitFor(() => expect(taken.length).toBe(2));
    const calls = node.calls.length;
    publisher.publishBlock('11'.repeat(32));
    node.tip = '22'.repeat(32);
    publisher.publishBlock('22'.repeat(32));
    await vi.waitFor(() => expect(taken.at(-1)).toEqual({ tip: '22', clean: true }));
    expect(node.calls.slice(calls)).toEqual(['getblocktemplate']);
  });
});
