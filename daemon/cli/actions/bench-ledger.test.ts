import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { reportsFrom } from '../../../bench/ledger.ts';
import { PRESETS } from '../../ledger/presets.ts';
import { measureWear } from '../bench/wear.ts';
import { FakeIo } from '../fake-io.fixture.ts';
import { runCli } from '../program.ts';
import { benchLedgerCommand, type LedgerReport } from './bench-ledger.ts';

const SMALL = { rounds: 1, entriesPerRound: 200, pacedMs: 100, pacedPerS: 500, reportsBeforeKill: 100 };

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(path.join(os.tmpdir(), 'rigbrain-bench-ledger-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const globals = (json: boolean) => ({ json, data: dir, config: null });

describe('bench ledger', () => {
  it('prints engine and baseline, and leaves nothing behind', async () => {
    const io = new FakeIo(dir);
    expect(await benchLedgerCommand(io, globals(true), { baseline: true, history: ['50'], preset: 'ssd', wear: 'none' }, SMALL)).toBe(0);
    expect(io.stderr).toBe('');
    const report = JSON.parse(io.stdout) as LedgerReport;
    const number = expect.any(Number);
    expect(report).toMatchObject({
      engine: [{ history: 50, entries_per_s: number, bytes_per_entry: number, fsyncs_per_entry: number, append_us: { p50: number, p99: number, p999: number }, recovery_ms: number, event_loop_delay_ms: { p50: number, p99: number, max: number } }],
      baseline: [{ history: 50, entries_per_s: number, bytes_per_entry: number }],
      ratios: [{ history: 50 }],
      wear: [],
    });
    const [engine] = report.engine;
    // What was durable is there after kill -9, and it came after history, rounds and what opened them.
    expect(engine?.recovery?.found).toBeGreaterThanOrEqual(engine?.recovery?.durable_before_kill ?? Infinity);
    expect(engine?.recovery?.durable_before_kill).toBeGreaterThan(50 + SMALL.entriesPerRound);
    // The journal and both inodes of each file have an entry once.
    expect(engine?.bytes_per_entry).toBeGreaterThan(1000);
    expect(readdirSync(dir)).toEqual([]);
  }, 120_000);

  it('refuses what it cannot measure', async () => {
    const cli = async (...argv: string[]) => {
      const io = new FakeIo(dir);
      return [await runCli(['bench', 'ledger', '--data', dir, ...argv], io), io.stderr];
    };
    expect(await cli('--preset', 'nvme')).toEqual([78, expect.stringContaining('Use one of sd-card, ssd, paranoid')]);
    expect(await cli('--wear', 'maybe')).toEqual([78, expect.stringContaining('Use counted, device (as root) or none')]);
    expect(await cli('--history', '0,5')).toEqual([78, expect.stringContaining('--history')]);
    expect(readdirSync(dir)).toEqual([]);
  });
});

describe('wear', () => {
  it('is what goes to the disk in simulated time, scaled to a day', async () => {
    const wear = (entryEveryS: number) => measureWear({ folder: path.join(dir, 'wear'), preset: 'sd-card', entryEveryS, maxViewBytes: 64 << 20, method: 'counted', hours: 0.2, report: (n) => reportsFrom(n, 1).next().value ?? {} });
    const often = await wear(1);
    expect(often).toMatchObject({ preset: 'sd-card', entry_every_s: 1, method: 'counted', simulated_hours: 0.2 });
    expect(often.device_bytes_per_day).toBeGreaterThanOrEqual(often.written_bytes_per_day);
    // The journal is synced so often, give or take that it waits for an entry; the files come on top.
    const syncs = 86_400_000 / (PRESETS['sd-card'].syncMs + 1000);
    expect(often.fsyncs_per_day).toBeGreaterThan(syncs);
    const seldom = await wear(10);
    expect(seldom.device_bytes_per_day).toBeLessThan(often.device_bytes_per_day);
    expect(seldom.fsyncs_per_day).toBeLessThanOrEqual(often.fsyncs_per_day);
    expect(readdirSync(dir)).toEqual([]);
  });
});
