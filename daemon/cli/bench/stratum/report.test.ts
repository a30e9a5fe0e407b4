import { describe, expect, it } from 'vitest';
import type { FanOutFigures } from './load-child.ts';
import { cpuPercent, processCost } from './process-cost.ts';
import { listOf } from './processors.ts';
import { limitsOf, stepOf } from './report.ts';

const FAN_OUT: FanOutFigures = { p50: 10, p99: 99, max: 120, notifies: 100, missed: 0 };
const cost = (cpu_ms: number) => ({ cpu_ms, rss_mb: 100, rss_peak_mb: 120 });
const figures = { seconds: 2, sent: 2000, sent_per_s: 1000, accepted: 2000, accepted_per_s: 998, rejected: 0, rejected_by_reason: {}, unanswered: 0, answer_ms: { p50: 1, p99: 49, max: 80 } };
const step = (offered: number, changed: Partial<typeof figures> = {}) =>
  stepOf(offered, { figures: { ...figures, ...changed }, fanOut: FAN_OUT, joined: 10 }, { server: cost(1000), load: cost(0) }, { server: cost(2500), load: null });

describe('the report on the LAN pool', () => {
  it('calls a rate held when all of it was sent, accepted, and answered in time', () => {
    expect(step(1000)).toMatchObject({ held: true, submits_per_s: 998, server_cpu_percent: 75, load_cpu_percent: null });
    expect(step(1100).held).toBe(false);
    expect(step(1000, { rejected: 1 }).held).toBe(false);
    expect(step(1000, { unanswered: 1 }).held).toBe(false);
    expect(step(1000, { answer_ms: { p50: 1, p99: 50, max: 80 } }).held).toBe(false);
  });

  it('holds figures against what is wanted, and says of none that it was met unless it was measured', () => {
    const met = (...args: Parameters<typeof limitsOf>) => Object.values(limitsOf(...args)).map((limit) => limit.met);
    expect(met(2500, figures.answer_ms, FAN_OUT, 400)).toEqual([true, true, true, true]);
    expect(met(2499, { p50: 1, p99: 50, max: 50 }, { ...FAN_OUT, p99: 100 }, 400.1)).toEqual([false, false, false, false]);
    // Whether a server that was not asked for more could do more, nobody knows; one that was asked and did not, could not.
    expect([1000, 3000, null].map((rate) => met(1000, figures.answer_ms, FAN_OUT, null, rate)[0])).toEqual([null, false, false]);
    const nothing = { p50: null, p99: null, max: null };
    expect(met(2500, nothing, { ...nothing, notifies: 0, missed: 0 }, null)).toEqual([true, null, null, null]);
    // A job that never came has no time, and is no good sign.
    expect(met(2500, figures.answer_ms, { ...FAN_OUT, missed: 1 }, null)[2]).toBe(false);
  });
});

describe('what a process costs', () => {
  it.skipIf(process.platform !== 'linux')('is read of a process that runs, and null of one that does not', () => {
    const before = processCost(process.pid);
    const until = performance.now() + 40;
    while (performance.now() < until);
    const after = processCost(process.pid);
    expect(after?.rss_mb).toBeGreaterThan(20);
    expect(after?.rss_peak_mb).toBeGreaterThanOrEqual(after?.rss_mb ?? Infinity);
    expect(after?.cpu_ms).toBeGreaterThanOrEqual(before?.cpu_ms ?? Infinity);
    expect(processCost(2 ** 30)).toBeNull();
    expect(cpuPercent(cost(0), cost(500), 1)).toBe(50);
    expect(cpuPercent(null, cost(500), 1)).toBeNull();
  });

  it('is kept to processors the system allows', () => {
    expect(listOf('0-2,5')).toEqual([0, 1, 2, 5]);
    expect(listOf('3')).toEqual([3]);
    expect(listOf('')).toEqual([]);
    expect(listOf('x')).toEqual([]);
  });
});
