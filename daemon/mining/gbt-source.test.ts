import { describe, expect, it } from 'vitest';
import { assembleCoinbase } from '../../protocol/bitcoin/coinbase.ts';
import { sha256d } from '../../protocol/bitcoin/hash.ts';
import { serializeHeader } from '../../protocol/bitcoin/header.ts';
import { foldBranch } from '../../protocol/bitcoin/merkle.ts';
import { bytesToHex } from '../../protocol/common/bytes.ts';
import { silentLog } from '../../protocol/common/log.ts';
import { ManualClock } from '../../protocol/common/manual-clock.ts';
import type { SolvedBlock } from './block-delivery.ts';
import { BlockRelay } from './block-relay.ts';
import { GbtSource, type GbtSourceDeps, type GbtSourceOptions } from './gbt-source.ts';
import type { Job } from './job.ts';
import { NodeRpcError } from './node-rpc.ts';
import { mine, PAYOUT, ScriptedNode } from './scripted-node.fixture.ts';
import type { UnsentBlocks } from './unsent-blocks.ts';

const OPTIONS: GbtSourceOptions = { id: 'solo', url: 'http://127.0.0.1:18443', user: 'u', password: 'p', cookieFile: null, payoutAddress: PAYOUT, allowMainnet: false };

function setup(options: Partial<GbtSourceOptions> = {}, deps: Partial<GbtSourceDeps> = {}) {
  const node = new ScriptedNode();
  const clock = new ManualClock();
  const source = new GbtSource({ ...OPTIONS, ...options }, { clock, log: silentLog, rpc: node, ...deps });
  const jobs: Job[] = [];
  const invalidations: string[] = [];
  source.events.on('job', (job) => jobs.push(job));
  source.events.on('invalidate', (reason) => invalidations.push(reason));
  const settle = () => new Promise<void>((resolve) => setImmediate(resolve));
  const advance = async (ms: number, step = 1000) => {
    for (let left = ms; left > 0; left -= step) {
      clock.advance(Math.min(step, left));
      await settle();
    }
  };
  const start = async () => {
    await source.start(new AbortController().signal);
    await settle();
  };
  return { node, clock, source, jobs, invalidations, start, advance, settle };
}

const lost = () => new NodeRpcError('transport', 'connect ECONNREFUSED');

describe('GbtSource', () => {
  it('checks the chain, then turns the template into a clean job', async () => {
    const { source, node, jobs, start } = setup();
    await start();
    expect(node.calls).toEqual(['getblockchaininfo', 'getblocktemplate', 'getblocktemplate']);
    expect(node.proposed).toHaveLength(1);
    expect(jobs).toHaveLength(1);
    expect(jobs[0]).toMatchObject({ key: 'solo:1:1', sourceId: 'solo', session: 1, clean: true, height: 441, nbits: 0x207fffff, extranonce2Size: 8, version: 0x20000000 });
    expect(jobs[0]!.extranonce1).toHaveLength(4);
    expect(jobs[0]!.shareTarget).toBe(jobs[0]!.networkTarget);
    expect(source.state()).toMatchObject({ kind: 'gbt', status: 'mining', jobs_received: 1, reconnects: 0 });
    await source.stop();
  });

  it('never rolls version bits that the node requires', async () => {
    const { source, jobs, start } = setup({ versionMask: 0x1fffe000 });
    await start();
    expect(jobs[0]!.versionMask).toBe(0x1fffc000);
    await source.stop();
  });

  it('notices a new block at the next poll and an old template after 30 s', async () => {
    const { source, node, jobs, start, advance } = setup();
    await start();
    await advance(5000);
    expect(jobs).toHaveLength(1);
    node.tip = '22'.repeat(32);
    await advance(1000);
    expect(jobs.map((job) => job.clean)).toEqual([true, true]);
    await advance(31_000);
    expect(jobs.map((job) => job.clean)).toEqual([true, true, false]);
    await source.stop();
  });

  it('submits a whole block for a share that is one, and looks for the new tip at once', async () => {
    const { source, node, jobs, start, settle } = setup();
    await start();
    const share = mine(jobs[0]!);
    node.tip = '33'.repeat(32);
    expect(await source.submit(share)).toMatchObject({ status: 'accepted' });
    const block = node.submitted[0]!;
    expect(block.startsWith(`${bytesToHex(share.header)}01`)).toBe(true);
    expect(block).toContain(bytesToHex(jobs[0]!.extranonce1));
    await settle();
    expect(jobs).toHaveLength(2);
    await source.stop();
  });

  it('withholds a share that is not a block', async () => {
    const { source, node, jobs, start } = setup({ shareDifficulty: 1e-12 });
    await start();
    expect(jobs[0]!.shareTarget).toBeGreaterThan(jobs[0]!.networkTarget);
    expect(await source.submit(mine(jobs[0]!, false))).toMatchObject({ status: 'withheld' });
    expect(node.submitted).toEqual([]);
    await source.stop();
  });

  it("passes on the node's reason when it refuses the block", async () => {
    const { source, node, jobs, start } = setup();
    await start();
    const share = mine(jobs[0]!);
    node.submitAnswers = ['rejected: bad-cb-amount'];
    expect(await source.submit(share)).toMatchObject({ status: 'rejected', reason: 'bad-cb-amount' });
    node.submitAnswers = ['inconclusive'];
    expect(await source.submit(share)).toMatchObject({ status: 'stale' });
    node.submitAnswers = [new NodeRpcError('answer', 'submitblock: Block decode failed', { rpcCode: -22 })];
    expect(await source.submit(share)).toMatchObject({ status: 'rejected', code: -22 });
    await source.stop();
  });

  it('takes a block on a template of a quarter of an hour ago, when the parent is still the same', async () => {
    const { source, jobs, start, advance } = setup();
    await start();
    await advance(900_000, 10_000);
    expect(jobs.length).toBeGreaterThan(20);
    expect(await source.submit(mine(jobs.at(-30)!))).toMatchObject({ status: 'accepted' });
    await source.stop();
  });

  it('submits again after a lost connection, and takes "duplicate" for a yes', async () => {
    const { source, node, jobs, start, settle, advance } = setup();
    await start();
    node.submitAnswers = [lost(), lost(), 'duplicate'];
    const verdict = source.submit(mine(jobs[0]!));
    await settle();
    await advance(2000);
    expect(await verdict).toMatchObject({ status: 'accepted' });
    expect(node.submitted).toHaveLength(3);
    await source.stop();
  });

  it('says unknown when the node never answers for a block', async () => {
    const { source, node, jobs, start, settle, advance } = setup();
    await start();
    node.submitAnswers = [lost()];
    const verdict = source.submit(mine(jobs[0]!));
    await settle();
    await advance(8000, 500);
    expect(await verdict).toEqual({ status: 'unknown', reason: 'connect ECONNREFUSED' });
    expect(node.submitted).toHaveLength(5);
    await source.stop();
  });

  it('keeps working through one lost call, withdraws work after three, and opens a new series', async () => {
    const { source, node, jobs, invalidations, start, advance } = setup();
    await start();
    node.down = lost();
    await advance(2000);
    expect(source.state().status).toBe('mining');
    expect(invalidations).toEqual([]);
    await advance(5000);
    expect(invalidations).toEqual(['connect ECONNREFUSED']);
    expect(source.state()).toMatchObject({ status: 'backing_off', reason: 'connect ECONNREFUSED' });
    node.down = null;
    await advance(30_000);
    expect(source.state()).toMatchObject({ status: 'mining', reason: null, reconnects: 1 });
    expect(jobs.at(-1)).toMatchObject({ session: 2, clean: true });
    await source.stop();
  });

  it('gives up a node that hangs within 40 seconds', async () => {
    const { source, node, clock, invalidations, start, advance } = setup();
    await start();
    await advance(29_000);
    // As NodeRpc does it: a call that is not answered fails after 10 s, a template after 60 s.
    const hang = (ms: number) => new Promise<never>((_, reject) => clock.after(ms, () => reject(new NodeRpcError('transport', 'no answer'))));
    node.call = () => hang(10_000);
    node.template = () => hang(60_000);
    await advance(40_000);
    expect(invalidations).toEqual(['no answer']);
    expect(source.state().history.map(({ status }) => status)).toContain('backing_off');
    const stopped = source.stop();
    await advance(60_000);
    await stopped;
  });

  it('waits for a node that is still downloading the chain', async () => {
    const { source, node, jobs, start, advance } = setup();
    node.down = new NodeRpcError('answer', 'getblocktemplate: Bitcoin is in initial sync', { rpcCode: -10 });
    await start();
    expect(source.state()).toMatchObject({ status: 'backing_off', reason: 'the node is still downloading the chain (getblocktemplate: Bitcoin is in initial sync)' });
    node.down = null;
    await advance(2000);
    expect(jobs).toHaveLength(1);
    await source.stop();
  });

  it('mines nothing on mainnet while the node downloads its chain, and says how far it is', async () => {
    const { source, node, jobs, start, advance } = setup({ allowMainnet: true, payoutAddress: '1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa' });
    node.chain = 'main';
    node.info = { initialblockdownload: true, blocks: 500_000, headers: 925_000 };
    await start();
    expect(jobs).toEqual([]);
    expect(source.state().reason).toBe('the node is still downloading the chain (getblockchaininfo: block 500000 of 925000)');
    node.info = { initialblockdownload: false, blocks: 925_000, headers: 925_000 };
    await advance(2000);
    expect(jobs).toHaveLength(1);
    await source.stop();
  });

  it('lets the node decide on test chains, which stand still for days', async () => {
    const { source, node, jobs, start } = setup();
    node.info = { initialblockdownload: true, blocks: 0, headers: 0 };
    await start();
    expect(jobs).toHaveLength(1);
    await source.stop();
  });

  it('tells refused credentials apart', async () => {
    const { source, node, start } = setup();
    node.down = new NodeRpcError('auth', 'the node refused the credentials (HTTP 401)');
    await start();
    expect(source.state().status).toBe('auth_failed');
    await source.stop();
  });

  it('mines nothing but regtest without the opt-in', async () => {
    const { source, node, jobs, start } = setup();
    node.chain = 'main';
    await start();
    expect(jobs).toEqual([]);
    expect(node.calls).not.toContain('getblocktemplate');
    expect(source.state().reason).toContain('"main"');
    await source.stop();
  });

  it('mines another chain with the opt-in, but never pays an address of a third', async () => {
    const mainnet = setup({ allowMainnet: true, payoutAddress: '1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa' });
    mainnet.node.chain = 'main';
    await mainnet.start();
    expect(mainnet.jobs).toHaveLength(1);
    await mainnet.source.stop();

    const mixed = setup({ allowMainnet: true });
    mixed.node.chain = 'main';
    await mixed.start();
    expect(mixed.jobs).toEqual([]);
    expect(mixed.source.state().reason).toContain('belongs to regtest');
    await mixed.source.stop();
  });

  it('refuses to start with an address that is none', async () => {
    const { source } = setup({ payoutAddress: 'bc1qtypo' });
    await expect(source.start(new AbortController().signal)).rejects.toMatchObject({ code: 'E_ADDRESS_INVALID' });
  });

  it('waits for a block on its way before it stops, closes the connection and leaves no timer', async () => {
    const { source, node, jobs, clock, start, settle } = setup();
    await start();
    let answer: (value: null) => void = () => {};
    node.submitAnswers = [new Promise<null>((resolve) => (answer = resolve))];
    const verdict = source.submit(mine(jobs[0]!));
    const stopped = source.stop();
    await settle();
    expect(node.closed).toBe(false);
    answer(null);
    expect(await verdict).toMatchObject({ status: 'accepted' });
    await stopped;
    expect(node.closed).toBe(true);
    expect(clock.pendingTimers).toBe(0);
    expect(source.state().status).toBe('stopped');
    expect(await source.submit(mine(jobs[0]!))).toMatchObject({ status: 'withheld' });
  });

  it('keeps the templates of the last jobs only', async () => {
    const { source, node, jobs, start, advance } = setup();
    await start();
    for (let block = 0; block < 32; block++) {
      node.tip = (0xa0 + block).toString(16).repeat(32);
      await advance(1000);
    }
    expect(jobs).toHaveLength(33);
    expect(await source.submit(mine(jobs[0]!))).toMatchObject({ status: 'withheld' });
    expect(await source.submit(mine(jobs[1]!))).toMatchObject({ status: 'accepted' });
    await source.stop();
  });

  it('withdraws its work when a block is found and sends no second block on the same parent', async () => {
    const { node, source, jobs, invalidations, start, settle } = setup();
    await start();
    const first = source.submit(mine(jobs[0]!));
    expect(invalidations).toEqual([expect.stringContaining('block 441 found')]);
    expect(await source.submit(mine(jobs[0]!))).toMatchObject({ status: 'withheld', reason: expect.stringContaining('same parent') });
    node.tip = '22'.repeat(32);
    expect(await first).toMatchObject({ status: 'accepted' });
    await settle();
    await settle();
    expect(node.submitted).toHaveLength(1);
    expect(jobs).toHaveLength(2);
    expect(await source.submit(mine(jobs[1]!))).toMatchObject({ status: 'accepted' });
    await source.stop();
  });

  it('wins a height again that a reorganisation took back', async () => {
    const { node, source, jobs, start, advance, settle } = setup();
    await start();
    const verdict = source.submit(mine(jobs[0]!));
    node.tip = '22'.repeat(32);
    expect(await verdict).toMatchObject({ status: 'accepted' });
    for (let turn = 0; turn < 5; turn++) await settle();
    expect(jobs).toHaveLength(2);
    node.tip = '11'.repeat(32);
    await advance(1000);
    expect(jobs).toHaveLength(3);
    expect(jobs[2]).toMatchObject({ clean: true });
    expect(await source.submit(mine(jobs[2]!))).toMatchObject({ status: 'accepted' });
    expect(node.submitted).toHaveLength(2);
    await source.stop();
  });

  it('tries the same height again when the node refuses the block', async () => {
    const { node, source, jobs, start, settle } = setup();
    node.submitAnswers = ['bad-cb-amount', null];
    await start();
    expect(await source.submit(mine(jobs[0]!))).toMatchObject({ status: 'rejected' });
    await settle();
    await settle();
    expect(jobs.length).toBeGreaterThan(1);
    expect(await source.submit(mine(jobs.at(-1)!))).toMatchObject({ status: 'accepted' });
    await source.stop();
  });

  it('mines nothing while the node would refuse the block, and tells its words', async () => {
    const { node, source, jobs, start, advance } = setup();
    node.proposalAnswer = 'rejected: bad-cb-amount';
    await start();
    expect(jobs).toEqual([]);
    expect(source.state()).toMatchObject({ status: 'backing_off', reason: 'the node would refuse our block: bad-cb-amount' });
    node.proposalAnswer = null;
    await advance(2000);
    expect(jobs).toHaveLength(1);
    await source.stop();
  });

  it.each([
    ['nothing against it', null],
    ['its proof of work', 'high-hash'],
    ['another tip by now', 'inconclusive-not-best-prevblk'],
    ['no idea of it, and gives a template', { version: 4, height: 9 }],
    ['no such mode', new NodeRpcError('answer', 'Invalid mode', { rpcCode: -8 })],
  ])('mines when the node has, of a proposal, %s', async (_name, answer) => {
    const { node, source, jobs, start } = setup();
    node.proposalAnswer = answer;
    await start();
    expect(jobs).toHaveLength(1);
    await source.stop();
  });

  it('proposes the block it would find, with its own coinbase', async () => {
    const { node, source, jobs, start } = setup();
    node.extra = { transactions: [{ data: 'ab'.repeat(80), txid: 'cd'.repeat(32) }] };
    await start();
    const [job] = jobs;
    const coinbase = assembleCoinbase(job!.coinb1, job!.extranonce1, new Uint8Array(8), job!.coinb2);
    const merkleRoot = foldBranch(sha256d(coinbase), job!.merkleBranch);
    expect(node.proposed[0]!.startsWith(`${bytesToHex(serializeHeader({ ...job!, merkleRoot, nonce: 0 }))}02`)).toBe(true);
    expect(node.proposed[0]!.endsWith('ab'.repeat(80))).toBe(true);
    expect(node.proposed[0]).toContain(bytesToHex(coinbase.subarray(4, -4)));
    await source.stop();
  });

  it('tells the states of a node in plain words', async () => {
    for (const [rpcCode, words] of [[-9, 'not connected to any other node'], [-28, 'is starting']] as const) {
      const { node, source, start } = setup();
      node.down = new NodeRpcError('answer', 'Loading block index', { rpcCode });
      await start();
      expect(source.state()).toMatchObject({ status: 'backing_off', reason: expect.stringContaining(words) });
      expect(source.state().reason).toContain('Loading block index');
      await source.stop();
    }
  });

  it('refuses a tag that cannot stand in a coinbase', () => {
    for (const tag of ['x'.repeat(76), 'Grüße', 'two\nlines']) expect(() => setup({ tag })).toThrow(expect.objectContaining({ code: 'E_CONFIG_INVALID' }));
  });

  it('keeps a block of a real chain that may not be sent, and none of regtest', async () => {
    const kept: SolvedBlock[] = [];
    const unsent = { keep: async (block: SolvedBlock) => (kept.push(block), null) } as unknown as UnsentBlocks;
    for (const [chain, count] of [['regtest', 0], ['main', 1]] as const) {
      const relay = new BlockRelay({ clock: new ManualClock(), log: silentLog, unsent });
      const { node, source, jobs, start } = setup(chain === 'main' ? { allowMainnet: true, payoutAddress: '1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa' } : {}, { relay });
      node.chain = chain;
      await start();
      source.heldBack(mine(jobs[0]!));
      expect(kept).toHaveLength(count);
      await source.stop();
    }
    expect(kept[0]).toMatchObject({ chain: 'main', height: 441 });
  });

  it('does not flood a node that has something against every block', async () => {
    const { node, source, jobs, clock, start, advance, settle } = setup();
    node.submitAnswers = ['bad-cb-amount'];
    await start();
    await source.submit(mine(jobs.at(-1)!));
    for (let turn = 0; turn < 5; turn++) await settle();
    expect(jobs).toHaveLength(2);
    await source.submit(mine(jobs.at(-1)!));
    for (let turn = 0; turn < 5; turn++) await settle();
    expect(jobs).toHaveLength(2);
    await advance(1000);
    await settle();
    expect(jobs).toHaveLength(3);
    await source.submit(mine(jobs.at(-1)!));
    await source.stop();
    expect(clock.pendingTimers).toBe(0);
  });

  it('withdraws its work for a block that may not be sent, until the next template', async () => {
    const { node, source, jobs, invalidations, start, advance } = setup();
    await start();
    source.heldBack(mine(jobs[0]!, false));
    expect(invalidations).toEqual([]);
    source.heldBack(mine(jobs[0]!));
    expect(invalidations).toEqual([expect.stringContaining('not sent')]);
    await advance(30_000);
    expect(jobs).toHaveLength(2);
    expect(node.submitted).toEqual([]);
    await source.stop();
  });
});
