/**
 * The miner's half of a world of pools in memory: real sources, real engine, real template manager, on one clock moved by
 * hand. Test files that use it must mock the socket:
 * `vi.mock('../daemon/mining/pool-socket.ts', async (original) => ({ ...(await original<object>()), PoolSocket: (await import('./memory-pools/net.fixture.ts')).MemorySocket }))`
 */
import { createHash } from 'node:crypto';
import { TemplateManager } from '../../daemon/dtm/template-manager.ts';
import { MiningEngine, type EngineOptions } from '../../daemon/mining/engine.ts';
import type { Share, Verdict } from '../../daemon/mining/job.ts';
import { HandDevice } from '../../daemon/mining/mining.fixture.ts';
import { StratumV1Source, type StratumV1SourceOptions } from '../../daemon/mining/stratum-v1-source.ts';
import type { Nonce, Work } from '../../drivers/contract.ts';
import { silentLog } from '../../protocol/common/log.ts';
import { ManualClock } from '../../protocol/common/manual-clock.ts';
import { uniform } from '../../sim/random.fixture.ts';
import { MemoryNet, useNet } from './net.fixture.ts';
import { MemoryPool, type MemoryPoolOptions } from './pool.fixture.ts';

/** 16 hashes a share, 256 a block. */
export const EASY = 2 ** -28;
export const EASY_BITS = '2000ffff';
export const PORT = 3333;
/** Where an operator's second server listens, for redirects. */
export const SECOND_PORT = 3334;

/** Lets promises that are settled tell whoever waits for them. */
export const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

export interface World {
  readonly clock: ManualClock;
  readonly random: () => number;
  readonly net: MemoryNet;
  readonly pools: readonly MemoryPool[];
  readonly sources: readonly StratumV1Source[];
  readonly engine: MiningEngine;
  readonly templates: TemplateManager;
  readonly devices: readonly SearchingDevice[];
  /** Who was mined for, and since when; null = nobody. The newest last, 1000 at most. */
  readonly active: { readonly at: number; readonly id: string | null; readonly reason: string }[];
  /** Changes of the source that is mined for, all of them. */
  switches(): number;
  /** Every verdict by its status. */
  readonly verdicts: Partial<Record<Verdict['status'], number>>;
  /** All that pools complained of, and shares whose header was never hashed for that pool. */
  violations(): string[];
  start(): Promise<void>;
  stop(): Promise<void>;
}

export interface WorldOptions {
  readonly seed: number;
  readonly pools: number;
  readonly devices?: number;
  readonly maxLatencyMs?: number;
  readonly source?: Partial<StratumV1SourceOptions>;
  readonly engine?: Partial<EngineOptions>;
}

/** A device that looks for a share when it is told to, in its newest work or in one it had before. */
export class SearchingDevice extends HandDevice {
  readonly #past: { readonly work: Work; next: number }[] = [];

  override assign(work: Work | null): void {
    this.status = work ? 'hashing' : 'idle';
    if (work) this.#past.unshift({ work, next: work.nonceFrom });
    this.#past.length = Math.min(this.#past.length, 12);
    this.present = work;
  }

  present: Work | null = null;

  /** Searches the work given `age` assignments ago and reports what it finds there; false when there is none. */
  find(age: number): boolean {
    const nonce = this.search(age);
    if (nonce !== null) this.events.emit('nonce', nonce);
    return nonce !== null;
  }

  /** The same, but keeps what it finds to itself. */
  search(age: number): Nonce | null {
    const entry = this.#past[age];
    if (!entry) return null;
    const header = Buffer.from(entry.work.header);
    for (let tries = 0; tries < 2000 && entry.next <= entry.work.nonceTo; tries++) {
      const nonce = entry.next++;
      header.writeUInt32LE(nonce, 76);
      this.hashes += 1;
      if (meets(header, entry.work.target)) return { workId: entry.work.id, nonce, version: header.readUInt32LE(0) };
    }
    return null;
  }
}

function meets(header: Buffer, target: Uint8Array): boolean {
  const hash = createHash('sha256').update(createHash('sha256').update(header).digest()).digest();
  for (let i = 31; i >= 0; i--) {
    if (hash[i]! !== target[i]!) return hash[i]! < target[i]!;
  }
  return true;
}

export const hostOf = (index: number): string => `eu.pool${index}-example.com`;

/** Makes pools `pool0`, `pool1`, ... in order of preference, each with an account of its own. Nothing runs before `start`. */
export function makeWorld({ seed, pools: count, devices: deviceCount = 2, maxLatencyMs = 50, source = {}, engine: engineOptions = {} }: WorldOptions): World {
  const clock = new ManualClock();
  const random = uniform(seed);
  const net = new MemoryNet({ clock, random, maxLatencyMs });
  useNet(net);
  const pools = Array.from({ length: count }, (_, i) => {
    const options: MemoryPoolOptions = { name: `pool${i}`, user: `account${i}.rig`, password: `secret${i}`, extranonce2Size: [4, 8, 2, 6, 3][i % 5]!, mask: i % 3 === 2 ? 0 : 0x1fffe000, difficulty: EASY, nbits: EASY_BITS };
    const pool = new MemoryPool(net, options);
    for (const port of [PORT, SECOND_PORT]) net.listen(hostOf(i), port, pool);
    return pool;
  });
  const sources = pools.map(
    ({ options }, i) =>
      new StratumV1Source(
        { id: options.name, url: `stratum+tcp://${hostOf(i)}:${PORT}`, user: options.user, password: options.password, tls: null, versionMask: 0x1fffe000, suggestDifficulty: null, subscribeExtranonce: i % 2 === 0, userAgent: 'rigbrain/test', ...source },
        { clock, log: silentLog, random },
      ),
  );
  const devices = Array.from({ length: deviceCount }, (_, i) => new SearchingDevice(`dev${i}`));
  const templates = new TemplateManager({ clock, localZeros: 64 });
  const engine = new MiningEngine({ sources, devices, templates, withhold: () => null, clock, log: silentLog, ...engineOptions });

  const active: { at: number; id: string | null; reason: string }[] = [];
  let switches = 0;
  engine.events.on('active', (id, reason) => {
    switches += 1;
    active.push({ at: clock.monotonic(), id, reason });
    if (active.length > 1000) active.shift();
  });
  const verdicts: Partial<Record<Verdict['status'], number>> = {};
  engine.events.on('verdict', (_, { status }) => (verdicts[status] = (verdicts[status] ?? 0) + 1));

  // Which pool each header was hashed for. A share is told before its line can arrive; what is older than that is forgotten.
  const foundFor = new Map<string, string>();
  const strange: string[] = [];
  engine.events.on('share', (share: Share) => {
    foundFor.set(Buffer.from(share.hash).reverse().toString('hex'), share.job.sourceId);
    if (foundFor.size > 2000) foundFor.delete(foundFor.keys().next().value!);
  });
  for (const pool of pools) {
    pool.wasHashed = (hash) => foundFor.has(hash);
    pool.onSubmit = ({ judged, jobId, at }) => {
      if (judged === null) return;
      const owner = foundFor.get(judged.hash);
      if (owner !== pool.options.name) strange.push(`at ${at} ms ${pool.options.name} got a share for job ${jobId} whose header was hashed for ${owner ?? 'nobody'}`);
    };
  }

  return {
    clock,
    random,
    net,
    pools,
    sources,
    engine,
    templates,
    devices,
    active,
    verdicts,
    switches: () => switches,
    violations: () => [...pools.flatMap((pool) => pool.violations), ...strange],
    start: () => engine.start(new AbortController().signal),
    async stop() {
      const stopped = engine.stop();
      await settle();
      clock.advance(2_000);
      await stopped;
      // What was still on its way when the sockets closed.
      clock.advance(1_000);
      await settle();
    },
  };
}
