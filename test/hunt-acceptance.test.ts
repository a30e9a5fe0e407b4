/**
 * What a hunt has to keep to, from the solver's numbers to the files it leaves. Proved here, or beside the code:
 *
 *   flat space bit for bit without coupling            here, every backend; daemon/solver/solver.test.ts
 *   order >= 3.8 flat, >= 3.5 coupled                  daemon/solver/solver.test.ts, native.test.ts; `rigbrain bench solver` prints it
 *   amplitude and frequency of a plane wave            here, every kernel; daemon/solver/solver.test.ts
 *   covariant Laplacian, first-derivative term in 3-D  daemon/solver/nonlinear.test.ts
 *   metrics know no place and no phase                 daemon/hunt/validator/validate.test.ts
 *   planted comb below 1e-3, white noise above 0.3     here for rays of 128; daemon/hunt/validator/log-prime.test.ts
 *   the same uuid and seed: the same bytes             here; daemon/hunt/process-steps.test.ts across processes
 *   one provenance file whatever happens               here: killed process, missing artefact, full disk; daemon/hunt/hunt.test.ts: ok,
 *                                                      crash, deadline, a field that is not finite, no structure
 *   kill -9 loses and repeats nothing                  daemon/hunt/crash.test.ts at every change to the disk; hunt-kill.slow.test.ts
 *   the status moves while a hunt runs                 daemon/hunt/service.test.ts
 */
import { fork } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, unlinkSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { SimDisk } from '../daemon/ledger/disk/sim-disk.fixture.ts';
import { nodeDisk } from '../daemon/ledger/disk/node-disk.ts';
import { counting, FOLDER, inMemory, SETTINGS } from '../daemon/hunt/hunt.fixture.ts';
import { Hunt } from '../daemon/hunt/hunt.ts';
import { LEDGER_NAME } from '../daemon/hunt/hunter.ts';
import { processSteps } from '../daemon/hunt/process-steps.ts';
import { readProvenance, type Provenance } from '../daemon/hunt/provenance.ts';
import { localRunner } from '../daemon/hunt/runner.ts';
import { localSteps, type HuntSteps } from '../daemon/hunt/steps.ts';
import { scoreRays } from '../daemon/hunt/validator/log-prime.ts';
import { PeakFinder } from '../daemon/hunt/validator/peaks.ts';
import { PRIME_LOG_TARGETS } from '../daemon/hunt/validator/prime-match.ts';
import { createSolver, solverKernels } from '../daemon/solver/backends.ts';
import { newField } from '../daemon/solver/complex-field.ts';
import { SeededRandom } from '../daemon/solver/random.ts';
import { DEFAULT_PARAMETERS, SDG_SOLVERS } from '../kernels/spectral/parameters.ts';
import { packageRoot } from '../daemon/version.ts';
import { systemClock } from '../protocol/common/clock.ts';
import { ManualClock } from '../protocol/common/manual-clock.ts';

const BACKENDS = [...solverKernels().kernels, 'typescript'];

describe.each(BACKENDS)('the field, by %s', (kernel) => {
  test('space is flat, bit for bit, when nothing couples to it', () => {
    for (const dim of [2, 3] as const) {
      for (const sdg_solver of SDG_SOLVERS) {
        const solver = createSolver({ ...DEFAULT_PARAMETERS, N_grid: 16, dim, sdg_solver, sdg_alpha: 0 }, { seed: 1 }, { kernel });
        solver.step(5);
        expect(solver.omegaSquared().every((value) => Object.is(value, 1))).toBe(true);
        solver.close();
      }
    }
  });

  test('a plane wave has the amplitude and the frequency of the equation', () => {
    const p = { ...DEFAULT_PARAMETERS, N_grid: 16, dt: 0.02, sdg_kappa: 0, sdg_eta: 0 };
    const q = (2 * Math.PI * 2) / p.L_domain;
    const density = (p.sncgl_epsilon - p.sncgl_epsilon * p.sncgl_diff_re * q ** 2) / (p.sncgl_lambda * p.sncgl_b3 + p.sncgl_g_nonlocal);
    const frequency = -(p.sncgl_epsilon * p.sncgl_diff_im * q ** 2 + p.sncgl_lambda * p.sncgl_c3 * density);
    const field = newField(256);
    for (let i = 0; i < 256; i++) [field.re[i], field.im[i]] = [Math.sqrt(density) * Math.cos((q * (i % 16) * p.L_domain) / 16), Math.sqrt(density) * Math.sin((q * (i % 16) * p.L_domain) / 16)];
    const solver = createSolver(p, { seed: 0, field }, { kernel });
    solver.step(500);
    const { re, im } = solver.field();
    for (let i = 0; i < 256; i++) {
      expect((re[i]! ** 2 + im[i]! ** 2) / density).toBeCloseTo(1, 6);
      const angle = Math.atan2(im[i]!, re[i]!) - (q * (i % 16) * p.L_domain) / 16 - frequency * 10;
      expect(Math.abs(angle - 2 * Math.PI * Math.round(angle / (2 * Math.PI)))).toBeLessThan(1e-6);
    }
    solver.close();
  });
});

test.each([5, 6, 7, 8])('a comb of the five logarithms scores below 1e-3 with ln 2 at bin %i of 128', (bin) => {
  const random = new SeededRandom(bin);
  const finder = new PeakFinder(128);
  const rays = Array.from({ length: 64 }, () => {
    const tones = PRIME_LOG_TARGETS.map((target) => ({ cycles: (bin * target) / Math.LN2, phase: 2 * Math.PI * random.uniform() }));
    return finder.find({ spacing: 0.3, values: Float64Array.from({ length: 128 }, (_, i) => tones.reduce((sum, { cycles, phase }) => sum + Math.cos((2 * Math.PI * cycles * i) / 128 + phase), 0)) });
  });
  expect(scoreRays(rays).log_prime_sse).toBeLessThan(1e-3);
});

test('the same uuids and seed leave the same bytes in every file, but for what time it was', async () => {
  const settings = { ...SETTINGS, population_size: 2, golden_seeds: 1, parameters: { ...SETTINGS.parameters, dt: 0.1, T_steps: 200 } };
  const run = async (begin: number): Promise<Map<string, string>> => {
    const [disk, clock] = [new SimDisk(), new ManualClock(begin)];
    const hunt = await Hunt.open({ folder: FOLDER, disk, clock, runner: localRunner({ steps: localSteps(disk), disk, clock }), settings, newUuid: counting() });
    await hunt.run(2);
    await hunt.close();
    expect(hunt.hunter.rows.some(({ result }) => result!.status === 'ok')).toBe(true);
    const text = (file: string): string => {
      const bytes = disk.bytes(file);
      if (file.endsWith('.csv')) return bytes.toString().split('\n').map((line) => line.split(',').filter((cell) => !/^\d{4}-\d\d-\d\dT/.test(cell)).join(',')).join('\n');
      if (!/provenance_.*json$/.test(file)) return bytes.toString('base64');
      return JSON.stringify({ ...readProvenance(bytes.toString())!, created_utc: '', timing: null });
    };
    return new Map(disk.files(FOLDER).filter((file) => file.includes('/fields/') || /provenance_.*json$/.test(file) || file.endsWith(LEDGER_NAME)).map((file) => [file, text(file)]));
  };
  const [first, again] = [await run(Date.UTC(2026, 0, 1)), await run(Date.UTC(2027, 5, 5))];
  expect(first.size).toBeGreaterThan(2 * 4);
  expect(again).toEqual(first);
});

describe('a job leaves one provenance file', () => {
  let folder: string;
  beforeEach(() => void (folder = mkdtempSync(path.join(os.tmpdir(), 'rb-hunt-'))));
  afterEach(() => rmSync(folder, { recursive: true, force: true }));
  const settings = { ...SETTINGS, population_size: 1 };
  const only = (): Provenance => {
    const files = readdirSync(path.join(folder, 'provenance'));
    expect(files).toEqual([expect.stringMatching(/^provenance_[0-9a-f-]{36}\.json$/)]);
    return readProvenance(readFileSync(path.join(folder, 'provenance', files[0]!), 'utf8'))!;
  };
  const hunted = async (steps: HuntSteps): Promise<Provenance> => {
    const hunt = await Hunt.open({ folder, runner: localRunner({ steps, disk: nodeDisk, clock: systemClock }), settings });
    await hunt.run(1);
    await hunt.close();
    return only();
  };

  const built = path.join(packageRoot(), 'dist', 'daemon', 'hunt', 'step-process.js');
  test.skipIf(!existsSync(built))('when the process of its simulation is killed (needs the build)', async () => {
    const steps = processSteps({ nice: 0, start: () => {
      const child = fork(built, [], { stdio: ['ignore', 'ignore', 'pipe', 'ipc'], execArgv: [], serialization: 'advanced' });
      child.once('spawn', () => child.kill('SIGKILL'));
      return child;
    } });
    expect(await hunted(steps)).toMatchObject({ status: 'failed', sentinel_code: 1000, error: expect.stringContaining('SIGKILL') as string });
  });

  test('when its state is gone, or not the one that was written', async () => {
    const steps = localSteps(nodeDisk, 'typescript');
    const gone = await hunted({ ...steps, validate: (task, how) => {
      unlinkSync(task.fieldFile);
      return steps.validate(task, how);
    } });
    expect(gone).toMatchObject({ sentinel_code: 998, validation_status: 'failed' });
    rmSync(folder, { recursive: true });
    const other = await hunted({ ...steps, validate: (task, how) => {
      writeFileSync(task.fieldFile, 'something else');
      return steps.validate(task, how);
    } });
    expect(other).toMatchObject({ status: 'failed', validation_status: 'failed' });
  });

  test('when the disk is full: at the latest once there is room again', async () => {
    const disk = new SimDisk();
    const clock = new ManualClock();
    const options = inMemory({ disk, clock, settings, runner: localRunner({ steps: localSteps(disk, 'typescript'), disk, clock }) });
    const names = (): string[] => disk.files(`${FOLDER}/provenance`);
    const hunt = await Hunt.open(options);
    disk.faults.when = ({ call, path: file }) => (call === 'write' && /fields|provenance_/.test(file) ? 'ENOSPC' : null);
    await expect(hunt.run(1)).rejects.toMatchObject({ code: 'ENOSPC' });
    disk.faults.when = ({ call, path: file }) => (call === 'write' && file.includes('fields') ? 'ENOSPC' : null);
    await expect(hunt.run()).rejects.toMatchObject({ code: 'ENOSPC' });
    // No room is no result: nothing is taken for a failed run.
    expect(hunt.hunter.pendingJobs()).toHaveLength(1);
    disk.faults.when = () => null;
    await hunt.run();
    await hunt.close();
    expect(names()).toHaveLength(hunt.hunter.rows.length);
    for (const name of names()) expect(readProvenance(disk.bytes(name).toString())?.error ?? '').not.toContain('ENOSPC');
  });
});
