import { describe, expect, it } from 'vitest';
import { ManualClock } from '../../protocol/common/manual-clock.ts';
import { REFUSALS } from '../../protocol/stratum-v1/server/reply.ts';
import type { CheckedShare } from '../../protocol/stratum-v1/server/share-check.ts';
import { HASHES_AT_DIFFICULTY_ONE } from '../../protocol/bitcoin/target.ts';
import { ShareRates } from './rates.ts';
import { WorkerReports } from './worker-reports.ts';
import { OTHERS, WorkerBook } from './workers.ts';

const share = (credit: number, difficulty = credit) => ({ credit, difficulty }) as CheckedShare;

describe('hash rates', () => {
  it('are right from the first shares on, over every window', () => {
    const rates = new ShareRates(0);
    expect(rates.state(5000)).toEqual({ m1: null, m5: null, m15: null, h1: null });
    for (let now = 10_000; now <= 7_200_000; now += 10_000) {
      rates.add(1000, now);
      if (now < 60_000) continue;
      for (const rate of Object.values(rates.state(now))) expect(rate! / (100 * HASHES_AT_DIFFICULTY_ONE)).toBeCloseTo(1, 0);
    }
    const { m1, h1 } = rates.state(7_200_000);
    expect(m1! / h1!).toBeCloseTo(1, 0);
  });

  it('fall when the shares stop, the short ones first', () => {
    const rates = new ShareRates(0);
    for (let now = 10_000; now <= 3_600_000; now += 10_000) rates.add(1000, now);
    const { m1, m5, h1 } = rates.state(3_600_000 + 300_000);
    expect(m1! / h1!).toBeLessThan(0.02);
    expect(m5! / h1!).toBeLessThan(0.5);
  });
});

describe('workers', () => {
  it('are bounded in number: the one that was idle longest goes into the others, with its counts', () => {
    const book = new WorkerBook();
    for (let n = 0; n < 3000; n++) {
      const worker = book.join(`w${n}`, n);
      worker.noteAccepted(share(2, n), n, n);
      worker.noteRefused(REFUSALS.stale, n);
    }
    expect(book.size).toBeLessThanOrEqual(2049);
    const all = new Map([...book.all()].map((worker) => [worker.name, worker]));
    expect(all.has('w0')).toBe(false);
    expect(all.has('w2999')).toBe(true);
    expect(all.get(OTHERS)).toMatchObject({ accepted: 3000 - (book.size - 1), stale: 3000 - (book.size - 1) });
    expect(book.totals()).toMatchObject({ accepted: 3000, stale: 3000, accepted_difficulty: 6000, best_difficulty: 2999 });
  });

  it('keep their place while they are connected', () => {
    const book = new WorkerBook();
    book.join('kept', 0).connections.add({ address: 'a', userAgent: null, difficulty: 1, versionMask: 0x6000, connectedSince: 5 });
    for (let n = 1; n < 3000; n++) book.join(`w${n}`, n);
    const kept = [...book.all()].find(({ name }) => name === 'kept');
    expect(kept!.state(0)).toMatchObject({ connections: 1, address: 'a', version_mask: '00006000', connected_since: 5 });
  });

  it('have names that can be shown, and no more reasons than a person reads', () => {
    const book = new WorkerBook();
    const worker = book.join('\u001b[31mrig\u0007', 0);
    expect(worker.name).toBe('[31mrig');
    for (let n = 0; n < 50; n++) worker.noteVerdict({ status: 'rejected', code: 20, reason: `bad ${n}`, latency_ms: 1 }, false);
    const { reject_reasons, forwarded_rejected } = worker.state(0);
    expect(forwarded_rejected).toBe(50);
    expect(Object.keys(reject_reasons)).toHaveLength(17);
    expect(reject_reasons['other reasons']).toBe(34);
  });

  it('are known again by what they did', () => {
    const book = new WorkerBook();
    const worker = book.join('w', 0);
    expect(book.difficultyFor('w', 10, 1000)).toBe(null);
    for (let now = 5000; now <= 600_000; now += 5000) worker.noteAccepted(share(1000), now, now);
    expect(book.difficultyFor('w', 10, 600_000)! / 2000).toBeCloseTo(1, 1);
    expect(book.difficultyFor('nobody', 10, 600_000)).toBe(null);
    // Four under one name: the fifth is like one of them.
    const connection = (difficulty: number) => ({ address: 'a', userAgent: null, difficulty, versionMask: null, connectedSince: 0 });
    const all = [500, 500, 500, 700].map(connection);
    for (const one of [...all, connection(0)]) worker.connections.add(one);
    expect(book.difficultyFor('w', 10, 600_000)! / 500).toBeCloseTo(1, 1);
    // And one that comes back after a night has not become slow.
    for (const one of all) worker.leave(one);
    expect(book.difficultyFor('w', 10, 36_000_000)).toBe(700);
  });
});

describe('reports', () => {
  it('are one a worker, those with the most work by name and the rest together', () => {
    const book = new WorkerBook();
    const saved: Record<string, unknown>[] = [];
    const clock = new ManualClock(1_000);
    const reports = new WorkerReports(book, { saveSystemReport: (_category, data) => String(saved.push(data)) }, clock);
    for (let n = 0; n < 300; n++) book.join(`w${n}`, 0).noteAccepted(share(n + 1), 0, 0);
    clock.advance(3_598_999);
    reports.tick();
    expect(saved).toEqual([]);
    clock.advance(1);
    reports.tick();
    expect(saved).toHaveLength(257);
    expect(saved[0]).toMatchObject({ event: 'lan_worker_report', worker: 'w299', accepted_difficulty: 300, duration_seconds: 3599 });
    expect(saved[256]).toMatchObject({ worker: '44 others', shares_accepted: 44, accepted_difficulty: (44 * 45) / 2 });
    expect(saved.reduce((sum, { accepted_difficulty }) => sum + (accepted_difficulty as number), 0)).toBe((300 * 301) / 2);
    reports.report();
    expect(saved).toHaveLength(257);
  });

  it('of those who had to go hold nothing that was written down before', () => {
    const book = new WorkerBook();
    const saved: Record<string, unknown>[] = [];
    const reports = new WorkerReports(book, { saveSystemReport: (_category, data) => String(saved.push(data)) }, new ManualClock());
    book.join('first', 0).noteAccepted(share(1000), 0, 0);
    reports.report();
    book.join('first', 1).noteAccepted(share(1), 1, 1);
    for (let n = 0; n < 2048; n++) book.join(`w${n}`, 2 + n);
    reports.report();
    expect(saved.map(({ worker, accepted_difficulty }) => [worker, accepted_difficulty])).toEqual([['first', 1000], [OTHERS, 1]]);
  });
});
