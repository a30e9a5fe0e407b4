/** A LAN pool over real sockets, with sources that a test drives by hand and miners that share no code with it. */
import { afterEach } from 'vitest';
import type { ServerConfig } from '../../config/schema.ts';
import { targetFromDifficulty } from '../../protocol/bitcoin/target.ts';
import { silentLog } from '../../protocol/common/log.ts';
import { ManualClock } from '../../protocol/common/manual-clock.ts';
import { ownPrefix } from '../../protocol/stratum-v1/server/seats.ts';
import { TestClient } from '../../sim/pool/client.fixture.ts';
import { TemplateManager } from '../dtm/template-manager.ts';
import { HandDevice, HandSource, makeJob } from '../mining/mining.fixture.ts';
import { MiningEngine } from '../mining/engine.ts';
import type { Job, Share } from '../mining/job.ts';
import { LanPool } from './lan-pool.ts';

/** 256 hashes a share. */
export const EASY = 2 ** -24;

export type ServerInput = Partial<ServerConfig> & { secret?: string | null; withhold?: (share: Share) => string | null };

export const SERVER_DEFAULTS: Omit<ServerConfig, 'enabled' | 'password'> = {
  host: '127.0.0.1',
  port: 0,
  allow: [],
  max_miners: 1024,
  max_per_address: 128,
  share_seconds: 10,
  start_difficulty: EASY,
  min_difficulty: 2 ** -30,
  version_rolling: true,
};

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

/** Runs something after the test. */
export function afterwards(cleanup: () => unknown): void {
  cleanups.push(cleanup);
}

export class TestLan {
  readonly clock = new ManualClock();
  readonly device = new HandDevice();
  readonly sources: HandSource[];
  readonly engine: MiningEngine;
  readonly pool: LanPool;
  /** What was written down of workers. */
  readonly reports: Record<string, unknown>[] = [];
  /** Connections of miners alone, in the order they were opened. */
  readonly ownSources: HandSource[] = [];
  #jobs = 0;

  constructor(sourceIds: readonly string[] = ['pool'], { secret = null, withhold = () => null, ...config }: ServerInput = {}) {
    this.sources = sourceIds.map((id) => new HandSource(id));
    this.engine = new MiningEngine({ sources: this.sources, devices: [this.device], templates: new TemplateManager({ clock: this.clock, localZeros: 64, prefixFor: (job) => ownPrefix(job.extranonce2Size) }), withhold, clock: this.clock, log: silentLog });
    this.pool = new LanPool({ config: { ...SERVER_DEFAULTS, ...config }, password: secret }, { engine: this.engine, ledger: { saveSystemReport: (_category, data) => String(this.reports.push(data)) }, ownSource: (id) => this.#ownSource(id), clock: this.clock, log: silentLog });
    cleanups.push(async () => {
      await this.pool.stop();
      await this.engine.stop();
    });
  }

  #ownSource(id: string): HandSource {
    const source = new HandSource(id);
    this.ownSources.push(source);
    return source;
  }

  async start(): Promise<this> {
    await this.engine.start(new AbortController().signal);
    await this.pool.start(new AbortController().signal);
    return this;
  }

  /** A new job of a source: on another block than the one before, unless told otherwise. */
  job(overrides: Partial<Job> = {}, source = this.sources[0]!): Job {
    const number = (this.#jobs += 1);
    const job = makeJob({
      key: `${source.id}:1:${number}`,
      sourceId: source.id,
      poolJobId: number.toString(16),
      prevHash: new Uint8Array(32).fill(number),
      extranonce2Size: 8,
      versionMask: 0x1fffe000,
      shareDifficulty: 4 * EASY,
      shareTarget: targetFromDifficulty(4 * EASY),
      networkTarget: targetFromDifficulty(2 ** 20),
      receivedMono: this.clock.monotonic(),
      ...overrides,
    });
    source.events.emit('job', job);
    return job;
  }

  async connect(): Promise<TestClient> {
    const client = await TestClient.connect(this.pool.port!);
    cleanups.push(() => client.close());
    return client;
  }

  /** A miner that is subscribed, authorized and has its first job. */
  async miner(options: { password?: string } = {}): Promise<TestClient> {
    const client = await this.connect();
    await client.join(options);
    return client;
  }
}

/** A LAN pool that serves one source, with a job. */
export async function servingLan(config: ServerInput = {}, sourceIds?: readonly string[]): Promise<TestLan> {
  const lan = await new TestLan(sourceIds, config).start();
  lan.job();
  return lan;
}
