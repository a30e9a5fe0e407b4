import { describe, expect, it } from 'vitest';
import { uniform } from '../../../sim/random.fixture.ts';
import { ManualClock } from '../../../protocol/common/manual-clock.ts';
import type { DiskOp } from '../disk/disk-faults.fixture.ts';
import { randomCut } from '../disk/sim-content.fixture.ts';
import { SimDisk } from '../disk/sim-disk.fixture.ts';
import { createDefensiveWriter, type DefensiveWriter, type DefensiveWriterOptions } from './defensive-write.ts';
import { createKeeper } from './keeper.ts';
import { AT, BASE, makeFolder } from './keeper-kit.fixture.ts';
import { fakeBrainstem } from '../fake-brainstem.fixture.ts';

const TIME = '2025-12-18T01:47:41.076-06:00';

async function setUp(options: Partial<DefensiveWriterOptions> = {}): Promise<DefensiveWriter & { disk: SimDisk; clock: ManualClock; read: (file: string) => unknown; below: (folder: string) => string[] }> {
  const disk = new SimDisk();
  const clock = new ManualClock(AT);
  await makeFolder(disk, BASE);
  return {
    ...createDefensiveWriter({ base: BASE, clock, nowIso: () => TIME, disk, ...options }),
    disk,
    clock,
    read: (file) => JSON.parse(disk.bytes(`${BASE}/${file}`).toString()),
    below: (folder) => disk.files(`${BASE}/${folder}`).map((file) => file.slice(BASE.length + 1)),
  };
}

/** Fails every change below the base folder but in these of its folders. */
const onlyIn = (...folders: string[]) => ({ call, path }: DiskOp): string | null => (call !== 'stat' && call !== 'readdir' && !(call === 'syncFolder' && path === BASE) && !folders.some((folder) => path.includes(folder)) ? 'EROFS' : null);

describe('the file itself', () => {
  it('is replaced as a whole, and survives a power cut', async () => {
    const { defensive_write_json: write, disk, read } = await setUp();
    expect(await write('User_Look_At/a/b.json', { n: 1 }, 'dtm')).toEqual({ ok: true, layer: 0, path: 'User_Look_At/a/b.json', reason: null });
    expect(disk.isDurable).toBe(true);
    await write('User_Look_At/a/b.json', { n: 2 }, 'dtm');
    expect(read('User_Look_At/a/b.json')).toEqual({ n: 2 });
    expect(disk.bytes(`${BASE}/User_Look_At/a/b.json`).toString()).toBe('{\n  "n": 2\n}\n');
    expect(disk.files()).toHaveLength(1);
  });

  it('may be named as the seeds name it, by a bare name, or absolutely', async () => {
    const { defensiveWriteJson: write, disk } = await setUp();
    expect((await write('bare.json', [1], 'dtm')).path).toBe('bare.json');
    expect((await write('Mining/Ledgers/x.json', null, 'dtm')).path).toBe('Ledgers/x.json');
    expect((await write('{base}/y.json', 'text', 'dtm')).path).toBe('y.json');
    expect((await write('/elsewhere/z.json', 1, 'dtm')).path).toBe('/elsewhere/z.json');
    expect((await write(`${BASE}/in.json`, 1, 'dtm')).path).toBe('in.json');
    expect(disk.files()).toEqual([...['Ledgers/x.json', 'bare.json', 'in.json', 'y.json'].map((file) => `${BASE}/${file}`), '/elsewhere/z.json']);
  });

  it('holds what the data were when it was called, in words where JSON has none', async () => {
    const { defensiveWriteJson: write, read } = await setUp();
    const data: Record<string, unknown> = { big: 7n, nan: Number.NaN, at: new Date(0), bytes: Buffer.from('ab') };
    data.self = data;
    const written = write('a.json', data, 'dtm');
    data.big = 'changed';
    expect((await written).ok).toBe(true);
    expect(read('a.json')).toEqual({ big: '7', nan: null, at: '1970-01-01T00:00:00.000Z', bytes: '6162', self: '[circular]' });
  });

  it('holds the old or the new document after a power cut at any call', async () => {
    for (let after = 0; ; after += 1) {
      const { defensiveWriteJson: write, disk } = await setUp();
      await write('a.json', { n: 'old' }, 'dtm');
      let left = after;
      const isCut = new Promise<boolean>((resolve) => {
        disk.faults.onOp = () => {
          if ((left -= 1) >= 0) return;
          disk.powerOff();
          resolve(true);
        };
      });
      const cut = await Promise.race([isCut, write('a.json', { n: 'new' }, 'dtm').then(() => false)]);
      const after1 = disk.crash(uniform(after), randomCut(uniform(after)));
      expect(['old', 'new']).toContain(JSON.parse(after1.bytes(`${BASE}/a.json`).toString()).n);
      if (!cut) break;
    }
  });
});

describe('what the file does not take', () => {
  it('goes to Backup_Logs under its own path, and never over what is there', async () => {
    const { defensiveWriteJson: write, disk, read, below } = await setUp();
    await write('Ledgers/20/aggregated_20.json', { n: 0 }, 'dtm');
    disk.faults.when = onlyIn('Backup_Logs');
    const results = [await write('Ledgers/20/aggregated_20.json', { n: 1 }, 'dtm'), await write('Ledgers/20/aggregated_20.json', { n: 2 }, 'dtm'), await write('Ledgers/20/20/aggregated_20.json', { n: 3 }, 'dtm')];
    for (const result of results) expect(result).toEqual({ ok: true, layer: 1, path: expect.stringMatching(/^Backup_Logs\/dtm\/Ledgers\/20\/(20\/)?aggregated_20\.\d{13}-[0-9a-f]{6}\.document\.json$/), reason: expect.stringContaining('EROFS') });
    expect(below('Backup_Logs').sort()).toEqual(results.map(({ path }) => path).sort());
    expect(read(results[1]!.path)).toEqual({ time: TIME, path: 'Ledgers/20/aggregated_20.json', reason: expect.stringContaining('EROFS'), data: { n: 2 } });
    expect(read('Ledgers/20/aggregated_20.json')).toEqual({ n: 0 });
  });

  it('goes to a bounded emergency log, one line a document', async () => {
    const { defensiveWriteJson: write, disk, below, unsaved } = await setUp({ emergencyBytes: 2 * 4096 });
    disk.faults.when = onlyIn('Emergency_Logs');
    for (let n = 1; n <= 6; n += 1) expect(await write('a.json', { n }, 'dtm')).toEqual({ ok: true, layer: 2, path: 'Emergency_Logs/dtm_documents_emergency.log', reason: expect.stringMatching(/^EROFS.*; backup: EROFS/) });
    expect(below('Emergency_Logs')).toEqual(['Emergency_Logs/dtm_documents_emergency.log', 'Emergency_Logs/dtm_documents_emergency.log.1']);
    const lines = disk.bytes(`${BASE}/Emergency_Logs/dtm_documents_emergency.log`).toString().split(/[\n\0]+/).filter((line) => line !== '');
    expect(lines.map((line) => JSON.parse(line))).toEqual([5, 6].map((n) => ({ time: TIME, path: 'a.json', reason: expect.any(String), data: { n } })));
    expect(unsaved()).toEqual({ documents: [], lost: 2 });
  });

  it('stays in memory when no disk takes it, bounded and counted, and is said not to be kept', async () => {
    const { defensiveWriteJson: write, disk, unsaved } = await setUp({ ring: { records: 2, bytes: 10_000 } });
    disk.faults.when = onlyIn('nowhere');
    expect(await write('a.json', { n: 1 }, 'dtm')).toEqual({ ok: false, layer: 3, path: 'a.json', reason: expect.stringMatching(/^EROFS.*; backup: EROFS.*; emergency log: EROFS/) });
    await write('b.json', { n: 2 }, 'dtm');
    await write('c.json', { n: 3 }, 'dtm');
    expect(unsaved()).toEqual({ documents: [{ path: 'b.json', text: '{\n  "n": 2\n}\n' }, { path: 'c.json', text: '{\n  "n": 3\n}\n' }], lost: 1 });
  });

  it('cannot leave the folders of its layers, whatever it is called', async () => {
    const { defensiveWriteJson: write, disk } = await setUp();
    disk.faults.when = onlyIn('Backup_Logs');
    expect((await write('/../../etc/passwd', 1, '../../root')).path).toMatch(/^Backup_Logs\/__.._root\/etc\/passwd\./);
    disk.faults.when = onlyIn('Emergency_Logs');
    expect((await write('', 1, '')).path).toBe('Emergency_Logs/unnamed_documents_emergency.log');
  });

  it('is no business of the ledger, which shares the folders', async () => {
    const { defensiveWriteJson: write, disk, clock } = await setUp();
    for (const folder of ['Backup_Logs', 'Emergency_Logs']) {
      disk.faults.when = onlyIn(folder);
      expect((await write('Ledgers/a.json', { id: 'sub_1' }, 'DTM')).ok).toBe(true);
    }
    disk.faults.when = () => null;
    const keeper = createKeeper({ disk, base: BASE, brainstem: fakeBrainstem('/data'), clock });
    expect(await keeper.kept(9)).toEqual([]);
    expect(keeper.counts()).toEqual({ backup: 0, emergency: 0, ring: 0, lost: 0, unreadable: 0 });
  });
});

it('does not wait for a disk that hangs', async () => {
  const { defensiveWriteJson: write, disk, clock } = await setUp({ diskTimeoutMs: 3000 });
  disk.faults.onOp = () => new Promise<void>(() => {});
  const written = write('a.json', 1, 'dtm');
  await new Promise((resolve) => setImmediate(resolve));
  clock.advance(3000);
  expect(await written).toMatchObject({ ok: false, layer: 3, reason: expect.stringMatching(/ETIMEDOUT.*backup: EBUSY/) });
});

it('takes calls at the same time one after the other', async () => {
  const { defensiveWriteJson: write, read } = await setUp();
  const results = await Promise.all(Array.from({ length: 20 }, (_, n) => write('a.json', { n }, 'dtm')));
  expect(results.every(({ layer }) => layer === 0)).toBe(true);
  expect(read('a.json')).toEqual({ n: 19 });
});
