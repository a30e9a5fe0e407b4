import { describe, expect, it } from 'vitest';
import { benchHash } from './hash.ts';
import { percentile } from './statistics.ts';

describe('benchHash', () => {
  it('reports every kernel of this machine, the job switch and the event loop', async () => {
    const report = await benchHash({ slices: 3, sliceMs: 15, jobSwitches: 20, eventLoopMs: 150 });
    const js = report.kernels.find((kernel) => kernel.kernel === 'js');
    expect(js?.ratio_to_js).toBe(1);
    for (const kernel of report.kernels) {
      expect(kernel.min).toBeGreaterThan(0);
      expect(kernel.min).toBeLessThanOrEqual(kernel.hashes_per_second);
      expect(kernel.hashes_per_second).toBeLessThanOrEqual(kernel.max);
    }
    // Far from the 4 the benchmark shows on a quiet machine: this one may be busy with other tests.
    expect(report.kernels.find((kernel) => kernel.kernel === 'wasm-simd')?.ratio_to_js).toBeGreaterThan(2);
    expect(report.job_switch_us.samples).toBe(20 * report.job_switch_us.threads);
    expect(report.job_switch_us.p50).toBeGreaterThan(0);
    expect(report.job_switch_us.p50).toBeLessThanOrEqual(report.job_switch_us.p99);
    expect(Number.isFinite(report.event_loop_delay_ms.p99)).toBe(true);
    expect(JSON.parse(JSON.stringify(report))).toEqual(report);
  });
});

describe('percentile', () => {
  it('is the nearest rank', () => {
    const values = [5, 1, 4, 2, 3];
    expect([0, 20, 50, 99, 100].map((p) => percentile(values, p))).toEqual([1, 1, 3, 5, 5]);
    expect(percentile([], 50)).toBeNaN();
  });
});
