import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import tls from 'node:tls';
import { expect, test } from 'vitest';
import { parseBlock } from '../chain/block.ts';
import type { BlockEvent, ShareEvent } from './context.ts';
import { TestClient } from './client.fixture.ts';
import { startSimPool } from './pool.ts';
import { EASY, MINABLE, testPool } from './pool.fixture.ts';

test('a miner that only speaks lines mines accepted shares and a block the chain takes', async () => {
  const { pool, connect } = await testPool(MINABLE);
  const shares: ShareEvent[] = [];
  const blocks: BlockEvent[] = [];
  pool.events.on('share', (share) => shares.push(share));
  pool.events.on('block', (block) => blocks.push(block));
  const miner = await connect();
  await miner.join();
  expect(miner.difficulty).toBe(EASY);
  const firstJob = miner.job;
  expect(firstJob[8]).toBe(true);
  expect(firstJob[4]).toHaveLength(3);

  const network = pool.stats().network_difficulty;
  expect(network).toBeCloseTo(4096 / 4295032833, 12);
  for (let i = 0; i < 3; i++) expect(await miner.submit(miner.mine({ below: network }))).toMatchObject({ result: true, error: null });
  expect(pool.chain.height).toBe(0);

  expect((await miner.submit(miner.mine({ difficulty: network }))).result).toBe(true);
  await miner.until(() => miner.job[0] !== firstJob[0], 'the job on the new tip');
  expect(miner.job[8]).toBe(true);
  expect(pool.chain.height).toBe(1);
  expect(blocks.at(-1)).toMatchObject({ worker: miner.worker, reason: null, hash: pool.chain.tip.hash, height: pool.chain.height });

  // The block holds what the job said: the miner's coinbase and the synthetic transactions.
  const block = parseBlock(pool.chain.tip.raw);
  expect(block.transactions).toHaveLength(6);
  expect(block.transactions[0]!.inputs[0]!.script.includes(Buffer.from(miner.extranonce1, 'hex'))).toBe(true);
  expect(block.transactions[0]!.inputs[0]!.script.includes('/rigbrain demo/')).toBe(true);

  const stats = pool.stats();
  expect(stats.accepted).toBe(4);
  expect(stats.rejected).toBe(0);
  expect(stats.blocks).toBe(blocks.length);
  expect(stats.difficulty_sum).toBeCloseTo(4 * EASY, 12);
  expect(stats.chain).toBe('demo');
  expect(shares.every((share) => share.reject === null && share.shareDifficulty! >= share.difficulty!)).toBe(true);
});

test('the hash rate of a worker is its shares over time, and unknown before the first', async () => {
  const { pool, clock, connect } = await testPool();
  const miner = await connect();
  await miner.join();
  expect(pool.stats().hashrate_hs).toBeNull();
  // 256 hashes a share, ten shares in twenty seconds.
  for (let i = 0; i < 10; i++) {
    clock.advance(2000);
    await miner.submit(miner.mine());
  }
  expect(pool.stats().hashrate_hs).toBeCloseTo((10 * EASY * 4295032833) / 20, 0);
  expect(pool.stats().workers[0]).toMatchObject({ worker: miner.worker, accepted: 10 });
  clock.advance(600_000);
  expect(pool.stats().hashrate_hs).toBe(0);
});

test('version rolling: masked bits reach the header, and a smaller mask holds at once', async () => {
  const { pool, connect } = await testPool();
  const miner = await connect();
  const configured = await miner.request('mining.configure', [['version-rolling', 'minimum-difficulty', 'subscribe-extranonce', 'info', 'unheard-of'], { 'version-rolling.mask': 'ffffffff', 'version-rolling.min-bit-count': 2, 'minimum-difficulty.value': EASY }]);
  expect(configured.result).toEqual({ 'version-rolling': true, 'version-rolling.mask': '1fffe000', 'minimum-difficulty': true, 'subscribe-extranonce': true, info: true, 'unheard-of': false });
  await miner.join();
  expect((await miner.submit(miner.mine({ versionBits: '00b44000' }))).result).toBe(true);
  expect((await miner.submit(miner.mine({ versionBits: '20000000' }))).error?.[0]).toBe(20);
  expect(pool.broadcast.versionMask(0x00c00000)).toBe(1);
  expect((await miner.untilReceived('mining.set_version_mask')).params).toEqual(['00c00000']);
  expect((await miner.submit(miner.mine({ versionBits: '00b44000' }))).error?.[1]).toMatch(/Invalid version mask/);
  expect((await miner.submit(miner.mine({ versionBits: '00800000' }))).result).toBe(true);
});

test('a session is resumed with its extranonce, its jobs and its shares', async () => {
  const { connect } = await testPool();
  const first = await connect();
  await first.join();
  const share = first.mine();
  const waiting = first.mine();
  expect((await first.submit(share)).result).toBe(true);
  first.close();
  const second = await connect();
  await second.until(() => first.closed, 'the end of the first connection');
  await second.join({ previousSession: first.sessionId });
  expect(second.extranonce1).toBe(first.extranonce1);
  expect((await second.submit(waiting)).result).toBe(true);
  expect((await second.submit(share)).error?.[0]).toBe(22);

  // While the seat is taken nobody else gets it, and an unknown session is simply new.
  for (const previousSession of [second.sessionId, 'never-seen']) {
    const other = await connect();
    await other.join({ previousSession });
    expect(other.extranonce1).not.toBe(second.extranonce1);
  }
});

test('a session is forgotten after its time', async () => {
  const { clock, pool, connect } = await testPool();
  const first = await connect();
  await first.join();
  const gone = new Promise((resolve) => pool.events.once('disconnect', resolve));
  first.close();
  await gone;
  clock.advance(600_001);
  const second = await connect();
  await second.join({ previousSession: first.sessionId });
  expect(second.extranonce1).not.toBe(first.extranonce1);
});

test('a new difficulty comes with a fresh job; jobs before it keep the old one', async () => {
  const { pool, connect } = await testPool();
  const miner = await connect();
  await miner.join();
  const old = miner.job;
  expect(pool.broadcast.difficulty(EASY * 8)).toBe(1);
  await miner.untilReceived('mining.notify', 1);
  expect(miner.difficulty).toBe(EASY * 8);
  expect(miner.job[8]).toBe(false);
  let easy = miner.mine({ job: old, difficulty: EASY });
  expect((await miner.submit(easy)).result).toBe(true);
  easy = miner.mine({ meets: false });
  expect((await miner.submit(easy)).error?.[0]).toBe(23);
  expect((await miner.submit(miner.mine())).result).toBe(true);
});

test('wishes about difficulty are heard: password, suggestion, minimum', async () => {
  const { connect } = await testPool();
  const byPassword = await connect();
  await byPassword.join({ password: `x,d=${EASY * 2}` });
  expect(byPassword.difficulty).toBe(EASY * 2);
  expect((await byPassword.request('mining.suggest_difficulty', [EASY * 3])).result).toBe(true);
  await byPassword.untilReceived('mining.notify', 1);
  expect(byPassword.difficulty).toBe(EASY * 3);
  expect((await byPassword.request('mining.suggest_difficulty', ['no'])).error?.[0]).toBe(20);

  const byMinimum = await connect();
  await byMinimum.request('mining.configure', [['minimum-difficulty'], { 'minimum-difficulty.value': EASY * 4 }]);
  await byMinimum.join();
  expect(byMinimum.difficulty).toBe(EASY * 4);
});

test('the difficulty asked never exceeds the network, so that no block is too easy to be a share', async () => {
  const { pool, connect } = await testPool({ ...MINABLE, difficulty: 1000 });
  const miner = await connect();
  await miner.join();
  expect(miner.difficulty).toBe(pool.stats().network_difficulty);
  expect((await miner.submit(miner.mine())).result).toBe(true);
  expect(pool.chain.height).toBe(1);
});

test('jobs are refreshed in time, without clean', async () => {
  const { clock, connect } = await testPool();
  const miner = await connect();
  await miner.join();
  const [id, prevHash] = miner.job;
  clock.advance(30_000);
  await miner.untilReceived('mining.notify', 1);
  expect(miner.job[0]).not.toBe(id);
  expect(miner.job[1]).toBe(prevHash);
  expect(miner.job[8]).toBe(false);
});

test('everything a pool may send on its own is sent on demand', async () => {
  const { pool, connect } = await testPool();
  const miner = await connect();
  await miner.join();
  expect((await miner.request('mining.extranonce.subscribe', [])).result).toBe(true);
  const before = miner.extranonce1;
  expect(pool.broadcast.extranonce()).toBe(1);
  await miner.untilReceived('mining.notify', 1);
  expect(miner.extranonce1).not.toBe(before);
  expect((await miner.submit(miner.mine())).result).toBe(true);

  pool.broadcast.message('hello');
  expect((await miner.untilReceived('client.show_message')).params).toEqual(['hello']);
  pool.broadcast.getVersion();
  const asked = await miner.untilReceived('client.get_version');
  miner.write(`${JSON.stringify({ id: asked.id, result: 'tester/1.0', error: null })}\n`);
  pool.broadcast.ping();
  const ping = await miner.untilReceived('mining.ping');
  miner.write(`${JSON.stringify({ id: ping.id, result: 'pong', error: null })}\n`);
  await miner.until(() => pool.stats().connections[0]?.answers === 2, 'both answers counted');
  expect(pool.stats().connections[0]).toMatchObject({ client_version: 'tester/1.0', user_agent: 'test/1.0', workers: [miner.worker] });
  pool.broadcast.reconnect('127.0.0.1', 3333, 5);
  expect((await miner.untilReceived('client.reconnect')).params).toEqual(['127.0.0.1', 3333, 5]);
  expect((await miner.request('mining.get_transactions', [miner.job[0]])).result).toHaveLength(5);
  expect((await miner.request('mining.ping', [])).result).toBe('pong');
  expect((await miner.request('mining.unheard_of', [])).error).toEqual([-3, 'Method not found', null]);
});

test('two miners never share an extranonce, and a reorganisation gives both a new clean job', async () => {
  const { pool, connect } = await testPool(MINABLE);
  const one = await connect();
  const two = await connect();
  await one.join();
  await two.join();
  expect(one.extranonce1).not.toBe(two.extranonce1);
  await one.submit(one.mine({ difficulty: pool.stats().network_difficulty }));
  await two.until(() => pool.chain.height > 0 && two.job[8] === true && two.received('mining.notify').length > 1, 'the new block');
  const count = two.received('mining.notify').length;
  pool.chain.invalidate(pool.chain.tip.hash);
  await two.untilReceived('mining.notify', count);
  expect(two.job[8]).toBe(true);
  expect(pool.chain.totals().reorgs).toBe(1);
});

test('speaks TLS when it is given a certificate', async (context) => {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'rigbrain-tls-'));
  const files = { key: path.join(folder, 'key.pem'), cert: path.join(folder, 'cert.pem') };
  const made = spawnSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2', '-subj', '/CN=localhost', '-keyout', files.key, '-out', files.cert]);
  const pem = made.status === 0 ? { key: readFileSync(files.key, 'utf8'), cert: readFileSync(files.cert, 'utf8') } : null;
  rmSync(folder, { recursive: true });
  if (!pem) return context.skip('openssl is not installed: no certificate to try TLS with');
  const { pool } = await testPool({ tls: pem });
  expect(pool.url).toBe(`stratum+ssl://127.0.0.1:${pool.port}`);
  const socket = tls.connect({ host: '127.0.0.1', port: pool.port, ca: pem.cert, servername: 'localhost' });
  const miner = new TestClient(socket);
  await miner.join();
  expect((await miner.submit(miner.mine())).result).toBe(true);
  // A plain connection never becomes a session, and does not hold up the end of the pool.
  const plain = await TestClient.connect(pool.port);
  await pool.close();
  await Promise.all([miner.untilClosed(), plain.untilClosed()]);
});

test('a port that is taken is an error with its code', async () => {
  const { pool } = await testPool();
  await expect(startSimPool({ port: pool.port })).rejects.toMatchObject({ code: 'E_PORT_IN_USE' });
});

test('closing cuts all connections, frees the port and leaves no timer', async () => {
  const { pool, clock, connect } = await testPool();
  const miner = await connect();
  await miner.join();
  const { port } = pool;
  await pool.close();
  await miner.untilClosed();
  expect(clock.pendingTimers).toBe(0);
  const again = await startSimPool({ port });
  expect(again.url).toBe(`stratum+tcp://127.0.0.1:${port}`);
  await again.close();
});
