import { beforeEach, describe, expect, test } from 'vitest';
import { ManualClock } from '../../protocol/common/manual-clock.ts';
import { silentLog } from '../../protocol/common/log.ts';
import { TemplateManager } from '../dtm/template-manager.ts';
import { MiningEngine } from './engine.ts';
import type { Share, Verdict } from './job.ts';
import { HandDevice, HandSource, makeJob, search } from './mining.fixture.ts';

const clock = new ManualClock();
let devices: HandDevice[];
let first: HandSource;
let second: HandSource;
let withhold: string | null;
let refusal: string | null;
let engine: MiningEngine;
let verdicts: [Share, Verdict][];

beforeEach(async () => {
  devices = [new HandDevice('a'), new HandDevice('b')];
  first = new HandSource('pool');
  second = new HandSource('backup');
  withhold = null;
  refusal = null;
  verdicts = [];
  engine = new MiningEngine({ sources: [first, second], devices, templates: new TemplateManager({ clock, localZeros: 64 }), withhold: () => withhold, inspect: (job) => (job.sourceId === 'pool' ? refusal : null), clock, log: silentLog });
  engine.events.on('verdict', (share, verdict) => verdicts.push([share, verdict]));
  await engine.start(new AbortController().signal);
});

const settle = async (): Promise<void> => {
  for (let i = 0; i < 5; i++) await Promise.resolve();
};
const find = (device: HandDevice): void => void device.events.emit('nonce', search(device.work!));

describe('handing out work', () => {
  test('a job becomes different work for every device', () => {
    first.events.emit('job', makeJob());
    expect(devices[0]!.work).not.toBeNull();
    expect(Buffer.compare(devices[0]!.work!.header, devices[1]!.work!.header)).not.toBe(0);
  });

  test('a newer job replaces the work at once; an exhausted device gets more of the same job', () => {
    first.events.emit('job', makeJob());
    const before = devices[0]!.work!;
    first.events.emit('job', makeJob({ key: 'newer', ntime: 1_766_000_030 }));
    const newer = devices[0]!.work!;
    expect(newer.id).toBeGreaterThan(before.id);
    devices[0]!.events.emit('exhausted', before.id);
    expect(devices[0]!.work!.id).toBe(newer.id);
    devices[0]!.events.emit('exhausted', newer.id);
    expect(devices[0]!.work!.id).toBeGreaterThan(newer.id);
  });

  test('a job that is not to be mined leaves its pool without work, so that the next one is mined for', () => {
    const lost: [string, string][] = [];
    engine.events.on('sourceLost', (id, reason) => lost.push([id, reason]));
    second.events.emit('job', makeJob({ sourceId: 'backup', key: 'b1' }));
    first.events.emit('job', makeJob());
    expect(engine.activeSource).toBe('pool');
    refusal = 'it pays somebody else';
    first.events.emit('job', makeJob({ key: 'bad' }));
    expect([engine.activeSource, engine.jobOf('pool'), lost]).toEqual(['backup', null, [['pool', 'it pays somebody else']]]);
    expect(devices.map((device) => device.work !== null)).toEqual([true, true]);
  });

  test('the first pool with work is mined for; one between two jobs is replaced at once and taken back at its next job', () => {
    second.events.emit('job', makeJob({ sourceId: 'backup', key: 'b1' }));
    expect(engine.activeSource).toBe('backup');
    first.events.emit('job', makeJob());
    expect(engine.activeSource).toBe('pool');
    const work = devices[0]!.work!;
    second.events.emit('job', makeJob({ sourceId: 'backup', key: 'b2' }));
    expect(devices[0]!.work).toBe(work);
    first.events.emit('invalidate', 'connection lost');
    expect(engine.activeSource).toBe('backup');
    expect(devices[0]!.work).not.toBe(work);
    first.events.emit('job', makeJob({ key: 'back' }));
    expect(engine.activeSource).toBe('pool');
  });

  test('without any pool the devices are told to stop', () => {
    first.events.emit('job', makeJob());
    first.events.emit('invalidate', 'connection lost');
    expect(engine.activeSource).toBeNull();
    expect(devices.map((device) => device.work)).toEqual([null, null]);
  });
});

describe('choosing a pool', () => {
  const away = (source: HandSource, reason: string): void => {
    // In the order a source tells it.
    source.events.emit('invalidate', reason);
    source.status = 'backing_off';
    source.events.emit('change');
  };
  const back = (source: HandSource, key: string): void => {
    source.status = 'mining';
    source.events.emit('job', makeJob({ sourceId: source.id, key }));
  };

  test('a pool that failed is mined for again when it has worked for a minute, without a job in between', () => {
    const switches: string[] = [];
    engine.events.on('active', (id, reason, cause) => switches.push(`${id}: ${cause}, ${reason}`));
    back(first, 'a1');
    back(second, 'b1');
    away(first, 'not one line within 180 s');
    expect(engine.roles().get('pool')).toMatchObject({ role: 'down' });
    clock.advance(5000);
    back(first, 'a2');
    expect(engine.roles().get('pool')).toMatchObject({ role: 'returning' });
    clock.advance(59_999);
    const before = devices[0]!.work;
    expect(engine.activeSource).toBe('backup');
    clock.advance(1);
    expect(engine.activeSource).toBe('pool');
    expect(devices[0]!.work).not.toBe(before);
    expect(switches).toEqual(['pool: found, pool has work', 'backup: lost, pool: not one line within 180 s', 'pool: home, pool comes first and has had work for 60 s']);
  });

  test('jobs of pools that wait their turn reach no device; the switch hands out the newest of them', async () => {
    back(first, 'a1');
    back(second, 'b1');
    const given = devices[0]!.assigned.length;
    back(second, 'b2');
    back(second, 'b3');
    expect(devices[0]!.assigned).toHaveLength(given);
    away(first, 'gone');
    find(devices[0]!);
    await settle();
    expect(second.submitted.map(({ job }) => job.key)).toEqual(['b3']);
  });

  test('work goes round by turns, and each share to the pool of its own job', async () => {
    const turning = new MiningEngine({ sources: [first, second], devices: [devices[0]!], templates: new TemplateManager({ clock, localZeros: 64 }), withhold: () => null, choice: { strategy: 'round-robin', rotateMs: 30_000, returnMs: 60_000, quotas: new Map() }, clock, log: silentLog });
    await engine.stop();
    await turning.start(new AbortController().signal);
    back(first, 'a1');
    back(second, 'b1');
    const late = search(devices[0]!.work!);
    clock.advance(30_000);
    expect(turning.activeSource).toBe('backup');
    devices[0]!.events.emit('nonce', late);
    find(devices[0]!);
    await settle();
    expect(first.submitted.map(({ job }) => job.key)).toEqual(['a1']);
    expect(second.submitted.map(({ job }) => job.key)).toEqual(['b1']);
    clock.advance(30_000);
    expect(turning.activeSource).toBe('pool');
    await turning.stop();
    expect(clock.pendingTimers).toBe(0);
  });

  test('hashes are put to the account of the pool they were made for; those of other miners count by their shares', async () => {
    back(first, 'a1');
    back(second, 'b1');
    devices[0]!.hashes = 3000;
    clock.advance(1);
    away(first, 'gone');
    devices[0]!.hashes = 4000;
    clock.advance(1);
    expect(engine.roles().get('pool')!.work_share).toBe(0.75);
    const foreign = { job: makeJob({ sourceId: 'backup', shareDifficulty: 1 }), isBlock: false, deviceId: 'miner' } as Share;
    await engine.submitForeign(foreign);
    expect(engine.roles().get('pool')!.work_share).toBeCloseTo(3000 / 2 ** 32, 9);
    await expect(engine.submitForeign({ ...foreign, job: makeJob({ sourceId: 'nobody' }) })).resolves.toMatchObject({ status: 'withheld' });
  });
});

describe('shares', () => {
  test('go to the source of their own job, whoever is active by then', async () => {
    first.events.emit('job', makeJob());
    const late = search(devices[0]!.work!);
    first.events.emit('invalidate', 'connection lost');
    second.events.emit('job', makeJob({ sourceId: 'backup', key: 'b1' }));
    devices[0]!.events.emit('nonce', late);
    await settle();
    expect(first.submitted).toHaveLength(1);
    expect(second.submitted).toHaveLength(0);
  });

  test('are counted for the rig and for their device', async () => {
    first.events.emit('job', makeJob());
    find(devices[0]!);
    await settle();
    expect(engine.account.snapshot()).toMatchObject({ accepted: 1, rejected: 0 });
    expect(engine.accountOf('a')!.snapshot().accepted).toBe(1);
    expect(engine.accountOf('b')!.snapshot().accepted).toBe(0);
  });

  test('a rejection keeps its reason', async () => {
    first.answer = { status: 'low_difficulty', code: 23, reason: 'Above target', latency_ms: 3 };
    first.events.emit('job', makeJob());
    find(devices[0]!);
    await settle();
    expect(engine.account.snapshot()).toMatchObject({ accepted: 0, rejected: 1 });
    expect(verdicts[0]![1]).toMatchObject({ reason: 'Above target' });
  });

  test('are withheld, with the reason, when the policy says so', async () => {
    withhold = 'staging mode never submits';
    first.events.emit('job', makeJob());
    find(devices[0]!);
    await settle();
    expect(first.submitted).toHaveLength(0);
    expect(verdicts[0]![1]).toEqual({ status: 'withheld', reason: 'staging mode never submits' });
    expect(first.heldBackShares).toHaveLength(1);
  });

  test('the same nonce is sent once', async () => {
    first.events.emit('job', makeJob());
    find(devices[0]!);
    find(devices[0]!);
    await settle();
    expect(first.submitted).toHaveLength(1);
    expect(engine.account.snapshot().duplicates).toBe(1);
  });

  test('a wrong nonce never reaches the pool', async () => {
    first.events.emit('job', makeJob({ shareTarget: 1n, networkTarget: 1n }));
    devices[0]!.events.emit('nonce', { workId: devices[0]!.work!.id, nonce: 1, version: 0x20000000 });
    await settle();
    expect(first.submitted).toHaveLength(0);
    expect(engine.accountOf('a')!.snapshot().hardware_errors).toBe(1);
  });

  test('a stale share stays here, a stale block is still sent', async () => {
    const job = makeJob();
    first.events.emit('job', job);
    const share = search(devices[0]!.work!, (hash) => hash > job.networkTarget);
    const block = search(devices[0]!.work!, (hash) => hash <= job.networkTarget);
    first.events.emit('job', makeJob({ key: 'next', prevHash: new Uint8Array(32).fill(7) }));
    devices[0]!.events.emit('nonce', share);
    devices[0]!.events.emit('nonce', block);
    await settle();
    expect(first.submitted.map((sent) => sent.isBlock)).toEqual([true]);
  });
});

describe('devices that look after themselves', () => {
  test('one that is plugged in while mining gets work, and its shares go to the pool', async () => {
    first.events.emit('job', makeJob());
    const late = new HandDevice('late');
    await engine.addDevice(late);
    expect(engine.devices.map(({ id }) => id)).toEqual(['a', 'b', 'late']);
    expect(late.work).not.toBeNull();
    find(late);
    await settle();
    expect(first.submitted.map(({ deviceId }) => deviceId)).toEqual(['late']);
    expect(engine.accountOf('late')!.snapshot().accepted).toBe(1);
    await expect(engine.addDevice(new HandDevice('late'))).rejects.toThrow('already a device');
  });

  test('the time from the pool to the wire, and from the wire to the pool, is taken once for each job and share', async () => {
    const sent: number[] = [];
    engine.events.on('jobSent', (_id, ms) => sent.push(ms));
    devices[0]!.events.emit('change');
    first.events.emit('job', makeJob({ receivedMono: clock.monotonic() }));
    clock.advance(7);
    devices[0]!.events.emit('sent', devices[0]!.work!.id);
    devices[0]!.events.emit('exhausted', devices[0]!.work!.id);
    clock.advance(500);
    devices[0]!.events.emit('sent', devices[0]!.work!.id);
    expect(sent).toEqual([7]);
    // What waits for a device that is not ready says nothing of us.
    first.events.emit('job', makeJob({ key: 'while-away', receivedMono: clock.monotonic() }));
    devices[0]!.status = 'init';
    devices[0]!.events.emit('change');
    clock.advance(5000);
    devices[0]!.status = 'hashing';
    devices[0]!.events.emit('change');
    devices[0]!.events.emit('sent', devices[0]!.work!.id);
    expect(sent).toEqual([7]);
    const receivedMono = clock.monotonic();
    clock.advance(2);
    devices[0]!.events.emit('nonce', { ...search(devices[0]!.work!), receivedMono });
    expect(engine.delays.shareSent.summary()).toEqual({ count: 1, p50_ms: 2, p99_ms: 2, max_ms: 2 });
  });

  test('one that cannot start is reported and the others mine', async () => {
    const broken = new HandDevice('broken');
    broken.start = () => Promise.reject(new Error('no chips'));
    await engine.addDevice(broken);
    first.events.emit('job', makeJob());
    expect(devices[0]!.work).not.toBeNull();
  });

  test('hardware errors and duplicates they find themselves are counted for them and for the rig', () => {
    devices[0]!.events.emit('hardware_error', 'a nonce without zeros');
    devices[0]!.events.emit('duplicate');
    devices[0]!.events.emit('duplicate');
    expect(engine.accountOf('a')!.snapshot()).toMatchObject({ hardware_errors: 1, duplicates: 2 });
    expect(engine.accountOf('b')!.snapshot()).toMatchObject({ hardware_errors: 0, duplicates: 0 });
    expect(engine.account.snapshot()).toMatchObject({ hardware_errors: 1, duplicates: 2 });
  });

  test('they are told what became of their shares, and only what the pool has judged', async () => {
    const told: string[] = [];
    Object.assign(devices[0]!, { noteShare: (outcome: string) => told.push(outcome) });
    first.events.emit('job', makeJob());
    find(devices[0]!);
    await settle();
    first.answer = { status: 'low_difficulty', code: 23, reason: 'low difficulty share', latency_ms: 1 };
    devices[0]!.events.emit('exhausted', devices[0]!.work!.id);
    find(devices[0]!);
    await settle();
    withhold = 'staging';
    devices[0]!.events.emit('exhausted', devices[0]!.work!.id);
    find(devices[0]!);
    await settle();
    expect(told).toEqual(['accepted', 'rejected', 'other']);
  });
});

describe('stopping', () => {
  test('ends the devices before the sources, and afterwards no share is without its verdict', async () => {
    const order: string[] = [];
    const abort = new AbortController();
    let answer: (verdict: Verdict) => void = () => {};
    const device = new HandDevice();
    device.stop = async () => void order.push('device');
    const source = new (class extends HandSource {
      override async start(signal?: AbortSignal): Promise<void> {
        signal?.addEventListener('abort', () => order.push('source too early'));
      }

      override submit(): Promise<Verdict> {
        return new Promise((resolve) => (answer = resolve));
      }

      override async stop(): Promise<void> {
        order.push('source');
        answer({ status: 'unknown', reason: 'the connection ended' });
      }
    })();
    const stopping = new MiningEngine({ sources: [source], devices: [device], templates: new TemplateManager({ clock, localZeros: 64 }), withhold: () => null, clock, log: silentLog });
    stopping.events.on('verdict', (_, verdict) => order.push(verdict.status));
    stopping.events.on('active', (id) => order.push(`active ${id}`));
    await stopping.start(abort.signal);
    source.events.emit('job', makeJob());
    find(device);
    abort.abort();
    await stopping.stop();
    expect(order).toEqual(['active pool', 'device', 'source', 'unknown']);
    expect(stopping.account.snapshot().unknown).toBe(1);
  });
});
