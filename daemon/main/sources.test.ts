import { once } from 'node:events';
import { afterEach, describe, expect, test } from 'vitest';
import { configSchema, poolSchema, type PoolConfig } from '../../config/schema.ts';
import { silentLog, type Log } from '../../protocol/common/log.ts';
import { ManualClock } from '../../protocol/common/manual-clock.ts';
import type { Job, Share, SourceStatus } from '../mining/job.ts';
import { politePool, ScriptedPool, send, type Script } from '../mining/scripted-pool.fixture.ts';
import { choiceOf, createSources } from './sources.ts';

const pool = (options: object): PoolConfig => poolSchema.parse({ url: 'stratum+tcp://pool.example.com:3333', user: 'w', ...options });
const create = (pools: readonly PoolConfig[], log: Log = silentLog) => createSources(pools, { clock: new ManualClock(), log, live: false, resolveSecret: () => null });

describe('createSources', () => {
  test('a pool that is switched off is left out, says so, and keeps its id', () => {
    const said: object[] = [];
    const log: Log = { ...silentLog, info: (fields) => void said.push(fields), child: () => log };
    const pools = [pool({ enabled: false, url: 'nonsense' }), pool({ enabled: false }), pool({}), pool({ id: 'mine' })];
    expect(create(pools, log).map(({ id }) => id)).toEqual(['pool-example-com-2', 'mine']);
    expect(said).toEqual([{ pool: 'pool' }, { pool: 'pool-example-com' }]);
  });
});

test('the choice follows the configuration, with the weight of each pool', () => {
  const { mining } = configSchema.parse({ mining: { pool_strategy: 'quota', rotate_seconds: 5, return_seconds: 7 } });
  expect(choiceOf(mining, [pool({ quota: 3 }), pool({}), pool({ id: 'z', quota: 0 })])).toEqual({
    strategy: 'quota',
    rotateMs: 5000,
    returnMs: 7000,
    quotas: new Map([
      ['pool-example-com', 3],
      ['pool-example-com-2', 1],
      ['z', 0],
    ]),
  });
});

describe('deadlines of the configuration hold', () => {
  const cleanups: (() => unknown)[] = [];
  afterEach(async () => {
    for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
  });

  const deaf: Script = () => {};
  const noJob: Script = (socket, line) => {
    if (line?.method === 'mining.configure') send(socket, { id: line.id, result: {}, error: null });
    if (line?.method === 'mining.subscribe') send(socket, { id: line.id, result: [[], '08000002', 4], error: null });
    if (line?.method === 'mining.authorize') send(socket, { id: line.id, result: true, error: null });
  };
  const seconds = { connect_seconds: 2, handshake_seconds: 3, first_job_seconds: 4, silence_seconds: 5, submit_seconds: 1 };

  test.each<[name: string, script: Script, url: string, from: SourceStatus, ms: number, words: RegExp]>([
    ['connect', deaf, 'stratum+ssl://', 'connecting', 2000, /did not complete the TLS handshake within 2 s/],
    ['handshake', deaf, 'stratum+tcp://', 'handshaking', 3000, /no answer to mining.subscribe within 3 s/],
    ['first job', noJob, 'stratum+tcp://', 'waiting_for_job', 4000, /no job within 4 s/],
    ['silence', politePool, 'stratum+tcp://', 'mining', 5000, /not one line within 5 s/],
    ['submit', politePool, 'stratum+tcp://', 'mining', 1000, /nothing came from the pool for 1 s after a share/],
  ])('%s', async (name, script, scheme, from, ms, words) => {
    const server = new ScriptedPool(script);
    const port = await server.listen();
    const clock = new ManualClock();
    const [source] = createSources([pool({ url: `${scheme}127.0.0.1:${port}`, deadlines: seconds })], { clock, log: silentLog, live: false, resolveSecret: () => null });
    cleanups.push(
      () => server.close(),
      () => source!.stop(),
    );
    const jobs: Job[] = [];
    source!.events.on('job', (job) => jobs.push(job));
    await source!.start(new AbortController().signal);
    // The deadline of TLS begins with its first bytes.
    if (name === 'connect') await server.until(() => server.bytesReceived > 0);
    while (source!.state().status !== from) await once(source!.events, 'change');
    if (name === 'submit') void source!.submit({ job: jobs[0]!, extranonce2: new Uint8Array(4), ntime: jobs[0]!.ntime, nonce: 1, version: 0x20000000, versionBits: null, isBlock: false } as unknown as Share);
    clock.advance(ms - 1);
    expect(source!.state().status).toBe(from);
    clock.advance(1);
    expect(source!.state()).toMatchObject({ status: 'backing_off', reason: expect.stringMatching(words) as string });
  });
});
