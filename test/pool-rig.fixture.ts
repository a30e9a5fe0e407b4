/** A real daemon and simulated pools that break, for the tests of failover. Cleans up after each test. */
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { afterEach, expect, type TestContext } from 'vitest';
import { selfSigned, type TestCertificate } from '../daemon/mining/certificate.fixture.ts';
import { targetForWork } from '../sim/chain/target.ts';
import type { PoolOptions } from '../sim/pool/options.ts';
import { startSimPool, type SimPool } from '../sim/pool/pool.ts';
import { startRigbrain, temporaryFolder, type LogLine, type RunningRigbrain } from './harness.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

/** 2^20 hashes a share: some a second on anything. No block comes by chance; a job every half second is the sign of life of a pool that waits. */
export const SHARES: PoolOptions = { difficulty: 2 ** -12, vardiff: null, jobRefreshMs: 500, chainParams: { initialTarget: targetForWork(2n ** 60n) } };
export const SLACK_MS = 1000;
/** What a cut connection says depends on who was just writing. */
export const CUT = /closed|ended|ECONNRESET|EPIPE/;

interface Deadlines {
  readonly connect?: number;
  readonly handshake?: number;
  readonly first_job?: number;
  readonly silence?: number;
  readonly submit?: number;
}

export interface TestPool {
  readonly id: string;
  sim: SimPool;
  readonly url: string;
  readonly deadlines: Deadlines;
  /** YAML of its `tls` section. */
  readonly tls: string | null;
  /** Every worker a share came for, and what it was refused for. */
  readonly shares: { readonly worker: string; readonly refused: string | null }[];
  readonly connects: number[];
}

export function listen(pool: Pick<TestPool, 'sim' | 'shares' | 'connects'>): void {
  pool.sim.events.on('share', ({ worker, reject }) => pool.shares.push({ worker, refused: reject?.kind ?? null }));
  pool.sim.events.on('connect', () => pool.connects.push(Date.now()));
}

export async function startPool(id: string, { deadlines = {}, tls = null, url, ...options }: PoolOptions & { deadlines?: Deadlines; trust?: string; url?: (sim: SimPool) => string } = {}): Promise<TestPool> {
  const sim = await startSimPool({ ...SHARES, tls, ...options });
  const pool: TestPool = { id, sim, url: url?.(sim) ?? sim.url, deadlines, tls: options.trust ?? null, shares: [], connects: [] };
  listen(pool);
  cleanups.push(() => pool.sim.close());
  return pool;
}

export const userOf = (id: string): string => `account-${id}.rig`;

export function startRig(pools: readonly TestPool[], returnSeconds: number): RunningRigbrain {
  const folder = temporaryFolder();
  cleanups.push(folder.remove);
  const lines = pools.map(({ id, url, deadlines, tls }) => {
    const keys = Object.entries(deadlines).map(([name, seconds]) => `${name}_seconds: ${seconds}`);
    return `  - { id: ${id}, url: "${url}", user: ${userOf(id)}, subscribe_extranonce: true, deadlines: { ${keys.join(', ')} }${tls === null ? '' : `, tls: ${tls}`} }`;
  });
  const yaml = `
mining: { live: true, mode: live, return_seconds: ${returnSeconds} }
mqtt: { enabled: false }
cpu: { threads: 1 }
pools:
${lines.join('\n')}
`;
  const rig = startRigbrain([], { dataDir: folder.dir, yaml });
  cleanups.push(() => rig.stop('SIGKILL'));
  return rig;
}

export const at = (line: LogLine): number => Date.parse(String(line.time));
export const minesFor = (id: string) => (line: LogLine) => line.msg === 'mining for pool' && line.pool === id;
export const accepted = (id: string) => (line: LogLine) => line.event === 'share_accepted' && (line.pool === id || String(line.msg).includes(`accepted by ${id} `));
export const ended = (id: string) => (line: LogLine) => line.msg === 'pool connection ended' && line.pool === id;

/** All shares a pool saw were for its own account and its own jobs. */
export function expectOwnShares(pool: TestPool): void {
  expect({ pool: pool.id, strangers: pool.shares.filter(({ worker }) => worker !== userOf(pool.id)) }).toEqual({ pool: pool.id, strangers: [] });
  expect({ pool: pool.id, foreign: pool.shares.filter(({ refused }) => refused === 'job_not_found' || refused === 'low_difficulty' || refused === 'extranonce2' || refused === 'version') }).toEqual({ pool: pool.id, foreign: [] });
}

/** Certificates in folders of their own; the test is skipped where there is no openssl. */
export function certificates(context: TestContext): (options?: Parameters<typeof selfSigned>[1]) => TestCertificate {
  const folder = temporaryFolder();
  cleanups.push(folder.remove);
  let count = 0;
  return (options) => {
    const dir = path.join(folder.dir, String((count += 1)));
    mkdirSync(dir);
    return selfSigned(dir, options) ?? context.skip('no openssl command on this machine');
  };
}
