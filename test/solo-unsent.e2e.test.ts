/** The whole daemon with two nodes that take no block: nothing is lost, and a person is told. */
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, expect, test, vi } from 'vitest';
import { startZmqPublisher } from '../daemon/mining/zmq-publisher.fixture.ts';
import { readJson, startRigbrain, temporaryFolder } from './harness.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

const TEMPLATE = {
  version: 0x20000000,
  rules: ['csv', '!segwit'],
  height: 7,
  previousblockhash: '11'.repeat(32),
  target: `7fffff${'00'.repeat(29)}`,
  bits: '207fffff',
  curtime: 1_795_210_072,
  coinbasevalue: 5_000_000_000,
  default_witness_commitment: '6a24aa21a9ede2f61c3f71d1defd3fa999dfa36953755c690689799962b48bebd836974e8cf9',
  transactions: [],
};

/** A node on regtest that has something against every block. */
async function startStubbornNode(): Promise<{ url: string; blocks: string[] }> {
  const blocks: string[] = [];
  const answers: Record<string, (params: unknown[]) => unknown> = {
    getblockchaininfo: () => ({ chain: 'regtest' }),
    getbestblockhash: () => TEMPLATE.previousblockhash,
    getblocktemplate: ([request]) => ((request as { mode?: string }).mode === 'proposal' ? null : TEMPLATE),
    submitblock: ([hex]) => (blocks.push(String(hex)), 'bad-txns-nonfinal'),
  };
  const server = http.createServer((request, response) => {
    let body = '';
    request.on('data', (chunk) => (body += chunk));
    request.on('end', () => {
      const { method, params } = JSON.parse(body) as { method: string; params: unknown[] };
      const error = answers[method] ? null : { code: -32601, message: 'Method not found' };
      response.end(JSON.stringify({ result: answers[method]?.(params) ?? null, error }));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  cleanups.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, blocks };
}

test('a block that every node refuses is on the disk as hex, and before a person with the command to send it', async () => {
  const [node, other] = [await startStubbornNode(), await startStubbornNode()];
  const publisher = await startZmqPublisher();
  cleanups.push(() => publisher.close());
  const folder = temporaryFolder();
  cleanups.push(() => folder.remove());
  const yaml = `
mqtt: { enabled: false }
ledger: { preset: ssd }
devices: [{ id: cpu, driver: cpu, options: { kernel: js, threads: 1 } }]
pools:
  - { id: mine, url: "${node.url}", user: u, payout_address: bcrt1qft5p2uhsdcdc3l2ua4ap5qqfg4pjaqlp250x7us7a8qqhrxrxfsqseac85, coinbase_tag: "of ours", zmq: "${publisher.url}" }
  - { id: other, url: "${other.url}", user: u, payout_address: bcrt1qft5p2uhsdcdc3l2ua4ap5qqfg4pjaqlp250x7us7a8qqhrxrxfsqseac85, zmq: "${publisher.url}" }
`;
  const rig = startRigbrain([], { dataDir: folder.dir, yaml });
  cleanups.push(() => rig.stop('SIGKILL'));
  await rig.waitFor('a refused block', (line) => line.event === 'share_rejected', 30_000);
  await publisher.subscribed(2);
  const base = path.join(folder.dir, 'Mining');
  const look = path.join(base, 'User_Look_At/global_look_at.json');
  const entry = await vi.waitFor(() => {
    const [first] = readJson<{ entries: { reason: string; message: string; path: string | null }[] }>(look).entries;
    expect(first).toMatchObject({ reason: 'block_rejected', message: expect.stringMatching(/mine: bad-txns-nonfinal; other: bad-txns-nonfinal|other: bad-txns-nonfinal; mine: bad-txns-nonfinal/) });
    return first;
  }, { timeout: 30_000, interval: 100 });
  await rig.stop();
  expect(entry!.message).toContain(`bitcoin-cli -stdin submitblock < ${entry!.path}`);
  expect(existsSync(path.join(base, entry!.path!))).toBe(true);
  expect(node.blocks).toContain(readFileSync(path.join(base, entry!.path!), 'utf8').trim());
  // The other node was given the very same block.
  expect(other.blocks).toContain(readFileSync(path.join(base, entry!.path!), 'utf8').trim());
  // On a busy machine the second node may have given work first.
  const tag = entry!.message.includes('was refused by mine') ? 'of ours' : '/rigbrain/';
  expect(readFileSync(path.join(base, entry!.path!), 'utf8')).toContain(Buffer.from(tag).toString('hex'));
}, 90_000);
