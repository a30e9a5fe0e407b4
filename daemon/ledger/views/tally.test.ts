import { describe, expect, it, test } from 'vitest';
import { uniform } from '../../../sim/random.fixture.ts';
import type { JsonObject } from '../../brainstem/contract.ts';
import { fakeBrainstem } from '../fake-brainstem.fixture.ts';
import { Records } from './kit.fixture.ts';
import { Tally } from './tally.ts';

const attempt = (verdict: string): Record<string, unknown> => ({ is_block: true, verdict });

test('a block that was refused, withheld or not answered is not a found block', () => {
  const tally = new Tally();
  for (const verdict of ['accepted', 'rejected', 'withheld', 'unknown']) tally.add('ledger', attempt(verdict));
  for (const status of ['accepted', 'rejected', 'pending']) tally.add('submission', { is_block: true, status });
  for (let i = 0; i < 4; i++) tally.add('math_proof', { is_block: true });
  expect(tally.blocks).toBe(1);
  expect(tally.blocksOf('math_proof')).toBe(4);
});

test('where only proofs stand, proven blocks are all there is to count', () => {
  const tally = new Tally();
  tally.add('math_proof', { is_block: true });
  tally.add('math_proof', { is_block: false });
  expect(tally.blocks).toBe(1);
});

/** Everything a document may say of a tally. */
function telling(tally: Tally): unknown {
  const names = ['by_type', 'by_reason', 'submissions_by_status', 'rejections_by_reason', 'errors_by_severity', 'errors_by_type', 'errors_by_component', 'reports_by_component'] as const;
  const counts = names.map((name) => [...tally.breakdown(name)].sort());
  return [tally.total, tally.blocks, String(tally.hashes), tally.averageDifficulty, tally.bestDifficulty, tally.bestLeadingZeros, tally.averageLatencyMs, tally.events('mining_round_complete'), counts];
}

describe('sums', () => {
  it.each([1, 2, 3])('are the same whatever the order, the batches and the restarts between (seed %i)', (seed) => {
    const random = uniform(seed);
    const records = new Records(seed, fakeBrainstem('/data'), true);
    for (let i = 0; i < 300; i += 1) records.any(1);
    const all = records.all.map(({ kind, entryText }) => ({ kind: kind as never, entry: JSON.parse(entryText) as JsonObject }));
    const plain = new Tally();
    for (const { kind, entry } of all) plain.add(kind, entry);
    const shuffled = all.map((one) => ({ one, key: random() })).sort((a, b) => a.key - b.key).map(({ one }) => one);
    let batched = new Tally();
    for (let from = 0; from < shuffled.length; ) {
      const to = from + 1 + Math.floor(random() * 40);
      const batch = new Tally();
      for (const { kind, entry } of shuffled.slice(from, to)) batch.add(kind, entry);
      batched.merge(batch);
      if (random() < 0.3) batched = Tally.from(JSON.parse(JSON.stringify(batched)) as JsonObject);
      from = to;
    }
    expect(telling(batched)).toEqual(telling(plain));
  });

  it('leave out what no sum can hold', () => {
    const tally = new Tally();
    for (const latency of [1e300, -1, 20.5, 0.25]) tally.add('submission', { status: 'accepted', network_response: { response_time_ms: latency } });
    for (const found of [0.5, 1e300, -3, 2]) tally.add('system_report', { event: 'mining_round_complete', blocks_found: found });
    tally.add('ledger', { difficulty: 1e305, hashes_tried: 'many' });
    expect(tally.averageLatencyMs).toBe(10.375);
    expect(tally.blocksOf('system_report')).toBe(2);
    expect([tally.averageDifficulty, tally.bestDifficulty, tally.hashes]).toEqual([null, 1e305, null]);
  });

  it('of hashes are exact beyond what a double can hold', () => {
    const tally = new Tally();
    for (let i = 0; i < 3; i += 1) tally.add('ledger', { hashes_tried: Number.MAX_SAFE_INTEGER });
    expect(tally.hashes).toBe(3n * BigInt(Number.MAX_SAFE_INTEGER));
  });
});
