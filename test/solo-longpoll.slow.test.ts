/** News of transactions by long poll alone. Slow, because bcoin keeps a template for ten seconds before a transaction makes a new one. */
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { bcoinInstalled, startBcoin, type BcoinNode } from './bcoin-node.ts';
import { coinbaseOf, search, SoloBench, spendWitness } from './solo-bench.fixture.ts';

const installed = bcoinInstalled();
const bench = new SoloBench();
let node: BcoinNode;

beforeAll(async () => {
  if (installed) node = await startBcoin();
}, 120_000);

afterAll(async () => {
  await bench.close();
  await node?.close();
});

test('a transaction comes by long poll as a job that is not clean, and its block is accepted', async (context) => {
  if (!installed) return context.skip('bcoin could not be installed');
  const { source, next } = await bench.start(node, { pollMs: 3_600_000 });
  const first = await next();
  expect(first.merkleBranch).toEqual([]);
  let job: typeof first | null = null;
  void next().then((newer) => (job = newer));
  // Whichever of them comes more than ten seconds after the template is the one that wakes the node up.
  let height = 0;
  await vi.waitFor(
    async () => {
      if (height < 100) await node.rpc('sendrawtransaction', [spendWitness(await coinbaseOf(node, ++height), 5_000_000_000n)]);
      expect(job).not.toBeNull();
    },
    { timeout: 50_000, interval: 500 },
  );
  expect(job).toMatchObject({ clean: false, height: first.height });
  expect(job!.merkleBranch.length).toBeGreaterThan(0);
  expect(await source.submit(search(job!))).toMatchObject({ status: 'accepted' });
  await source.stop();
}, 120_000);
