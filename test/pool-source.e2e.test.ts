/**
 * The miner's Stratum side against the simulated pool, whose judgement of shares shares no code with the miner's:
 * plain mining first, then every fault the pool can act out.
 */
import { once } from 'node:events';
import { afterEach, describe, expect, it } from 'vitest';
import { StratumV1Source } from '../daemon/mining/stratum-v1-source.ts';
import type { Job, Share, SourceStatus } from '../daemon/mining/job.ts';
import { assembleCoinbase } from '../protocol/bitcoin/coinbase.ts';
import { sha256d } from '../protocol/bitcoin/hash.ts';
import { hashHeader, serializeHeader } from '../protocol/bitcoin/header.ts';
import { foldBranch } from '../protocol/bitcoin/merkle.ts';
import { difficultyOfHash, leadingZeroDigits, meetsTarget } from '../protocol/bitcoin/target.ts';
import { versionBitsToSubmit } from '../protocol/bitcoin/version-rolling.ts';
import { ManualClock } from '../protocol/common/manual-clock.ts';
import { silentLog } from '../protocol/common/log.ts';
import { noFaults, type PoolFaults } from '../sim/pool/faults.ts';
import { startSimPool, type SimPool } from '../sim/pool/pool.ts';

/** 256 hashes a share. */
const EASY = 2 ** -24;

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

interface Rig {
  readonly pool: SimPool;
  /** The clock of the pool. */
  readonly poolClock: ManualClock;
  readonly source: StratumV1Source;
  readonly clock: ManualClock;
}

async function setUp(faults: Partial<PoolFaults> = {}): Promise<Rig> {
  const poolClock = new ManualClock();
  const pool = await startSimPool({ clock: poolClock, difficulty: EASY, vardiff: null });
  cleanups.push(() => pool.close());
  Object.assign(pool.faults, faults);
  const clock = new ManualClock();
  const source = new StratumV1Source(
    { id: 'sim', url: pool.url, user: 'acc.rig', password: 'x', tls: null, versionMask: 0x1fffe000, suggestDifficulty: null, subscribeExtranonce: true, userAgent: 'rigbrain/test' },
    { clock, log: silentLog, random: () => 0 },
  );
  cleanups.push(() => {
    const stopped = source.stop();
    clock.advance(10_000);
    return stopped;
  });
  await source.start(new AbortController().signal);
  return { pool, poolClock, source, clock };
}

async function reaches(source: StratumV1Source, status: SourceStatus): Promise<void> {
  while (source.state().status !== status) await once(source.events, 'change');
}

async function nextJob(source: StratumV1Source): Promise<Job> {
  return ((await once(source.events, 'job')) as [Job])[0];
}

/** Mines a real share of a job in JavaScript. */
function mine(job: Job, version = job.version, firstNonce = 0): Share {
  const extranonce2 = new Uint8Array(job.extranonce2Size);
  const merkleRoot = foldBranch(sha256d(assembleCoinbase(job.coinb1, job.extranonce1, extranonce2, job.coinb2)), job.merkleBranch);
  for (let nonce = firstNonce; ; nonce++) {
    const header = serializeHeader({ version, prevHash: job.prevHash, merkleRoot, ntime: job.ntime, nbits: job.nbits, nonce });
    const hash = hashHeader(header);
    if (!meetsTarget(hash, job.shareTarget)) continue;
    const versionBits = job.versionMask === 0 ? null : versionBitsToSubmit(job.version, job.versionMask, version);
    return { id: `s${nonce}`, job, deviceId: 'test', extranonce2, ntime: job.ntime, nonce, version, versionBits, header, hash, difficulty: difficultyOfHash(hash), leadingZeros: leadingZeroDigits(hash), isBlock: false, foundAt: 0 };
  }
}

describe('mining for the simulated pool', () => {
  it('has its shares accepted, with and without rolled version bits', async () => {
    const { pool, source } = await setUp();
    const job = await nextJob(source);
    expect(job.versionMask).toBe(0x1fffe000);
    expect(await source.submit(mine(job))).toMatchObject({ status: 'accepted' });
    expect(await source.submit(mine(job, job.version | 0x00b44000))).toMatchObject({ status: 'accepted' });
    expect(pool.stats()).toMatchObject({ accepted: 2, rejected: 0, bad_lines: 0 });
  });

  it('understands each refusal', async () => {
    const { source } = await setUp();
    const job = await nextJob(source);
    const share = mine(job);
    await source.submit(share);
    expect(await source.submit(share)).toMatchObject({ status: 'duplicate' });
    expect(await source.submit({ ...share, nonce: share.nonce + 1 })).toMatchObject({ status: 'low_difficulty' });
    expect(await source.submit({ ...share, ntime: share.ntime + 100_000 })).toMatchObject({ status: 'rejected', code: 20 });
  });

  it('keeps mining through changes of difficulty, extranonce and mask, and through a reconnect', async () => {
    const { pool, source, clock } = await setUp();
    await nextJob(source);

    const harder = nextJob(source);
    pool.broadcast.difficulty(EASY * 2);
    pool.broadcast.job();
    expect((await harder).shareDifficulty).toBe(EASY * 2);
    expect(await source.submit(mine(await harder))).toMatchObject({ status: 'accepted' });

    const moved = nextJob(source);
    expect(pool.broadcast.extranonce()).toBe(1);
    pool.broadcast.job();
    expect((await moved).extranonce1).not.toEqual((await harder).extranonce1);
    expect(await source.submit(mine(await harder, 0x20000000, 10_000))).toMatchObject({ status: 'withheld' });
    expect(await source.submit(mine(await moved))).toMatchObject({ status: 'accepted' });

    const narrow = nextJob(source);
    pool.broadcast.versionMask(0x0000e000);
    expect((await narrow).versionMask).toBe(0x0000e000);
    expect(await source.submit(mine(await narrow, (await narrow).version | 0x00006000))).toMatchObject({ status: 'accepted' });

    pool.broadcast.reconnect(undefined, undefined, 2);
    await reaches(source, 'backing_off');
    const again = nextJob(source);
    clock.advance(2_000);
    expect(await source.submit(mine(await again))).toMatchObject({ status: 'accepted' });
    expect(pool.stats()).toMatchObject({ accepted: 4, rejected: 0 });
  });

  it('answers pings and version requests and shows messages', async () => {
    const { pool, source } = await setUp();
    await nextJob(source);
    const shown = once(source.events, 'change');
    pool.broadcast.ping();
    pool.broadcast.getVersion();
    pool.broadcast.message('maintenance at noon');
    await shown;
    expect(source.state().message).toBe('maintenance at noon');
    // The answer to a share comes after the pool has read what was sent before it.
    const job = nextJob(source);
    pool.broadcast.job();
    await source.submit(mine(await job));
    expect(pool.stats().connections[0]).toMatchObject({ answers: 2, client_version: 'rigbrain/test', user_agent: 'rigbrain/test' });
  });
});

describe('faults of the simulated pool', () => {
  it.each<[string, Partial<PoolFaults>]>([
    ['a job before the authorisation', { notifyBeforeAuthorize: true }],
    ['garbage before every line', { garbage: true }],
  ])('mines in spite of %s', async (_, faults) => {
    const { source } = await setUp(faults);
    expect(await source.submit(mine(await nextJob(source)))).toMatchObject({ status: 'accepted' });
  });

  it('does without mining.configure at a pool that closes upon it', async () => {
    const { source, clock } = await setUp({ closeAfterConfigure: true });
    await reaches(source, 'backing_off');
    const job = nextJob(source);
    clock.advance(500);
    expect((await job).versionMask).toBe(0);
    expect(await source.submit(mine(await job))).toMatchObject({ status: 'accepted' });
  });

  it('takes a repeated job id with a new extranonce for the new job it is', async () => {
    const { pool, poolClock, source } = await setUp({ sameJobNewExtranonce: true });
    const first = await nextJob(source);
    const second = nextJob(source);
    poolClock.advance(30_000);
    expect((await second).poolJobId).toBe(first.poolJobId);
    expect((await second).extranonce1).not.toEqual(first.extranonce1);
    expect(await source.submit(mine(first))).toMatchObject({ status: 'withheld' });
    expect(await source.submit(mine(await second))).toMatchObject({ status: 'accepted' });
    expect(pool.stats().rejected).toBe(0);
  });

  it.each<[string, Partial<PoolFaults>, number, RegExp]>([
    ['accepts and ignores it', { halfOpen: true }, 15_000, /no answer to mining.subscribe/],
    ['answers as a web server', { http: true }, 0, /HTTP/],
    ['answers with wrong types', { wrongShapes: true }, 0, /mining\.subscribe cannot be used|refused worker/],
  ])('leaves a pool that %s, saying so', async (_, faults, waitMs, words) => {
    const { pool, source, clock } = await setUp(faults);
    if (waitMs > 0) {
      while (pool.stats().connections.length === 0 || source.state().status === 'connecting') await new Promise((resolve) => setImmediate(resolve));
      clock.advance(waitMs);
    } else await reaches(source, 'backing_off');
    expect(source.state().status).toBe('backing_off');
    expect(source.state().reason).toMatch(words);
  });

  it('leaves a pool that has gone silent and one that does not answer shares', async () => {
    const silent = await setUp();
    await nextJob(silent.source);
    silent.pool.faults.silent = true;
    silent.clock.advance(180_000);
    expect(silent.source.state()).toMatchObject({ status: 'backing_off', reason: expect.stringContaining('not one line') });

    const mute = await setUp({ noSubmitAnswers: true });
    const job = await nextJob(mute.source);
    const verdict = mute.source.submit(mine(job));
    mute.clock.advance(60_000);
    expect(await verdict).toMatchObject({ status: 'unknown' });
    expect(mute.source.state().status).toBe('backing_off');
  });

  it('pauses for five minutes when the worker is refused, then mines when it no longer is', async () => {
    const { pool, source, clock } = await setUp({ unauthorized: true });
    await reaches(source, 'auth_failed');
    Object.assign(pool.faults, noFaults());
    const job = nextJob(source);
    clock.advance(300_000);
    expect(await source.submit(mine(await job))).toMatchObject({ status: 'accepted' });
  });
});
