import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, expect, test, vi } from 'vitest';
import { HuntArchive } from '../daemon/hunt/archive.ts';
import type { HuntTableRow } from '../daemon/hunt/archive-types.ts';
import { packageRoot } from '../daemon/version.ts';
import { readJson, startRigbrain, temporaryFolder, type RunningRigbrain } from './harness.ts';

/** A hunt in the real daemon, beside mining: through a kill -9 and a stop to its end, with nobody there. */

// At this rest a stop reaches it well before its end.
const YAML = `simulation: {N_grid: 32, T_steps: 1500}\nhunt: {generations: 2, population: 3, golden_seeds: 1, surrogates: 4, cpu_percent: 30}\nhub: {port: 0}\n`;
const WAIT = { timeout: 60_000, interval: 100 };

const folder = temporaryFolder();
let rig: RunningRigbrain | null = null;
afterAll(async () => {
  await rig?.stop('SIGKILL');
  folder.remove();
});

const archive = new HuntArchive({ folder: path.join(folder.dir, 'Test', 'Demo', 'Mining', 'Hunts') });

async function start(): Promise<RunningRigbrain> {
  rig = startRigbrain(['--demo'], { dataDir: folder.dir, yaml: YAML });
  await rig.waitFor('the daemon to run', ({ msg }) => msg === 'running', 30_000);
  return rig;
}

async function ask<T>(method: 'GET' | 'POST', what: string): Promise<T> {
  const { url } = readJson<{ url: string }>(path.join(folder.dir, 'hub.json'));
  const token = readFileSync(path.join(folder.dir, 'hub.token'), 'utf8').trim();
  const answer = await fetch(`${url}/api/${what}`, { method, headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' }, ...(method === 'POST' && { body: JSON.stringify({ seed: 7 }) }) });
  expect(answer.ok, `${what}: ${answer.status}`).toBe(true);
  return (await answer.json()) as T;
}

const rowsOf = async (id: string): Promise<readonly HuntTableRow[]> => (await archive.rows(id, { offset: 0, limit: 100, order: 'made' })).rows;

test('a hunt goes on by itself after kill -9 and after a stop, to its end, while shares are accepted: no job is lost or repeated', async () => {
  const first = await start();
  const { hunt_id } = await ask<{ hunt_id: string }>('POST', 'start-hunt');
  const ended = async (): Promise<number> => (await rowsOf(hunt_id)).filter(({ status }) => status !== 'pending').length;
  await vi.waitFor(async () => expect(await ended()).toBeGreaterThan(0), WAIT);
  await first.stop('SIGKILL');
  const atKill = await rowsOf(hunt_id);
  expect((await archive.list()).map(({ status }) => status)).toEqual(['stopped']);

  const second = await start();
  await second.waitFor('it to go on', ({ event, hunt_id: id }) => event === 'hunt_resumed' && id === hunt_id, 30_000);
  await vi.waitFor(async () => expect(await ended()).toBeGreaterThan(atKill.filter(({ status }) => status !== 'pending').length), WAIT);
  expect((await second.stop()).code).toBe(0);
  expect(second.lines.filter(({ event }) => event === 'hunt_stopped')).toMatchObject([{ hunt_id, reason: 'rigbrain is stopping' }]);
  const atStop = await rowsOf(hunt_id);

  const third = await start();
  const told = await third.waitFor('the hunt to end', ({ event }) => event === 'hunt_completed' || event === 'hunt_failed', 90_000);
  expect(told).toMatchObject({ event: 'hunt_completed', hunt_id, jobs_total: 6, jobs_done: 6 });
  expect(told.msg).toMatch(/best SSE [\d.]+ \(p [\d.]+/);
  // Mining did not wait for it.
  await third.waitFor('an accepted share', ({ event }) => event === 'share_accepted' || event === 'block_found', 30_000);
  expect((await ask<{ hunt: { status: string } }>('GET', 'state')).hunt).toMatchObject({ status: 'completed', best: { p_value: expect.any(Number) } });

  const rows = await rowsOf(hunt_id);
  expect(rows.filter(({ origin }) => origin !== 'reevaluation').map(({ generation }) => generation)).toEqual([0, 0, 0, 1, 1, 1]);
  expect(rows.every(({ status }) => status !== 'pending')).toBe(true);
  // What was done is as it was; what was begun is the same job.
  for (const before of [atKill, atStop]) {
    expect(rows.slice(0, before.length).map(({ job_uuid }) => job_uuid)).toEqual(before.map(({ job_uuid }) => job_uuid));
    for (const [place, row] of before.entries()) if (row.status !== 'pending') expect(rows[place]).toEqual(row);
  }
  expect(readdirSync(path.join(await archive.folderOf(hunt_id), 'provenance')).sort()).toEqual(rows.map(({ job_uuid }) => `provenance_${job_uuid}.json`).sort());
  expect((await third.stop()).code).toBe(0);
  // The ledger in the same folder has nothing against the files of hunts.
  const bin = path.join(packageRoot(), 'dist', 'daemon', 'cli', 'bin.js');
  expect(spawnSync(process.execPath, [bin, 'ledger', 'verify', '--demo', '--data', folder.dir], { encoding: 'utf8', timeout: 60_000 })).toMatchObject({ status: 0, stdout: expect.stringContaining('everything holds') });
  const { reports } = readJson<{ reports: { event: string; hunt_id?: string }[] }>(path.join(folder.dir, 'Test/Demo/Mining/System/System_Reports/Looping/Global/global_looping_report.json'));
  const recorded = reports.filter((report) => report.hunt_id === hunt_id).map(({ event }) => event);
  // A kill may take a report with it that was not on the disk yet.
  expect(recorded.slice(-4)).toEqual(['hunt_resumed', 'hunt_stopped', 'hunt_resumed', 'hunt_completed']);
}, 240_000);
