import { describe, expect, test, vi } from 'vitest';
import { RigError } from '../../protocol/common/errors.ts';
import { writeWhole } from '../ledger/disk/files.ts';
import type { SimDisk } from '../ledger/disk/sim-disk.fixture.ts';
import { instantSteps, SIMULATED } from './hunt.fixture.ts';
import { MARKER_NAME } from './hunt-marker.ts';
import type { HuntEvent } from './hunt.ts';
import { HUNTS, memoryService } from './service.fixture.ts';
import type { HuntService } from './service.ts';
import type { HuntSteps } from './steps.ts';

/** Simulations that wait to be let go. */
function heldSteps(): HuntSteps & { readonly waiting: { uuid: string; go: () => void; progress: (steps: number) => void }[] } {
  const waiting: { uuid: string; go: () => void; progress: (steps: number) => void }[] = [];
  return {
    ...instantSteps(),
    waiting,
    simulate: ({ job }, { signal, onProgress }) =>
      new Promise((resolve, reject) => {
        waiting.push({ uuid: job.job_uuid, go: () => resolve(SIMULATED), progress: (steps) => onProgress?.({ steps, totalSteps: 20 }) });
        signal?.addEventListener('abort', () => reject(signal.reason as Error));
      }),
  };
}

const marker = (disk: SimDisk): unknown => (disk.files(HUNTS).includes(`${HUNTS}/${MARKER_NAME}`) ? JSON.parse(disk.bytes(`${HUNTS}/${MARKER_NAME}`).toString()) : null);
const eventsOf = (service: HuntService): HuntEvent[] => {
  const events: HuntEvent[] = [];
  service.subscribe((event) => events.push(event));
  return events;
};

describe('a hunt of a service', () => {
  test('runs to its end, says so once all of it has ended, and another can be started at that very moment', async () => {
    const { service, archive, disk, lock } = memoryService();
    expect(service.state()).toMatchObject({ status: 'idle', hunt_id: null, jobs_total: null, best: null, eta_secs: null });
    const atTheEnd: unknown[] = [];
    let second: Promise<{ hunt_id: string }> | null = null;
    service.subscribe((event) => {
      if (event.kind !== 'state' || event.state !== 'completed' || second !== null) return;
      atTheEnd.push(marker(disk), lock.isTaken, service.state().status);
      second = service.start({ generations: 1 });
    });
    const { hunt_id } = await service.start({});
    expect(marker(disk)).toMatchObject({ hunt_id, status: 'running', owner: 'daemon' });
    expect((await archive.list()).map(({ status }) => status)).toEqual(['running']);
    await vi.waitFor(() => expect(second).not.toBeNull());
    expect(atTheEnd).toEqual([null, false, 'completed']);
    const { hunt_id: next } = await second!;
    await service.idle();
    expect(next).not.toBe(hunt_id);
    expect(service.state()).toMatchObject({ status: 'completed', hunt_id: next, generation: 0, generations: 1, population: 3, jobs_total: 3, jobs_done: 3, jobs_failed: 0, running: [], eta_secs: null, last_p_value: 0.25, golden: { is_stable: true, is_significant: false, p_value: 0.25 } });
    expect(service.state().best).toEqual((await archive.detail(next)).summary.best);
    expect((await archive.list()).map((hunt) => [hunt.status, hunt.generations_done, hunt.jobs_done])).toEqual(expect.arrayContaining([['completed', 2, 6], ['completed', 1, 3]]));
  });

  test('two that are started at once: one is told that it is busy, whatever the disk is doing', async () => {
    const { service } = memoryService();
    const outcomes = await Promise.allSettled([service.start({}), service.start({}), service.resume({})]);
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'rejected']);
    expect(outcomes[1]).toMatchObject({ reason: { code: 'E_HUNT_BUSY' } });
    expect(outcomes[2]).toMatchObject({ reason: { code: 'E_HUNT_BUSY' } });
    await expect(service.start({})).rejects.toMatchObject({ code: 'E_HUNT_BUSY' });
    await service.idle();
  });

  test('two processes on one folder: the second is told that it is busy', async () => {
    const first = memoryService({ steps: heldSteps() });
    await first.service.start({});
    const second = memoryService({ disk: first.disk, lock: first.lock, first: 1000 });
    await expect(second.service.start({})).rejects.toMatchObject({ code: 'E_HUNT_BUSY' });
    expect((await second.archive.list()).map(({ status }) => status)).toEqual(['running']);
    await first.service.stop();
    await second.service.start({});
    await second.service.idle();
  });

  test('what it cannot be is said with its field, and leaves nothing behind', async () => {
    const { service, disk, lock } = memoryService();
    for (const [request, field] of [[{ generations: 0 }, 'num_generations'], [{ population: 0 }, 'population_size'], [{ simulation: { N_grid: 65 } }, 'N_grid'], [{ simulation: { gravity: 1 } as object }, 'simulation.gravity'], [{ bounds: { sdg_alpha: { min: 2, max: 1, scale: 'linear' } } }, 'bounds.sdg_alpha'], [{ seed: -1 }, 'seed']] as const) {
      await expect(service.start(request), field).rejects.toMatchObject({ context: { field } });
    }
    expect(disk.files('/data')).toEqual([]);
    expect(lock.isTaken).toBe(false);
    expect(() => service.pause()).toThrow(expect.objectContaining({ code: 'E_HUNT_SETTINGS' }) as Error);
    await expect(service.stop()).rejects.toMatchObject({ code: 'E_HUNT_SETTINGS' });
    await expect(service.steer({ mutation_rate: 0.5 })).rejects.toMatchObject({ code: 'E_HUNT_SETTINGS' });
    await expect(service.resume()).rejects.toMatchObject({ code: 'E_HUNT_UNKNOWN' });
  });
});

describe('while it runs', () => {
  test('it says what is under way and when it will be done, and a pause is no slowness', async () => {
    const steps = heldSteps();
    const { service, clock, disk } = memoryService({ steps });
    await service.start({});
    await vi.waitFor(() => expect(steps.waiting).toHaveLength(1));
    expect(service.state()).toMatchObject({ status: 'running', generation: 0, jobs_total: 6, jobs_done: 0, eta_secs: null, running: [{ step: 'simulate', done: 0 }] });
    clock.advance(10_000);
    steps.waiting[0]!.progress(10);
    // 0.45 of 7 jobs in 10 s (one of them on a fresh seed).
    expect(service.state()).toMatchObject({ running: [{ job_uuid: steps.waiting[0]!.uuid, done: 0.45 }], eta_secs: Math.round((10 * 6.55) / 0.45) });
    steps.waiting[0]!.progress(20);
    expect(service.state().running).toMatchObject([{ step: 'validate', done: 0.9 }]);
    service.pause();
    expect(service.state().status).toBe('pausing');
    steps.waiting[0]!.go();
    await vi.waitFor(() => expect(service.state().status).toBe('paused'));
    await vi.waitFor(() => expect(marker(disk)).toMatchObject({ status: 'paused' }));
    expect(service.state()).toMatchObject({ jobs_done: 1, eta_secs: null, last_sse: expect.any(Number), last_event: 'hunt paused' });
    clock.advance(1_000_000);
    await service.resume();
    await vi.waitFor(() => expect(steps.waiting).toHaveLength(2));
    expect(service.state()).toMatchObject({ status: 'running', eta_secs: 60 });
    await vi.waitFor(() => expect(marker(disk)).toMatchObject({ status: 'running' }));
    await expect(service.resume()).rejects.toMatchObject({ code: 'E_HUNT_BUSY' });
    await service.stop();
    expect(service.state()).toMatchObject({ status: 'stopped', reason: 'stopped by command', running: [], jobs_done: 1 });
    expect(marker(disk)).toBeNull();
  });

  test('its queue may be away: then it says why nothing gets on', async () => {
    const steps = heldSteps();
    let waiting: string | null = null;
    const runner = { run: () => new Promise<never>(() => {}), waiting: () => waiting, close: () => Promise.resolve() };
    const { service } = memoryService({ steps, openRunner: () => Promise.resolve({ ...runner, run: (_job, { signal }) => new Promise<never>((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error))) }) });
    await service.start({});
    expect(service.state().reason).toBeNull();
    waiting = 'no host takes jobs';
    expect(service.state()).toMatchObject({ status: 'running', reason: 'no host takes jobs' });
    await service.stop();
  });

  test('a disk that is full is named before it begins, and nothing is held', async () => {
    const { service, disk, lock } = memoryService();
    disk.faults.when = ({ path }) => (path.includes('journal') ? 'ENOSPC' : null);
    await expect(service.start({})).rejects.toMatchObject({ code: 'E_DATA_DIR', message: expect.stringMatching(/Hunts: .*ENOSPC/) as string, context: { errno: 'ENOSPC' } });
    expect([service.state().status, lock.isTaken]).toEqual(['idle', false]);
    disk.faults.when = () => null;
    await service.start({});
    await service.idle();
    expect(service.state().status).toBe('completed');
  });

  test.each(['here', 'in the process of its step'])('a disk without room for a field %s is no failure of the job: it is run again once there is some', async (where) => {
    const instant = instantSteps();
    let isFull = true;
    const refusal = where === 'here' ? Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' }) : new RigError('E_HUNT_STEP', 'ENOSPC: no space left on device, write', { context: { errno: 'ENOSPC' } });
    const { service } = memoryService({ steps: { ...instant, simulate: (task, options) => (isFull ? Promise.reject(refusal) : instant.simulate(task, options)) } });
    await service.start({});
    await service.idle();
    expect(service.state()).toMatchObject({ status: 'failed', reason: expect.stringContaining('no space left'), jobs_done: 0, jobs_failed: 0 });
    isFull = false;
    await service.resume();
    await service.idle();
    expect(service.state()).toMatchObject({ status: 'completed', jobs_done: 6, jobs_failed: 0 });
  });

  test('a disk that refuses ends it with the reason, and it can be gone on with', async () => {
    const { service, disk, lock } = memoryService();
    disk.faults.when = ({ call, path }) => (call === 'create' && path.includes('provenance_') ? 'ENOSPC' : null);
    const events = eventsOf(service);
    await service.start({});
    await service.idle();
    expect(service.state()).toMatchObject({ status: 'failed', reason: expect.stringContaining('ENOSPC') });
    expect(events.at(-1)).toEqual({ kind: 'state', state: 'failed' });
    expect([marker(disk), lock.isTaken]).toEqual([null, false]);
    disk.faults.when = () => null;
    await service.resume();
    await service.idle();
    expect(service.state()).toMatchObject({ status: 'completed', reason: null, jobs_done: 6 });
  });
});

describe('after its process has ended', () => {
  test('a hunt that ran goes on by itself, without losing or repeating a job', async () => {
    const steps = heldSteps();
    const first = memoryService({ steps });
    const { hunt_id } = await first.service.start({});
    await vi.waitFor(() => expect(steps.waiting).toHaveLength(1));
    steps.waiting[0]!.go();
    await vi.waitFor(() => expect(steps.waiting).toHaveLength(2));
    await first.service.close();
    expect(first.service.state()).toMatchObject({ status: 'stopped', reason: 'rigbrain is stopping' });
    expect(first.lock.isTaken).toBe(false);
    await expect(first.service.start({})).rejects.toMatchObject({ code: 'E_HUNT_BUSY' });

    const instant = instantSteps();
    const second = memoryService({ disk: first.disk, steps: instant, first: 1000 });
    const done = new Promise((resolve) => second.service.subscribe((event) => event.kind === 'state' && event.state === 'completed' && resolve(null)));
    await second.service.begin();
    expect(second.service.state()).toMatchObject({ hunt_id, generations: 2 });
    await done;
    expect(second.service.state()).toMatchObject({ status: 'completed', jobs_done: 6 });
    expect(instant.ran).toHaveLength(6);
    expect(instant.ran.map(({ job_uuid }) => job_uuid)).not.toContain(steps.waiting[0]!.uuid);
  });

  test.each([['stopped', (service: HuntService) => service.stop()], ['paused', async (service: HuntService) => {
    service.pause();
    await service.close();
  }], ['stopped right before the daemon was', async (service: HuntService) => {
    const stopped = service.stop();
    await Promise.all([stopped, service.close()]);
  }]])('one that was %s waits until it is told to', async (_, end) => {
    const steps = heldSteps();
    const first = memoryService({ steps });
    const { hunt_id } = await first.service.start({});
    await vi.waitFor(() => expect(steps.waiting).toHaveLength(1));
    await end(first.service);
    const second = memoryService({ disk: first.disk, first: 1000 });
    await second.service.begin();
    expect(second.service.state()).toMatchObject({ status: 'stopped', hunt_id, generations: 2, jobs_total: 6, jobs_done: 0 });
    expect(await second.service.resume()).toEqual({ hunt_id });
    await second.service.idle();
    expect(second.service.state()).toMatchObject({ status: 'completed', jobs_done: 6 });
    await expect(second.service.resume()).rejects.toMatchObject({ code: 'E_HUNT_SETTINGS', context: { field: 'more_generations' } });
    await second.service.resume({ more_generations: 2 });
    await second.service.idle();
    expect(second.service.state()).toMatchObject({ status: 'completed', generations: 4, jobs_done: 12 });
  });

  test('one that was killed between its last job and its golden run gets that, and its table', async () => {
    const first = memoryService();
    const { hunt_id } = await first.service.start({});
    const running = first.disk.bytes(`${HUNTS}/${MARKER_NAME}`);
    await first.service.idle();
    const [golden, table] = ['golden.json', 'simulation_ledger.csv'].map((name) => `${HUNTS}/hunt-${hunt_id.slice(-4)}/${name}`) as [string, string];
    const whole = first.disk.bytes(table).toString();
    await first.disk.unlink(golden);
    await writeWhole(first.disk, table, Buffer.from('old'));
    await writeWhole(first.disk, `${HUNTS}/${MARKER_NAME}`, running);
    const second = memoryService({ disk: first.disk, first: 1000 });
    await second.service.begin();
    await second.service.idle();
    expect(second.service.state()).toMatchObject({ status: 'completed', hunt_id, jobs_done: 6, golden: { is_stable: true } });
    expect(first.disk.files(HUNTS)).toContain(golden);
    expect(first.disk.bytes(table).toString()).toBe(whole);
    expect(marker(first.disk)).toBeNull();
  });

  test('one of the command line is not the daemon’s to go on with', async () => {
    const first = memoryService({ steps: heldSteps(), owner: 'command' });
    await first.service.start({});
    await first.service.close();
    const second = memoryService({ disk: first.disk, first: 1000 });
    await second.service.begin();
    expect(second.service.state().status).toBe('stopped');
  });

  test('a hunt that cannot be opened any more keeps nobody from starting', async () => {
    const first = memoryService({ steps: heldSteps() });
    const { hunt_id } = await first.service.start({});
    await first.service.close();
    await first.disk.unlink(`${HUNTS}/hunt-${hunt_id.slice(-4)}/journal.jsonl`);
    const second = memoryService({ disk: first.disk, first: 1000 });
    await second.service.begin();
    expect(second.service.state().status).toBe('idle');
    await second.service.start({});
    await second.service.idle();
    expect(second.service.state().status).toBe('completed');
  });
});
