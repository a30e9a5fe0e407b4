import path from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { bcoinInstalled, startBcoin, type BcoinNode } from './bcoin-node.ts';
import { readJson, startRigbrain, temporaryFolder, type RunningRigbrain } from './harness.ts';

/** The whole daemon on a real full node: its templates, the CPU's hashes, blocks that the node accepts. */

const installed = bcoinInstalled();
const folder = temporaryFolder();
let node: BcoinNode;
let rig: RunningRigbrain | undefined;

beforeAll(async () => {
  if (installed) node = await startBcoin();
}, 90_000);

afterAll(async () => {
  await rig?.stop('SIGKILL');
  await node?.close();
  folder.remove();
});

test('the CPU mines blocks that the node accepts, and the ledger has them', async (context) => {
  if (!installed) return context.skip('bcoin could not be installed');
  // One nonce at a time under a few versions: kernels that try many nonces of a version first find a block under the node's own.
  const yaml = `
mqtt: { enabled: false }
ledger: { preset: ssd } # little is left to write at the end, also on a machine that has much else to do
devices: [{ id: cpu, driver: cpu, options: { kernel: js } }]
pools:
  - { id: solo, url: "${node.url}", user: "${node.user}", password: { env: NODE_PASSWORD }, payout_address: "${node.address}" }
`;
  const before = (await node.rpc('getblockcount')) as number;
  rig = startRigbrain([], { dataDir: folder.dir, yaml, env: { NODE_PASSWORD: node.password } });
  await rig.waitFor('three blocks', () => rig!.lines.filter((line) => line.event === 'block_found').length >= 3, 30_000);
  // Every second nonce gives a block, so every second block has the node's own version: wait for one that has not.
  const versionOfTip = async (): Promise<number> => Number.parseInt(((await node.rpc('getblock', [await node.rpc('getbestblockhash')])) as { versionHex: string }).versionHex, 16);
  await vi.waitFor(async () => expect((await versionOfTip()) & 0x1fffe000).not.toBe(0), { timeout: 20_000, interval: 50 });
  const { code } = await rig.stop();
  expect(code).toBe(0);

  const found = rig.lines.filter((line) => line.event === 'block_found').map((line) => line.block_hash);
  expect((await node.rpc('getblockcount')) as number).toBe(before + found.length);
  for (const hash of found) {
    const block = (await node.rpc('getblock', [hash])) as { confirmations: number };
    expect(block.confirmations).toBeGreaterThan(0);
  }
  const { entries } = readJson<{ entries: { block_hash: string; is_block: boolean; verdict: string }[] }>(path.join(folder.dir, 'Mining/Ledgers/global_ledger.json'));
  expect(entries.filter((entry) => entry.is_block && entry.verdict === 'accepted').map((entry) => entry.block_hash)).toEqual(found);
  expect(JSON.stringify(rig.lines)).not.toContain(node.password);
}, 60_000);
