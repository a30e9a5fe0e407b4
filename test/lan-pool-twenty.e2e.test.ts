/**
 * The pool for other miners with this product's own client below it and the simulated pool above: two parties whose
 * arithmetic is not the server's. Whatever passes here has been hashed and judged three times.
 */
import { afterEach, describe, expect, it, vi } from 'vitest';
import { configSchema } from '../config/schema.ts';
import { TemplateManager } from '../daemon/dtm/template-manager.ts';
import { MiningEngine } from '../daemon/mining/engine.ts';
import type { Job, Share } from '../daemon/mining/job.ts';
import { StratumV1Source } from '../daemon/mining/stratum-v1-source.ts';
import { LanPool } from '../daemon/server/lan-pool.ts';
import { sha256d } from '../protocol/bitcoin/hash.ts';
import { hashHeader, serializeHeader } from '../protocol/bitcoin/header.ts';
import { foldBranch } from '../protocol/bitcoin/merkle.ts';
import { difficultyOfHash, leadingZeroDigits, meetsTarget } from '../protocol/bitcoin/target.ts';
import { concatBytes } from '../protocol/common/bytes.ts';
import { systemClock } from '../protocol/common/clock.ts';
import { silentLog } from '../protocol/common/log.ts';
import { ownPrefix } from '../protocol/stratum-v1/server/seats.ts';
import { targetForWork } from '../sim/chain/target.ts';
import type { PoolOptions } from '../sim/pool/options.ts';
import { startSimPool, type SimPool } from '../sim/pool/pool.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

/** A pool on whose jobs no share is a block. */
async function upstream(options: PoolOptions): Promise<SimPool> {
  const pool = await startSimPool({ vardiff: null, chainParams: { initialTarget: targetForWork(2n ** 60n) }, ...options });
  cleanups.push(() => pool.close());
  return pool;
}

interface ClientOptions {
  readonly id: string;
  readonly user: string;
  readonly versionMask?: number;
  readonly subscribeExtranonce?: boolean;
}

function client(url: string, { id, user, versionMask = 0x1fffe000, subscribeExtranonce = true }: ClientOptions): StratumV1Source {
  return new StratumV1Source({ id, url, user, password: 'x', tls: null, versionMask, suggestDifficulty: null, subscribeExtranonce, userAgent: 'rigbrain/test' }, { clock: systemClock, log: silentLog });
}

/** A house with a LAN pool, and no device of its own. */
async function house(above: SimPool, difficulty: number): Promise<{ lanPool: LanPool; url: string }> {
  const templates = new TemplateManager({ clock: systemClock, localZeros: 64, prefixFor: (job: Job) => ownPrefix(job.extranonce2Size) });
  const engine = new MiningEngine({ sources: [client(above.url, { id: 'above', user: 'house.rig' })], devices: [], templates, withhold: () => null, clock: systemClock, log: silentLog });
  cleanups.push(() => engine.stop());
  await engine.start(new AbortController().signal);
  const { server } = configSchema.parse({ server: { enabled: true, port: 0, start_difficulty: difficulty, min_difficulty: difficulty, max_difficulty: difficulty } });
  const lanPool = new LanPool({ config: server, password: null }, { engine, clock: systemClock, log: silentLog });
  cleanups.push(() => lanPool.stop());
  await lanPool.start(new AbortController().signal);
  return { lanPool, url: `stratum+tcp://127.0.0.1:${lanPool.port}` };
}

/** Mines as the simplest miner does: extranonce2 0, 1, 2, and the nonces from 0. Two miners with one search space would find the same. */
function* shares(job: Job): Generator<Share> {
  for (let count = 0; ; count++) {
    const extranonce2 = new Uint8Array(job.extranonce2Size);
    extranonce2[0] = count;
    const merkleRoot = foldBranch(sha256d(concatBytes(job.coinb1, job.extranonce1, extranonce2, job.coinb2)), job.merkleBranch);
    const bits = job.versionMask === 0 ? 0 : ((count + 1) << 13) & job.versionMask;
    const version = (job.version | bits) >>> 0;
    for (let nonce = 0; ; nonce++) {
      const header = serializeHeader({ version, prevHash: job.prevHash, merkleRoot, ntime: job.ntime, nbits: job.nbits, nonce });
      const hash = hashHeader(header);
      if (!meetsTarget(hash, job.shareTarget)) continue;
      yield { id: `s${count}`, job, deviceId: 'test', extranonce2, ntime: job.ntime, nonce, version, versionBits: job.versionMask === 0 ? null : bits, header, hash, difficulty: difficultyOfHash(hash), leadingZeros: leadingZeroDigits(hash), isBlock: false, foundAt: 0 };
      break;
    }
  }
}

describe('own clients below the LAN pool', () => {
  it('of all abilities never search the same: twenty of them count from zero, and the pool above finds no share twice', async () => {
    const difficulty = 2 ** -24;
    const pool = await upstream({ difficulty });
    const { lanPool, url } = await house(pool, difficulty);
    const clients = Array.from({ length: 20 }, (_, n) => client(url, { id: `c${n}`, user: `house.m${n}`, versionMask: n % 2 === 0 ? 0x1fffe000 : 0, subscribeExtranonce: n % 4 < 2 }));
    const jobs = new Map<string, Job>();
    for (const source of clients) {
      cleanups.push(() => source.stop());
      source.events.on('job', (job) => jobs.set(source.id, job));
    }
    await Promise.all(clients.map((source) => source.start(new AbortController().signal)));
    const EACH = 5;
    let each = 0;
    const round = async (): Promise<void> => {
      const found = clients.map(({ id }) => shares(jobs.get(id)!));
      for (let n = 0; n < EACH; n++) {
        const verdicts = await Promise.all(clients.map((source, index) => source.submit(found[index]!.next().value as Share)));
        expect(new Set(verdicts.map(({ status }) => status))).toEqual(new Set(['accepted']));
        each += 1;
        // Every share is good enough for the pool above, which has its say a little later.
        await vi.waitFor(() => expect(pool.stats()).toMatchObject({ accepted: each * clients.length, rejected: 0, rejected_by_reason: {} }), { timeout: 10_000 });
      }
    };
    await vi.waitFor(() => expect(jobs.size).toBe(20), { timeout: 10_000 });
    expect(new Set([...jobs.values()].map(({ versionMask }) => versionMask))).toEqual(new Set([0, 0x1fffe000]));
    await round();

    const next = async (change: () => void): Promise<void> => {
      jobs.clear();
      change();
      await vi.waitFor(() => expect(jobs.size).toBe(20), { timeout: 10_000 });
    };
    await next(() => pool.broadcast.job());
    await round();
    // The house gets another extranonce1: nobody below has to do anything, and nobody is sent away.
    await next(() => pool.broadcast.extranonce());
    await round();

    expect(clients.map((source) => source.state().reconnects)).toEqual(clients.map(() => 0));
    // The answers to the last ones may still be on their way from the pool above.
    await vi.waitFor(() => {
      const counts = lanPool.state().workers.map(({ accepted, rejected, forwarded, forwarded_rejected }) => ({ accepted, rejected, forwarded, forwarded_rejected }));
      expect(counts).toEqual(clients.map(() => ({ accepted: each, rejected: 0, forwarded: each, forwarded_rejected: 0 })));
    });
  }, 60_000);
});
