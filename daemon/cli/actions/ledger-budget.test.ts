import { linkSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { nodeDisk } from '../../ledger/disk/node-disk.ts';
import { readBudget } from '../../ledger/query/budget.ts';
import { JournalFiles } from '../../ledger/query/journal-files.fixture.ts';
import { readSpace } from '../../ledger/query/space.ts';
import { FakeIo } from '../fake-io.fixture.ts';
import { runCli } from '../program.ts';

const HOUR_MS = 3_600_000;
/** 18:00 in Chicago. */
const EVENING = Date.parse('2026-11-20T00:00:00Z');

let dir: string;
let files: JournalFiles;
beforeEach(() => {
  dir = mkdtempSync(path.join(os.tmpdir(), 'rigbrain-budget-'));
  files = new JournalFiles(path.join(dir, 'Test', 'Demo', 'Mining'));
  files.segment();
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

function meter(from: number, hours: number, more: object = {}): void {
  files.note({ w: { from, to: from + hours * HOUR_MS, journal: 1000, leaf: 2000, coarse: 300, fsyncs: 10, entries: 100, ...more } });
}

describe('what was written', () => {
  it('is added up by day of the ledger, a line over midnight for both', async () => {
    files.add('ledger', {});
    meter(EVENING, 12);
    meter(EVENING + 12 * HOUR_MS, 12);
    files.flush();
    const { days, average, bytes_per_year } = await readBudget(nodeDisk, files.folder, 0);
    expect(days).toEqual([
      { day: '2026-11-19', total: 1650, journal: 500, leaf: 1000, coarse: 150, fsyncs: 5, entries: 50, hours: 6 },
      { day: '2026-11-20', total: 4950, journal: 1500, leaf: 3000, coarse: 450, fsyncs: 15, entries: 150, hours: 18 },
    ]);
    expect(average).toEqual({ total: 6600, journal: 2000, leaf: 4000, coarse: 600, fsyncs: 20, entries: 200 });
    expect(bytes_per_year).toBe(6600 * 365);
  });

  it('is averaged over the time that was measured, and passes over what is no meter', async () => {
    files.add('ledger', {});
    meter(EVENING, 6);
    files.note({ w: null }).note({ w: { from: 'x' } });
    meter(EVENING + 24 * HOUR_MS, 6, { journal: -5, leaf: 'many' });
    meter(EVENING, -1);
    files.flush();
    const { average, measured_hours } = await readBudget(nodeDisk, files.folder, 0);
    expect(measured_hours).toBe(12);
    expect(average).toMatchObject({ journal: 4000, leaf: 8000, coarse: 1800 });
    expect((await readBudget(nodeDisk, files.folder, EVENING + 12 * HOUR_MS)).days.map(({ day }) => day)).toEqual(['2026-11-20']);
  });

  it('is unknown without a meter', async () => {
    files.add('ledger', {});
    files.flush();
    expect(await readBudget(nodeDisk, files.folder, 0)).toEqual({ days: [], average: null, measured_hours: 0, bytes_per_year: null });
  });
});

describe('space', () => {
  it('is counted by part, a file with two names once', async () => {
    files.flush();
    const put = (name: string): string => {
      const file = path.join(files.base, name);
      mkdirSync(path.dirname(file), { recursive: true });
      writeFileSync(file, 'x'.repeat(100_000));
      return file;
    };
    const view = put('Ledgers/2026/yearly_ledger.json');
    put('.ledger/shadow/other.1');
    linkSync(view, path.join(files.base, '.ledger', 'shadow', 'same.0'));
    put('Backup_Logs/Miners/a.json');
    put('loose.json');
    const space = Object.fromEntries((await readSpace(files.base)).map(({ part, files: count, bytes }) => [part, [count, bytes >= 100_000]]));
    expect(space).toEqual({ Ledgers: [1, true], '.ledger/shadow': [1, true], '.ledger/journal': [1, false], Backup_Logs: [1, true], 'files of the base folder': [1, true] });
  });
});

describe('ledger budget', () => {
  async function cli(...argv: string[]) {
    const io = new FakeIo(dir);
    return { code: await runCli(['ledger', 'budget', '--demo', ...argv], io), io };
  }

  it('prints days, the year, the life of a card with what it assumes, and the space', async () => {
    const from = Date.now() - 24 * HOUR_MS;
    meter(from, 24, { journal: 1e9 });
    files.flush();
    const { code, io } = await cli('--card-tb', '36.5');
    expect(code).toBe(0);
    expect(io.stdout).toMatch(/^bytes a day +hours +total +journal +leaf +coarse +fsyncs +entries$/m);
    expect(io.stdout).toMatch(/^average +24\.0 +1\.00 GB +1\.00 GB +2\.00 kB +300 B +10 +100$/m);
    expect(io.stdout).toContain('a year    365 GB');
    expect(io.stdout).toMatch(/^card {6}100 years: an estimate, assuming that the card takes 36.5 TB/m);
    expect(io.stdout).not.toContain('were measured');
    expect(io.stdout).toMatch(/^\.ledger\/journal +1 +\d/m);
    expect(JSON.parse((await cli('--json')).io.stdout)).toMatchObject({ average: { entries: 100 }, card: { endurance_tb: 3, years: 8.2, assumption: expect.any(String) }, space: { total: expect.any(Number) } });
  });

  it('says that nothing was measured', async () => {
    files.flush();
    const { code, io } = await cli();
    expect([code, io.outLines[0]]).toEqual([0, expect.stringContaining('nothing measured yet')]);
    expect((await cli('--card-tb', '0')).code).toBe(78);
  });
});
