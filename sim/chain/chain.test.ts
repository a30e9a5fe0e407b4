import { describe, expect, test } from 'vitest';
import { ManualClock } from '../../protocol/common/manual-clock.ts';
import { hashHeader, parseBlock, serializeBlock, serializeHeader, type Block } from './block.ts';
import { displayHex, sha256d } from './bytes.ts';
import { DemoChain, type TipChange } from './chain.ts';
import { merkleRoot } from './merkle.ts';
import { POW_LIMIT, POW_LIMIT_BITS } from './params.ts';
import { commitmentScript } from './script.ts';
import { targetForWork } from './target.ts';
import { mineBlock, solve, unsolved } from './miner.fixture.ts';
import { txid, type Transaction } from './transaction.ts';

function easyChain(overrides: { keepBlocks?: number } = {}): { chain: DemoChain; clock: ManualClock } {
  const clock = new ManualClock();
  return { chain: new DemoChain({ clock, params: { initialTarget: targetForWork(16n), blockSpacing_s: 10, ...overrides } }), clock };
}

/** The tip's child with something changed, merkle root put right and solved again. */
function tampered(chain: DemoChain, change: (block: Block) => Block): Block {
  const block = change(unsolved(chain.template(3)));
  return solve({ ...block, header: { ...block.header, merkleRoot: merkleRoot(block.transactions.map(txid)) } });
}

function withCoinbase(block: Block, change: (coinbase: Transaction) => Transaction): Block {
  const [coinbase, ...others] = block.transactions;
  return { ...block, transactions: [change(coinbase!), ...others] };
}

function withScript(block: Block, script: Buffer): Block {
  return withCoinbase(block, (coinbase) => ({ ...coinbase, inputs: [{ ...coinbase.inputs[0]!, script }] }));
}

test('genesis is its own block, unlike that of any Bitcoin network', () => {
  const { chain } = easyChain();
  expect(chain.name).toBe('demo');
  expect(chain.genesis.hash).toBe('1b195ec40d71740416aea6e28287888cd2febd18be69a8bb1173b71eb4d93ce9');
  expect(chain.genesis.raw.includes('This is not Bitcoin')).toBe(true);
  expect(chain.height).toBe(0);
});

test('valid blocks extend the chain and can be read back and checked by anybody', () => {
  const { chain, clock } = easyChain();
  for (let height = 1; height <= 40; height++) {
    clock.advance(10_000);
    expect(mineBlock(chain).accepted).toBe(true);
    expect(chain.height).toBe(height);
  }
  const tip = chain.block(chain.tip.hash)!;
  const block = parseBlock(tip.raw);
  expect(displayHex(sha256d(serializeHeader(block.header)))).toBe(tip.hash);
  expect(block.transactions).toHaveLength(3);
  expect(block.transactions[0]!.inputs[0]!.script.subarray(0, 2).toString('hex')).toBe('0128');
  expect(chain.totals()).toMatchObject({ height: 40, blocks_accepted: 40, blocks_rejected: 0, reorgs: 0 });
});

describe('a block is refused with the reason', () => {
  test('bad-txnmrklroot: a transaction is missing from the root', () => {
    const { chain } = easyChain();
    const block = solve(unsolved(chain.template(3)));
    const verdict = chain.submit(serializeBlock({ ...block, transactions: block.transactions.slice(0, 3) }));
    expect(verdict).toEqual({ accepted: false, reason: 'bad-txnmrklroot' });
    expect(chain.height).toBe(0);
    expect(chain.totals().blocks_rejected).toBe(1);
  });

  const later = 2 * 3600 + 1;
  test.each<[string, (block: Block, chain: DemoChain, clock: ManualClock) => Block]>([
    ['bad-cb-height', (block) => withScript(block, Buffer.from('5200', 'hex'))],
    ['bad-cb-length', (block) => withScript(block, Buffer.from('51', 'hex'))],
    ['bad-cb-amount', (block) => withCoinbase(block, (coinbase) => ({ ...coinbase, outputs: [{ ...coinbase.outputs[0]!, value: 50n * 100_000_000n + 1n }, coinbase.outputs[1]!] }))],
    ['bad-diffbits', (block) => ({ ...block, header: { ...block.header, bits: POW_LIMIT_BITS } })],
    ['bad-version', (block) => ({ ...block, header: { ...block.header, version: 3 } })],
    ['time-too-old', (block, chain) => ({ ...block, header: { ...block.header, time: chain.genesis.header.time } })],
    ['time-too-new', (block, _chain, clock) => ({ ...block, header: { ...block.header, time: Math.floor(clock.now() / 1000) + later } })],
    ['bad-witness-merkle-match', (block) => withCoinbase(block, (coinbase) => ({ ...coinbase, outputs: [coinbase.outputs[0]!, { value: 0n, script: commitmentScript(Buffer.alloc(32, 7)) }] }))],
    ['bad-witness-nonce-size', (block) => withCoinbase(block, (coinbase) => ({ ...coinbase, inputs: [{ ...coinbase.inputs[0]!, witness: [Buffer.alloc(31)] }] }))],
    ['unexpected-witness', (block) => withCoinbase(block, (coinbase) => ({ ...coinbase, outputs: [coinbase.outputs[0]!] }))],
    ['bad-cb-missing', (block) => ({ ...block, transactions: block.transactions.slice(1) })],
    ['bad-cb-multiple', (block) => ({ ...block, transactions: [block.transactions[0]!, block.transactions[0]!] })],
    ['bad-txns-duplicate', (block) => ({ ...block, transactions: [...block.transactions, block.transactions[3]!] })],
    ['prev-blk-not-found', (block) => ({ ...block, header: { ...block.header, prevHash: Buffer.alloc(32, 1) } })],
  ])('%s', (reason, change) => {
    const { chain, clock } = easyChain();
    const block = tampered(chain, (fresh) => change(fresh, chain, clock));
    expect(chain.submit(serializeBlock(block))).toEqual({ accepted: false, reason });
    expect(chain.height).toBe(0);
  });

  test('high-hash: the proof of work is missing', () => {
    const { chain } = easyChain();
    expect(chain.submit(serializeBlock(solve(unsolved(chain.template(1)), false)))).toEqual({ accepted: false, reason: 'high-hash' });
  });

  test('duplicate, and malformed-block for every cut of a good block', () => {
    const { chain } = easyChain();
    const raw = serializeBlock(solve(unsolved(chain.template(2))));
    for (let length = 0; length < raw.length; length++) expect(chain.submit(raw.subarray(0, length))).toEqual({ accepted: false, reason: 'malformed-block' });
    expect(chain.submit(Buffer.concat([raw, Buffer.from([0])]))).toEqual({ accepted: false, reason: 'malformed-block' });
    expect(chain.submit(raw).accepted).toBe(true);
    expect(chain.submit(raw)).toEqual({ accepted: false, reason: 'duplicate' });
  });
});

test('the time of a block must be above the median of the eleven before it', () => {
  const { chain, clock } = easyChain();
  for (let i = 0; i < 11; i++) {
    clock.advance(10_000);
    mineBlock(chain);
  }
  const median = chain.template(0).minTime - 1;
  // Eleven blocks ten seconds apart: the median is that of the sixth, fifty seconds before the tip.
  expect(chain.tip.header.time - median).toBe(50);
  const at = (time: number) => serializeBlock(tampered(chain, (block) => ({ ...block, header: { ...block.header, time } })));
  expect(chain.submit(at(median))).toEqual({ accepted: false, reason: 'time-too-old' });
  expect(chain.submit(at(median + 1)).accepted).toBe(true);
});

test('the branch with more work wins; of equal work the first seen stays', () => {
  const { chain, clock } = easyChain();
  const tips: TipChange[] = [];
  chain.events.on('tip', (change) => tips.push(change));
  const first = solve(unsolved(chain.template(1), Buffer.from([1])));
  const rival = solve(unsolved(chain.template(1), Buffer.from([2])));
  chain.submit(serializeBlock(first));
  expect(chain.submit(serializeBlock(rival))).toMatchObject({ accepted: true, isTip: false });
  expect(chain.tip.hash).toBe(displayHex(hashHeader(first.header)));

  // A child of the rival, made as a second chain that only saw the rival would make it.
  const other = new DemoChain({ clock, params: chain.params });
  other.submit(serializeBlock(rival));
  const child = serializeBlock(solve(unsolved(other.template(1))));
  expect(chain.submit(child)).toMatchObject({ accepted: true, isTip: true });
  expect(chain.height).toBe(2);
  expect(tips.map(({ reorg }) => reorg)).toEqual([false, true]);
  expect(chain.totals().reorgs).toBe(1);
});

test('an invalidated block leaves the chain with all after it, and nothing can be built on it', () => {
  const { chain } = easyChain();
  for (let i = 0; i < 3; i++) mineBlock(chain);
  const doomed = chain.block(displayHex(chain.tip.header.prevHash))!;
  const onTip = serializeBlock(solve(unsolved(chain.template(0))));
  chain.invalidate(doomed.hash);
  expect(chain.height).toBe(1);
  expect(chain.submit(onTip)).toEqual({ accepted: false, reason: 'bad-prevblk' });
  expect(mineBlock(chain).accepted).toBe(true);
  expect(chain.height).toBe(2);
  expect(() => chain.invalidate(chain.genesis.hash)).toThrow(/cannot be invalidated/);
});

test('old blocks are forgotten, the totals are not', () => {
  const { chain, clock } = easyChain({ keepBlocks: 20 });
  const first = mineBlock(chain);
  for (let i = 0; i < 60; i++) {
    clock.advance(10_000);
    mineBlock(chain, 0);
  }
  expect(chain.height).toBe(61);
  expect(first.accepted && chain.block(first.block.hash)).toBeNull();
  expect(chain.block(chain.tip.hash)).not.toBeNull();
  expect(chain.totals().blocks_accepted).toBe(61);
});

test('the difficulty never gets easier than that of regtest', () => {
  const clock = new ManualClock();
  const chain = new DemoChain({ clock, params: { initialTarget: POW_LIMIT } });
  for (let i = 0; i < 5; i++) {
    clock.advance(600_000);
    expect(mineBlock(chain).accepted).toBe(true);
  }
  expect(chain.template(0).bits).toBe(POW_LIMIT_BITS);
});
