/** `rigbrain hunt` as a person types it, in processes of their own: here without a daemon, in the daemon that runs, never both. */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, expect, test, vi } from 'vitest';
import type { HuntDetail } from '../daemon/hunt/archive-types.ts';
import type { FinalResult } from '../daemon/hunt/final-result.ts';
import type { HuntTelemetry } from '../daemon/telemetry/state.ts';
import { startRigbrain, type RunningRigbrain } from './harness.ts';
import { HuntCli, processesWith, SMALL_HUNTS } from './hunt-cli.fixture.ts';

const dir = mkdtempSync(path.join(os.tmpdir(), 'rigbrain-hunt-cli-'));
const daemons: RunningRigbrain[] = [];
afterEach(async () => {
  for (const daemon of daemons.splice(0)) await daemon.stop('SIGKILL');
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

function cliIn(name: string, yaml = SMALL_HUNTS): HuntCli {
  const dataDir = path.join(dir, name);
  mkdirSync(dataDir);
  return new HuntCli(dataDir, yaml);
}

interface Line {
  readonly type: string;
  readonly hunt_id: string;
  readonly generation?: number;
  readonly status?: string;
  readonly best?: FinalResult;
}
const linesOf = (stdout: string): Line[] => stdout.trimEnd().split('\n').map((line) => JSON.parse(line) as Line);

test.runIf(process.platform === 'linux')('Ctrl-C stops a hunt, nobody else may run one meanwhile, and resume goes on with the same jobs', async () => {
  const cli = cliIn('stopped');
  // It rests so much that it cannot come to its end before all of this is tried.
  cli.env = { RIGBRAIN_HUNT__CPU_PERCENT: '4' };
  const running = cli.start('start', '--generations', '3', '--set', 'T_steps=4000', '--json');
  cli.env = {};
  const { hunt_id } = JSON.parse(await running.line((line) => line.includes('"started"'))) as Line;
  const second = await cli.run('start', '--json');
  expect(second.code).toBe(69);
  expect(JSON.parse(second.stderr)).toMatchObject({ error: { code: 'E_HUNT_BUSY' } });
  expect((await cli.run('stop')).stderr).toContain('runs in another process, which takes no commands');
  expect((await cli.json<{ hunt: HuntDetail }>('status')).hunt.summary).toMatchObject({ hunt_id, status: 'running' });
  await running.line((line) => line.includes('"generation"'));
  // As in a terminal: every process of the command gets the signal.
  for (const pid of processesWith(cli.mark)) {
    try {
      process.kill(pid, 'SIGINT');
    } catch {
      // It was just done.
    }
  }
  const { code, stdout, stderr } = await running.ended;
  expect([code, stderr]).toEqual([0, '']);
  expect(linesOf(stdout).at(-1)).toMatchObject({ type: 'end', hunt_id, status: 'stopped' });
  const before = (await cli.json<{ hunt: HuntDetail }>('status')).hunt;
  expect(before.summary.status).toBe('stopped');
  expect(before.summary.jobs_done).toBeLessThan(6);
  const resumed = linesOf((await cli.run('resume', '--json')).stdout);
  expect(resumed[0]).toMatchObject({ type: 'resumed', hunt_id });
  expect(resumed.at(-1)).toMatchObject({ type: 'end', status: 'completed' });
  const { hunt } = await cli.json<{ hunt: HuntDetail }>('status');
  expect(hunt.summary).toMatchObject({ status: 'completed', jobs_done: 6, generations_done: 3 });
  // Physics may say no to a run; no step was failed by the signal it got.
  const [head, ...rows] = (await cli.run('export', '--csv')).stdout.trimEnd().split('\n').map((line) => line.split(','));
  expect(rows.map((row) => row[head!.indexOf('sentinel_code')])).not.toContain('1000');
  expect(processesWith(cli.mark)).toEqual([]);
}, 240_000);

test.runIf(process.platform === 'linux')('a daemon runs the hunt: commands tell it what to do, and its end is a stop that the next start goes on from', async () => {
  const yaml = `${SMALL_HUNTS}hub: { port: 0 }\ndevices: [{ id: cpu, driver: cpu, options: { threads: 1, limit_percent: 20 } }]\n`;
  const cli = cliIn('daemon', yaml);
  const begin = async (): Promise<RunningRigbrain> => {
    const daemon = startRigbrain(['--demo'], { dataDir: cli.dataDir, yaml });
    daemons.push(daemon);
    await daemon.waitFor('the hub', (line) => String(line.msg).startsWith('the hub is up'), 60_000);
    return daemon;
  };
  const daemon = await begin();
  const { hunt_id } = await cli.json<Line>('start', '--generations', '1000', '--seed', '3');
  const status = () => cli.json<{ daemon: { pid: number; mode: string }; live: HuntTelemetry; hunt: HuntDetail }>('status');
  expect(await status()).toMatchObject({ daemon: { pid: daemon.process.pid, mode: 'demo' }, live: { hunt_id, status: 'running' }, hunt: { summary: { hunt_id, status: 'running' } } });
  expect((await cli.run('start', '--json')).code).toBe(69);
  expect((await cli.run('start', '--workers', '2')).stderr).toContain('--workers: the hunt runs in the daemon');
  // The steering is on record before the command ends, and wrong values come back as they would here.
  expect(await cli.json('steer', '--mutation-rate', '0.5')).toMatchObject({ hunt_id });
  expect((await cli.run('steer', '--inject', 'sdg_alpha=99')).stderr).toContain('E_HUNT_SETTINGS: inject.sdg_alpha: must be from 1 to 2');
  expect(['pausing', 'paused']).toContain((await cli.json<{ status: string }>('pause')).status);
  expect(await cli.json('resume')).toMatchObject({ type: 'resumed', hunt_id });
  expect(await cli.json('stop')).toMatchObject({ hunt_id, status: 'stopped' });
  expect((await cli.run('stop')).stderr).toContain('E_HUNT_SETTINGS: no hunt runs');

  await cli.json('resume');
  expect((await daemon.stop('SIGTERM')).code).toBe(0);
  // Nothing runs now, and what was cut short belongs to the daemon until somebody takes it.
  expect((await cli.json<{ daemon: null; hunt: HuntDetail }>('status', '--demo'))).toMatchObject({ daemon: null, hunt: { summary: { hunt_id, status: 'stopped' } } });
  await begin();
  // By itself: nobody told it to.
  await vi.waitFor(async () => expect((await status()).live).toMatchObject({ hunt_id, status: 'running' }));
}, 240_000);
