import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { ManualClock } from '../../../protocol/common/manual-clock.ts';
import { silentLog } from '../../../protocol/common/log.ts';
import { createBrainstem } from '../../brainstem/brainstem.ts';
import type { Brainstem } from '../../brainstem/contract.ts';
import { packageRoot } from '../../version.ts';
import { nodeDisk } from '../disk/node-disk.ts';
import { bench, SEED_INSTANT, temporaryFolder } from '../kit.fixture.ts';
import { encodeLine } from '../journal/record.ts';
import { rebuildTree } from './rebuild.ts';
import { verifyLedger, type VerifyReport } from './verify.ts';

const HOUR_MS = 3_600_000;

// A few thousand real fsyncs a test.
vi.setConfig({ testTimeout: 90_000 });

interface Tree {
  readonly base: string;
  readonly brainstem: Brainstem;
}

/** The first block of the Bitcoin chain. */
const GENESIS = {
  header_hex: '0100000000000000000000000000000000000000000000000000000000000000000000003ba3edfd7a7b12b27ac72c3e67768f617fc81bc3888a51323a9fb8aa4b1e5e4a29ab5f49ffff001d1dac2b7c',
  block_hash: '000000000019d6689c085ae165831e934ff763ae46a2a6c172b3f1b60a8ce26f',
  target: '00000000ffff0000000000000000000000000000000000000000000000000000',
  nonce: 2083236893,
};

/** A ledger of three runs over four days, with a late entry, written by the engine and closed. */
async function tree(maxViewBytes = 64 << 20): Promise<Tree> {
  const clock = new ManualClock(SEED_INSTANT);
  const dataDir = temporaryFolder();
  const brainstem = createBrainstem({ blueprintFile: path.join(packageRoot(), 'Brain.QTL'), dataDir, mode: 'demo', clock, log: silentLog });
  for (let run = 0; run < 3; run += 1) {
    const { at } = await brainstem.initialize('Production-Miner');
    const { ledger } = bench({ brainstem, clock, settings: { maxViewBytes } });
    ledger.begin(at, { mode: 'demo', max_view_bytes: maxViewBytes });
    for (let entry = 0; entry < 8; entry += 1) {
      ledger.append('ledger', { nonce: entry, hashes_tried: 2 ** 52 + entry, difficulty: 0.1 * entry, leading_zeros: entry });
      ledger.append('math_proof', GENESIS);
      ledger.append('submission', { status: entry % 3 === 0 ? 'rejected' : 'accepted', network_response: { response_time_ms: entry / 7 } });
      if (entry === 5) ledger.append('rejection', { reason: 'stale', timestamp: '2025-12-01T12:00:00-06:00' });
      ledger.saveSystemReport('miners', { event: 'mining_round_complete', attempts_this_round: 10, blocks_found: 0 });
      if (entry % 3 === 2) await ledger.flush();
      clock.advance(entry === 7 ? 24 * HOUR_MS : HOUR_MS);
    }
    await ledger.close();
  }
  return { base: brainstem.base, brainstem };
}

function verify({ base, brainstem }: Tree, aside: readonly string[] = []): Promise<VerifyReport> {
  return verifyLedger({ disk: nodeDisk, base, journal: path.join(base, '.ledger', 'journal'), brainstem, aside, maxViewBytes: 64 << 20 });
}

function rebuild({ base, brainstem }: Tree): ReturnType<typeof rebuildTree> {
  return rebuildTree({ disk: nodeDisk, base, journal: path.join(base, '.ledger', 'journal'), brainstem, maxViewBytes: 64 << 20, onDamage: () => {} });
}

/** Every file of the tree and its bytes. */
function contents(base: string): Map<string, string> {
  const files = new Map<string, string>();
  const walk = (folder: string): void => {
    for (const name of readdirSync(path.join(base, folder)).sort()) {
      const relative = path.join(folder, name);
      if (relative === '.ledger') continue;
      if (statSync(path.join(base, relative)).isDirectory()) walk(relative);
      else files.set(relative, readFileSync(path.join(base, relative), 'utf8'));
    }
  };
  walk('');
  return files;
}

describe('verify', () => {
  it('leaves folders alone that others keep in the base folder, and no other', async () => {
    const one = await tree();
    for (const folder of ['Hunts/one', 'Other/Hunts']) {
      mkdirSync(path.join(one.base, folder), { recursive: true });
      writeFileSync(path.join(one.base, folder, 'golden.json'), '{"golden_version": "1.0"}');
    }
    expect((await verify(one, ['Hunts'])).problems.map(({ where }) => where)).toEqual(['Other/Hunts/golden.json']);
  });

  it('finds nothing wrong with a ledger of several runs', async () => {
    const report = await verify(await tree());
    expect(report.problems).toEqual([]);
    expect(report).toMatchObject({ ok: true, proofs_checked: 24, files_behind: 0, first_seq: 1, last_seq: report.records });
    expect(report.files_checked).toBeGreaterThan(200);
  });

  it('names the entry that was edited in a file, and the fields of a head', async () => {
    const one = await tree();
    const edit = (file: string, from: string, to: string): void => {
      const text = readFileSync(path.join(one.base, file), 'utf8');
      expect(text).toContain(from);
      writeFileSync(path.join(one.base, file), text.replace(from, to));
    };
    edit('Ledgers/global_ledger.json', '"nonce":3', '"nonce":4');
    edit('Submission_Logs/global_submission.json', '"accepted": 15', '"accepted": 16');
    rmSync(path.join(one.base, 'Rejections/global_rejection.json'));
    const { problems, files_behind } = await verify(one);
    // What is not there is no file that will follow later.
    expect(files_behind).toBe(0);
    expect(problems.map(({ kind, where }) => [kind, where]).sort()).toEqual([
      ['file', 'Ledgers/global_ledger.json'],
      ['file', 'Submission_Logs/global_submission.json'],
      ['missing', 'Rejections/global_rejection.json'],
    ]);
    expect(problems.find(({ where }) => where.startsWith('Ledgers'))?.what).toMatch(/^entry 4, attempt_\S+ \(record \d+\), is not as the journal has it$/);
    expect(problems.find(({ where }) => where.startsWith('Submission'))?.what).toBe('accepted is 16 and should be 15');
  });

  it('takes an empty file of the start for one that will follow, and a smoke report for what it is', async () => {
    const clock = new ManualClock(SEED_INSTANT);
    const brainstem = createBrainstem({ blueprintFile: path.join(packageRoot(), 'Brain.QTL'), dataDir: temporaryFolder(), mode: 'demo', clock, log: silentLog });
    await brainstem.initialize('Production-Miner');
    const file = path.join(brainstem.base, 'Rejections/global_rejection.json');
    const empty = readFileSync(file, 'utf8');
    const { ledger } = bench({ brainstem, clock });
    ledger.append('rejection', { reason: 'stale' });
    await ledger.close();
    writeFileSync(path.join(brainstem.base, 'User_Look_At/rigbrain_smoke_test.json'), '{"success":true}');
    writeFileSync(file, empty);
    expect(await verify({ base: brainstem.base, brainstem })).toMatchObject({ problems: [], files_behind: 1 });
  });

  it('notices an edited journal: a flipped bit by the checksum, a forged record by the chain', async () => {
    const one = await tree();
    const segment = path.join(one.base, '.ledger/journal/00000001.ndjson');
    const text = readFileSync(segment, 'utf8');
    writeFileSync(segment, text.replace('"status":"rejected"', '"status":"rejecteD"'));
    const flipped = await verify(one);
    expect(flipped.problems.some(({ kind, where }) => kind === 'journal' && where.startsWith('00000001.ndjson at byte'))).toBe(true);
    const forged = text.split('\n').map((line) => (line.includes('"status":"rejected"') ? encodeLine(line.slice(9).replace('"status":"rejected"', '"status":"accepted"')).trimEnd() : line));
    writeFileSync(segment, forged.join('\n'));
    const { problems } = await verify(one);
    expect(problems.some(({ kind, what }) => kind === 'chain' && what.includes('does not follow'))).toBe(true);
  });

  it('hashes every proof again', async () => {
    const clock = new ManualClock(SEED_INSTANT);
    const brainstem = createBrainstem({ blueprintFile: path.join(packageRoot(), 'Brain.QTL'), dataDir: temporaryFolder(), mode: 'demo', clock, log: silentLog });
    const { ledger } = bench({ brainstem, clock });
    ledger.append('math_proof', { ...GENESIS, nonce: 7 });
    ledger.append('math_proof', { ...GENESIS, block_hash: '0'.repeat(64) });
    ledger.append('math_proof', { ...GENESIS, target: '0'.repeat(64) });
    await ledger.close();
    const { problems } = await verify({ base: brainstem.base, brainstem });
    expect(problems.map(({ kind, what }) => [kind, what.split(',')[0]])).toEqual([
      ['proof', 'nonce is 7'],
      ['proof', `block_hash is ${'0'.repeat(64)}`],
      ['proof', 'the hash is above the target'],
    ]);
  });
});

describe('rebuild', () => {
  it.each([['whole files', 64 << 20], ['files in parts', 900]])('makes the tree byte for byte, %s', async (_what, maxViewBytes) => {
    const one = await tree(maxViewBytes);
    const before = contents(one.base);
    for (const file of before.keys()) rmSync(path.join(one.base, file));
    await rebuild(one);
    expect([...contents(one.base).keys()]).toEqual([...before.keys()]);
    for (const [file, text] of contents(one.base)) expect(text, file).toBe(before.get(file));
    expect((await verify(one)).problems).toEqual([]);
    if (maxViewBytes === 900) expect([...before.keys()].filter((file) => /\.0001\.json$/.test(file)).length).toBeGreaterThan(5);
  });

  it('leaves a ledger that goes on', async () => {
    const one = await tree();
    await rebuild(one);
    const clock = new ManualClock(SEED_INSTANT + 200 * 24 * HOUR_MS);
    const { ledger, read } = bench({ brainstem: one.brainstem, clock });
    ledger.append('ledger', { nonce: 99 });
    await ledger.close();
    expect(read('Ledgers/global_ledger.json')).toMatchObject({ total_attempts: 25 });
    expect((await verify(one)).problems).toEqual([]);
  });
});
