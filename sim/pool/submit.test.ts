import { describe, expect, test } from 'vitest';
import { loadVectors } from '../../test/vectors.ts';
import { hashHeader, serializeHeader } from '../chain/block.ts';
import { digestNumber, displayHex } from '../chain/bytes.ts';
import { difficultyOf, targetFromDifficulty } from '../chain/target.ts';
import { shareHeader, type IssuedJob } from './job.ts';
import type { TestClient } from './client.fixture.ts';
import { MINABLE, testPool, type TestPool } from './pool.fixture.ts';

/** A joined miner that has agreed on version rolling. */
async function joined(options: Parameters<typeof testPool>[0] = {}): Promise<TestPool & { miner: TestClient }> {
  const made = await testPool(options);
  const miner = await made.connect();
  await miner.request('mining.configure', [['version-rolling'], { 'version-rolling.mask': '1fffe000' }]);
  await miner.join();
  return { ...made, miner };
}

describe('a submit is refused with the right code and plain words', () => {
  test('25 before subscribe, 24 before authorize and for a name that never was', async () => {
    const { connect } = await testPool();
    const miner = await connect();
    const params = [miner.worker, '1', '0000000000000000', '00000000', '00000000'];
    expect((await miner.request('mining.submit', params)).error).toEqual([25, 'Not subscribed', null]);
    expect((await miner.request('mining.authorize', [miner.worker, 'x'])).error).toEqual([25, 'Not subscribed', null]);
    await miner.subscribe();
    expect((await miner.request('mining.submit', params)).error).toEqual([24, 'Unauthorized worker', null]);
    await miner.request('mining.authorize', [miner.worker, 'x']);
    await miner.untilReceived('mining.notify');
    expect((await miner.submit(miner.mine(), 'somebody.else')).error).toEqual([24, 'Unauthorized worker', null]);
  });

  test('24 when the pool does not know the worker', async () => {
    const { connect } = await testPool({ authorize: (worker, password) => worker === 'demo.worker' && password === 'right' });
    const miner = await connect();
    await miner.subscribe();
    expect((await miner.request('mining.authorize', [miner.worker, 'wrong'])).error).toEqual([24, 'Unauthorized worker', null]);
    expect((await miner.request('mining.authorize', [miner.worker, 'right'])).result).toBe(true);
  });

  test('21 for a job that never was and for one of the block before', async () => {
    const { pool, miner } = await joined(MINABLE);
    const late = miner.mine({ below: pool.stats().network_difficulty });
    expect((await miner.submit({ ...late, jobId: 'ffff' })).error).toEqual([21, 'Job not found', null]);
    await miner.submit(miner.mine({ difficulty: pool.stats().network_difficulty }));
    expect((await miner.submit(late)).error).toEqual([21, 'Stale', null]);
    expect(pool.stats().rejected_by_reason).toEqual({ job_not_found: 1, stale: 1 });
  });

  test('21 for a job older than the pool keeps', async () => {
    const { pool, miner } = await joined();
    const old = miner.mine();
    for (let i = 0; i < 16; i++) pool.broadcast.job();
    expect((await miner.submit(old)).error?.[1]).toBe('Job not found');
  });

  test('22 for the same share twice, however it is written', async () => {
    const { pool, miner } = await joined();
    const share = miner.mine();
    expect((await miner.submit(share)).result).toBe(true);
    expect((await miner.submit(share)).error).toEqual([22, 'Duplicate share', null]);
    expect((await miner.submit({ ...share, nonce: share.nonce.toUpperCase() })).error?.[0]).toBe(22);
    expect(pool.stats().rejected_by_reason).toEqual({ duplicate: 2 });
  });

  test('23 for a hash above the target, naming both difficulties', async () => {
    const { miner } = await joined();
    const answer = await miner.submit(miner.mine({ meets: false }));
    expect(answer.error?.[0]).toBe(23);
    expect(answer.error?.[1]).toMatch(/^Low difficulty share of [\d.e-]+, 5.960464477539063e-8 is needed$/);
  });

  test.each<[string, RegExp, (share: { extranonce2: string; ntime: string; nonce: string; versionBits: string | null }) => object]>([
    ['extranonce2 too short', /Incorrect size of extranonce2/, (share) => ({ extranonce2: share.extranonce2.slice(2) })],
    ['extranonce2 too long', /Incorrect size of extranonce2/, (share) => ({ extranonce2: `${share.extranonce2}00` })],
    ['extranonce2 not hex', /Extranonce2 is not hex/, (share) => ({ extranonce2: `zz${share.extranonce2.slice(2)}` })],
    ['ntime not hex', /Ntime is not 8 hex digits/, () => ({ ntime: 'xyz' })],
    ['ntime before the job', /Ntime out of range/, (share) => ({ ntime: (Number.parseInt(share.ntime, 16) - 1).toString(16) })],
    ['ntime 7001 s ahead', /Ntime out of range/, (share) => ({ ntime: (Number.parseInt(share.ntime, 16) + 7001).toString(16) })],
    ['nonce of four digits', /Nonce is not 8 hex digits/, () => ({ nonce: 'abcd' })],
    ['version bits not hex', /Version bits are not 8 hex digits/, () => ({ versionBits: 'zz' })],
    ['version bits outside the mask', /Invalid version mask/, () => ({ versionBits: '00000001' })],
  ])('20 for %s', async (_name, text, change) => {
    const { miner } = await joined();
    const share = miner.mine();
    const answer = await miner.submit({ ...share, ...change(share) });
    expect(answer.error?.[0]).toBe(20);
    expect(answer.error?.[1]).toMatch(text);
    expect((await miner.submit(share)).result).toBe(true);
  });

  test('20 for parameters that are not a list, too few, too many', async () => {
    const { miner } = await joined();
    const { jobId, extranonce2, ntime, nonce } = miner.mine();
    expect((await miner.request('mining.submit', { worker: miner.worker })).error).toEqual([20, 'Params not array', null]);
    expect((await miner.request('mining.submit', [miner.worker, jobId, extranonce2])).error).toEqual([20, 'Expected 5 or 6 parameters, got 3', null]);
    expect((await miner.request('mining.submit', [miner.worker, jobId, extranonce2, ntime, nonce, '00000000', 1])).error?.[0]).toBe(20);
  });

  test('20 for version bits when version rolling was not agreed', async () => {
    const { connect } = await testPool();
    const miner = await connect();
    await miner.join();
    expect((await miner.submit({ ...miner.mine(), versionBits: '00000000' })).error).toEqual([20, 'Version rolling was not negotiated', null]);
  });
});

test('time may be rolled forward inside the window', async () => {
  const { miner } = await joined();
  for (const rollTime_s of [0, 5, 7000]) expect((await miner.submit(miner.mine({ rollTime_s }))).result).toBe(true);
});

interface ShareVector {
  name: string;
  notify: { prevhash: string; coinb1: string; coinb2: string; merkle_branch: string[]; version: string; nbits: string };
  extranonce1: string;
  extranonce2: string;
  version_mask: string | null;
  submit: { ntime: string; nonce: string; version_bits: string | null };
  header: string;
  hash_display: string;
  share_difficulty: number;
}

test('headers of shares that other pools accepted come out the same', (context) => {
  const { vectors } = loadVectors<{ vectors: ShareVector[] }>(context, 'stratum/v1_shares.json');
  const hex = (text: string) => Buffer.from(text, 'hex');
  const number = (text: string | null) => Number.parseInt(text ?? '0', 16);
  for (const vector of vectors) {
    const { notify, submit } = vector;
    const bits = number(notify.nbits);
    const issued: IssuedJob = {
      id: '1',
      job: {
        template: { height: 1, version: number(notify.version), prevHash: hex(notify.prevhash).swap32(), bits, target: 0n, time: 0, minTime: 0, coinbaseValue: 0n, transactions: [] },
        parent: '',
        coinb1: hex(notify.coinb1),
        coinb2: hex(notify.coinb2),
        branch: notify.merkle_branch.map(hex),
        seen: new Set(),
      },
      difficulty: 1,
      target: targetFromDifficulty(1),
      extranonce1: hex(vector.extranonce1),
      extranonce2Size: vector.extranonce2.length / 2,
    };
    const header = shareHeader(issued, { extranonce2: hex(vector.extranonce2), ntime: number(submit.ntime), nonce: number(submit.nonce), versionBits: number(submit.version_bits), versionMask: number(vector.version_mask) });
    expect(serializeHeader(header).toString('hex'), vector.name).toBe(vector.header);
    expect(displayHex(hashHeader(header)), vector.name).toBe(vector.hash_display);
    expect(difficultyOf(digestNumber(hashHeader(header))) / vector.share_difficulty, vector.name).toBeCloseTo(1, 9);
  }
  expect(vectors.length).toBeGreaterThan(10);
});
