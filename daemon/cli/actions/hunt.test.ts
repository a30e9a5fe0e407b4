/** `rigbrain hunt` where no daemon runs, in this process; test/hunt-cli.e2e.test.ts has it as a person starts it. */
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { HuntDetail, HuntSummary } from '../../hunt/archive-types.ts';
import type { FinalResult } from '../../hunt/final-result.ts';
import { FakeIo } from '../fake-io.fixture.ts';
import { runCli } from '../program.ts';

const dir = mkdtempSync(path.join(os.tmpdir(), 'rigbrain-hunts-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));
const config = path.join(dir, 'rig.yaml');
writeFileSync(config, 'simulation: { N_grid: 16, dt: 0.1, T_steps: 100 }\nhunt: { generations: 2, population: 2, workers: 2, nice: 0, surrogates: 2, golden_seeds: 1 }\n');

async function hunt(...args: string[]): Promise<{ code: number; io: FakeIo }> {
  const io = new FakeIo(dir);
  return { code: await runCli(['hunt', ...args, '--data', dir, '--config', config], io), io };
}

async function json<T>(...args: string[]): Promise<T> {
  const { code, io } = await hunt(...args, '--json');
  expect([code, io.stderr]).toEqual([0, '']);
  return JSON.parse(io.stdout) as T;
}

let huntId = '';

beforeAll(async () => {
  const empty = await hunt('status');
  expect([empty.code, empty.io.stdout]).toEqual([0, expect.stringMatching(/^no hunt in .*; `rigbrain hunt start` begins one$/)]);
  const { code, io } = await hunt('start', '--seed', '5');
  expect([code, io.stderr]).toEqual([0, '']);
  expect(io.outLines[0]).toMatch(/^hunt [0-9a-f-]{36} started here; Ctrl-C stops it: /);
  expect(io.outLines[1]).toMatch(/^generation 0 \(1 of 2\): best SSE \S+ \(p \S+\), median \S+ \(p \S+\); scrambled fields \S+; h-norm \S+, median \S+; 2 jobs$/);
  expect(io.outLines[2]).toMatch(/^generation 1 \(2 of 2\): /);
  expect(io.stdout).toMatch(/^verdict {6}\S/m);
  expect(io.statusLines.some((line) => /^generation 1\/2 {2}\d\/4 jobs {2}\d+ % {2}ETA /.test(line))).toBe(true);
  huntId = /^hunt (\S+)/.exec(io.stdout)![1]!;
});

test('status and best say the same of a hunt, by any beginning of its id', async () => {
  const { hunt: detail } = await json<{ hunt: HuntDetail }>('status');
  expect(detail.summary).toMatchObject({ hunt_id: huntId, status: 'completed', generations_done: 2, generations: 2, population: 2, jobs_done: 4 });
  expect(detail.settings.seed).toBe(5);
  expect((await json<{ hunts: HuntSummary[] }>('status', '--all')).hunts.map(({ hunt_id }) => hunt_id)).toEqual([huntId]);
  const best = await json<FinalResult>('best', huntId.slice(0, 6));
  expect(best).toMatchObject({ hunt_id: huntId, simulation: { N_grid: 16 }, verdict: { kind: expect.any(String), words: expect.any(String) } });
  expect((best as unknown as Record<string, unknown>).sncgl_epsilon).toBe(best.sncgl_params.sncgl_epsilon);
  expect(best.reevaluation!.seeds).toHaveLength(1);
});

test('for a person no score stands without its p-value and a verdict', async () => {
  expect((await hunt('status')).io.stdout).toMatch(/^fittest {6}SSE \S+ \(p \S+\)/m);
  const { io } = await hunt('best');
  expect(io.stdout).toMatch(/^score .* scrambled fields have \S+, random targets \S+ \(medians\)$/m);
  expect(io.stdout).toMatch(/^p-value {6}\S+ against scrambled fields \(\S+ as the best of all runs\), \S+ against random targets$/m);
  expect(io.stdout).toMatch(/^fresh seeds {2}1 of 1 have a score; medians: log_prime_sse \S+, p-value \S+/m);
  expect(io.stdout).toMatch(/^ {2}\* sncgl_epsilon /m);
});

test('export writes everything with sums, or one file', async () => {
  const out = path.join(dir, 'hunt.tar.gz');
  expect(await json<object>('export', '--out', out)).toMatchObject({ hunt_id: huntId, problems: [], sha256: createHash('sha256').update(readFileSync(out)).digest('hex') });
  const [head, ...rows] = (await hunt('export', '--csv')).io.outLines.map((line) => line.split(','));
  const golden = JSON.parse((await hunt('export', '--golden')).io.stdout) as { source_job_uuid: string };
  expect(rows.map((row) => row[head!.indexOf('job_uuid')])).toContain(golden.source_job_uuid);
  expect(await hunt('export', '--golden', '--out', 'golden.json')).toMatchObject({ code: 0 });
  expect(JSON.parse(readFileSync(path.join(dir, 'golden.json'), 'utf8'))).toEqual(golden);
  for (const args of [[], ['--csv', '--golden']]) expect((await hunt('export', ...args)).code).toBe(78);
  for (const args of [['--out', out], ['--golden', '--out', 'golden.json'], ['--out', 'rig.yaml']]) expect((await hunt('export', ...args)).io.stderr).toContain('E_DATA_DIR');
});

test('what there is not is named, with what may have been meant', async () => {
  const wrong = `${huntId.slice(0, 7)}${huntId[7] === '0' ? '1' : '0'}`;
  const { code, io } = await hunt('best', wrong);
  expect([code, io.stderr]).toEqual([78, expect.stringContaining(`E_HUNT_UNKNOWN: there is no hunt ${wrong}`)]);
  expect(io.stderr).toContain(`did you mean ${huntId}?`);
  for (const args of [['pause'], ['stop'], ['steer', '--mutation-rate', '0.5']]) expect((await hunt(...args)).io.stderr).toContain('E_HUNT_SETTINGS: no hunt runs in');
  expect((await hunt('steer', '--mutation-rate', '2')).io.stderr).toContain('It must be a number from 0 to 1.');
  expect((await hunt('start', '--set', 'dt=5')).io.stderr).toContain('dt: must be a number from 0.000001 to 1');
  expect((await hunt('start', '--bounds', 'sdg_alpha=2:99')).io.stderr).toContain('bounds.sdg_alpha: must be a range within 0 to 10');
  expect((await json<{ hunts: HuntSummary[] }>('status', '--all')).hunts).toHaveLength(1);
});

test('a complete hunt goes on only when it is told how far', async () => {
  const refused = await hunt('resume', '--json');
  expect([refused.code, JSON.parse(refused.io.stderr)]).toMatchObject([78, { error: { code: 'E_HUNT_SETTINGS' } }]);
  const { io } = await hunt('resume', huntId.slice(0, 8), '--more', '1', '--json');
  const lines = io.outLines.map((line) => JSON.parse(line) as { type: string; generation?: number });
  expect(lines).toMatchObject([{ type: 'resumed', hunt_id: huntId }, { type: 'generation', generation: 2, jobs: 2, done: 2 }, { type: 'end', hunt_id: huntId, status: 'completed', best: { hunt_id: huntId } }]);
});
