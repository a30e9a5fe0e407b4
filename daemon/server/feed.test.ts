import { describe, expect, it } from 'vitest';
import { SERVER_LIMITS } from '../../protocol/stratum-v1/server/limits.ts';
import { makeJob } from '../mining/mining.fixture.ts';
import { Feed, IssueNumbers } from './feed.ts';

const feed = () => new Feed('pool', new IssueNumbers(0x7ffff0), 0xffff_ffff);
const job = (n: number, overrides = {}) => makeJob({ key: `pool:1:${n}`, poolJobId: String(n), clean: false, coinb2: Uint8Array.of(n), ...overrides });

describe('jobs of a source', () => {
  it('make older ones stale with another block, another session or the clean flag, and only then', () => {
    for (const change of [{ prevHash: new Uint8Array(32).fill(9) }, { session: 2 }, { clean: true }]) {
      const it = feed();
      expect(it.take(job(1), 0)).toBe(true);
      const first = it.current!;
      expect(it.take(job(2), 1000)).toBe(false);
      expect(first.served.stale).toBe(null);
      expect(it.take(job(3, change), 2000)).toBe(true);
      expect(first.served.stale).not.toBe(null);
      expect(it.find(first.id)).toBe(first);
      expect(it.current!.served.stale).toBe(null);
    }
  });

  it('are the same work when only their name and difficulty are new: their time goes on', () => {
    const it = feed();
    it.take(job(1), 0);
    const first = it.current!;
    it.take({ ...job(1), poolJobId: 'other', shareDifficulty: 5 }, 20_000);
    expect(it.current!.served.workId).toBe(first.served.workId);
    expect(it.current!.ntime).toBe(first.ntime + 20);
    it.take(job(2), 21_000);
    expect(it.current!.served.workId).not.toBe(first.served.workId);
    expect(it.current!.ntime).toBe(job(2).ntime);
  });

  it('are the same work with a later time, or the clean flag: no time is given out twice', () => {
    const it = feed();
    const { ntime } = job(1);
    it.take(job(1), 0);
    const first = it.current!;
    for (let n = 0; n < 10; n++) it.renew(25_000);
    const times = new Set([ntime, ...Array.from({ length: 10 }, (_, n) => ntime + 25 + n)]);
    expect(it.current!.ntime).toBe(Math.max(...times));
    for (const [at, again] of [[30_000, { ntime: ntime + 30 }], [31_000, { ntime: ntime + 31, clean: true }], [40_000, { clean: true, ntime: ntime + 31 }]] as const) {
      it.take(job(1, again), at);
      expect(times.has(it.current!.ntime)).toBe(false);
      expect(it.current!.served.workId).toBe(first.served.workId);
      expect(it.current!.served.stale).toBe(null);
      times.add(it.current!.ntime);
    }
    expect(first.served.stale).not.toBe(null);
  });

  it('are renewed with a later time, never far ahead of it, under short names', () => {
    const it = feed();
    it.take(job(1), 0);
    const start = it.current!.ntime;
    for (let n = 0; n < 100; n++) it.renew(500);
    expect(it.current!.ntime).toBe(start + 10);
    it.renew(60_000);
    expect(it.current!.ntime).toBe(start + 60);
    it.renew(24 * 3_600_000);
    expect(it.current!.ntime).toBeLessThanOrEqual(start + SERVER_LIMITS.ntimeAheadS / 2 + 10);
    expect(it.current!.id).toMatch(/^[0-9a-f]{1,8}$/);
  });

  it('are forgotten after ten minutes or when there are too many, and are stale then', () => {
    const it = feed();
    it.take(job(1), 0);
    const first = it.current!;
    it.take(job(2), 1000);
    const second = it.current!;
    it.sweep(599_000, 60_000);
    expect(it.find(first.id)).toBe(first);
    it.renew(599_000);
    it.sweep(601_001, 60_000);
    expect([it.find(first.id), it.find(second.id)]).toEqual([null, null]);
    expect(first.served.stale).not.toBe(null);
    // The same work is out under a newer name.
    expect(second.served.stale).toBe(null);
    for (let n = 0; n < 3000; n++) it.renew(602_000);
    it.sweep(602_000, 60_000);
    expect(it.find(it.current!.id)).toBe(it.current);
    expect(it.known).toBe(SERVER_LIMITS.jobsKept);
  });

  it('are no more than the memory is for, however fast a pool sends them', () => {
    const it = feed();
    it.take(job(1), 0);
    const first = it.current!;
    it.renew(0);
    for (let n = 2; n <= SERVER_LIMITS.contentsKept; n++) it.take(job(n), 0);
    expect(it.find(first.id)).toBe(first);
    it.take(job(99), 0);
    expect([it.find(first.id), it.known]).toEqual([null, SERVER_LIMITS.contentsKept]);
    expect(first.served.stale).not.toBe(null);
    for (let n = 100; n < 1000; n++) it.take(job(n & 0xff, { height: n }), 0);
    expect(it.known).toBe(SERVER_LIMITS.contentsKept);
  });

  it('of a source that is gone are good for a while, and again when it comes back', () => {
    const it = feed();
    it.lose(0);
    expect(it.hasWork).toBe(false);
    it.take(job(1), 0);
    it.lose(1000);
    it.lose(5000);
    it.sweep(60_000, 60_000);
    expect(it.current!.served.stale).toBe(null);
    it.sweep(61_000, 60_000);
    expect(it.current!.served.stale).not.toBe(null);
    it.take(job(2), 62_000);
    expect(it.hasWork).toBe(true);
    expect(it.current!.served.stale).toBe(null);
  });
});
