/**
 * Miners of the house through a rig to its pool: our own client and kernels on one side, a pool that judges shares with code of
 * its own on the other, the LAN pool between them. Then whole daemons, also with a node for a pool.
 */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { TemplateManager } from '../daemon/dtm/template-manager.ts';
import { MiningEngine } from '../daemon/mining/engine.ts';
import type { JobSource, Share } from '../daemon/mining/job.ts';
import { StratumV1Source } from '../daemon/mining/stratum-v1-source.ts';
import { SERVER_DEFAULTS } from '../daemon/server/lan-pool.fixture.ts';
import { LanPool } from '../daemon/server/lan-pool.ts';
import { CpuDevice } from '../drivers/cpu/device.ts';
import { cpuOptions } from '../drivers/cpu/options.ts';
import { bytesToHex } from '../protocol/common/bytes.ts';
import { systemClock } from '../protocol/common/clock.ts';
import { silentLog } from '../protocol/common/log.ts';
import { ownPrefix } from '../protocol/stratum-v1/server/seats.ts';
import { targetForWork } from '../sim/chain/target.ts';
import type { PoolOptions } from '../sim/pool/options.ts';
import { startSimPool, type SimPool } from '../sim/pool/pool.ts';
import { bcoinInstalled, startBcoin } from './bcoin-node.ts';
import { filesBelow, startRigbrain, temporaryFolder } from './harness.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

/** A few shares a second on a slow machine in JavaScript. */
const HASHES_A_SHARE = 2 ** 14;

/** A pool on whose jobs no share is a block: one would make others stale. */
async function simPool(options: PoolOptions = {}): Promise<SimPool> {
  const pool = await startSimPool({ difficulty: HASHES_A_SHARE / 2 ** 32, vardiff: null, chainParams: { initialTarget: targetForWork(2n ** 60n) }, ...options });
  cleanups.push(() => pool.close());
  return pool;
}

interface MiningRig {
  readonly engine: MiningEngine;
  readonly sources: readonly StratumV1Source[];
  /** Shares found, whoever found them. */
  readonly shares: Share[];
}

/** An engine with our own client and a CPU. */
async function startRig(urls: readonly string[], { user = 'acc.rig', withServer = false, takesExtranonce = false } = {}): Promise<MiningRig> {
  const sources = urls.map(
    (url, n) =>
      new StratumV1Source(
        { id: `pool${n}`, url, user, password: 'x', tls: null, versionMask: 0x1fffe000, suggestDifficulty: null, subscribeExtranonce: takesExtranonce, userAgent: 'rigbrain/test' },
        { clock: systemClock, log: silentLog },
      ),
  );
  const device = new CpuDevice({ id: 'cpu', options: cpuOptions.parse({ kernel: 'js', threads: 1, nice: 0, pause_on_battery: false }), clock: systemClock, log: silentLog });
  const templates = new TemplateManager({ clock: systemClock, localZeros: 64, ...(withServer ? { prefixFor: (job) => ownPrefix(job.extranonce2Size) } : {}) });
  const engine = new MiningEngine({ sources: sources as readonly JobSource[], devices: [device], templates, withhold: () => null, clock: systemClock, log: silentLog });
  const shares: Share[] = [];
  engine.events.on('share', (share) => shares.push(share));
  cleanups.push(() => engine.stop());
  await engine.start(new AbortController().signal);
  return { engine, sources, shares };
}

async function startLan(engine: MiningEngine): Promise<{ pool: LanPool; url: string }> {
  // The pool's own difficulty is the bound: every share goes on.
  const pool = new LanPool({ config: { ...SERVER_DEFAULTS, start_difficulty: 1, min_difficulty: 1 }, password: null }, { engine, clock: systemClock, log: silentLog });
  cleanups.push(() => pool.stop());
  await pool.start(new AbortController().signal);
  return { pool, url: `stratum+tcp://127.0.0.1:${pool.port}` };
}

const WAIT = { timeout: 50_000, interval: 50 };

describe('a miner of the house', () => {
  it('has its shares accepted by the pool of the rig, beside the rig itself, and nobody searches what another does', async () => {
    const upstream = await simPool();
    const rig = await startRig([upstream.url], { withServer: true });
    const { pool, url } = await startLan(rig.engine);
    const miners = [await startRig([url], { user: 'house.one' }), await startRig([url], { user: 'house.two' })];
    await vi.waitFor(() => {
      expect(pool.state().workers.map(({ name, forwarded }) => [name, forwarded > 5]).sort()).toEqual([['house.one', true], ['house.two', true]]);
      expect(rig.shares.filter(({ deviceId }) => deviceId === 'cpu').length).toBeGreaterThan(3);
    }, WAIT);

    expect(upstream.stats().rejected).toBe(0);
    expect(upstream.stats().accepted).toBeGreaterThan(13);
    const spaces = new Map<string, Set<string>>();
    for (const { deviceId, extranonce2 } of rig.shares) spaces.set(deviceId, (spaces.get(deviceId) ?? new Set()).add(deviceId === 'cpu' ? bytesToHex(extranonce2.subarray(0, 1)) : bytesToHex(extranonce2.subarray(0, 2))));
    expect(spaces.get('cpu')).toEqual(new Set(['00']));
    const prefixes = [...spaces].filter(([id]) => id !== 'cpu').map(([, values]) => [...values]);
    expect(prefixes.every((values) => values.length === 1)).toBe(true);
    expect(new Set(prefixes.flat()).size).toBe(2);
    // They roll versions, and the answers they got were all good ones.
    for (const miner of miners) {
      expect(miner.shares[0]!.job.versionMask).toBe(0x1fffe000);
      expect(miner.engine.account.snapshot()).toMatchObject({ rejected: 0, stale: 0 });
    }
  }, 120_000);

  it('goes on without a break when the rig changes its pool, and when a pool comes back with another extranonce', async () => {
    const first = await simPool();
    const second = await simPool({ extranonce1Size: 6, extranonce2Size: 6 });
    const rig = await startRig([first.url, second.url], { withServer: true });
    const { url } = await startLan(rig.engine);
    const miner = await startRig([url], { user: 'house.one' });
    await vi.waitFor(() => expect(first.stats().accepted).toBeGreaterThan(3), WAIT);
    await first.close();
    await vi.waitFor(() => expect(rig.shares.filter(({ deviceId, job }) => deviceId !== 'cpu' && job.sourceId === 'pool1').length).toBeGreaterThan(3), WAIT);
    const before = rig.sources[1]!.state().reconnects;
    second.broadcast.reconnect();
    await vi.waitFor(() => expect(rig.sources[1]!.state()).toMatchObject({ status: 'mining', reconnects: before + 1 }), WAIT);
    const found = rig.shares.length;
    await vi.waitFor(() => expect(rig.shares.slice(found).filter(({ deviceId }) => deviceId !== 'cpu').length).toBeGreaterThan(3), WAIT);
    expect(second.stats().rejected_by_reason).toEqual({});
    expect(miner.sources[0]!.state().reconnects).toBe(0);
  }, 120_000);

  it.each([
    ['has less room, by mining.set_extranonce', 3, true],
    ['has less room, which its seat had been chosen for', 4, false],
  ])('follows to a pool that %s', async (_how, extranonce2Size, takesExtranonce) => {
    const first = await simPool();
    const second = await simPool({ extranonce2Size });
    const rig = await startRig([first.url, second.url], { withServer: true });
    await vi.waitFor(() => expect(rig.sources.every((source) => source.state().status === 'mining')).toBe(true), WAIT);
    const { url } = await startLan(rig.engine);
    const miner = await startRig([url], { user: 'house.one', takesExtranonce });
    const ofMiner = (id: string) => rig.shares.filter(({ deviceId, job }) => deviceId !== 'cpu' && job.sourceId === id);
    await vi.waitFor(() => expect(ofMiner('pool0').length).toBeGreaterThan(2), WAIT);
    await first.close();
    await vi.waitFor(() => expect(ofMiner('pool1').length).toBeGreaterThan(2), WAIT);
    expect(ofMiner('pool1')[0]!.extranonce2).toHaveLength(extranonce2Size);
    expect(second.stats().rejected_by_reason).toEqual({});
    expect(miner.sources[0]!.state().reconnects).toBe(0);
  }, 120_000);
});

describe('whole daemons', () => {
  const folders = () => {
    const folder = temporaryFolder();
    cleanups.push(folder.remove);
    return folder.dir;
  };
  const start = (yaml: string, env: Record<string, string> = {}) => {
    const dataDir = folders();
    const daemon = startRigbrain([], { dataDir, yaml, env });
    cleanups.push(() => daemon.stop('SIGKILL'));
    return { ...daemon, dataDir };
  };
  const urlOf = async (daemon: ReturnType<typeof start>) => String((await daemon.waitFor('the LAN pool', (line) => typeof line.url === 'string' && /address of their pool/.test(line.msg ?? ''), 30_000)).url);

  it('mine through one another', async () => {
    const upstream = await simPool();
    const rig = start(`
mqtt: { enabled: false }
mining: { live: true }
devices: [{ id: cpu, driver: cpu, enabled: false }]
discovery: { enabled: false }
server: { enabled: true, port: 0, password: { env: LAN_PASSWORD }, min_difficulty: 1, start_difficulty: 1 }
pools: [{ id: sim, url: "${upstream.url}", user: acc.rig }]
`, { LAN_PASSWORD: 'geheim' });
    const miner = start(`
mqtt: { enabled: false }
mining: { live: true }
devices: [{ id: cpu, driver: cpu, options: { kernel: js, threads: 1 } }]
discovery: { enabled: false }
pools: [{ id: house, url: "${await urlOf(rig)}", user: house.one, password: { env: LAN_PASSWORD } }]
`, { LAN_PASSWORD: 'geheim' });
    await vi.waitFor(() => expect(upstream.stats().workers[0]?.accepted).toBeGreaterThan(5), WAIT);
    expect(upstream.stats()).toMatchObject({ rejected: 0, workers: [{ worker: 'acc.rig' }] });
    expect((await miner.stop()).code).toBe(0);
    expect((await rig.stop()).code).toBe(0);
    const written = filesBelow(rig.dataDir).filter((file) => file.endsWith('.json')).map((file) => readFileSync(path.join(rig.dataDir, file), 'utf8'));
    // What the worker did has a report, and each share that went on an entry under its name.
    expect(written.some((text) => text.includes('"lan_worker_report"'))).toBe(true);
    expect(written.some((text) => /"miner_id": ?"lan-house-one-[0-9a-f]{4}"/.test(text))).toBe(true);
    expect(JSON.stringify([...rig.lines, ...miner.lines]) + written.join()).not.toContain('geheim');
  }, 120_000);

  it('find blocks for a node they know nothing of', async (context) => {
    if (!bcoinInstalled()) return context.skip('bcoin could not be installed');
    const node = await startBcoin();
    cleanups.push(() => node.close());
    const before = (await node.rpc('getblockcount')) as number;
    const rig = start(`
mqtt: { enabled: false }
devices: [{ id: cpu, driver: cpu, enabled: false }]
discovery: { enabled: false }
server: { enabled: true, port: 0 }
pools: [{ id: solo, url: "${node.url}", user: "${node.user}", password: { env: NODE_PASSWORD }, payout_address: "${node.address}" }]
`, { NODE_PASSWORD: node.password });
    start(`
mqtt: { enabled: false }
mining: { live: true }
devices: [{ id: cpu, driver: cpu, options: { kernel: js, threads: 1 } }]
discovery: { enabled: false }
pools: [{ id: house, url: "${await urlOf(rig)}", user: house.one }]
`);
    await vi.waitFor(async () => expect((await node.rpc('getblockcount')) as number).toBeGreaterThanOrEqual(before + 3), { timeout: 80_000, interval: 200 });
  }, 120_000);
});
