/** A hundred blocks and more on a real node, by the code that runs in the daemon: source, engine, threads that hash. */
import { once } from 'node:events';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { TemplateManager } from '../daemon/dtm/template-manager.ts';
import { MiningEngine } from '../daemon/mining/engine.ts';
import { GbtSource } from '../daemon/mining/gbt-source.ts';
import type { Share, Verdict } from '../daemon/mining/job.ts';
import { CpuDevice } from '../drivers/cpu/device.ts';
import { cpuOptions } from '../drivers/cpu/options.ts';
import { displayHash } from '../protocol/bitcoin/header.ts';
import { systemClock } from '../protocol/common/clock.ts';
import { silentLog } from '../protocol/common/log.ts';
import { bcoinInstalled, startBcoin, type BcoinNode } from './bcoin-node.ts';
import { coinbaseOf, FEE, spendLegacy, spendWitness } from './solo-bench.fixture.ts';

const BLOCKS = 100;
/** A pair of transactions each: one with witness data, and one without that spends it. */
const PAIRS = 8;
const COIN = 5_000_000_000n;
/** After two halvings: heights 300 to 449, 450 to 599. */
const subsidyAt = (height: number): number => 5_000_000_000 / 2 ** Math.floor(height / 150);

const installed = bcoinInstalled();
let node: BcoinNode;
let engine: MiningEngine | undefined;

beforeAll(async () => {
  if (installed) node = await startBcoin();
}, 120_000);

afterAll(async () => {
  await engine?.stop();
  await node?.close();
});

interface Mined {
  readonly height: number;
  readonly tx: readonly { readonly txid: string; readonly hash: string; readonly vout: readonly { readonly value: number }[] }[];
}

test(`mines ${BLOCKS} blocks and more that the node builds on, with legacy and segwit transactions and their fees`, async (context) => {
  if (!installed) return context.skip('bcoin could not be installed');
  const source = new GbtSource({ id: 'solo', url: node.url, user: node.user, password: node.password, cookieFile: null, payoutAddress: node.address, allowMainnet: false }, { clock: systemClock, log: silentLog });
  // One nonce at a time: a kernel that finds many blocks of one template would have all but the first held back.
  const device = new CpuDevice({ id: 'cpu', options: cpuOptions.parse({ kernel: 'js', threads: 1, nice: 0, pause_on_battery: false }), clock: systemClock, log: silentLog });
  engine = new MiningEngine({ sources: [source], devices: [device], templates: new TemplateManager({ clock: systemClock, localZeros: 64 }), withhold: () => null, clock: systemClock, log: silentLog });
  const accepted: { height: number | null; hash: string }[] = [];
  const refused: { share: Share; verdict: Verdict }[] = [];
  engine.events.on('verdict', (share, verdict) => {
    if (verdict.status === 'accepted') accepted.push({ height: share.job.height, hash: displayHash(share.hash) });
    else if (verdict.status !== 'withheld') refused.push({ share, verdict });
  });
  await engine.start(new AbortController().signal);

  const sent = new Set<string>();
  for (let pair = 1; pair <= PAIRS; pair++) {
    while (accepted.length < pair * 8) await once(engine.events, 'verdict');
    const first = String(await node.rpc('sendrawtransaction', [spendWitness(await coinbaseOf(node, pair), COIN, 'legacy')]));
    // The node answers before its mempool has it.
    await vi.waitFor(async () => expect(await node.rpc('getmempoolentry', [first]).catch(() => node.rpc('gettxout', [first, 0, true]))).toBeTruthy());
    sent.add(first).add(String(await node.rpc('sendrawtransaction', [spendLegacy(first, COIN - FEE)])));
  }
  while (accepted.length < BLOCKS) await once(engine.events, 'verdict');
  await vi.waitFor(async () => expect(await node.rpc('getrawmempool')).toHaveLength(0), 10_000);
  await engine.stop();

  expect(refused).toEqual([]);
  expect(Number(await node.rpc('getblockcount'))).toBe(node.height + accepted.length);
  let full = 0;
  // Every height once: no block was built beside another.
  accepted.sort((a, b) => a.height! - b.height!);
  for (const [index, { hash, height }] of accepted.entries()) {
    const block = (await node.rpc('getblock', [hash, true, true])) as Mined;
    expect([block.height, height]).toEqual([node.height + 1 + index, node.height + 1 + index]);
    expect(await node.rpc('getblockhash', [block.height])).toBe(hash);
    const [coinbase, ...others] = block.tx;
    expect(Math.round(coinbase!.vout[0]!.value * 1e8)).toBe(subsidyAt(block.height) + others.length * Number(FEE));
    for (const { txid, hash: wtxid } of others) {
      expect(sent.delete(txid)).toBe(true);
      if (txid === wtxid) full += 1;
    }
  }
  // Every transaction is in a block, as many without witness data as with.
  expect([...sent]).toEqual([]);
  expect(full).toBe(PAIRS);
}, 120_000);
