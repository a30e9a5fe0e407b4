import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, unlinkSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { packageRoot } from '../version.ts';
import { loadBlueprint, parseBlueprint, type Blueprint } from './blueprint.ts';
import type { JsonObject } from './contract.ts';
import { MESSAGE_CURRENT, MESSAGE_UPDATED, renderExamples, syncExamples } from './examples.ts';

const BLUEPRINT = path.join(packageRoot(), 'Brain.QTL');
const blueprint = loadBlueprint(BLUEPRINT);

/** The blueprint after somebody added a comment: another hash. */
function changed(): Blueprint {
  return parseBlueprint(Buffer.from(`${readFileSync(BLUEPRINT, 'utf8')}\n# changed\n`), 'Brain.QTL');
}

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name)))
    .sort();
}

describe('the committed System_File_Examples', () => {
  const folder = path.join(packageRoot(), 'System_File_Examples');

  it('are exactly what Brain.QTL generates (node scripts/build-examples.mjs writes them)', () => {
    const rendered = renderExamples(blueprint);
    expect(filesBelow(folder)).toEqual([...rendered.keys()].sort());
    for (const [name, text] of rendered) expect(readFileSync(path.join(folder, name), 'utf8'), name).toBe(text);
  });

  it('hold the SHA-256 of Brain.QTL', () => {
    expect(readFileSync(path.join(folder, '.brain_version'), 'utf8')).toBe(createHash('sha256').update(readFileSync(BLUEPRINT)).digest('hex'));
  });
});

describe('renderExamples', () => {
  const rendered = renderExamples(blueprint);
  const read = (name: string): JsonObject => JSON.parse(rendered.get(name) ?? '{}') as JsonObject;

  it("has the seeds' tree", () => {
    expect([...rendered.keys()]).toEqual(
      expect.arrayContaining([
        '.brain_version',
        'Global/Ledgers/global_ledger_example.json',
        'Global/Ledgers/global_math_proof_example.json',
        'Global/Submission_Logs/global_submission_example.json',
        ...['yearly', 'monthly', 'weekly', 'daily', 'hourly'].flatMap((period) => [`Hierarchical/Ledgers/${period}_ledger_example.json`, `Hierarchical/Submission_Logs/${period}_submission_example.json`]),
        'System_Reports/Miners/global_miners_report_example.json',
        'System_Reports/Miners/hourly_miners_report_example.json',
        ...['root', 'year', 'month', 'week', 'day', 'hour'].flatMap((level) => [`System_Reports/Aggregated/aggregated_${level}_example.json`, `Error_Reports/Aggregated_Index/aggregated_index_${level}_example.json`]),
        'Miners/Hourly/hourly_mining_process_report_example.json',
        'Brain/Week/week_system_report_example.json',
        'DTM/Global/global_math_proof_example.json',
        'Looping/Hourly/hourly_network_submission_example.json',
        'Templates/current_template_example.json',
      ]),
    );
  });

  it('shows a proof that can be checked: its header hashes to its block hash, below its target', () => {
    const proof = (read('Global/Ledgers/global_math_proof_example.json').proofs as JsonObject[])[0] as { header_hex: string; block_hash: string; target: string; leading_zeros: number; difficulty: number; coinbase: Record<string, string> };
    const sha256 = (bytes: Uint8Array): Buffer => createHash('sha256').update(bytes).digest();
    const hash = sha256(sha256(Buffer.from(proof.header_hex, 'hex'))).reverse().toString('hex');
    expect(proof.block_hash).toBe(hash);
    expect(BigInt(`0x${hash}`) <= BigInt(`0x${proof.target}`)).toBe(true);
    const { coinb1, extranonce1, extranonce2, coinb2 } = proof.coinbase;
    expect(proof.header_hex.slice(72, 136)).toBe(sha256(sha256(Buffer.from(`${coinb1}${extranonce1}${extranonce2}${coinb2}`, 'hex'))).toString('hex'));
    expect(proof.leading_zeros).toBe(/^0*/.exec(hash)?.[0].length);
    expect(proof.difficulty).toBeCloseTo(Number((0xffffn << 208n) * 10_000n / BigInt(`0x${hash}`)) / 10_000, 3);
  });

  it('marks every file with purpose, author and time scope', () => {
    expect(read('Hierarchical/Ledgers/weekly_ledger_example.json').metadata).toMatchObject({ created_by: 'Production-Miner', purpose: 'Mining attempts of one week', level: 'week', time_scope: '2025-12-15T00:00:00' });
    expect(read('System_Reports/Aggregated_Index/aggregated_index_day_example.json').metadata).toMatchObject({ index_level: 'day', index_scope: '2025-12-W50-18' });
  });
});

describe('syncExamples', () => {
  let dataDir = '';
  beforeEach(() => {
    dataDir = mkdtempSync(path.join(os.tmpdir(), 'examples-'));
  });
  afterEach(() => {
    rmSync(dataDir, { recursive: true, force: true });
  });
  const example = (folder = 'System_File_Examples'): string => path.join(dataDir, folder, 'Global/Ledgers/global_ledger_example.json');

  it('writes all of them the first time, without a backup', async () => {
    expect(await syncExamples(blueprint, dataDir, '20251218-014741')).toEqual({ action: 'regenerated', written: renderExamples(blueprint).size, backup: null, message: MESSAGE_UPDATED });
    expect(filesBelow(path.join(dataDir, 'System_File_Examples'))).toEqual([...renderExamples(blueprint).keys()].sort());
  });

  it('keeps what a person changed while the blueprint stays the same, and fills gaps', async () => {
    await syncExamples(blueprint, dataDir, 'a');
    writeFileSync(example(), '{"mine":true}');
    unlinkSync(path.join(dataDir, 'System_File_Examples/Templates/current_template_example.json'));
    expect(await syncExamples(blueprint, dataDir, 'b')).toEqual({ action: 'completed', written: 1, backup: null, message: MESSAGE_CURRENT });
    expect(readFileSync(example(), 'utf8')).toBe('{"mine":true}');
    expect(await syncExamples(blueprint, dataDir, 'c')).toMatchObject({ action: 'current', written: 0, message: 'System_File_Examples current - Brain.QTL unchanged' });
  });

  it('regenerates all of them when the blueprint changed and keeps the old ones', async () => {
    await syncExamples(blueprint, dataDir, 'a');
    writeFileSync(example(), '{"mine":true}');
    const result = await syncExamples(changed(), dataDir, '20251218-014741');
    expect(result).toMatchObject({ action: 'regenerated', message: 'Brain.QTL updated - Regenerating templates', backup: path.join(dataDir, 'System_File_Examples.backup-20251218-014741') });
    expect(readFileSync(example('System_File_Examples.backup-20251218-014741'), 'utf8')).toBe('{"mine":true}');
    expect(JSON.parse(readFileSync(example(), 'utf8'))).toHaveProperty('entries');
    expect(readFileSync(path.join(dataDir, 'System_File_Examples/.brain_version'), 'utf8')).toBe(changed().sha256);
  });

  it('never overwrites an earlier backup', async () => {
    await syncExamples(blueprint, dataDir, 'a');
    await syncExamples(changed(), dataDir, 'same');
    const { backup } = await syncExamples(blueprint, dataDir, 'same');
    expect(backup).toBe(path.join(dataDir, 'System_File_Examples.backup-same-2'));
    expect(readdirSync(dataDir).sort()).toEqual(['System_File_Examples', 'System_File_Examples.backup-same', 'System_File_Examples.backup-same-2']);
  });
});
