import { describe, expect, it } from 'vitest';
import { limitsOf, type StratumReport } from '../bench/stratum/report.ts';
import { FakeIo } from '../fake-io.fixture.ts';
import { runCli } from '../program.ts';
import { stratumText } from './bench-stratum.ts';

const fanOut = { p50: 20, p99: 104, max: 110, notifies: 90, missed: 0, under_submits_per_s: 2500 };
const answer = { p50: 1.5, p99: 21, max: 60 };
const report: StratumReport = {
  clients: 1000,
  submits_per_s: 5012,
  answer_ms: answer,
  notify_fanout_ms: fanOut,
  rss_mb_idle_10k: 321,
  limits: limitsOf(5012, answer, fanOut, 321),
  seconds: 20,
  accepted: 100_240,
  rejected: 0,
  rejected_by_reason: {},
  unanswered: 0,
  quiet_notify_fanout_ms: { ...fanOut, p99: 30 },
  joined_ms: 800,
  passed_on: { accepted: 98, rejected_by_reason: {} },
  connections_lost: [],
  server_cpu_percent: 91,
  load_cpu_percent: 40,
  steps: [],
  idle: { clients: 10_000, joined_ms: 6000, rss_before_mb: 120, rss_mb: 321, rss_peak_mb: 330, kb_per_client: 20.1, server_cpu_percent: 2, notify_fanout_ms: fanOut },
  server_cpu: 0,
  load_cpu: 1,
  cpu: 'A processor',
  node: 'v20',
  load_1m: 0.5,
};

describe('bench stratum', () => {
  it('tells a person what was measured and whether it is what is wanted', () => {
    const text = stratumText(report);
    expect(text).toContain('1000 miners: 5012 checked submits/s for 20 s (meets at least 2500)');
    expect(text).toContain('p99 104 ms (90 jobs) (MISSES p99 below 100)');
    expect(text).toContain('10000 idle miners: 321 MB, peak 330 MB, without miners 120 MB (meets at most 400)');
    expect(text).not.toContain('connections lost');
    const small = stratumText({ ...report, clients: 10, idle: null, server_cpu: null, load_cpu: null, connections_lost: ['closed by the server'] });
    expect(small).toContain('memory: not measured');
    expect(small).toContain('server and load share the processors');
    expect(small).toContain('connections lost: closed by the server');
    expect(small).toContain('wanted are for 1000 miners');
  });

  it('refuses numbers it cannot use', async () => {
    const io = new FakeIo('/');
    expect(await runCli(['bench', 'stratum', '--clients', '0'], io)).toBe(78);
    expect(io.stderr).toContain('whole number from 1 to 20000');
  });
});
