/** Solo mining against a real full node: its templates, our blocks, its verdict. */
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { GbtSourceOptions } from '../daemon/mining/gbt-source.ts';
import type { Verdict } from '../daemon/mining/job.ts';
import { displayHash } from '../protocol/bitcoin/header.ts';
import { bcoinInstalled, startBcoin, type BcoinNode } from './bcoin-node.ts';
import { blockOf, coinbaseOf, search, SoloBench, spendWitness, tipOf } from './solo-bench.fixture.ts';

const installed = bcoinInstalled();
const bench = new SoloBench();
let node: BcoinNode;

beforeAll(async () => {
  if (installed) node = await startBcoin();
}, 90_000);

afterAll(async () => {
  await bench.close();
  await node?.close();
});

const tip = () => tipOf(node);
const block = (hash: string) => blockOf(node, hash);
const start = (options: Partial<GbtSourceOptions> = {}) => bench.start(node, options);

describe.skipIf(!installed)('solo mining on a bcoin regtest node', () => {
  it('mines blocks that submitblock accepts and the chain is built on', async () => {
    const { source, next } = await start();
    let job = await next();
    expect(job.height).toBe(node.height + 1);
    for (let mined = 0; mined < 3; mined++) {
      const share = search(job);
      expect(await source.submit(share)).toMatchObject({ status: 'accepted' } satisfies Partial<Verdict>);
      expect(await tip()).toBe(displayHash(share.hash));
      expect((await block(await tip())).height).toBe(job.height);
      job = await next((newer) => newer.clean && newer.height === (share.job.height ?? 0) + 1);
      expect(displayHash(job.prevHash)).toBe(displayHash(share.hash));
    }
    await source.stop();
  });

  it('mines rolled version bits', async () => {
    const { source, next } = await start();
    const job = await next();
    const bits = job.versionMask & 0x0a5a_4000;
    expect(bits).not.toBe(0);
    expect(await source.submit(search(job, bits))).toMatchObject({ status: 'accepted' });
    expect(parseInt((await block(await tip())).versionHex, 16)).toBe((job.version | bits) >>> 0);
    await source.stop();
  });

  it('carries transactions with witness data and takes their fees', async () => {
    // The rewards of the first blocks are old enough to be spent.
    for (const height of [1, 2, 3]) await node.rpc('sendrawtransaction', [spendWitness(await coinbaseOf(node, height), 5_000_000_000n)]);
    // The node answers before its mempool has taken the transaction.
    await vi.waitFor(async () => expect(await node.rpc('getrawmempool')).toHaveLength(3), 5000);
    const { source, next } = await start();
    let job = await next();
    // The node may still hand out a template from before the transactions; a block makes it build a new one.
    if (job.merkleBranch.length === 0) {
      const empty = search(job);
      await source.submit(empty);
      job = await next((newer) => newer.height === (empty.job.height ?? 0) + 1);
    }
    expect(job.merkleBranch).toHaveLength(2);
    expect(await source.submit(search(job))).toMatchObject({ status: 'accepted' });
    const mined = await block(await tip());
    expect(mined.tx).toHaveLength(4);
    expect(await node.rpc('getrawmempool')).toHaveLength(0);
    await source.stop();
  });

  it('hears of a block that somebody else mined', async () => {
    const { source, next } = await start();
    const first = await next();
    const other = await start({ id: 'other' });
    const theirs = search(await other.next());
    expect(await other.source.submit(theirs)).toMatchObject({ status: 'accepted' });
    const second = await next((job) => job.height !== first.height);
    expect(second).toMatchObject({ height: (first.height ?? 0) + 1, clean: true });
    expect(displayHash(second.prevHash)).toBe(displayHash(theirs.hash));
    await Promise.all([source.stop(), other.source.stop()]);
  });

  it("gives the node's own reason when it refuses a block", async () => {
    const { source, next } = await start();
    const job = await next();
    const high = { ...search(job, null, false), isBlock: true };
    expect(await source.submit(high)).toMatchObject({ status: 'low_difficulty', reason: 'high-hash' });
    const good = search(job);
    // Another coinbase than the one the header was hashed for.
    const other = { ...good, extranonce2: good.extranonce2.map((byte) => byte ^ 1) };
    expect(await source.submit(other)).toMatchObject({ status: 'rejected', reason: expect.stringContaining('txnmrklroot') });
    expect(await source.submit(good)).toMatchObject({ status: 'accepted' });
    // A second block on the same parent could only become an orphan.
    expect(await source.submit(good)).toMatchObject({ status: 'withheld', reason: expect.stringContaining('same parent') });
    await source.stop();
  });

  it('says that the node refused a wrong password', async () => {
    const { source, until } = await start({ password: 'wrong' });
    const state = await until(() => (source.state().status === 'auth_failed' ? source.state() : undefined));
    expect(state.reason).toContain('401');
    await source.stop();
  });

  it.each([
    ['P2PKH', 'mipcBbFg9gMiCh81Kj8tqqdgoZub1ZJRfn', '76a914243f1394f44554f4ce3fd68649c19adc483ce92488ac'],
    ['P2SH', '2MzQwSSnBHWHqSAqtTVQ6v47XtaisrJa1Vc', 'a9144e9f39ca4688ff102128ea4ccda34105324305b087'],
    ['P2WPKH', 'bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080', '0014751e76e8199196d454941c45d1b3a323f1433bd6'],
    ['P2TR', 'bcrt1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqc8gma6', '512079be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798'],
  ])('pays the whole reward to a %s address', async (_kind, payoutAddress, script) => {
    const { source, next } = await start({ payoutAddress, tag: 'a tag of ours' });
    const job = await next();
    expect(await source.submit(search(job))).toMatchObject({ status: 'accepted' });
    const [coinbase] = ((await node.rpc('getblock', [await tip(), true, true])) as { tx: { vout: { value: number; scriptPubKey: { hex: string } }[] }[] }).tx;
    const [reward, commitment] = coinbase!.vout;
    expect(reward!.scriptPubKey.hex).toBe(script);
    expect(commitment).toMatchObject({ value: 0, scriptPubKey: { hex: expect.stringMatching(/^6a24aa21a9ed/) } });
    await source.stop();
  });
});
