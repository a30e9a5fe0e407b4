/** Starts pools and miners for one test and takes them down after it. */
import { afterEach } from 'vitest';
import { ManualClock } from '../../protocol/common/manual-clock.ts';
import { targetForWork } from '../chain/target.ts';
import type { PoolOptions } from './options.ts';
import { startSimPool, type SimPool } from './pool.ts';
import { TestClient } from './client.fixture.ts';

/** 256 hashes a share. */
export const EASY = 2 ** -24;
/** A network on which a test can mine blocks: 4096 hashes each. */
export const MINABLE = { chainParams: { initialTarget: targetForWork(4096n) } };

const open: { close(): unknown }[] = [];
afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one.close();
});

export interface TestPool {
  readonly pool: SimPool;
  readonly clock: ManualClock;
  connect(): Promise<TestClient>;
}

/** A pool with a clock moved by hand and fixed easy difficulty; its network is too hard for a block by chance. */
export async function testPool(options: PoolOptions = {}): Promise<TestPool> {
  const clock = new ManualClock();
  const pool = await startSimPool({ clock, difficulty: EASY, vardiff: null, chainParams: { initialTarget: targetForWork(2n ** 40n) }, ...options });
  open.push(pool);
  return {
    pool,
    clock,
    connect: async () => {
      const client = await TestClient.connect(pool.port);
      open.push(client);
      return client;
    },
  };
}
