import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { BaselineLedger, type BaselineReport } from './ledger-baseline.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(path.join(os.tmpdir(), 'rigbrain-baseline-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

function reports(count: number): BaselineReport[] {
  return Array.from({ length: count }, (_, n) => ({ id: `r${n}`, timestamp: new Date(Date.parse('2025-12-18T00:59:00Z') + n * 1000).toISOString(), component: 'Production-Miner', round_number: n }));
}

function files(): Record<string, unknown> {
  const names = readdirSync(dir, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.json'));
  return Object.fromEntries(names.sort().map((name) => [name, JSON.parse(readFileSync(path.join(dir, name), 'utf8'))]));
}

it('puts every report into its 14 files', () => {
  const ledger = new BaselineLedger(dir);
  for (const report of reports(2)) ledger.report(report);
  const tree = files();
  expect(Object.keys(tree).map((name) => name.replace('System/System_Reports/Miners/', ''))).toEqual([
    'Aggregated/2025/12/W50/18/00/aggregated_00.json', 'Aggregated/2025/12/W50/18/aggregated_18.json', 'Aggregated/2025/12/W50/aggregated_W50.json',
    'Aggregated/2025/12/aggregated_12.json', 'Aggregated/2025/aggregated_2025.json', 'Aggregated/aggregated.json',
    'Aggregated_Index/2025/12/W50/18/00/aggregated_index_00.json', 'Aggregated_Index/2025/12/W50/18/aggregated_index_18.json', 'Aggregated_Index/2025/12/W50/aggregated_index_W50.json',
    'Aggregated_Index/2025/12/aggregated_index_12.json', 'Aggregated_Index/2025/aggregated_index_2025.json', 'Aggregated_Index/aggregated_index.json',
    'Global/global_miners.json', 'Hourly/2025/12/18/00/hourly_miners.json',
  ]);
  for (const [name, document] of Object.entries(tree) as [string, { reports?: unknown[]; summary?: { total_entries: number }; aggregated_data?: { reports: unknown[] } }][]) {
    if (document.summary === undefined) expect(document.reports, name).toHaveLength(2);
    else expect([document.summary.total_entries, document.aggregated_data?.reports.length ?? 2], name).toEqual([2, 2]);
  }
});

it('a history laid out at once is what the reports one by one would have left', () => {
  const history = reports(90);
  const slow = new BaselineLedger(dir);
  for (const report of history) slow.report(report);
  const expected = files();
  rmSync(dir, { recursive: true });
  new BaselineLedger(dir).fill(history);
  const filled = files();
  // The hour before has files of its own, which no further report touches.
  for (const [name, document] of Object.entries(filled)) expect(strip(document), name).toEqual(strip(expected[name]));
  expect(Object.keys(filled)).toHaveLength(14);
});

it('counts what it writes', () => {
  const ledger = new BaselineLedger(dir);
  for (const report of reports(3)) ledger.report(report);
  const before = ledger.bytesWritten;
  ledger.report(reports(4)[3]!);
  const sizes = readdirSync(dir, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.json')).map((name) => readFileSync(path.join(dir, name)).length);
  expect(ledger.bytesWritten - before).toBe(sizes.reduce((sum, size) => sum + size, 0));
});

/** When a file was last updated is not part of the comparison. */
function strip(document: unknown): unknown {
  return JSON.parse(JSON.stringify(document, (key, value: unknown) => (key === 'last_updated' ? undefined : value)));
}
