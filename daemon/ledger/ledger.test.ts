import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../brainstem/contract.ts';
import { addsUp, bench, SEED_INSTANT, temporaryFolder } from './kit.fixture.ts';

const REPORT_TREE = [
  'System/System_Reports/Miners/Aggregated/2025/12/W50/18/01/aggregated_01.json',
  'System/System_Reports/Miners/Aggregated/2025/12/W50/18/aggregated_18.json',
  'System/System_Reports/Miners/Aggregated/2025/12/W50/aggregated_W50.json',
  'System/System_Reports/Miners/Aggregated/2025/12/aggregated_12.json',
  'System/System_Reports/Miners/Aggregated/2025/aggregated_2025.json',
  'System/System_Reports/Miners/Aggregated/aggregated.json',
  'System/System_Reports/Miners/Aggregated_Index/2025/12/W50/18/01/aggregated_index_01.json',
  'System/System_Reports/Miners/Aggregated_Index/2025/12/W50/18/aggregated_index_18.json',
  'System/System_Reports/Miners/Aggregated_Index/2025/12/W50/aggregated_index_W50.json',
  'System/System_Reports/Miners/Aggregated_Index/2025/12/aggregated_index_12.json',
  'System/System_Reports/Miners/Aggregated_Index/2025/aggregated_index_2025.json',
  'System/System_Reports/Miners/Aggregated_Index/aggregated_index.json',
  'System/System_Reports/Miners/Global/global_miners_report.json',
  'System/System_Reports/Miners/Hourly/2025/12/18/01/hourly_miners_report.json',
];
const LEVEL_FILES = ['aggregated.json', '2025/aggregated_2025.json', '2025/12/aggregated_12.json', '2025/12/W50/aggregated_W50.json', '2025/12/W50/18/aggregated_18.json', '2025/12/W50/18/01/aggregated_01.json'];

describe('one report', () => {
  it('reaches the 14 files of the tree and no other', async () => {
    const { ledger, files, read } = bench();
    const id = ledger.saveSystemReport('miners', { event: 'mining_session_start', miner_id: 'miner_001' }, 'Production-Miner');
    await ledger.flush();
    expect(files()).toEqual(REPORT_TREE);
    const entry = { id, timestamp: '2025-12-18T01:47:41.076-06:00', event: 'mining_session_start', miner_id: 'miner_001', component: 'Production-Miner' };
    expect(read('System/System_Reports/Miners/Global/global_miners_report.json').reports).toEqual([entry]);
    expect(read('System/System_Reports/Miners/Aggregated/aggregated.json').aggregated_data.reports).toEqual([entry]);
    expect(ledger.stats()).toMatchObject({ accepted: 1, written: 1, queued: 0, lost: 0, degraded: false, last_error: null });
  });

  it('names the hourly and global file as sources, in roll-ups and indices alike', async () => {
    const { ledger, read } = bench();
    ledger.saveSystemReport('miners', { event: 'a' });
    ledger.saveSystemReport('miners', { event: 'b' });
    await ledger.flush();
    const sources = ['System/System_Reports/Miners/Global/global_miners_report.json', 'System/System_Reports/Miners/Hourly/2025/12/18/01/hourly_miners_report.json'];
    expect(read('System/System_Reports/Miners/Aggregated/2025/aggregated_2025.json').summary.data_sources).toEqual(sources);
    expect(read('System/System_Reports/Miners/Aggregated_Index/2025/12/W50/aggregated_index_W50.json').summary.data_sources).toEqual(sources);
  });

  it('stamps metadata.last_updated with local time', async () => {
    const { ledger, read } = bench();
    ledger.saveSystemError('miners', { error_type: 'KeyError' });
    await ledger.flush();
    expect(read('System/Error_Reports/Miners/Global/global_error.json').metadata.last_updated).toBe('2025-12-18T01:47:41.076-06:00');
  });
});

describe('counts', () => {
  it('are equal across all six levels, and an index holds counts but no entry', async () => {
    const { ledger, read } = bench();
    for (let round = 1; round <= 7; round += 1) ledger.saveSystemReport('miners', { event: 'mining_round_complete', round_number: round });
    await ledger.flush();
    for (const file of LEVEL_FILES) {
      const rollUp = read(`System/System_Reports/Miners/Aggregated/${file}`);
      expect(rollUp.summary.total_entries).toBe(7);
      expect(rollUp.aggregated_data.reports).toHaveLength(7);
      const index = read(`System/System_Reports/Miners/Aggregated_Index/${file.replace('aggregated', 'aggregated_index')}`);
      expect(index.summary.total_entries).toBe(7);
      expect(JSON.stringify(index)).not.toContain('mining_round_complete');
      expect(index.aggregated_data).toBeUndefined();
    }
  });

  it('go on from the files of an earlier run', async () => {
    const dataDir = temporaryFolder();
    for (let run = 0; run < 3; run += 1) {
      const { ledger, read } = bench({ dataDir });
      if (run > 0) ledger.append('math_proof', { proof_id: `p${run}` });
      await ledger.flush();
      ledger.append('ledger', { nonce: run, hashes_tried: 1000, is_block: run === 1 });
      await ledger.close();
      expect(read('Ledgers/global_ledger.json')).toMatchObject({ total_attempts: run + 1, total_hashes: 1000 * (run + 1), total_blocks_found: run >= 1 ? 1 : 0 });
      expect(read('Ledgers/Aggregated_Index/aggregated_index.json').summary.total_entries).toBe(2 * run + 1);
    }
  });

  it('fill the totals the templates name, from the entries only', async () => {
    const { ledger, read } = bench();
    ledger.append('ledger', { nonce: 1, hashes_tried: 5000, difficulty: 2, leading_zeros: 9, is_block: false });
    ledger.append('ledger', { nonce: 2, hashes_tried: null, difficulty: 4, leading_zeros: 11, is_block: true });
    ledger.append('math_proof', { proof_id: 'p', is_block: true });
    for (const status of ['accepted', 'accepted', 'rejected', 'pending']) ledger.append('submission', { status });
    ledger.append('rejection', { reason: 'stale' });
    ledger.append('rejection', { reason: 'stale' });
    ledger.saveSystemError('miners', { severity: 'warning', message: 'hot' });
    await ledger.flush();
    expect(read('Ledgers/global_ledger.json')).toMatchObject({ total_hashes: 5000, total_blocks_found: 1, total_attempts: 2, computational_hours: 0 });
    expect(read('Ledgers/2025/12/W50/18/01/hourly_ledger.json')).toMatchObject({ total_hashes_this_hour: 5000, total_blocks_found_this_hour: 1, best_leading_zeros_this_hour: 11 });
    expect(read('Ledgers/global_math_proof.json')).toMatchObject({ total_proofs: 1, total_blocks_proven: 1 });
    // Attempts and proofs share the Ledgers roll-up: three entries about one block in one array.
    const rollUp = read('Ledgers/Aggregated/aggregated.json');
    expect(rollUp.summary).toMatchObject({ total_entries: 3, total_blocks: 1, average_difficulty: 3 });
    expect(rollUp.aggregated_data).toMatchObject({ reports: [{ nonce: 1 }, { nonce: 2 }, { proof_id: 'p' }] });
    expect(read('Ledgers/Aggregated/Global/global_aggregated_math_proof.json').summary).toMatchObject({ total_entries: 1 });
    expect(read('Submission_Logs/global_submission.json')).toMatchObject({ total_submissions: 4, accepted: 2, rejected: 1, orphaned: 0, pending: 1 });
    expect(read('Rejections/global_rejection.json').summary).toEqual({ total_rejections: 2, rejections_by_reason: { invalid_nonce: 0, stale: 2 } });
    expect(read('System/Error_Reports/Miners/Global/global_error.json')).toMatchObject({ total_errors: 1, errors_by_severity: { critical: 0, error: 0, warning: 1 } });
  });

  it('leave a total alone that no entry tells', async () => {
    const { ledger, read } = bench();
    ledger.saveSystemReport('miners', { event: 'mining_session_start' });
    await ledger.flush();
    expect(read('System/System_Reports/Miners/Global/global_miners_report.json')).toMatchObject({ total_hashes: 0, total_miners: null, total_submissions: null });
    expect(read('System/System_Reports/Miners/Aggregated/aggregated.json').summary.average_difficulty).toBeNull();
  });

  it('add up rounds without the sum that the closing report repeats', async () => {
    const { ledger, read } = bench();
    ledger.saveSystemReport('miners', { event: 'mining_round_complete', attempts_this_round: 100, blocks_found: 1 });
    ledger.saveSystemReport('miners', { event: 'mining_round_complete', attempts_this_round: 150, blocks_found: 2 });
    ledger.saveSystemReport('miners', { event: 'mining_session_complete', total_attempts: 250, blocks_found: 3 });
    await ledger.flush();
    expect(read('System/System_Reports/Miners/Global/global_miners_report.json')).toMatchObject({ total_hashes: 250, total_blocks_found: 3 });
  });
});

it('a proof can be checked with SHA-256 and its file alone', async () => {
  const { ledger, read } = bench();
  // The first block of the Bitcoin chain.
  ledger.append('math_proof', {
    header_hex: '0100000000000000000000000000000000000000000000000000000000000000000000003ba3edfd7a7b12b27ac72c3e67768f617fc81bc3888a51323a9fb8aa4b1e5e4a29ab5f49ffff001d1dac2b7c',
    block_hash: '000000000019d6689c085ae165831e934ff763ae46a2a6c172b3f1b60a8ce26f',
    target: '00000000ffff0000000000000000000000000000000000000000000000000000',
  });
  await ledger.flush();
  const [proof] = read('Ledgers/2025/12/W50/18/01/hourly_math_proof.json').proofs;
  const sha256 = (bytes: Uint8Array): Buffer => createHash('sha256').update(bytes).digest();
  const hash = sha256(sha256(Buffer.from(proof.header_hex, 'hex'))).reverse().toString('hex');
  expect(hash).toBe(proof.block_hash);
  expect(hash <= proof.target).toBe(true);
});

describe('idempotence', () => {
  it('writes the same id once, in one batch, in two batches and after a restart', async () => {
    const dataDir = temporaryFolder();
    const first = bench({ dataDir });
    const id = first.ledger.append('submission', { id: 'sub_0042', status: 'accepted' });
    first.ledger.append('submission', { id: 'sub_0042', status: 'accepted' });
    await first.ledger.flush();
    first.ledger.append('submission', { id: 'sub_0042', status: 'accepted' });
    await first.ledger.close();
    const second = bench({ dataDir });
    second.ledger.append('submission', { id: 'sub_0042', status: 'accepted' });
    await second.ledger.close();
    expect(id).toBe('sub_0042');
    expect(second.read('Submission_Logs/global_submission.json')).toMatchObject({ total_submissions: 1, accepted: 1 });
    expect(second.read('Submission_Logs/Aggregated_Index/aggregated_index.json').summary.total_entries).toBe(1);
    expect(addsUp(first.ledger.stats())).toBe(true);
  });

  it('keeps the ids of different trees apart', async () => {
    const { ledger, read } = bench();
    expect(ledger.append('ledger', { id: '7' })).toBe('attempt_7');
    expect(ledger.append('math_proof', { id: '7' })).toBe('proof_7');
    await ledger.flush();
    expect(read('Ledgers/Aggregated/aggregated.json').summary.total_entries).toBe(2);
  });
});

describe('time', () => {
  it('puts entries on both sides of hour, day, month and year boundaries in their own files', async () => {
    const { clock, ledger, read } = bench({ at: Date.parse('2025-12-31T23:59:59.500-06:00') });
    ledger.append('ledger', { nonce: 1 });
    clock.advance(1000);
    ledger.append('ledger', { nonce: 2 });
    await ledger.flush();
    const nonces = (file: string, key: string): unknown[] => read(file)[key].map((entry: JsonObject) => entry.nonce);
    expect(nonces('Ledgers/2025/12/W52/31/23/hourly_ledger.json', 'ledger_entries')).toEqual([1]);
    expect(nonces('Ledgers/2026/01/W00/01/00/hourly_ledger.json', 'ledger_entries')).toEqual([2]);
    expect(nonces('Ledgers/2025/yearly_ledger.json', 'ledger_entries')).toEqual([1]);
    expect(nonces('Ledgers/2026/yearly_ledger.json', 'ledger_entries')).toEqual([2]);
    expect(nonces('Ledgers/global_ledger.json', 'entries')).toEqual([1, 2]);
    const index = read('Ledgers/Aggregated_Index/aggregated_index.json');
    expect(index.summary).toMatchObject({ total_entries: 2, total_years: 2, total_months: 2, total_weeks: 2, total_days: 2, total_hours: 2 });
    expect(index.sub_levels).toEqual([
      { scope: '2025', total_entries: 1 },
      { scope: '2026', total_entries: 1 },
    ]);
    expect(index.summary.data_sources).toEqual(['Ledgers/global_ledger.json', 'Ledgers/2025/12/W52/31/23/hourly_ledger.json', 'Ledgers/2026/01/W00/01/00/hourly_ledger.json']);
  });

  it('counts sub-levels across batches and restarts', async () => {
    const dataDir = temporaryFolder();
    const first = bench({ dataDir, at: Date.parse('2025-12-18T01:30:00-06:00') });
    first.ledger.append('ledger', { nonce: 1 });
    await first.ledger.flush();
    first.clock.advance(3_600_000);
    first.ledger.append('ledger', { nonce: 2 });
    await first.ledger.close();
    const second = bench({ dataDir, at: Date.parse('2025-12-18T02:45:00-06:00') });
    second.ledger.append('ledger', { nonce: 3 });
    await second.ledger.close();
    const day = second.read('Ledgers/Aggregated_Index/2025/12/W50/18/aggregated_index_18.json');
    expect(day.summary).toMatchObject({ total_entries: 3, total_hours: 2 });
    expect(day.sub_levels).toEqual([
      { scope: '2025/12/W50/18/01', total_entries: 1 },
      { scope: '2025/12/W50/18/02', total_entries: 2 },
    ]);
  });

  it('keeps both passes of the repeated hour in one folder', async () => {
    const { clock, ledger, read } = bench({ at: Date.parse('2026-11-01T01:30:00-05:00') });
    ledger.append('ledger', { nonce: 1 });
    clock.advance(3_600_000);
    ledger.append('ledger', { nonce: 2 });
    await ledger.flush();
    const hour = read('Ledgers/2026/11/W43/01/01/hourly_ledger.json');
    expect(hour.ledger_entries.map((entry: JsonObject) => entry.timestamp)).toEqual(['2026-11-01T01:30:00.000-05:00', '2026-11-01T01:30:00.000-06:00']);
  });

  it('files an entry by its own timestamp, and by arrival when that says no offset', async () => {
    const { ledger, read } = bench();
    ledger.append('ledger', { nonce: 1, timestamp: '2025-12-18T06:59:59Z' });
    ledger.append('ledger', { nonce: 2, timestamp: '2025-12-18T00:59:59' });
    await ledger.flush();
    expect(read('Ledgers/2025/12/W50/18/00/hourly_ledger.json').ledger_entries).toMatchObject([{ nonce: 1, timestamp: '2025-12-18T06:59:59Z' }]);
    expect(read('Ledgers/2025/12/W50/18/01/hourly_ledger.json').ledger_entries).toMatchObject([{ nonce: 2, timestamp: '2025-12-18T01:47:41.076-06:00', reported_timestamp: '2025-12-18T00:59:59' }]);
  });
});

describe('the caller', () => {
  it('may pass what JSON cannot hold', async () => {
    const { ledger, read } = bench();
    const data: JsonObject = { bitload: 2n ** 80n, hash: Uint8Array.of(0, 255, 16), gone: undefined, rate: Number.NaN };
    data.self = data;
    ledger.append('ledger', data);
    await ledger.flush();
    const [entry] = read('Ledgers/global_ledger.json').entries;
    expect(entry).toMatchObject({ bitload: '1208925819614629174706176', hash: '00ff10', rate: null, self: '[circular]' });
    expect(entry).not.toHaveProperty('gone');
  });

  it('may change its object afterwards', async () => {
    const { ledger, read } = bench();
    const data = { nonce: 1 };
    ledger.append('ledger', data);
    data.nonce = 2;
    await ledger.flush();
    expect(read('Ledgers/global_ledger.json').entries).toMatchObject([{ nonce: 1 }]);
  });

  it('is never thrown at: an unknown category goes to Backup_Logs', async () => {
    const { files, ledger, read } = bench();
    ledger.saveSystemReport('../no such thing', { event: 'x' });
    await ledger.flush();
    const [file = ''] = files();
    expect(files()).toHaveLength(1);
    expect(file).toMatch(/^Backup_Logs\/__no_such_thing\//);
    expect(read(file)).toMatchObject({ reason: expect.stringContaining('unknown component'), data: { event: 'x' } });
    expect(ledger.stats()).toMatchObject({ backup: 1, written: 0 });
    expect(addsUp(ledger.stats())).toBe(true);
  });

  it('is told of every entry that a full queue drops', async () => {
    const { ledger, read } = bench({ queueLimit: 3 });
    const told: string[] = [];
    ledger.events.on('fallback', ({ layer, reason }) => told.push(`${layer} ${reason}`));
    for (let nonce = 0; nonce < 5; nonce += 1) ledger.append('ledger', { nonce });
    expect(ledger.stats()).toMatchObject({ accepted: 5, queued: 3, lost: 2 });
    await ledger.flush();
    expect(told).toEqual(Array(2).fill('3 the queue is full (3 entries)'));
    expect(read('Ledgers/global_ledger.json').total_attempts).toBe(3);
    expect(ledger.stats()).toMatchObject({ accepted: 5, written: 3, queued: 0, lost: 2 });
  });

  it('is told when the ledger is closed, and a listener that throws does no harm', async () => {
    const { ledger } = bench();
    ledger.events.on('fallback', () => {
      throw new Error('a listener of ours is broken');
    });
    await ledger.close();
    ledger.append('ledger', { nonce: 1 });
    expect(ledger.stats()).toMatchObject({ accepted: 1, lost: 1, last_error: 'the ledger is closed' });
  });
});

it('says that the clock was set back, in the entry and to a person, and keeps the order', async () => {
  const { clock, ledger, read } = bench();
  ledger.append('ledger', { nonce: 1 });
  clock.setWall(SEED_INSTANT - 2 * 3_600_000);
  ledger.append('ledger', { nonce: 2 });
  ledger.append('ledger', { nonce: 3 });
  await new Promise(setImmediate);
  await ledger.flush();
  const entries = read('Ledgers/global_ledger.json').entries as JsonObject[];
  expect(entries.map((entry) => [entry.nonce, entry.clock_stepped_back_ms])).toEqual([[1, undefined], [2, 7_200_000], [3, undefined]]);
  expect(read('Ledgers/2025/12/W50/17/23/hourly_ledger.json').ledger_entries).toHaveLength(2);
  expect(read('User_Look_At/global_look_at.json').entries).toMatchObject([{ reason: 'clock_step', references: { entry: entries[1]?.id } }]);
});
