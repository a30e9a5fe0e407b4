import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { ManualClock } from '../../../protocol/common/manual-clock.ts';
import { silentLog } from '../../../protocol/common/log.ts';
import { createBrainstem } from '../../brainstem/brainstem.ts';
import type { Brainstem } from '../../brainstem/contract.ts';
import { packageRoot } from '../../version.ts';
import { nodeDisk } from '../disk/node-disk.ts';
import { bench, SEED_INSTANT, temporaryFolder } from '../kit.fixture.ts';
import { rebuildTree } from '../query/rebuild.ts';
import { verifyLedger, type VerifyReport } from '../query/verify.ts';
import { planCompact, runCompact, type CompactOptions, type CompactResult } from './compact.ts';

const DAY_MS = 86_400_000;
const YEAR_MS = 365 * DAY_MS;
const MAX_VIEW_BYTES = 64 << 20;

// Real fsyncs, some hundred a test.
vi.setConfig({ testTimeout: 90_000 });

interface Aged {
  readonly clock: ManualClock;
  readonly brainstem: Brainstem;
  readonly base: string;
}

/** A ledger written by the engine in December 2025 and in 2027, closed. */
async function aged(): Promise<Aged> {
  const clock = new ManualClock(SEED_INSTANT);
  const brainstem = createBrainstem({ blueprintFile: path.join(packageRoot(), 'Brain.QTL'), dataDir: temporaryFolder(), mode: 'demo', clock, log: silentLog });
  const one = { clock, brainstem, base: brainstem.base };
  await write(one, 12);
  clock.advance(400 * DAY_MS);
  // Long enough for the files of 2025 to be closed.
  await write(one, 18);
  return one;
}

async function write({ clock, brainstem }: Aged, entries: number): Promise<void> {
  const { at } = await brainstem.initialize('Production-Miner');
  const { ledger } = bench({ brainstem, clock, settings: { segmentBytes: 4096 } });
  ledger.begin(at, { mode: 'demo', max_view_bytes: MAX_VIEW_BYTES });
  for (let n = 0; n < entries; n += 1) {
    ledger.append('submission', { status: 'accepted', nonce: n });
    clock.advance(60_000);
    if (n % 3 === 2) await ledger.flush();
  }
  await ledger.close();
  expect(ledger.stats()).toMatchObject({ lost: 0, corrupt_files: 0, files_behind: 0 });
}

async function compact({ base, clock }: Aged, more: Partial<CompactOptions>): Promise<CompactResult> {
  const options = { disk: nodeDisk, base, now: clock.now(), olderThanMs: 30 * DAY_MS, retentionMs: null, archiveYearly: false, ...more };
  return await runCompact(options, await planCompact(options), () => {});
}

function verify({ base, brainstem }: Aged): Promise<VerifyReport> {
  return verifyLedger({ disk: nodeDisk, base, journal: path.join(base, '.ledger', 'journal'), brainstem, maxViewBytes: MAX_VIEW_BYTES });
}

function journalOf({ base }: Aged): string[] {
  return readdirSync(path.join(base, '.ledger', 'journal')).filter((name) => name.includes('.ndjson'));
}

const yearly = (year: number) => `Submission_Logs/${year}/yearly_submission.json`;
const read = ({ base }: Aged, file: string): Record<string, any> => JSON.parse(readFileSync(path.join(base, file), 'utf8')) as Record<string, any>;

describe('a ledger whose old segments are packed', () => {
  it('verifies, goes on, and can be made anew', async () => {
    const one = await aged();
    expect((await compact(one, {})).packed.length).toBeGreaterThan(0);
    expect(journalOf(one).some((name) => name.endsWith('.gz'))).toBe(true);
    expect(await verify(one)).toMatchObject({ ok: true, first_seq: 1, last_seq: 32 });
    await write(one, 3);
    expect(await verify(one)).toMatchObject({ ok: true, last_seq: 36 });
    rmSync(path.join(one.base, yearly(2025)));
    await rebuildTree({ disk: nodeDisk, base: one.base, journal: path.join(one.base, '.ledger', 'journal'), brainstem: one.brainstem, maxViewBytes: MAX_VIEW_BYTES, onDamage: () => {} });
    expect(await verify(one)).toMatchObject({ ok: true });
    expect(read(one, yearly(2025)).submissions).toHaveLength(12);
  });
});

describe('a ledger with an archived year', () => {
  it('verifies, and goes on', async () => {
    const one = await aged();
    const [archived] = (await compact(one, { archiveYearly: true })).archived;
    expect(archived?.file).toBe('Archive/2025.tar.gz');
    expect(await verify(one)).toMatchObject({ ok: true, problems: [], files_archived: expect.any(Number) });
    expect((await verify(one)).files_archived).toBeGreaterThan(20);
    await write(one, 3);
    expect(await verify(one)).toMatchObject({ ok: true, problems: [] });
    rmSync(path.join(one.base, 'Archive', '2025.tar.gz'));
    expect((await verify(one)).problems).toEqual([{ kind: 'missing', where: 'Archive/2025.tar.gz', what: 'the archive of 2025 is not there' }]);
  });

  it('names an archive that was changed', async () => {
    const one = await aged();
    await compact(one, { archiveYearly: true });
    const file = path.join(one.base, 'Archive', '2025.tar.gz');
    const bytes = readFileSync(file);
    bytes[100] = (bytes[100] ?? 0) ^ 1;
    writeFileSync(file, bytes);
    expect((await verify(one)).problems).toEqual([{ kind: 'file', where: 'Archive/2025.tar.gz', what: expect.stringContaining('is not the archive of 2025 that was made') }]);
  });
});

describe('a ledger that keeps a year', () => {
  it('says where it begins now, and goes on', async () => {
    const one = await aged();
    await compact(one, { retentionMs: YEAR_MS });
    const report = await verify(one);
    expect(report).toMatchObject({ ok: true, problems: [], last_seq: 32 });
    expect(report.first_seq).toBeGreaterThan(1);
    expect(report.begins_by_retention).toBe(true);
    await write(one, 3);
    expect(await verify(one)).toMatchObject({ ok: true, problems: [], first_seq: report.first_seq, last_seq: 36 });
    expect(read(one, 'Submission_Logs/global_submission.json').submissions).toHaveLength(33);
  });

  it('tells a hole at the beginning from retention', async () => {
    const one = await aged();
    const [first = '', second = ''] = journalOf(one);
    rmSync(path.join(one.base, '.ledger', 'journal', first));
    const hole = await verify(one);
    expect(hole.problems).toContainEqual({ kind: 'journal', where: second, what: expect.stringMatching(/^records 1 to \d+ are not there, and nothing says that they were removed on purpose$/) });
    expect(hole).toMatchObject({ ok: false, begins_by_retention: false });
  });
});
