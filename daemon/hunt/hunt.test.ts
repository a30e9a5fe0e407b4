import { describe, expect, test, vi } from 'vitest';
import { GOLDEN_NAME, type Golden } from './golden.ts';
import { counting, FOLDER, inMemory, instantSteps, SETTINGS, SIMULATED, validationOf } from './hunt.fixture.ts';
import { Hunt, type HuntEvent } from './hunt.ts';
import { LEDGER_NAME } from './hunter.ts';
import { configHash } from './job.ts';
import { readProvenance, type Provenance } from './provenance.ts';
import { HUNT_SENTINEL } from './sentinels.ts';
import type { HuntSteps } from './steps.ts';
import type { SimDisk } from '../ledger/disk/sim-disk.fixture.ts';

const provenances = (disk: SimDisk): Provenance[] => disk.files(`${FOLDER}/provenance`).map((file) => {
  const found = readProvenance(disk.bytes(file).toString());
  expect(found, file).not.toBeNull();
  return found!;
});
const table = (disk: SimDisk): Record<string, string>[] => {
  const [head, ...lines] = disk.bytes(`${FOLDER}/${LEDGER_NAME}`).toString().trimEnd().split('\n');
  return lines.map((line) => Object.fromEntries(line.split(',').map((cell, i) => [head!.split(',')[i]!, cell])));
};

describe('a hunt', () => {
  test('runs its generations, gets better, and leaves a provenance file and a ledger line for every job', async () => {
    const options = inMemory();
    const hunt = await Hunt.open(options);
    const golden = await hunt.run(6);
    await hunt.close();
    const rows = table(options.disk);
    expect(rows.map(({ generation, origin }) => `${generation} ${origin === 'reevaluation'}`)).toEqual([...Array.from({ length: 24 }, (_, i) => `${Math.floor(i / 4)} false`), ...Array.from({ length: 2 }, () => `${golden!.generation} true`)]);
    expect(rows.every(({ status, fitness }) => status === 'ok' && Number(fitness) > 0)).toBe(true);
    const bestOf = (from: number, to: number): number => Math.min(...rows.filter(({ generation }) => Number(generation) >= from && Number(generation) <= to).map(({ log_prime_sse }) => Number(log_prime_sse)));
    expect(bestOf(4, 5)).toBeLessThanOrEqual(bestOf(0, 0));
    const files = provenances(options.disk);
    expect(files.map(({ job_uuid }) => job_uuid).sort()).toEqual(rows.map(({ job_uuid }) => job_uuid).sort());
    for (const file of files) {
      const { integrator: _, ...simulation } = file.simulation;
      expect(configHash({ ...file, simulation })).toBe(file.config_hash);
    }
    expect(new Set(files.map(({ config_hash }) => config_hash)).size).toBe(files.length);
  });

  test('calls golden whom other seeds confirm, and says that a p value of 0.25 is nothing', async () => {
    const options = inMemory();
    const hunt = await Hunt.open(options);
    const golden = await hunt.run(2);
    expect(JSON.parse(options.disk.bytes(`${FOLDER}/${GOLDEN_NAME}`).toString()) as Golden).toEqual(golden);
    expect(golden).toMatchObject({ source_job_uuid: hunt.hunter.getBestRun()!.job.job_uuid, reevaluation: { is_stable: true, is_significant: false, p_value: 0.25 } });
    expect(golden!.reevaluation.seeds).toHaveLength(2);
    const seeds = golden!.reevaluation.seeds.map(({ global_seed }) => global_seed);
    expect(new Set([...seeds, golden!.global_seed]).size).toBe(3);
    expect(golden!.sncgl_params.sncgl_c3).toBe(hunt.hunter.getBestRun()!.genes.sncgl_c3);
  });

  test('gives no gold to parameters that fail on another seed', async () => {
    const steps: HuntSteps = { ...instantSteps(), simulate: ({ job }) => Promise.resolve(job.origin === 'reevaluation' ? { ...SIMULATED, sentinelCode: HUNT_SENTINEL.drift, reason: 'gone' } : SIMULATED) };
    const options = inMemory({ steps });
    const hunt = await Hunt.open(options);
    expect(await hunt.run(1)).toBeNull();
    expect(hunt.state).toBe('completed');
    expect(options.disk.files(FOLDER)).not.toContain(`${FOLDER}/${GOLDEN_NAME}`);
    // Three candidates on two seeds each.
    expect(hunt.hunter.rows).toHaveLength(4 + 6);
  });

  test('goes on behind its last generation when it is asked for more, also opened anew', async () => {
    const options = inMemory();
    const first = await Hunt.open(options);
    await first.run(2);
    await first.close();
    const second = await Hunt.open({ ...options, newUuid: counting(1000), settings: { ...SETTINGS, seed: 99 } });
    expect(second.hunter.huntId).toBe(first.hunter.huntId);
    expect(second.hunter.settings.seed).toBe(7);
    expect(second.hunter.getCurrentGeneration()).toBe(2);
    await second.run(1);
    expect([...new Set(second.hunter.rows.filter(({ job }) => job.origin !== 'reevaluation').map(({ job }) => job.generation))]).toEqual([0, 1, 2]);
  });

  test('is the same hunt for the same seed, whoever finishes first', async () => {
    const configs = async (workers: number): Promise<string[]> => {
      const hunt = await Hunt.open(inMemory({ workers }));
      await hunt.run(3);
      return hunt.hunter.rows.map(({ job }) => job.config_hash);
    };
    expect(await configs(4)).toEqual(await configs(1));
  });
});

test('a long hunt does not write its table anew at every generation, and at its end it is all there', async () => {
  const options = inMemory({ settings: { ...SETTINGS, population_size: 2, golden_seeds: 0 } });
  let written = 0;
  options.disk.faults.onOp = ({ call, path }) => {
    if (call === 'create' && path.includes(LEDGER_NAME)) written++;
  };
  const hunt = await Hunt.open(options);
  await hunt.run(200);
  expect(table(options.disk).filter(({ status }) => status === 'ok')).toHaveLength(400);
  // Twice a generation at first, then each time a twentieth of it is new.
  expect(written).toBeLessThan(130);
  expect(written).toBeGreaterThan(40);
});

describe('jobs that fail', () => {
  const failing = async (steps: Partial<HuntSteps>): Promise<Provenance> => {
    const options = inMemory({ steps: { ...instantSteps(), ...steps }, settings: { ...SETTINGS, population_size: 1 } });
    const hunt = await Hunt.open(options);
    expect(await hunt.run(1)).toBeNull();
    expect(hunt.hunter.getBestRun()).toBeNull();
    const files = provenances(options.disk);
    expect(files).toHaveLength(1);
    expect(table(options.disk)).toMatchObject([{ status: 'failed', fitness: '0', sentinel_code: String(files[0]!.sentinel_code) }]);
    return files[0]!;
  };

  test('a crash', async () => expect(await failing({ simulate: () => Promise.reject(new Error('boom')) })).toMatchObject({ sentinel_code: 1000, validation_status: 'not_run', error: 'the simulation failed: boom', metrics: { log_prime_sse: null } }));
  test('a field that ran away', async () => expect(await failing({ simulate: () => Promise.resolve({ ...SIMULATED, sentinelCode: HUNT_SENTINEL.singularity, reason: 'not finite', fieldSha256: null }) })).toMatchObject({ sentinel_code: 1002, error: 'not finite', artifacts: { field: null } }));
  test('a state that is gone', async () => expect(await failing({ validate: () => Promise.reject(Object.assign(new Error('no such file'), { code: 'ENOENT' })) })).toMatchObject({ sentinel_code: 998, validation_status: 'failed' }));
  test('a validation that crashed', async () => expect(await failing({ validate: () => Promise.reject(new Error('bang')) })).toMatchObject({ sentinel_code: 1000, error: 'the validation failed: bang', solver_contract: { backend: 'typescript' } }));
  test('no structure: with the metrics there are', async () => expect(await failing({ validate: ({ job }) => { const v = validationOf(job); return Promise.resolve({ ...v, sentinelCode: HUNT_SENTINEL.noVariance, reason: 'level', metrics: { ...v.metrics, log_prime_sse: null } }); } })).toMatchObject({ sentinel_code: 997, metrics: { log_prime_sse: null, rho_mean: 4 } }));

  test.each([['simulate', 600_000], ['validate', 300_000]] as const)('a step that does not end: %s', async (step, deadline) => {
    let signal: AbortSignal | undefined;
    const steps: HuntSteps = { ...instantSteps(), [step]: (_task: unknown, options: { signal: AbortSignal }) => { signal = options.signal; return new Promise(() => {}); } };
    const options = inMemory({ steps, settings: { ...SETTINGS, population_size: 1 } });
    const hunt = await Hunt.open(options);
    const done = hunt.run(1);
    await vi.waitFor(() => expect(signal).toBeDefined());
    options.clock.advance(deadline - 1);
    expect(signal!.aborted).toBe(false);
    options.clock.advance(1);
    await done;
    expect(signal!.aborted).toBe(true);
    expect(provenances(options.disk)).toMatchObject([{ sentinel_code: 1004, status: 'failed' }]);
    expect(options.clock.pendingTimers).toBe(0);
  });
});

describe('pause, stop, steer', () => {
  /** Simulations that wait to be let go. */
  function held(): HuntSteps & { readonly waiting: { uuid: string; go: () => void }[] } {
    const waiting: { uuid: string; go: () => void }[] = [];
    return { ...instantSteps(), waiting, simulate: ({ job }, { signal }) => new Promise((resolve, reject) => {
      waiting.push({ uuid: job.job_uuid, go: () => resolve(SIMULATED) });
      signal?.addEventListener('abort', () => reject(signal.reason as Error));
    }) };
  }

  test('pauses once the running job has ended, and goes on', async () => {
    const steps = held();
    const states: string[] = [];
    const hunt = await Hunt.open(inMemory({ steps, settings: { ...SETTINGS, golden_seeds: 0 }, onEvent: (event: HuntEvent) => { if (event.kind === 'state') states.push(event.state); } }));
    const done = hunt.run(1);
    await vi.waitFor(() => expect(steps.waiting).toHaveLength(1));
    hunt.pause();
    expect(hunt.state).toBe('pausing');
    steps.waiting[0]!.go();
    await vi.waitFor(() => expect(hunt.state).toBe('paused'));
    await expect(hunt.run(1)).rejects.toMatchObject({ code: 'E_HUNT_SETTINGS' });
    expect(steps.waiting).toHaveLength(1);
    hunt.resume();
    for (let i = 1; i < 4; i++) {
      await vi.waitFor(() => expect(steps.waiting).toHaveLength(i + 1));
      steps.waiting[i]!.go();
    }
    await done;
    expect(states).toEqual(['running', 'pausing', 'paused', 'running', 'completed']);
  });

  test('stops at once, leaves the job to be done, and does it when it is run again', async () => {
    const steps = held();
    const options = inMemory({ steps, workers: 2 });
    const hunt = await Hunt.open(options);
    const done = hunt.run(2);
    await vi.waitFor(() => expect(steps.waiting).toHaveLength(2));
    steps.waiting[0]!.go();
    await vi.waitFor(() => expect(steps.waiting).toHaveLength(3));
    hunt.stop();
    expect(await done).toBeNull();
    expect(hunt.state).toBe('stopped');
    expect(provenances(options.disk)).toHaveLength(1);
    expect(table(options.disk).map(({ status }) => status)).toEqual(['ok', 'pending', 'pending', 'pending']);
    await hunt.close();
    const instant = instantSteps();
    const again = await Hunt.open(inMemory({ steps: instant, disk: options.disk, newUuid: counting(500) }));
    expect(again.hunter.targetGenerations).toBe(2);
    await again.run();
    expect(instant.ran.slice(0, 3).map(({ job_uuid }) => job_uuid).sort()).toEqual(steps.waiting.slice(1).map(({ uuid }) => uuid).concat(again.hunter.rows[3]!.job.job_uuid).sort());
    expect(again.hunter.rows.filter(({ job }) => job.origin !== 'reevaluation')).toHaveLength(8);
  });

  test('stops while it is paused', async () => {
    const hunt = await Hunt.open(inMemory());
    const done = hunt.run(1);
    hunt.pause();
    hunt.stop();
    expect(await done).toBeNull();
    expect(hunt.state).toBe('stopped');
  });

  test('is steered from the next generation on, and remembers it', async () => {
    const options = inMemory({ settings: { ...SETTINGS, golden_seeds: 0 } });
    const hunt = await Hunt.open(options);
    await hunt.run(1);
    await hunt.steer({ mutation_rate: 0, crossover_rate: 0, inject: [{ sncgl_c3: 0.4, sncgl_epsilon: 0.3 }] });
    await hunt.close();
    const again = await Hunt.open({ ...options, newUuid: counting(500) });
    await again.run(2);
    const generation = (number: number) => again.hunter.rows.filter(({ job }) => job.generation === number);
    expect(generation(1).map(({ job }) => job.origin)).toEqual(['steered', 'uniform', 'uniform', 'uniform']);
    expect(generation(1)[0]!.genes).toMatchObject({ sncgl_c3: 0.4, sncgl_epsilon: 0.3 });
    expect(generation(2).some(({ job }) => job.origin === 'steered')).toBe(false);
    expect(again.hunter.getBestRun()!.job.origin).toBe('steered');
    await expect(again.steer({ inject: [{ sncgl_c3: 99 }] })).rejects.toThrow(/inject.sncgl_c3/);
    await expect(again.steer({ mutation_rate: 2 })).rejects.toThrow(/mutation_rate/);
  });
});

test.each([
  [{ population_size: 0 }, /population_size/],
  [{ seed: -1 }, /seed/],
  [{ bounds: {} }, /bounds/],
  [{ parameters: { ...SETTINGS.parameters, N_grid: 20 } }, /N_grid/],
])('refuses the settings %j', async (over, words) => {
  await expect(Hunt.open(inMemory({ settings: { ...SETTINGS, ...over } }))).rejects.toThrow(words);
});
