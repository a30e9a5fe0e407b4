/** Solo mining against a real full node: its templates, our blocks, its verdict. */
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { GbtSource, type GbtSourceOptions } from '../daemon/mining/gbt-source.ts';
import type { Job, Share, Verdict } from '../daemon/mining/job.ts';
import { assembleCoinbase } from '../protocol/bitcoin/coinbase.ts';
import { sha256d } from '../protocol/bitcoin/hash.ts';
import { displayHash, hashHeader, serializeHeader } from '../protocol/bitcoin/header.ts';
import { foldBranch } from '../protocol/bitcoin/merkle.ts';
import { difficultyOfHash, leadingZeroDigits, meetsTarget } from '../protocol/bitcoin/target.ts';
import { systemClock } from '../protocol/common/clock.ts';
import { silentLog } from '../protocol/common/log.ts';
import { bcoinInstalled, startBcoin, type BcoinNode } from './bcoin-node.ts';

const installed = bcoinInstalled();
let node: BcoinNode;
const sources: GbtSource[] = [];

beforeAll(async () => {
  if (installed) node = await startBcoin();
}, 90_000);

afterAll(async () => {
  await Promise.all(sources.map((source) => source.stop()));
  await node?.close();
});

interface Block {
  readonly height: number;
  readonly tx: readonly string[];
  readonly versionHex: string;
}

const tip = async () => String(await node.rpc('getbestblockhash'));
const block = async (hash: string) => (await node.rpc('getblock', [hash])) as Block;

/** A source and its jobs; `next` waits for a job that is not yet taken. */
async function start(options: Partial<GbtSourceOptions> = {}) {
  const source = new GbtSource(
    { id: 'solo', url: node.url, user: node.user, password: node.password, cookieFile: null, payoutAddress: node.address, allowMainnet: false, pollMs: 200, ...options },
    { clock: systemClock, log: silentLog },
  );
  sources.push(source);
  const jobs: Job[] = [];
  let wake: () => void = () => {};
  source.events.on('job', (job) => {
    jobs.push(job);
    wake();
  });
  source.events.on('change', () => wake());
  const until = async <T>(look: () => T | undefined): Promise<T> => {
    for (;;) {
      const found = look();
      if (found !== undefined) return found;
      await new Promise<void>((resolve) => (wake = resolve));
    }
  };
  const next = (wanted: (job: Job) => boolean = () => true) => until(() => jobs.splice(0).findLast(wanted));
  await source.start(new AbortController().signal);
  return { source, next, until };
}

/** Searches a nonce in plain JavaScript: on regtest every second one gives a block. */
function search(job: Job, versionBits: number | null = null, wantBlock = true): Share {
  const extranonce2 = Uint8Array.from({ length: job.extranonce2Size }, (_, index) => index + 1);
  const coinbase = assembleCoinbase(job.coinb1, job.extranonce1, extranonce2, job.coinb2);
  const merkleRoot = foldBranch(sha256d(coinbase), job.merkleBranch);
  const version = (job.version | (versionBits ?? 0)) >>> 0;
  for (let nonce = 0; ; nonce++) {
    const header = serializeHeader({ version, prevHash: job.prevHash, merkleRoot, ntime: job.ntime, nbits: job.nbits, nonce });
    const hash = hashHeader(header);
    if (meetsTarget(hash, job.networkTarget) !== wantBlock) continue;
    return {
      id: `nonce-${nonce}`,
      job,
      deviceId: 'search-loop',
      extranonce2,
      ntime: job.ntime,
      nonce,
      version,
      versionBits,
      header,
      hash,
      difficulty: difficultyOfHash(hash),
      leadingZeros: leadingZeroDigits(hash),
      isBlock: wantBlock,
      foundAt: systemClock.now(),
    };
  }
}

/** Spends an output of OP_TRUE to another one: a transaction with witness data. Leaves 20,000 satoshi of fee. */
function spend(txidDisplay: string, value: bigint): string {
  const script = '220020' + '4ae81572f06e1b88fd5ced7a1a000945432e83e1551e6f721ee9c00b8cc33260';
  const amount = Buffer.alloc(8);
  amount.writeBigUInt64LE(value - 20_000n);
  const txid = Buffer.from(txidDisplay, 'hex').reverse().toString('hex');
  return `02000000000101${txid}0000000000ffffffff01${amount.toString('hex')}${script}01015100000000`;
}

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
    for (const height of [1, 2, 3]) {
      const coinbase = (await block(String(await node.rpc('getblockhash', [height])))).tx[0]!;
      await node.rpc('sendrawtransaction', [spend(coinbase, 5_000_000_000n)]);
    }
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
});
