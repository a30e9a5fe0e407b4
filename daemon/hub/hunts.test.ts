import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { localSteps, type HuntSteps } from '../hunt/steps.ts';
import { nodeDisk } from '../ledger/disk/node-disk.ts';
import type { HubStatus, HuntDetail, HuntTableRow, Page, Provenance } from './api-types.ts';
import { startHub, type TestHub } from './hub.fixture.ts';
import { testHunts, type TestHunts } from './hunts.fixture.ts';

let dir: string;
let hunts: TestHunts;
let rig: TestHub;
beforeEach(() => (dir = mkdtempSync(path.join(os.tmpdir(), 'rigbrain-hub-hunts-'))));
afterEach(async () => {
  await rig.close();
  await hunts.control.close();
  rmSync(dir, { recursive: true, force: true });
});

async function begin(steps?: HuntSteps): Promise<void> {
  hunts = testHunts(dir, steps);
  rig = await startHub({ dataDir: dir, parts: { hunts } });
}

const get = async <T>(to: string): Promise<T> => (await rig.ask(to)).json() as Promise<T>;
const status = (): Promise<HubStatus> => get('/api/get-status');

/** Real simulations that wait to be let go, one at a time. */
function gatedSteps(): { readonly steps: HuntSteps; readonly waiting: (() => void)[] } {
  const real = localSteps(nodeDisk, 'typescript');
  const waiting: (() => void)[] = [];
  return {
    waiting,
    steps: {
      ...real,
      async simulate(task, options) {
        await new Promise<void>((go, stopped) => {
          waiting.push(go);
          options.signal?.addEventListener('abort', () => stopped(options.signal!.reason as Error));
        });
        return real.simulate(task, options);
      },
    },
  };
}

test('the status moves while a hunt runs, and the end shows the best run in both forms', async () => {
  const { steps, waiting } = gatedSteps();
  await begin(steps);
  expect(await status()).toMatchObject({ hunt_status: 'Idle', found_files: [], final_result: {}, last_sse: '-' });
  const started = await rig.post('/api/start-hunt', { num_generations: 2, population_size: 2, seed: 1 });
  expect(started.status).toBe(202);
  const { status: words, hunt_id } = (await started.json()) as { status: string; hunt_id: string };
  expect(words).toBe('Hunt Started');
  const seen: [number, string, number | null][] = [];
  for (let jobs = 1; jobs <= 4; jobs++) {
    await vi.waitFor(() => expect(waiting).toHaveLength(jobs));
    const { found_files, hunt_status, current_gen } = await status();
    seen.push([found_files.length, hunt_status, current_gen]);
    waiting[jobs - 1]!();
  }
  expect(seen).toEqual([[0, 'Running', 0], [1, 'Running', 0], [2, 'Running', 1], [3, 'Running', 1]]);
  await vi.waitFor(() => expect(waiting).toHaveLength(5));
  waiting[4]!();
  await hunts.control.idle();
  const last = await status();
  expect(last).toMatchObject({ hunt_status: 'Completed', current_gen: 1, total_gens: 2, last_job_id: expect.any(String) });
  expect(last.last_sse).toMatch(/^\d+\.\d{6}$/);
  expect(last.last_h_norm).toMatch(/^(\d+\.\d{6}|\d\.\d{3}e-\d+)$/);
  expect(Number(last.last_h_norm)).toBeGreaterThan(0);
  expect(last.last_p_value).toMatch(/^[01]\.\d{4}$/);
  expect(last.found_files).toHaveLength(5);
  const best = hunts.control.state().best!;
  const provenance = await get<Provenance>(`/api/hunts/${hunt_id}/jobs/${best.job_uuid}`);
  expect(last.final_result).toMatchObject({ ...best, sncgl_params: provenance.sncgl_params, sdg_params: provenance.sdg_params, ...provenance.sncgl_params, ...provenance.sdg_params, verdict: { words: expect.any(String) } });
});

test('of twenty that start a hunt at once exactly one is told yes', async () => {
  const { steps } = gatedSteps();
  await begin(steps);
  const answers = await Promise.all(Array.from({ length: 20 }, () => rig.post('/api/start-hunt', {})));
  expect(answers.map((answer) => answer.status).sort()).toEqual([202, ...Array<number>(19).fill(409)]);
  const refused = (await answers.find((answer) => answer.status === 409)!.json()) as object;
  expect(refused).toMatchObject({ message: expect.any(String), error: { code: 'E_HUNT_BUSY', hint: expect.any(String) } });
  expect(((await get<{ hunts: unknown[] }>('/api/hunts')).hunts)).toHaveLength(1);
});

test('a hunt is paused, resumed, steered and stopped; what cannot be done now is a 409', async () => {
  const { steps, waiting } = gatedSteps();
  await begin(steps);
  for (const act of ['pause', 'stop', 'steer']) expect((await rig.post(`/api/hunt/${act}`, {})).status, act).toBe(409);
  expect((await rig.post('/api/hunt/resume')).status).toBe(404);
  await rig.post('/api/start-hunt', {});
  await vi.waitFor(() => expect(waiting).toHaveLength(1));
  expect(await (await rig.post('/api/hunt/pause')).json()).toEqual({ status: 'pausing' });
  waiting[0]!();
  await vi.waitFor(async () => expect((await status()).hunt_status).toBe('Paused'));
  expect((await rig.post('/api/hunt/steer', { mutation_rate: 0.5, inject: [{ sncgl_epsilon: 0.2 }] })).status).toBe(202);
  const wrong = await rig.post('/api/hunt/steer', { inject: [{ sncgl_epsilon: 7 }] });
  expect([wrong.status, await wrong.json()]).toEqual([400, { error: { code: 'E_HUNT_SETTINGS', message: expect.stringContaining('inject.sncgl_epsilon'), hint: expect.any(String) } }]);
  expect((await rig.post('/api/hunt/resume')).status).toBe(202);
  await vi.waitFor(() => expect(waiting).toHaveLength(2));
  expect((await rig.post('/api/hunt/stop')).status).toBe(202);
  await vi.waitFor(async () => expect((await status()).hunt_status).toBe('Stopped'));
  const { hunts: [summary] } = await get<{ hunts: { hunt_id: string }[] }>('/api/hunts');
  expect((await rig.post('/api/hunt/resume', { hunt_id: summary!.hunt_id })).status).toBe(202);
  await vi.waitFor(() => expect(waiting).toHaveLength(3));
});

test.each([
  [{ num_generations: 0 }, 'num_generations'],
  [{ num_generations: '10' }, 'num_generations'],
  [{ population_size: 1001 }, 'population_size'],
  [{ populationsize: 3 }, 'populationsize'],
  [{ simulation: { N_grid: 60 } }, 'simulation.N_grid: Invalid option: expected one of 16|32|64|128|256'],
  [{ simulation: { sncgl_epsilon: -1 } }, 'simulation.sncgl_epsilon'],
  [{ simulation: { nothing: 1 } }, 'nothing'],
  [{ bounds: { sncgl_epsilon: { min: 2, max: 1 } } }, 'bounds.sncgl_epsilon'],
  [{ bounds: { epsilon: { min: 0, max: 1 } } }, 'bounds'],
  [[], ''],
  ['text', ''],
])('a hunt is not started with %j, and the answer names what is wrong', async (body, field) => {
  await begin();
  const answer = await rig.post('/api/start-hunt', body);
  expect(answer.status).toBe(400);
  expect(await answer.json()).toEqual({ error: { code: expect.stringMatching(/^E_/), message: expect.stringContaining(field), hint: expect.any(String) } });
  expect(hunts.control.state().status).toBe('idle');
});

test('tables, fields and files of a hunt are those on the disk', async () => {
  await begin();
  const { hunt_id } = (await (await rig.post('/api/start-hunt', { num_generations: 1, population_size: 3 })).json()) as { hunt_id: string };
  await hunts.control.idle();
  const detail = await get<HuntDetail>(`/api/hunts/${hunt_id}`);
  expect(detail).toMatchObject({ summary: { hunt_id, status: 'completed', jobs_done: 3 }, generations: [{ generation: 0, done: 3 }], golden: { hunt_id } });
  const page = await get<Page<HuntTableRow>>(`/api/hunts/${hunt_id}/jobs?limit=2&offset=1&order=fitness`);
  expect([page.offset, page.rows.length, page.total]).toEqual([1, 2, 4]);
  const all = await get<Page<HuntTableRow>>(`/api/hunts/${hunt_id}/jobs`);
  const job = all.rows[0]!.job_uuid;

  const { state } = await hunts.archive.field(hunt_id, job);
  const image = async (layer: string): Promise<number[]> => {
    const answer = await rig.ask(`/api/hunts/${hunt_id}/jobs/${job}/field?layer=${layer}`);
    expect([answer.headers.get('x-grid-n'), answer.headers.get('x-grid-dim'), Number(answer.headers.get('x-box-length'))]).toEqual(['16', '2', detail.settings.parameters.L_domain]);
    return [...new Float32Array(await answer.arrayBuffer())];
  };
  expect(await image('density')).toEqual([...state.psi.re].map((re, i) => Math.fround(re ** 2 + state.psi.im[i]! ** 2)));
  expect(await image('phase')).toEqual([...state.psi.re].map((re, i) => Math.fround(Math.atan2(state.psi.im[i]!, re))));
  expect(await image('omega_sq')).toEqual([...state.omegaSquared].map(Math.fround));

  const csv = await rig.ask(`/api/hunts/${hunt_id}/files/simulation_ledger.csv`);
  expect(csv.headers.get('content-disposition')).toBe('attachment; filename="simulation_ledger.csv"');
  expect(await csv.text()).toBe(readFileSync(path.join(dir, 'Hunts', detail.summary.folder, 'simulation_ledger.csv'), 'utf8'));
  const fetched = await rig.ask(`/api/hunts/${hunt_id}/files/provenance/provenance_${job}.json`);
  expect(await fetched.json()).toEqual(await get(`/api/hunts/${hunt_id}/jobs/${job}`));
  for (const name of ['../journal.jsonl', '..%2f..%2fhub.token', '%2e%2e/%2e%2e/hub.token', '/etc/passwd', 'provenance', 'no-such-file', 'a%00b']) {
    const answer = await rig.ask(`/api/hunts/${hunt_id}/files/${name}`);
    expect([400, 404], name).toContain(answer.status);
  }
  for (const gone of [`/api/hunts/00000000-0000-4000-8000-000000000000`, `/api/hunts/${hunt_id}/jobs/00000000-0000-4000-8000-000000000000`, `/api/hunts/${hunt_id}/jobs/00000000-0000-4000-8000-000000000000/field`]) expect((await rig.ask(gone)).status, gone).toBe(404);
  expect((await rig.ask(`/api/hunts/${hunt_id}/jobs/${job}/field?layer=colour`)).status).toBe(400);
});

test('what happens to a hunt is told to who listens', async () => {
  await begin();
  const stop = new AbortController();
  const stream = await rig.ask('/api/events', { headers: { authorization: `Bearer a-token-for-tests-only` }, signal: stop.signal });
  const reader = stream.body!.pipeThrough(new TextDecoderStream()).getReader();
  const { hunt_id } = (await (await rig.post('/api/start-hunt', { num_generations: 1, population_size: 1, golden_seeds: 0 })).json()) as { hunt_id: string };
  let text = '';
  while (!text.includes('the hunt is completed')) text += (await reader.read()).value ?? '';
  stop.abort();
  const news = [...text.matchAll(/event: hunt\ndata: (.*)\n/g)].map(([, data]) => JSON.parse(data!) as { kind: string; hunt_id: string });
  expect(new Set(news.map((one) => one.hunt_id))).toEqual(new Set([hunt_id]));
  expect(news.map(({ kind }) => kind)).toEqual(expect.arrayContaining(['generation', 'job-started', 'job-ended', 'state']));
});
