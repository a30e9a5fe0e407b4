import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { packageRoot } from '../../version.ts';
import type { StratumReport } from '../bench/stratum/report.ts';

const bin = path.join(packageRoot(), 'dist', 'daemon', 'cli', 'bin.js');

describe.skipIf(!existsSync(bin))('bench stratum as a process', () => {
  it('loads the real daemon with miners whose shares it checks, and reports what is asked for', async () => {
    const { stdout } = await promisify(execFile)(process.execPath, [bin, 'bench', 'stratum', '--json', '--clients', '40', '--seconds', '2', '--idle', '200', '--rate', '150'], { maxBuffer: 1 << 20 });
    const report = JSON.parse(stdout) as StratumReport;
    const number = expect.any(Number) as number;
    expect(report).toMatchObject({
      clients: 40,
      submits_per_s: number,
      answer_ms: { p50: number, p99: number, max: number },
      notify_fanout_ms: { p50: number, p99: number, max: number, missed: 0 },
      // Of another number than 10,000 nothing is said.
      rss_mb_idle_10k: null,
      rejected: 0,
      rejected_by_reason: {},
      unanswered: 0,
      connections_lost: [],
      idle: { clients: 200, rss_mb: number, notify_fanout_ms: { missed: 0 } },
      limits: { submits_per_s: { wanted: 2500, met: null }, rss_mb_idle_10k: { wanted: 400, met: null } },
    });
    expect(report.accepted).toBeGreaterThan(0);
    // One share in 1024 is one for the pool above: there may be none in so short a time, and none is wrong.
    expect(report.passed_on.rejected_by_reason).toEqual({});
  }, 300_000);
});
