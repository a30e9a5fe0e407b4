import { fork } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { systemClock } from '../../protocol/common/clock.ts';
import { nodeDisk } from '../ledger/disk/node-disk.ts';
import { DEFAULT_PARAMETERS } from '../../kernels/spectral/parameters.ts';
import { packageRoot } from '../version.ts';
import { readField } from './artifact.ts';
import { Hunt } from './hunt.ts';
import { contentOf, configHash, type HuntJob } from './job.ts';
import { processSteps } from './process-steps.ts';
import { readProvenance } from './provenance.ts';
import { localRunner } from './runner.ts';
import { DEFAULT_HUNT, type HuntSettings } from './settings.ts';
import { localSteps, type StepOptions } from './steps.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'rb-hunt-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const SMALL: HuntSettings = { ...DEFAULT_HUNT, population_size: 3, golden_seeds: 1, surrogates: 4, parameters: { ...DEFAULT_PARAMETERS, N_grid: 16, dt: 0.1, T_steps: 250 } };

function job(over: Partial<typeof DEFAULT_PARAMETERS> = {}): HuntJob {
  const content = contentOf({ ...SMALL.parameters, ...over }, 5);
  return { job_uuid: '00000000-0000-4000-8000-000000000001', config_hash: configHash(content), generation: 0, origin: 'uniform', parent_1: null, parent_2: null, ...content };
}

describe('steps on this thread', () => {
  test('a hunt of two generations of three, on the real solver and validator', async () => {
    const hunt = await Hunt.open({ folder, runner: localRunner({ steps: localSteps(nodeDisk), disk: nodeDisk, clock: systemClock }), settings: SMALL });
    const golden = await hunt.run(2);
    await hunt.close();
    const rows = hunt.hunter.rows.filter(({ job: { origin } }) => origin !== 'reevaluation');
    expect(rows.map(({ job: { generation } }) => generation)).toEqual([0, 0, 0, 1, 1, 1]);
    expect(rows.filter(({ result }) => result!.status === 'ok').length).toBeGreaterThan(0);
    for (const { job: { job_uuid } } of hunt.hunter.rows) {
      const provenance = readProvenance(readFileSync(path.join(folder, 'provenance', `provenance_${job_uuid}.json`), 'utf8'))!;
      expect(provenance.job_uuid).toBe(job_uuid);
      const { path: file, sha256 } = provenance.artifacts.field!;
      expect((await readField(nodeDisk, path.join(folder, file), sha256)).job_uuid).toBe(job_uuid);
    }
    const best = hunt.hunter.getBestRun()!;
    expect(best.result.p_value).toBeGreaterThanOrEqual(1 / 5);
    if (golden !== null) expect(JSON.parse(readFileSync(path.join(folder, 'golden.json'), 'utf8'))).toEqual(golden);
  });

  test('the same job gives the same bytes', async () => {
    const steps = localSteps(nodeDisk, 'typescript');
    const once = async (name: string): Promise<string> => {
      const fieldFile = path.join(folder, name);
      const simulated = await steps.simulate({ kind: 'simulate', job: job(), fieldFile }, {});
      return JSON.stringify([simulated, await steps.validate({ kind: 'validate', job: job(), fieldFile, fieldSha256: simulated.fieldSha256!, surrogates: 4 }, {})]);
    };
    expect(await once('a')).toBe(await once('b'));
  });

  test('a field file that was changed is refused', async () => {
    const steps = localSteps(nodeDisk, 'typescript');
    const fieldFile = path.join(folder, 'field');
    const { fieldSha256 } = await steps.simulate({ kind: 'simulate', job: job(), fieldFile }, {});
    const bytes = readFileSync(fieldFile);
    bytes[bytes.length - 1]! ^= 1;
    writeFileSync(fieldFile, bytes);
    await expect(steps.validate({ kind: 'validate', job: job(), fieldFile, fieldSha256: fieldSha256!, surrogates: 4 }, {})).rejects.toMatchObject({ code: 'E_HUNT_STEP' });
  });
});

const built = path.join(packageRoot(), 'dist', 'daemon', 'hunt', 'step-process.js');
describe.skipIf(!existsSync(built))('steps in processes of their own (needs the build)', () => {
  test('give what steps on this thread give, with progress', async () => {
    const seen: number[] = [];
    const run = async (steps: ReturnType<typeof localSteps>, name: string): Promise<string> => {
      const fieldFile = path.join(folder, name);
      const simulated = await steps.simulate({ kind: 'simulate', job: job(), fieldFile }, { onProgress: ({ steps: done }) => seen.push(done) });
      return JSON.stringify([simulated, await steps.validate({ kind: 'validate', job: job(), fieldFile, fieldSha256: simulated.fieldSha256!, surrogates: 4 }, {})]);
    };
    const apart = await run(processSteps({ kernel: 'typescript', nice: 0 }), 'a');
    expect(seen.at(-1)).toBe(250);
    expect(apart).toBe(await run(localSteps(nodeDisk, 'typescript'), 'b'));
  });

  test.skipIf(process.platform !== 'linux')('take no more of a core than they may', async () => {
    const PERCENT = 25;
    /** CPU time of a process, ms: 100 ticks a second. */
    const cpuOf = (pid: number): number => readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ').slice(11, 13).reduce((sum, ticks) => sum + 10 * Number(ticks), 0);
    const looks: { cpu: number; wall: number }[] = [];
    let pid = 0;
    const steps = processSteps({ kernel: 'typescript', nice: 0, cpuPercent: PERCENT, start: () => {
      const child = fork(built, [], { stdio: ['ignore', 'ignore', 'pipe', 'ipc'], execArgv: [], serialization: 'advanced' });
      pid = child.pid!;
      return child;
    } });
    await steps.simulate({ kind: 'simulate', job: job({ T_steps: 1000 }), fieldFile: path.join(folder, 'slow') }, { onProgress: () => looks.push({ cpu: cpuOf(pid), wall: performance.now() }) });
    const [first, last] = [looks[0]!, looks.at(-1)!];
    expect(looks.length).toBeGreaterThan(2);
    // Only less is possible on a busy machine. A batch of steps is what may come before its rest.
    expect(last.cpu - first.cpu).toBeLessThan((PERCENT / 100) * (last.wall - first.wall) + 150);
    // The work itself is more than what the margin would hide.
    expect(last.cpu - first.cpu).toBeGreaterThan(200);
  });

  test('end at once when they are told to, in the middle of work', async () => {
    const stop = new AbortController();
    const children: ReturnType<typeof fork>[] = [];
    const steps = processSteps({ kernel: 'typescript', nice: 0, start: () => {
      const child = fork(built, [], { stdio: ['ignore', 'ignore', 'pipe', 'ipc'], execArgv: [], serialization: 'advanced' });
      children.push(child);
      return child;
    } });
    const endless = steps.simulate({ kind: 'simulate', job: job({ T_steps: 1e7 }), fieldFile: path.join(folder, 'x') }, { signal: stop.signal, onProgress: () => stop.abort(new Error('enough')) });
    await expect(endless).rejects.toThrow('enough');
    expect(children[0]!.signalCode).toBe('SIGKILL');
    expect(readdirSync(folder)).toEqual([]);
  });

  test('go on when Ctrl-C or a service manager reaches them, too: what becomes of a step is the daemon\'s to say', async () => {
    const children: ReturnType<typeof fork>[] = [];
    const steps = processSteps({ kernel: 'typescript', nice: 0, start: () => {
      const child = fork(built, [], { stdio: ['ignore', 'ignore', 'pipe', 'ipc'], execArgv: [], serialization: 'advanced' });
      children.push(child);
      return child;
    } });
    const signals: NodeJS.Signals[] = ['SIGINT', 'SIGTERM', 'SIGHUP'];
    const result = await steps.simulate({ kind: 'simulate', job: job({ T_steps: 2000 }), fieldFile: path.join(folder, 'x') }, { onProgress: () => {
      const signal = signals.pop();
      if (signal !== undefined) children[0]!.kill(signal);
    } });
    expect(result).toMatchObject({ sentinelCode: 0, steps: 2000 });
    expect(signals.length).toBeLessThan(3);
  });

  test('that die of a stop before they could begin have not failed when the word of it comes after', async () => {
    const deaf = path.join(folder, 'deaf.cjs');
    writeFileSync(deaf, 'setInterval(() => {}, 1000);');
    const stop = new AbortController();
    const steps = processSteps({ start: () => {
      const child = fork(deaf, [], { stdio: ['ignore', 'ignore', 'pipe', 'ipc'], execArgv: [], serialization: 'advanced' });
      child.once('spawn', () => child.kill('SIGINT'));
      child.once('close', () => setImmediate(() => stop.abort(new Error('the hunt was stopped'))));
      return child;
    } });
    await expect(steps.simulate({ kind: 'simulate', job: job(), fieldFile: path.join(folder, 'x') }, { signal: stop.signal })).rejects.toThrow('the hunt was stopped');
  });

  test('share a process as long as all goes well, and never one that failed or was stopped', async () => {
    const children: ReturnType<typeof fork>[] = [];
    const steps = processSteps({ kernel: 'typescript', nice: 0, start: () => {
      const child = fork(built, [], { stdio: ['ignore', 'ignore', 'pipe', 'ipc'], execArgv: [], serialization: 'advanced' });
      children.push(child);
      return child;
    } });
    const fieldFile = path.join(folder, 'field');
    const simulate = (options: StepOptions = {}, T_steps = 20) => steps.simulate({ kind: 'simulate', job: job({ T_steps }), fieldFile }, options);
    const { fieldSha256 } = await simulate();
    const validate = (sha256 = fieldSha256!) => steps.validate({ kind: 'validate', job: job(), fieldFile, fieldSha256: sha256, surrogates: 1 }, {});
    await validate();
    expect(children).toHaveLength(1);
    // Two at a time need two.
    await Promise.all([validate(), validate()]);
    expect(children).toHaveLength(2);
    await expect(validate('a'.repeat(64))).rejects.toMatchObject({ code: 'E_HUNT_STEP' });
    const stop = new AbortController();
    await expect(simulate({ signal: stop.signal, onProgress: () => stop.abort(new Error('enough')) }, 1e7)).rejects.toThrow('enough');
    expect(children.map(({ signalCode }) => signalCode)).toEqual(['SIGKILL', 'SIGKILL']);
    await validate();
    expect(children).toHaveLength(3);
    // One that dies while it waits is not given a step.
    const gone = new Promise((resolve) => children[2]!.once('exit', resolve));
    children[2]!.kill('SIGKILL');
    await gone;
    await validate();
    expect(children).toHaveLength(4);
    const ended = new Promise((resolve) => children[3]!.once('exit', resolve));
    steps.close!();
    await ended;
  });

  test('say why they failed: a file that is not there, a process that dies', async () => {
    await expect(processSteps({ nice: 0 }).validate({ kind: 'validate', job: job(), fieldFile: path.join(folder, 'none'), fieldSha256: 'a'.repeat(64), surrogates: 1 }, {})).rejects.toMatchObject({ code: 'E_HUNT_STEP', context: { errno: 'ENOENT' } });
    const crash = path.join(folder, 'crash.cjs');
    writeFileSync(crash, 'process.on("message", () => { console.error("out of luck"); process.exit(3); });');
    const steps = processSteps({ start: () => fork(crash, [], { stdio: ['ignore', 'ignore', 'pipe', 'ipc'], execArgv: [], serialization: 'advanced' }) });
    await expect(steps.simulate({ kind: 'simulate', job: job(), fieldFile: path.join(folder, 'x') }, {})).rejects.toThrow(/code 3.*out of luck/s);
  });

  test('run with the priority asked for', async () => {
    let priority: number | null = null;
    let pid = 0;
    const steps = processSteps({ nice: 19, kernel: 'typescript', start: () => {
      const child = fork(built, [], { stdio: ['ignore', 'ignore', 'pipe', 'ipc'], execArgv: [], serialization: 'advanced' });
      pid = child.pid!;
      return child;
    } });
    const stop = new AbortController();
    await steps.simulate({ kind: 'simulate', job: job({ T_steps: 1e7 }), fieldFile: path.join(folder, 'x') }, { signal: stop.signal, onProgress: () => {
      priority ??= os.getPriority(pid);
      stop.abort(new Error('seen'));
    } }).catch(() => {});
    expect(priority).toBe(19);
  });
});
