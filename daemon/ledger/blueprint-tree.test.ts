import path from 'node:path';
import { expect, it } from 'vitest';
import { ManualClock } from '../../protocol/common/manual-clock.ts';
import { silentLog } from '../../protocol/common/log.ts';
import { createBrainstem } from '../brainstem/brainstem.ts';
import type { FileType } from '../brainstem/contract.ts';
import { packageRoot } from '../version.ts';
import { bench, SEED_INSTANT, temporaryFolder, type Bench } from './kit.fixture.ts';

/** A ledger over the repository's own Brain.QTL, in an empty folder. */
function blueprintBench(): Bench {
  const clock = new ManualClock(SEED_INSTANT);
  const brainstem = createBrainstem({ blueprintFile: path.join(packageRoot(), 'Brain.QTL'), dataDir: temporaryFolder(), mode: 'demo', clock, log: silentLog });
  return bench({ brainstem, clock });
}

const OWNERS: readonly (readonly [FileType, string])[] = [
  ['ledger', 'dtm'],
  ['math_proof', 'dtm'],
  ['submission', 'looping'],
  ['rejection', 'looping'],
  ['look_at', 'brain'],
  ['system_report', 'miners'],
  ['error_report', 'miners'],
];

function appendOneOfEach({ ledger }: Bench): void {
  ledger.append('ledger', { nonce: 1, hashes_tried: 4096, difficulty: 2, leading_zeros: 9, is_block: true });
  ledger.append('math_proof', { proof_id: 'p1', is_block: true });
  ledger.append('submission', { status: 'accepted', is_block: true });
  ledger.append('rejection', { reason: 'stale' });
  ledger.append('look_at', { severity: 'critical', reason: 'block_rejected', message: 'refused', path: null, references: {} });
  ledger.saveSystemReport('miners', { event: 'mining_round_complete', attempts_this_round: 4096, blocks_found: 1 }, 'Production-Miner');
  ledger.saveSystemError('miners', { severity: 'warning', error_type: 'hardware_error', message: 'wrong nonce' }, 'Production-Miner');
}

it('every file the blueprint names for an entry has it, and every index the count', async () => {
  const room = blueprintBench();
  const { brainstem, ledger, read } = room;
  await brainstem.initialize('Production-Miner');
  for (let turn = 0; turn < 3; turn += 1) {
    appendOneOfEach(room);
    await ledger.flush();
  }
  expect(ledger.stats()).toMatchObject({ accepted: 21, written: 21, lost: 0, backup: 0, corrupt_files: 0, last_error: null });
  for (const [type, owner] of OWNERS) {
    const targets = brainstem.viewTargets(type, owner, SEED_INSTANT);
    expect(targets.length).toBeGreaterThanOrEqual(14);
    for (const { path: file, arrayKey, role } of targets) {
      const document = read(file);
      // Attempts and proofs share the roll-ups of Ledgers; all seven types share those of Global_Aggregated.
      const types = file.startsWith('Global_Aggregated/') ? 7 : /^Ledgers\/Aggregated(?!.*\/Global\/)/.test(file) ? 2 : 1;
      if (arrayKey !== null) expect(arrayKey.split('.').reduce((node, key) => node[key], document), `${file} ${arrayKey}`).toHaveLength(3 * types);
      if (role !== 'period' && role !== 'global') expect(document.summary.total_entries, file).toBe(3 * types);
    }
  }
});

it('fills the totals of the blueprint’s own templates', async () => {
  const room = blueprintBench();
  const { ledger, read } = room;
  appendOneOfEach(room);
  appendOneOfEach(room);
  await ledger.flush();
  expect(read('Ledgers/global_ledger.json')).toMatchObject({ total_hashes: 8192, total_blocks_found: 2, total_attempts: 2, computational_hours: null, metadata: { last_updated: '2025-12-18T01:47:41.076-06:00' } });
  expect(read('Ledgers/2025/12/W50/18/01/hourly_ledger.json')).toMatchObject({ total_hashes_this_hour: 8192, total_blocks_found_this_hour: 2, best_leading_zeros_this_hour: 9 });
  expect(read('Ledgers/global_math_proof.json')).toMatchObject({ total_proofs: 2, total_blocks_proven: 2 });
  expect(read('Submission_Logs/2025/12/W50/weekly_submission.json')).toMatchObject({ total_submissions_this_week: 2, accepted_this_week: 2, rejected_this_week: 0 });
  expect(read('Rejections/global_rejection.json').summary).toMatchObject({ total_rejections: 2, rejections_by_reason: { stale: 2 } });
  expect(read('User_Look_At/global_look_at.json').summary).toEqual({ total_entries: 2, by_reason: { block_rejected: 2 } });
  expect(read('System/System_Reports/Miners/Global/global_miners_report.json')).toMatchObject({ total_hashes: 8192, total_blocks_found: 2 });
  expect(read('System/Error_Reports/Miners/Global/global_error.json')).toMatchObject({ total_errors: 2, errors_by_severity: { warning: 2, critical: 0 } });
  expect(read('Global_Aggregated/Aggregated_Index/2025/aggregated_index_2025.json')).toMatchObject({
    summary: { total_entries: 14, total_months: 1, total_hours: 1, by_type: { ledger: 2, math_proof: 2, submission: 2, rejection: 2, look_at: 2, system_report: 2, error_report: 2 } },
    sub_levels: [{ scope: '2025/12', total_entries: 14 }],
  });
});

it('makes the folders and files of a new year itself', async () => {
  const room = blueprintBench();
  const { clock, ledger, read } = room;
  appendOneOfEach(room);
  clock.advance(Date.parse('2026-01-01T00:10:00-06:00') - SEED_INSTANT);
  appendOneOfEach(room);
  await ledger.flush();
  expect(read('Ledgers/2026/01/W00/01/00/hourly_ledger.json')).toMatchObject({ total_hashes_this_hour: 4096, metadata: { component: 'Production-Miner' } });
  expect(read('Ledgers/Aggregated_Index/aggregated_index.json').sub_levels).toEqual([
    { scope: '2025', total_entries: 2 },
    { scope: '2026', total_entries: 2 },
  ]);
});
