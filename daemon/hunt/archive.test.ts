import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { isChanging } from '../ledger/disk/disk-faults.fixture.ts';
import { SimDisk } from '../ledger/disk/sim-disk.fixture.ts';
import { HuntArchive } from './archive.ts';
import { ROW_ORDERS } from './archive-types.ts';
import { fileWithin, filesOf } from './hunt-files.ts';
import { counting, inMemory, instantSteps, SETTINGS, SIMULATED } from './hunt.fixture.ts';
import { Hunt } from './hunt.ts';
import { nodeDisk } from '../ledger/disk/node-disk.ts';
import { HUNT_SENTINEL } from './sentinels.ts';
import type { HuntSteps } from './steps.ts';

const HUNTS = '/hunts';

/** Every fifth simulation fails. */
function flawedSteps(): HuntSteps {
  const steps = instantSteps();
  let n = 0;
  return { ...steps, simulate: (task, how) => (n++ % 5 === 4 ? Promise.resolve({ ...SIMULATED, sentinelCode: HUNT_SENTINEL.singularity, reason: 'not finite', fieldSha256: null }) : steps.simulate(task, how)) };
}

async function hunted(disk: SimDisk, { folder = `${HUNTS}/one`, first = 0, generations = 3 } = {}): Promise<Hunt> {
  const hunt = await Hunt.open(inMemory({ disk, folder, newUuid: counting(first), steps: flawedSteps() }));
  await hunt.run(generations);
  await hunt.close();
  return hunt;
}

describe('what is told of hunts on the disk', () => {
  test('a folder that is not there holds none', async () => {
    expect(await new HuntArchive({ folder: '/nowhere', disk: new SimDisk() }).list()).toEqual([]);
  });

  test('the hunt that ended, its rows in every order, and its generations', async () => {
    const disk = new SimDisk();
    const hunt = await hunted(disk);
    const archive = new HuntArchive({ folder: HUNTS, disk });
    const [summary] = await archive.list();
    const searched = hunt.hunter.rows.filter(({ job }) => job.origin !== 'reevaluation');
    const failed = searched.filter(({ result }) => result!.status === 'failed').length;
    expect(failed).toBeGreaterThan(0);
    expect(summary).toMatchObject({ hunt_id: hunt.hunter.huntId, folder: 'one', status: 'completed', generations_done: 3, generations: 3, population: 4, jobs_done: 12, jobs_failed: failed, has_golden: true, best: { job_uuid: hunt.hunter.getBestRun()!.job.job_uuid } });
    const all = hunt.hunter.rows.map(({ job }) => job.job_uuid);
    for (const order of ROW_ORDERS) {
      const { total, rows } = await archive.rows('one', { offset: 0, limit: 1000, order });
      expect(total).toBe(all.length);
      expect(rows.map(({ job_uuid }) => job_uuid).sort()).toEqual([...all].sort());
      // The same in pages.
      const pages = await Promise.all([0, 5, 10, 15].map((offset) => archive.rows('one', { offset, limit: 5, order })));
      expect(pages.flatMap((page) => page.rows)).toEqual(rows);
      if (order === 'made' || order === 'newest') continue;
      const values = rows.map((row) => row[order]);
      const known = values.filter((value, at) => value !== null && rows[at]!.status === 'ok' && (order !== 'fitness' || rows[at]!.origin !== 'reevaluation')) as number[];
      expect(known).toEqual([...known].sort((a, b) => (order === 'fitness' ? b - a : a - b)));
      expect(rows.at(-1)!.status === 'failed' || rows.at(-1)!.origin === 'reevaluation').toBe(true);
    }
    expect((await archive.rows('one', { offset: 0, limit: 1000, order: 'made' })).rows.map(({ job_uuid }) => job_uuid)).toEqual(all);
    const { generations, golden, settings, files } = await archive.detail(hunt.hunter.huntId);
    expect(settings).toEqual(SETTINGS);
    expect(golden!.source_job_uuid).toBe(summary!.best!.job_uuid);
    expect(files).toEqual(['golden.json', 'journal.jsonl', 'simulation_ledger.csv']);
    expect(generations.map(({ jobs, done }) => [jobs, done])).toEqual([[4, 4], [4, 4], [4, 4]]);
    const second = searched.filter(({ job, result }) => job.generation === 1 && result!.log_prime_sse !== null);
    const best = second.reduce((a, b) => (b.result!.log_prime_sse! < a.result!.log_prime_sse! ? b : a));
    expect(generations[1]).toMatchObject({ best_sse: best.result!.log_prime_sse, best_sse_p_value: 0.25, median_p_value: 0.25, median_null_sse: 3, failed: 4 - second.length });
    expect((await archive.provenance('one', all[0]!)).job_uuid).toBe(all[0]);
    await expect(archive.field('one', all[0]!)).rejects.toMatchObject({ code: 'E_HUNT_UNKNOWN' });
    await expect(archive.provenance('one', 'nobody')).rejects.toMatchObject({ code: 'E_HUNT_UNKNOWN' });
    await expect(archive.detail('two')).rejects.toMatchObject({ code: 'E_HUNT_UNKNOWN' });
  });

  test('newest first, found by the beginning of their id, and nothing else that lies there', async () => {
    const disk = new SimDisk();
    const first = await hunted(disk, { folder: `${HUNTS}/a`, first: 0x1000 });
    const later = inMemory({ disk, folder: `${HUNTS}/b`, huntId: 'ffff0000-0000-4000-8000-000000000000', newUuid: counting(0x2000) });
    later.clock.advance(60_000);
    const second = await Hunt.open(later);
    await disk.mkdir(`${HUNTS}/empty`);
    const archive = new HuntArchive({ folder: HUNTS, disk });
    expect((await archive.list()).map(({ hunt_id, status }) => [hunt_id, status])).toEqual([[second.hunter.huntId, 'stopped'], [first.hunter.huntId, 'completed']]);
    expect((await archive.detail('ffff')).summary.folder).toBe('b');
    await second.close();
  });

  test('a hunt that is stopped before its champion has proved itself is not complete', async () => {
    const disk = new SimDisk();
    const options = inMemory({ disk, folder: `${HUNTS}/one` });
    const hunt: Hunt = await Hunt.open({ ...options, onEvent: (event) => {
      if (event.kind === 'job-started' && event.job.origin === 'reevaluation') hunt.stop();
    } });
    await hunt.run(2);
    await hunt.close();
    const archive = new HuntArchive({ folder: HUNTS, disk });
    expect(await archive.list()).toMatchObject([{ status: 'stopped', generations_done: 2, jobs_done: 8 }]);
    const again = await Hunt.open(options);
    await again.run();
    await again.close();
    expect(await archive.list()).toMatchObject([{ status: 'completed' }]);
  });
});

test('reads along at every change to the disk what was done until then, and goes on where the hunt was cut', async () => {
  const disk = new SimDisk();
  const archive = new HuntArchive({ folder: HUNTS, disk, live: () => null });
  const moments: SimDisk[] = [];
  disk.faults.onOp = ({ call }) => {
    if (isChanging(call)) moments.push(disk.clone());
  };
  const hunt = await hunted(disk, { generations: 2 });
  disk.faults.onOp = () => {};
  let done = 0;
  for (const moment of moments) {
    const found = (await new HuntArchive({ folder: HUNTS, disk: moment }).list())[0]?.jobs_done ?? 0;
    expect(found).toBeGreaterThanOrEqual(done);
    expect(found - done).toBeLessThanOrEqual(1);
    done = found;
  }
  expect(done).toBe(8);
  expect(await archive.list()).toMatchObject([{ jobs_done: 8 }]);
  // What a kill leaves of a line is not read, and what the hunt writes in its place is.
  const journal = await disk.open(`${HUNTS}/one/journal.jsonl`, 'update');
  await journal.write(Buffer.from('0123456789abcdef {"type":"target","gen'), (await journal.stat()).size);
  await journal.close();
  expect(await archive.list()).toMatchObject([{ jobs_done: 8, generations: 2 }]);
  const again = await Hunt.open(inMemory({ disk, folder: `${HUNTS}/one`, newUuid: counting(5000) }));
  await again.run(1);
  await again.close();
  expect(again.hunter.huntId).toBe(hunt.hunter.huntId);
  expect(await archive.list()).toMatchObject([{ jobs_done: 12, generations: 3 }]);
  expect((await archive.rows('one', { offset: 0, limit: 100, order: 'newest' })).rows.map(({ job_uuid }) => job_uuid)).toEqual(again.hunter.rows.map(({ job }) => job.job_uuid).reverse());
});

test('looks at a hunt again without reading what it has read', async () => {
  const disk = new SimDisk();
  await hunted(disk);
  const archive = new HuntArchive({ folder: HUNTS, disk });
  await archive.list();
  let opened = 0;
  disk.faults.onOp = ({ call, path: file }) => {
    if (call === 'open' && file.endsWith('journal.jsonl')) opened++;
  };
  await archive.list();
  await archive.rows('one', { offset: 3, limit: 2, order: 'fitness' });
  expect(opened).toBe(0);
});

describe('files that are given out', () => {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'hunt-files-'));
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  test('are those of the hunt, and no others', async () => {
    const hunt = path.join(folder, 'hunt');
    mkdirSync(path.join(hunt, 'tda'), { recursive: true });
    mkdirSync(path.join(hunt, 'provenance'));
    writeFileSync(path.join(folder, 'secret.txt'), 'secret');
    for (const name of ['golden.json', '.golden.json.tmp', 'tda/a.svg', 'provenance/provenance_1.json', 'odd name']) writeFileSync(path.join(hunt, name), '{}');
    symlinkSync(path.join(folder, 'secret.txt'), path.join(hunt, 'link.txt'));
    expect(await filesOf(nodeDisk, hunt)).toEqual(['golden.json', 'link.txt', 'tda/a.svg']);
    for (const name of ['golden.json', 'tda/a.svg', 'provenance/provenance_1.json']) expect(await fileWithin(nodeDisk, hunt, name)).toBe(path.join(hunt, name));
    for (const name of ['../secret.txt', '/etc/passwd', 'tda/../../secret.txt', 'tda', '.golden.json.tmp', 'link.txt', 'a/b/c', '', 'gone.json', 'odd name', 'golden.json/', 'tda//a.svg', 'golden.json\0']) expect(await fileWithin(nodeDisk, hunt, name), name).toBeNull();
  });
});
