import { afterEach, describe, expect, it } from 'vitest';
import { targetForWork } from '../../sim/chain/target.ts';
import { startSimPool, type SimPool } from '../../sim/pool/pool.ts';
import { Load } from './load.ts';

let pool: SimPool | null = null;
let load: Load | null = null;

afterEach(async () => {
  load?.close();
  await pool?.close();
});

async function start(difficulty: number): Promise<{ pool: SimPool; load: Load }> {
  pool = await startSimPool({ difficulty, vardiff: null, chainParams: { initialTarget: targetForWork(2n ** 60n) } });
  load = new Load();
  return { pool, load };
}

describe('the load of miners', () => {
  it('sends shares that a pool finds right, with and without version rolling, and counts what the pool counts', async () => {
    // One nonce in sixteen is a share: they are really searched for.
    const { pool, load } = await start(2 ** -28);
    await load.join({ host: '127.0.0.1', port: pool.port, clients: 40, perAddress: 10, password: 'x' });
    expect(load.joined).toBe(40);
    const figures = await load.submit(400, 0.5);
    expect(figures.rejected_by_reason).toEqual({});
    expect(figures).toMatchObject({ unanswered: 0, accepted: figures.sent, answer_ms: { p50: expect.any(Number), p99: expect.any(Number), max: expect.any(Number) } });
    expect(figures.sent).toBeGreaterThan(0);
    const stats = pool.stats();
    expect(stats).toMatchObject({ accepted: figures.accepted, rejected: 0 });
    const { connections } = stats;
    expect(connections.filter(({ version_mask }) => version_mask === '1fffe000')).toHaveLength(20);
    expect(new Set(connections.map(({ remote }) => remote.split(':')[0]))).toEqual(new Set(['127.0.1.1', '127.0.1.2', '127.0.1.3', '127.0.1.4']));
  });

  it('knows when the last miner has read a job, and counts what was refused and why', async () => {
    const { pool, load } = await start(2 ** -32);
    await load.join({ host: '127.0.0.1', port: pool.port, clients: 20, perAddress: 0, password: 'x' });
    expect(await load.fanOut(() => expect(pool.broadcast.job()).toBe(20))).toBeGreaterThan(0);
    pool.faults.rejectNth = { every: 2, code: 21 };
    // Every second share of a miner is refused.
    const { rejected_by_reason, accepted, sent } = await load.submit(1000, 0.3);
    expect(rejected_by_reason).toEqual({ '21 Refused on purpose (fault reject-nth)': sent - accepted });
    expect(pool.stats()).toMatchObject({ accepted, rejected: sent - accepted });
  });

  it('says why a miner was turned away', async () => {
    const { pool, load } = await start(2 ** -32);
    pool.faults.unauthorized = true;
    await expect(load.join({ host: '127.0.0.1', port: pool.port, clients: 3, perAddress: 0, password: 'x' })).rejects.toThrow(/turned away.*24 Unauthorized worker/);
  });
});
