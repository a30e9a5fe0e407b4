import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { silentLog } from '../../protocol/common/log.ts';
import { ManualClock } from '../../protocol/common/manual-clock.ts';
import type { RelayNode, SolvedBlock } from './block-delivery.ts';
import { BlockRelay } from './block-relay.ts';
import { NodeRpcError } from './node-rpc.ts';
import { ScriptedNode } from './scripted-node.fixture.ts';
import { UnsentBlocks } from './unsent-blocks.ts';

const cleanups: (() => void)[] = [];
afterEach(() => {
  for (const cleanup of cleanups.splice(0)) cleanup();
});

const HASH = 'ab'.repeat(32);
const BLOCK: SolvedBlock = { chain: 'regtest', height: 441, hash: HASH, hex: Buffer.from('00112233') };
const settle = async () => {
  for (let turn = 0; turn < 5; turn++) await new Promise<void>((resolve) => setImmediate(resolve));
};

function setup(names: readonly string[] = ['own', 'other']) {
  const base = mkdtempSync(path.join(os.tmpdir(), 'rigbrain-blocks-'));
  cleanups.push(() => rmSync(base, { recursive: true }));
  const clock = new ManualClock();
  const unsent = new UnsentBlocks(silentLog);
  unsent.open(base, 'Look/Unsent');
  const told: Record<string, unknown>[] = [];
  const log = { ...silentLog, info: (facts: Record<string, unknown>) => told.push(facts), warn: (facts: Record<string, unknown>) => told.push(facts) };
  const relay = new BlockRelay({ clock, log: log as typeof silentLog, unsent });
  const nodes = names.map((id) => {
    const rpc = new ScriptedNode();
    const node: RelayNode = { id, rpc, chain: () => 'regtest' };
    relay.add(node);
    return { rpc, node };
  });
  const files = () => {
    try {
      return readdirSync(path.join(base, 'Look/Unsent'));
    } catch {
      return [];
    }
  };
  const abort = new AbortController();
  const submit = (block = BLOCK) => relay.submit(block, nodes[0]!.node, abort.signal);
  const advance = async (ms: number) => {
    for (let left = ms; left > 0; left -= 250) {
      clock.advance(250);
      await settle();
    }
  };
  return { relay, clock, base, files, told, abort, submit, advance, nodes, own: nodes[0]!.rpc, other: nodes[1]?.rpc as ScriptedNode };
}

const lost = () => new NodeRpcError('transport', 'connect ECONNREFUSED');
const FILE = `Look/Unsent/block_441_${HASH}.hex`;

describe('BlockRelay', () => {
  it('sends a block to every node at once, whoever the template is of', async () => {
    const { submit, own, other } = setup();
    other.submitAnswers = ['duplicate'];
    expect(await submit()).toMatchObject({ status: 'accepted', reason: expect.stringContaining('own: accepted') });
    await settle();
    expect([own.submitted, other.submitted]).toEqual([['00112233'], ['00112233']]);
  });

  it('does not make a share wait for a node that is slow', async () => {
    const { submit, other, relay, told } = setup();
    let answer: (value: null) => void = () => {};
    other.submitAnswers = [new Promise<null>((resolve) => (answer = resolve))];
    expect(await submit()).toMatchObject({ status: 'accepted', reason: 'own: accepted; other: not answered yet' });
    const settled = relay.settled(60_000);
    answer(null);
    await settled;
    expect(told.at(-1)).toMatchObject({ answers: { own: 'accepted', other: 'accepted' } });
  });

  it('is accepted when only another node takes it', async () => {
    const { submit, own, other, files, advance } = setup();
    own.submitAnswers = [lost()];
    other.submitAnswers = [lost(), lost(), null];
    const verdict = submit();
    await advance(2000);
    expect(await verdict).toMatchObject({ status: 'accepted', reason: expect.stringContaining('other: accepted') });
    // It had been kept after a second; now somebody has it.
    await vi.waitFor(() => expect(files()).toEqual([]));
  });

  it('leaves out nodes of another chain, after asking those it does not know', async () => {
    const { submit, nodes, relay } = setup();
    const main = new ScriptedNode();
    main.chain = 'main';
    relay.add({ id: 'main', rpc: main, chain: () => null });
    const strange = new ScriptedNode();
    relay.add({ id: 'late', rpc: strange, chain: () => null });
    nodes[0]!.rpc.submitAnswers = ['bad-cb-amount'];
    nodes[1]!.rpc.submitAnswers = ['bad-cb-amount'];
    strange.submitAnswers = ['bad-cb-amount'];
    expect(await submit()).toMatchObject({ status: 'rejected', reason: 'own: bad-cb-amount; other: bad-cb-amount; late: bad-cb-amount' });
    expect(main.submitted).toEqual([]);
    expect(strange.submitted).toHaveLength(1);
  });

  it('keeps a block on the disk that every node refused, and names the file', async () => {
    const { submit, own, other, base } = setup();
    own.submitAnswers = ['bad-txnmrklroot'];
    other.submitAnswers = [new NodeRpcError('answer', 'submitblock: Block decode failed', { rpcCode: -22 })];
    expect(await submit()).toEqual({ status: 'rejected', code: null, reason: 'own: bad-txnmrklroot; other: submitblock: Block decode failed', latency_ms: expect.any(Number), block_file: FILE });
    expect(readFileSync(path.join(base, FILE), 'utf8')).toBe('00112233\n');
  });

  it('keeps it after a second already, while nodes are still tried', async () => {
    const { submit, own, files, advance, abort } = setup(['own']);
    own.submitAnswers = [lost()];
    const verdict = submit();
    await advance(1250);
    await vi.waitFor(() => expect(files()).toHaveLength(1));
    abort.abort(new Error('stopped'));
    await advance(1000);
    expect(await verdict).toMatchObject({ status: 'unknown', reason: 'connect ECONNREFUSED', block_file: FILE });
  });

  it('tries five times with growing pauses, and a node that is starting again too', async () => {
    const { submit, own, advance } = setup(['own']);
    own.submitAnswers = [lost(), new NodeRpcError('answer', 'Loading block index', { rpcCode: -28 }), new NodeRpcError('auth', 'refused'), lost(), null];
    const verdict = submit();
    await advance(7000);
    expect(own.submitted).toHaveLength(4);
    await advance(1000);
    expect(await verdict).toMatchObject({ status: 'accepted' });
  });

  it('believes the chain more than the answer: a block beside the best chain is late', async () => {
    const { submit, own, advance, told, abort } = setup(['own']);
    own.chainHashes = new Map([[441, 'cd'.repeat(32)]]);
    expect(await submit()).toMatchObject({ status: 'stale', reason: expect.stringContaining('best chain of the node is another one') });
    // Watched on: the next block decides for it.
    own.chainHashes.set(441, HASH);
    await advance(30_000);
    expect(told.at(-1)).toMatchObject({ node: 'own', hash: HASH });
    abort.abort(new Error('stopped'));
  });

  it('takes "inconclusive" for a yes when the block is in the best chain by now', async () => {
    const { submit, own } = setup(['own']);
    own.submitAnswers = ['inconclusive'];
    own.chainHashes = new Map([[441, HASH]]);
    expect(await submit()).toMatchObject({ status: 'accepted' });
  });

  it.each([
    ['duplicate-inconclusive', 'stale'],
    ['rejected: stale-prevblk', 'stale'],
    ['duplicate-invalid', 'rejected'],
    ['high-hash', 'low_difficulty'],
    ['rejected', 'rejected'],
  ])('reads "%s" as %s', async (answer, status) => {
    const { submit, own, abort } = setup(['own']);
    own.submitAnswers = [answer];
    expect(await submit()).toMatchObject({ status, block_file: FILE });
    abort.abort(new Error('stopped'));
  });

  it('leaves no timer behind', async () => {
    const { submit, clock } = setup();
    await submit();
    await settle();
    expect(clock.pendingTimers).toBe(0);
  });
});

describe('UnsentBlocks', () => {
  it('keeps a hundred blocks of test chains at most, and every one of the main chain', async () => {
    const base = mkdtempSync(path.join(os.tmpdir(), 'rigbrain-blocks-'));
    cleanups.push(() => rmSync(base, { recursive: true }));
    const unsent = new UnsentBlocks(silentLog);
    unsent.open(base, 'u');
    for (let index = 0; index < 105; index++) await unsent.keep({ ...BLOCK, hash: String(index) });
    expect(readdirSync(path.join(base, 'u'))).toHaveLength(100);
    expect(await unsent.keep({ ...BLOCK, chain: 'main' })).not.toBeNull();
  });

  it('says null when the disk refuses, and before it knows where', async () => {
    const unsent = new UnsentBlocks(silentLog);
    expect(await unsent.keep(BLOCK)).toBeNull();
    unsent.open('/dev/null', 'u');
    expect(await unsent.keep(BLOCK)).toBeNull();
  });
});
