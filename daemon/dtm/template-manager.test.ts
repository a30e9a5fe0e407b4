import { describe, expect, test } from 'vitest';
import { sha256d } from '../../protocol/bitcoin/hash.ts';
import { hashToBigInt, targetFromDifficulty } from '../../protocol/bitcoin/target.ts';
import { ManualClock } from '../../protocol/common/manual-clock.ts';
import { makeJob, search } from '../mining/mining.fixture.ts';
import { TemplateManager } from './template-manager.ts';

const manager = (localZeros = 64): TemplateManager => new TemplateManager({ clock: new ManualClock(), localZeros });

describe('work', () => {
  test('two devices never get the same header', () => {
    const templates = manager();
    templates.setJob(makeJob());
    const headers = new Set(['a', 'b', 'a', 'b'].map((id) => Buffer.from(templates.nextWork(id, null)!.header).toString('hex')));
    expect(headers.size).toBe(4);
  });

  test('there is none without a job, and none after clearJob', () => {
    const templates = manager();
    expect(templates.nextWork('a', null)).toBeNull();
    templates.setJob(makeJob());
    expect(templates.nextWork('a', null)).not.toBeNull();
    templates.clearJob();
    expect(templates.nextWork('a', null)).toBeNull();
  });

  test('only version bits that the job does not set itself may be rolled', () => {
    const templates = manager();
    templates.setJob(makeJob({ version: 0x20002000, versionMask: 0x1fffe000 }));
    expect(templates.nextWork('a', null)!.versionMask & 0x2000).toBe(0);
  });

  test('what the pool takes stands beside what the device may report', () => {
    const templates = manager(1);
    const job = makeJob({ shareTarget: targetFromDifficulty(4), networkTarget: targetFromDifficulty(1000) });
    templates.setJob(job);
    const work = templates.nextWork('a', null)!;
    expect(hashToBigInt(work.shareTarget)).toBe(job.shareTarget);
    expect(hashToBigInt(work.target)).toBeGreaterThan(job.shareTarget);
  });

  test('a device that asks often does not push out the work of one that asks seldom', () => {
    const templates = manager();
    templates.setJob(makeJob());
    const slow = templates.nextWork('slow', null)!;
    const oldest = templates.nextWork('fast', null)!;
    const found = search(slow);
    const tooOld = search(oldest);
    for (let i = 0; i < 5000; i++) templates.nextWork('fast', null);
    expect(templates.judge('fast', tooOld).kind).toBe('expired');
    expect(templates.judge('slow', found).kind).toBe('share');
  });

  test('a fast device is not asked for local hits it would drown in', () => {
    const templates = manager(2);
    templates.setJob(makeJob({ shareTarget: 1n, networkTarget: 1n }));
    const slow = hashToBigInt(templates.nextWork('a', 100)!.target);
    const fast = hashToBigInt(templates.nextWork('a', 1e12)!.target);
    expect(slow).toBe((1n << 248n) - 1n);
    expect(fast <= slow >> 32n).toBe(true);
  });
});

describe('judging nonces', () => {
  test('one for a work given up long ago is late, one for a work that never was is an error', () => {
    const templates = manager();
    templates.setJob(makeJob());
    const work = templates.nextWork('a', null)!;
    const late = search(work);
    for (let i = 1; i < 32; i++) templates.setJob(makeJob({ key: `k${i}` }));
    expect(templates.judge('a', late).kind).toBe('share');
    templates.setJob(makeJob({ key: 'k32' }));
    expect(templates.judge('a', late)).toEqual({ kind: 'expired' });
    expect(templates.judge('a', { ...late, workId: work.id + 1 }).kind).toBe('hardware_error');
  });

  test('a real hit becomes a share whose header hashes to what it says', () => {
    const templates = manager();
    const job = makeJob({ versionMask: 0x1fffe000 });
    templates.setJob(job);
    const work = templates.nextWork('a', null)!;
    const verdict = templates.judge('a', search(work));
    if (verdict.kind !== 'share') throw new Error(verdict.kind);
    expect(verdict.share.header).toHaveLength(80);
    expect(Buffer.from(verdict.share.hash)).toEqual(Buffer.from(sha256d(verdict.share.header)));
    expect(hashToBigInt(verdict.share.hash) <= job.shareTarget).toBe(true);
    expect(verdict.share.versionBits).toBe(0);
    expect(verdict.share.job).toBe(job);
  });

  test('a hash at or below the network target is a block', () => {
    const templates = manager();
    const job = makeJob();
    templates.setJob(job);
    const work = templates.nextWork('a', null)!;
    const block = templates.judge('a', search(work, (hash) => hash <= job.networkTarget));
    const share = templates.judge('a', search(work, (hash) => hash > job.networkTarget));
    expect(block.kind === 'share' && block.share.isBlock).toBe(true);
    expect(share.kind === 'share' && share.share.isBlock).toBe(false);
  });

  test('a block is sent even when the pool asks for more than the network', () => {
    const templates = manager();
    const job = makeJob({ shareTarget: 1n });
    templates.setJob(job);
    const verdict = templates.judge('a', search(templates.nextWork('a', null)!));
    expect(verdict.kind === 'share' && verdict.share.isBlock).toBe(true);
  });

  test('a nonce that does not hash to the target is a hardware error', () => {
    const templates = manager();
    templates.setJob(makeJob({ shareTarget: targetFromDifficulty(1), networkTarget: 1n }));
    const work = templates.nextWork('a', null)!;
    expect(templates.judge('a', { workId: work.id, nonce: 7, version: 0x20000000 })).toMatchObject({ kind: 'hardware_error' });
  });

  test('rolled bits outside the mask and answers to unknown or foreign work are hardware errors', () => {
    const templates = manager();
    templates.setJob(makeJob());
    const work = templates.nextWork('a', null)!;
    const hit = search(work);
    expect(templates.judge('a', { ...hit, version: hit.version ^ 0x2000 }).kind).toBe('hardware_error');
    expect(templates.judge('b', hit).kind).toBe('hardware_error');
    expect(templates.judge('a', { ...hit, workId: 999 }).kind).toBe('hardware_error');
    expect(templates.judge('a', hit).kind).toBe('share');
  });

  test('the same nonce twice is a duplicate', () => {
    const templates = manager();
    templates.setJob(makeJob());
    const hit = search(templates.nextWork('a', null)!);
    expect(templates.judge('a', hit).kind).toBe('share');
    expect(templates.judge('a', hit).kind).toBe('duplicate');
  });

  test('a hit between local and pool target is counted, not sent', () => {
    const templates = manager(1);
    templates.setJob(makeJob({ shareTarget: 1n, networkTarget: 1n }));
    const verdict = templates.judge('a', search(templates.nextWork('a', null)!));
    expect(verdict.kind === 'local_hit' && verdict.checked.leadingZeros).toBeGreaterThanOrEqual(1);
  });

  test('a share is stale after the block changed, good after a mere refresh, and good when another pool took over', () => {
    const templates = manager();
    templates.setJob(makeJob());
    const work = templates.nextWork('a', null)!;
    const hits = distinctHits(work, 3);
    templates.setJob(makeJob({ key: 'refresh' }));
    expect(templates.judge('a', hits[0]!).kind).toBe('share');
    templates.setJob(makeJob({ key: 'block', prevHash: new Uint8Array(32).fill(0x99) }));
    expect(templates.judge('a', hits[1]!).kind).toBe('stale');
    templates.setJob(makeJob({ key: 'other', sourceId: 'other', prevHash: new Uint8Array(32).fill(0x99) }));
    expect(templates.judge('a', hits[2]!).kind).toBe('share');
  });
});

function distinctHits(work: Parameters<typeof search>[0], count: number): ReturnType<typeof search>[] {
  const hits: ReturnType<typeof search>[] = [];
  let from = work.nonceFrom;
  while (hits.length < count) {
    const hit = search({ ...work, nonceFrom: from });
    hits.push(hit);
    from = hit.nonce + 1;
  }
  return hits;
}
