import { describe, expect, it } from 'vitest';
import { loadVectors } from '../../../test/vectors.ts';
import { bytesToHex, hexToBytes, u32ToHex } from '../../common/bytes.ts';
import { displayHash } from '../../bitcoin/header.ts';
import { targetFromDifficulty } from '../../bitcoin/target.ts';
import { parseNotify } from '../notify.ts';
import { makeSeat, ServedJob, type UpstreamJob } from './served-job.ts';
import { EASY, FakeHost, testJob, TestMiner } from './server.fixture.ts';
import { SERVER_LIMITS } from './limits.ts';
import { SeenShares } from './share-check.ts';

function joined(job: Partial<UpstreamJob> = {}) {
  const host = new FakeHost();
  const miner = new TestMiner(host);
  const issue = host.issue(testJob(job));
  miner.ask('mining.configure', [['version-rolling'], { 'version-rolling.mask': '1fffe000', 'version-rolling.min-bit-count': 2 }]);
  miner.join(issue);
  return { host, miner, issue };
}

describe('what pools do with submits, good and bad', () => {
  it('takes a share once', () => {
    const { miner, issue, host } = joined();
    const share = miner.mine(issue);
    expect(miner.submit(share)).toMatchObject({ result: true, error: null });
    expect(miner.submit(share)).toMatchObject({ result: null, error: [22, 'Duplicate share', null] });
    expect(host.acceptedShares).toHaveLength(1);
    expect(host.refusals).toHaveLength(1);
    // The same in other letters is the same.
    expect(miner.submit(share.map((part, i) => (i >= 2 && i <= 4 ? part.toUpperCase() : part))).error?.[0]).toBe(22);
  });

  it('takes rolled version bits inside the mask, and none outside', () => {
    const { miner, issue, host } = joined();
    const share = miner.mine(issue, { bits: 0x00c02000 });
    expect(miner.submit(share).result).toBe(true);
    expect(host.acceptedShares[0]!.share.version).toBe(0x20c02000);
    for (const bits of ['20000000', 'ffffffff', '00000001']) expect(miner.submit([...miner.mine(issue), bits]).error).toEqual([20, 'Invalid version mask', null]);
    for (const bits of ['zz', '2000', 'zzzzzzzz', 5]) expect(miner.submit([...miner.mine(issue), bits]).error).toEqual([20, 'Invalid version bits', null]);
  });

  it('takes no rolled bits without an agreement', () => {
    const host = new FakeHost();
    const miner = new TestMiner(host);
    const issue = host.issue(testJob());
    miner.join(issue);
    expect(miner.submit(miner.mine(issue, { bits: 0x2000 })).error?.[0]).toBe(20);
    expect(miner.submit([...miner.mine(issue), '00000000']).result).toBe(true);
  });

  it('knows stale jobs from unknown ones', () => {
    const { miner, issue } = joined();
    const share = miner.mine(issue);
    issue.served.stale = 'a new block';
    expect(miner.submit(share).error).toEqual([21, 'Stale', null]);
    expect(miner.submit(['w', 'deadbeef', ...share.slice(2)]).error).toEqual([21, 'Job not found', null]);
    expect(miner.submit(['w', 7, ...share.slice(2)]).error).toEqual([21, 'Job not found', null]);
  });

  it('hands on the block of a stale job, once', () => {
    const { miner, issue, host } = joined({ networkTarget: targetFromDifficulty(EASY) });
    const share = miner.mine(issue);
    issue.served.stale = 'a new block';
    expect(miner.submit(share).error).toEqual([21, 'Stale', null]);
    expect(host.refusals.at(-1)!.share).toMatchObject({ isBlock: true });
    expect(miner.submit(share).error?.[0]).toBe(22);
  });

  it.each([
    ['extranonce2 too short', 2, '00', 20],
    ['extranonce2 too long', 2, '000000010000', 20],
    ['extranonce2 not hex', 2, 'zzzzzzzz', 20],
    ['extranonce2 no text', 2, 5, 20],
    ['nonce not hex', 4, 'zzzzzzzz', 20],
    ['nonce of four digits', 4, '1234', 20],
    ['fractional nonce', 4, 1.5, 20],
    ['ntime not hex', 3, 'zzzzzzzz', 20],
    ['ntime of a few digits', 3, '12', 20],
    ['ntime +8000 s', 3, u32ToHex(0x6900_0000 + 8000), 20],
    ['ntime -1 s', 3, u32ToHex(0x6900_0000 - 1), 20],
    ['another worker', 0, 'nobody.x', 24],
    ['a worker that is no text', 0, null, 24],
  ])('refuses: %s', (_what, at, value, code) => {
    const { miner, issue } = joined();
    const share: unknown[] = miner.mine(issue);
    share[at] = value;
    const answer = miner.submit(share);
    expect(answer.result).toBe(null);
    expect(answer.error?.[0]).toBe(code);
  });

  it('takes a time the miner advanced, up to 7000 s', () => {
    const { miner, issue } = joined();
    expect(miner.submit(miner.mine(issue, { ntime: issue.ntime + 5 })).result).toBe(true);
    expect(miner.submit(miner.mine(issue, { ntime: issue.ntime + 7000 })).result).toBe(true);
  });

  it('refuses a hash above the target, too few parameters, params that are no list', () => {
    const { miner, issue } = joined();
    expect(miner.submit(miner.mine(issue, { least: 0, below: EASY })).error).toEqual([23, 'Low difficulty share', null]);
    expect(miner.submit(['w', issue.id]).error?.[0]).toBe(20);
    expect(miner.ask('mining.submit', { a: 1 }).error).toEqual([20, 'Params not array', null]);
  });

  it('wants a subscription and an authorization', () => {
    const miner = new TestMiner();
    const issue = miner.host.issue(testJob());
    const params = ['w', issue.id, '00000001', u32ToHex(issue.ntime), '00000001'];
    expect(miner.submit(params).error?.[0]).toBe(25);
    miner.ask('mining.subscribe', []);
    expect(miner.submit(params).error?.[0]).toBe(24);
  });

  it('finds the same work under another job id to be a repetition', () => {
    const { miner, issue, host } = joined();
    const again = host.issue(issue.served);
    const share = miner.mine(issue);
    expect(miner.submit(share).result).toBe(true);
    expect(miner.submit([share[0], again.id, ...share.slice(2)]).error?.[0]).toBe(22);
  });

  it('says what goes on to the source', () => {
    const { miner, issue, host } = joined({ shareTarget: targetFromDifficulty(4 * EASY) });
    miner.submit(miner.mine(issue, { below: 2 * EASY }));
    miner.submit(miner.mine(issue, { least: 4 * EASY }));
    expect(host.acceptedShares.map(({ share }) => share.meetsSource)).toEqual([false, true]);
    expect(host.acceptedShares.map(({ share }) => share.isBlock)).toEqual([false, false]);
    expect(host.acceptedShares.map(({ share }) => share.credit)).toEqual([EASY, EASY].map((value) => Number(value.toPrecision(2))));
  });
});

describe('external share vectors', () => {
  interface ShareVector {
    name: string;
    notify: { job_id: string; prevhash: string; coinb1: string; coinb2: string; merkle_branch: string[]; version: string; nbits: string; ntime: string; clean_jobs: boolean };
    extranonce1: string;
    extranonce2: string;
    version_mask: string | null;
    submit: { ntime: string; nonce: string; version_bits: string | null };
    header: string;
    hash_display: string;
    pool_difficulty: number | null;
    pool_verdict: string | null;
  }

  it('judges every share as its pool did, alone and in a seat among others', (context) => {
    const { vectors } = loadVectors<{ vectors: ShareVector[] }>(context, 'stratum/v1_shares.json');
    let accepted = 0;
    for (const v of vectors) {
      const n = v.notify;
      const parsed = parseNotify([n.job_id, n.prevhash, n.coinb1, n.coinb2, n.merkle_branch, n.version, n.nbits, n.ntime, n.clean_jobs]);
      if ('reason' in parsed) throw new Error(`${v.name}: ${parsed.reason}`);
      const mask = v.version_mask === null ? 0 : Number.parseInt(v.version_mask, 16);
      const good = /^accepted/.test(v.pool_verdict ?? '') && v.pool_difficulty !== null;
      const extranonce2 = hexToBytes(v.extranonce2);
      const job: UpstreamJob = {
        ...parsed.value,
        extranonce1: hexToBytes(v.extranonce1),
        extranonce2Size: extranonce2.length,
        versionMask: mask,
        shareTarget: targetFromDifficulty(v.pool_difficulty ?? 1),
      };
      const seats = [{ seat: makeSeat(new Uint8Array(0), extranonce2.length, 's'), own: extranonce2 }];
      // What the miner found can be cut into a prefix and its own part.
      if (extranonce2.length >= 3) seats.push({ seat: makeSeat(extranonce2.subarray(0, 1), extranonce2.length - 1, 's'), own: extranonce2.subarray(1) });
      for (const { seat, own } of seats) {
        const host = new FakeHost();
        host.seat = seat;
        host.mask = mask;
        host.start = v.pool_difficulty ?? 1e-12;
        host.vardiff = { ...host.vardiff, min: 1e-15 };
        const miner = new TestMiner(host);
        const issue = host.issue(new ServedJob(job, 0xffff_ffff, 1));
        if (mask !== 0) miner.ask('mining.configure', [['version-rolling'], { 'version-rolling.mask': 'ffffffff' }]);
        miner.join(issue);
        const bits = v.submit.version_bits;
        const offered = issue.served.versionMask;
        // A job with bits set inside the mask: miners here cannot touch those.
        if (bits !== null && (Number.parseInt(bits, 16) & ~offered) !== 0) continue;
        const answer = miner.submit(['w', issue.id, bytesToHex(own), v.submit.ntime, v.submit.nonce, ...(bits === null ? [] : [bits])]);
        if (!good) continue;
        expect(answer, v.name).toMatchObject({ result: true });
        const share = host.acceptedShares[0]!.share;
        expect(bytesToHex(share.header), v.name).toBe(v.header);
        expect(displayHash(share.hash), v.name).toBe(v.hash_display);
        expect(share.meetsSource, v.name).toBe(true);
        accepted += 1;
      }
    }
    expect(accepted).toBeGreaterThan(10);
  });
});

describe('the shares that are remembered', () => {
  it('are those of two generations, and no more than there is room for', () => {
    const seen = new SeenShares();
    seen.add('a');
    seen.turn();
    seen.add('b');
    expect([seen.has('a'), seen.has('b'), seen.size]).toEqual([true, true, 2]);
    seen.turn();
    expect([seen.has('a'), seen.has('b')]).toEqual([false, true]);
    for (let n = 0; n < 100_000; n++) {
      seen.add(`s${n}`);
      if (seen.size > SERVER_LIMITS.sharesRemembered) expect.unreachable('more than there is room for');
    }
    expect(seen.has('s99999')).toBe(true);
    expect(seen.has(`s${100_000 - SERVER_LIMITS.sharesRemembered / 2}`)).toBe(true);
  });

  it('go with the work they were found in: a miner that mines for days takes up no more than one that has just come', () => {
    const miner = new TestMiner();
    let issue = miner.host.issue(testJob());
    miner.join(issue);
    for (let block = 1; block <= 20; block++) {
      const share = miner.mine(issue);
      expect(miner.submit(share).result).toBe(true);
      expect(miner.submit(share).error?.[0]).toBe(22);
      // Another issue of the same work, after a change of difficulty: what was seen stays seen.
      miner.session.sendWork(miner.host.issue(issue.served), false, miner.now);
      expect(miner.submit(share).error?.[0]).toBe(22);
      issue.served.stale = 'another block is being worked on';
      issue = miner.host.issue(testJob({ ntime: 0x6900_0000 + block }));
      miner.session.sendWork(issue, true, miner.now);
      expect(miner.submit(share).error?.[0]).toBeGreaterThanOrEqual(21);
    }
    expect(miner.session.seen.size).toBeLessThanOrEqual(2);
  });
});
