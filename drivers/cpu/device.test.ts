import { EventEmitter } from 'node:events';
import { afterEach, describe, expect, it } from 'vitest';
import { KNOWN_KERNELS } from '../../kernels/choice.ts';
import type { Hasher, HasherEvents, HasherJob, HasherOptions, ThreadStats } from '../../kernels/types.ts';
import { systemClock } from '../../protocol/common/clock.ts';
import { RigError } from '../../protocol/common/errors.ts';
import { silentLog, type Log } from '../../protocol/common/log.ts';
import { ManualClock } from '../../protocol/common/manual-clock.ts';
import type { Nonce, Work } from '../contract.ts';
import { driverIds, loadDriver } from '../registry.ts';
import { CpuDevice } from './device.ts';
import { cpuOptions } from './options.ts';

/** The hasher's calls, written down. */
class FakeHasher implements Hasher {
  readonly info;
  readonly events = new EventEmitter<HasherEvents>();
  readonly calls: string[] = [];
  readonly perThread: ThreadStats[] = [];
  hashes = 0n;
  dropped = 0n;

  constructor(options: HasherOptions) {
    const info = { kernel: 'fake', isa: 'none', lanes: 1, versions: 1, source: 'native' as const };
    this.info = { ...info, threads: options.threads ?? 1, rolled: { ...info, kernel: 'fake-rolled' }, failed: [] as string[] };
    this.calls.push(`open ${options.threads} threads at ${options.limitPercent}%`);
  }

  setJob(job: HasherJob): number {
    return this.calls.push(`job ${job.id}`);
  }

  clearJob(): void {
    this.calls.push('clear');
  }

  pause(): void {
    this.calls.push('pause');
  }

  resume(): void {
    this.calls.push('resume');
  }

  setLimitPercent(percent: number): void {
    this.calls.push(`limit ${percent}`);
  }

  stats() {
    return { kernel: null, hashes: this.hashes, perThread: this.perThread, dropped: this.dropped, hardwareErrors: 0n };
  }

  async stop(): Promise<void> {
    this.calls.push('stop');
  }
}

const work = (id: number): Work => ({ id, header: new Uint8Array(80), versionMask: 0, nonceFrom: 0, nonceTo: 0xffffffff, target: new Uint8Array(32), shareTarget: new Uint8Array(32) });
const signal = new AbortController().signal;
const stops: CpuDevice[] = [];
afterEach(async () => void (await Promise.all(stops.splice(0).map((device) => device.stop()))));

/** @param mostThreads more are refused by the system */
function rig(options: Record<string, unknown> = {}, log: Log = silentLog, mostThreads = 1024) {
  const clock = new ManualClock();
  const hashers: FakeHasher[] = [];
  const sensors = { temp: null as number | null, battery: null as boolean | null, joules: null as number | null };
  const device = new CpuDevice(
    { id: 'cpu', options: cpuOptions.parse(options), clock, log },
    {
      createHasher: (given = {}) => {
        if ((given.threads ?? 0) > mostThreads) throw new RigError('E_HASHER_UNAVAILABLE', 'the system refused another thread');
        hashers.push(new FakeHasher(given));
        return hashers.at(-1) as FakeHasher;
      },
      prepareKernels: async () => {},
      sensors: { temperature: async () => sensors.temp, onBattery: async () => sensors.battery, energy: async () => (sensors.joules === null ? null : { joules: sensors.joules, wraps_at_j: 1000 }) },
      availableCpus: () => 4,
    },
  );
  stops.push(device);
  const hasher = (): FakeHasher => hashers.at(-1) as FakeHasher;
  /** Lets time pass second by second, with the sensor reads of each second done. */
  const pass = async (seconds: number): Promise<void> => {
    for (let i = 0; i < seconds; i++) {
      clock.advance(1000);
      await new Promise((resolve) => setImmediate(resolve));
    }
  };
  return { device, clock, sensors, hashers, hasher, pass };
}

describe('CpuDevice', () => {
  it('opens nothing before start, then hashes the newest work', async () => {
    const { device, hashers, hasher } = rig();
    expect(device.state()).toMatchObject({ status: 'init', hashrate_hs: null, temp_c: null, power_w: null });
    expect(hashers).toHaveLength(0);
    await device.start(signal);
    expect(device.state()).toMatchObject({ status: 'idle', reason: 'no work', detail: { kernel: 'fake', kernel_rolled: 'fake-rolled', kernel_running: null, kernels_failed: [], threads: 3, limit_percent: 100, nice: 19 } });
    device.assign(work(1));
    device.assign(work(2));
    expect(device.state().status).toBe('hashing');
    device.assign(null);
    expect(device.state().status).toBe('idle');
    expect(hasher().calls).toEqual(['open 3 threads at 100%', 'resume', 'job 1', 'job 2', 'clear']);
    await device.stop();
    await device.stop();
    expect(device.state().status).toBe('stopped');
    expect(hasher().calls.filter((call) => call === 'stop')).toHaveLength(1);
  });

  it('passes on hits, and asks for more when a window is used up', async () => {
    const { device, hasher } = rig();
    await device.start(signal);
    const told: unknown[] = [];
    device.events.on('nonce', (nonce) => told.push(nonce));
    device.events.on('exhausted', (id) => told.push(id));
    device.assign(work(7));
    hasher().events.emit('hit', { jobId: 7, nonce: 5, version: 0x20000000, hash: new Uint8Array(32) });
    hasher().events.emit('exhausted', 7);
    expect(told).toEqual([{ workId: 7, nonce: 5, version: 0x20000000 }, 7]);
    expect(device.state().status).toBe('idle');
  });

  it('measures its hash rate over the last ten seconds', async () => {
    const { device, hasher, pass } = rig();
    await device.start(signal);
    expect(device.state()).toMatchObject({ status: 'idle', hashrate_hs: 0 });
    device.assign(work(1));
    expect(device.state().hashrate_hs).toBeNull();
    for (let i = 0; i < 20; i++) {
      hasher().hashes += i < 10 ? 1000n : 3000n;
      await pass(1);
    }
    expect(device.state()).toMatchObject({ hashrate_hs: 3000, hashes_total: 40_000 });
  });

  it('hashes at 0 from the moment it is paused, and is measured anew afterwards', async () => {
    const { device, hasher, clock } = rig();
    await device.start(signal);
    device.assign(work(1));
    for (let second = 1; second <= 12; second++) {
      hasher().hashes = BigInt(second) * 1_000_000n;
      clock.advance(1000);
    }
    expect(device.state().hashrate_hs).toBe(1_000_000);
    await device.command({ type: 'pause', reason: 'a test' });
    expect(device.state()).toMatchObject({ status: 'paused', hashrate_hs: 0 });
    clock.advance(1000);
    await device.command({ type: 'resume' });
    expect(device.state()).toMatchObject({ status: 'hashing', hashrate_hs: null });
  });

  it('says once when the system refuses the affinity', async () => {
    const warnings: string[] = [];
    const log: Log = { ...silentLog, warn: (_fields, message) => void warnings.push(message ?? '') };
    const { device, hasher, clock } = rig({ affinity: [99] }, log);
    await device.start(signal);
    hasher().perThread.push({ hashes: 0n, hashing: true, generation: 1, switchUs: 1, niceSet: true, affinitySet: false });
    clock.advance(10_000);
    expect(warnings).toEqual([expect.stringContaining('refused the affinity')]);
  });

  it('pauses at the temperature limit and resumes five degrees below', async () => {
    const { device, sensors, hasher, pass } = rig({ max_temp_c: 80 });
    sensors.temp = 79;
    await device.start(signal);
    device.assign(work(1));
    expect(device.state()).toMatchObject({ status: 'hashing', temp_c: 79 });
    const at = async (temp: number | null): Promise<string> => {
      sensors.temp = temp;
      await pass(3);
      return device.state().status;
    };
    expect(await at(80)).toBe('paused');
    expect(device.state().reason).toBe('CPU at 80 C, waiting for 75 C');
    expect(hasher().calls.at(-1)).toBe('pause');
    expect(await at(76)).toBe('paused');
    // Unknown is not cool.
    expect(await at(null)).toBe('paused');
    expect(await at(75)).toBe('hashing');
    expect(hasher().calls.at(-1)).toBe('resume');
  });

  it('pauses on battery unless told otherwise', async () => {
    const { device, sensors, pass } = rig();
    sensors.battery = true;
    await device.start(signal);
    expect(device.state()).toMatchObject({ status: 'paused', reason: 'running on battery' });
    sensors.battery = false;
    await pass(11);
    expect(device.state().status).toBe('idle');
    const careless = rig({ pause_on_battery: false });
    careless.sensors.battery = true;
    await careless.device.start(signal);
    expect(careless.device.state().status).toBe('idle');
  });

  it('measures power where the counter can be read, over its wrap too', async () => {
    const { device, sensors, pass } = rig();
    sensors.joules = 980;
    await device.start(signal);
    expect(device.state().power_w).toBeNull();
    sensors.joules = 10;
    await pass(2);
    expect(device.state().power_w).toBe(15);
    sensors.joules = null;
    await pass(2);
    expect(device.state().power_w).toBeNull();
  });

  it('stays paused for a person whatever the sensors say, and tells every change once', async () => {
    const { device, pass } = rig();
    await device.start(signal);
    device.assign(work(1));
    let changes = 0;
    device.events.on('change', () => changes++);
    await device.command({ type: 'pause', reason: 'by hand' });
    await pass(5);
    expect(device.state()).toMatchObject({ status: 'paused', reason: 'by hand' });
    expect(changes).toBe(1);
    await device.command({ type: 'resume' });
    expect(device.state().status).toBe('hashing');
    expect(changes).toBe(2);
  });

  it('changes threads with a new hasher, fresh work and an unbroken count', async () => {
    const { device, hashers, hasher } = rig({ limit_percent: 40 });
    await device.start(signal);
    device.assign(work(1));
    hasher().hashes = 500n;
    const exhausted: number[] = [];
    device.events.on('exhausted', (id) => exhausted.push(id));
    await device.command({ type: 'set', values: { threads: 2, limit_percent: 60 } });
    expect(hashers.map((each) => each.calls)).toEqual([
      ['open 3 threads at 40%', 'resume', 'job 1', 'limit 60', 'stop'],
      ['open 2 threads at 60%', 'resume'],
    ]);
    expect(exhausted).toEqual([1]);
    hasher().hashes = 20n;
    expect(device.state()).toMatchObject({ hashes_total: 520, detail: { threads: 2, limit_percent: 60 } });
  });

  it('tells of lost hits at once and then once a minute, and keeps their count through a new hasher', async () => {
    const lost: number[] = [];
    const log: Log = { ...silentLog, warn: (fields) => void lost.push((fields as { hits_dropped: number }).hits_dropped) };
    const { device, hasher, pass } = rig({}, log);
    await device.start(signal);
    hasher().dropped = 10n;
    await pass(1);
    hasher().dropped = 25n;
    await pass(59);
    expect(lost).toEqual([10]);
    await pass(1);
    expect(lost).toEqual([10, 15]);
    hasher().dropped = 30n;
    await device.command({ type: 'restart' });
    expect(lost).toEqual([10, 15, 5]);
    hasher().dropped = 2n;
    expect(device.state().detail.hits_dropped).toBe(32);
  });

  it('refuses commands it cannot carry out, changing nothing', async () => {
    const { device, hasher } = rig();
    await device.start(signal);
    const before = [...hasher().calls];
    const bad: Record<string, number>[] = [{ threads: 0 }, { threads: 1.5 }, { limit_percent: 101 }, { limit_percent: 50, volts: 3 }, { toString: 1 }];
    for (const values of bad) {
      await expect(device.command({ type: 'set', values }), JSON.stringify(values)).rejects.toThrow(RigError);
    }
    await expect(device.command({ type: 'identify' })).rejects.toThrow(/cannot identify/);
    expect(hasher().calls).toEqual(before);
  });

  it('is at fault when the system refuses threads, until it is told of fewer, and stops all the same', async () => {
    const { device, hasher } = rig({}, silentLog, 8);
    await device.start(signal);
    device.assign(work(1));
    await expect(device.command({ type: 'set', values: { threads: 9 } })).rejects.toThrow(/refused another thread/);
    expect(device.state()).toMatchObject({ status: 'fault', reason: 'the system refused another thread', hashrate_hs: null });
    await device.command({ type: 'set', values: { threads: 8 } });
    device.assign(work(2));
    expect(device.state()).toMatchObject({ status: 'hashing', detail: { threads: 8 } });
    expect(hasher().calls).toContain('job 2');
    await expect(device.command({ type: 'set', values: { threads: 9 } })).rejects.toThrow();
    await device.stop();
    expect(device.state().status).toBe('stopped');
  });

  it('tells a fault of the hasher', async () => {
    const { device, hasher } = rig();
    await device.start(signal);
    hasher().events.emit('fault', new RigError('E_HASHER_THREAD', 'a hashing thread ended: out of memory'));
    expect(device.state()).toMatchObject({ status: 'fault', reason: 'a hashing thread ended: out of memory' });
    await device.command({ type: 'restart' });
    expect(device.state().status).toBe('idle');
  });

  it('finds the genesis nonce with the real hasher', async () => {
    const descriptor = await loadDriver('cpu');
    const device = await descriptor.create({ id: 'cpu', options: cpuOptions.parse({ threads: 1, nice: 0, pause_on_battery: false }), clock: systemClock, log: silentLog });
    const header = Buffer.from(
      '0100000000000000000000000000000000000000000000000000000000000000000000003ba3edfd7a7b12b27ac72c3e67768f617fc81bc3888a51323a9fb8aa4b1e5e4a29ab5f49ffff001d00000000',
      'hex',
    );
    await device.start(signal);
    const found = new Promise<Nonce>((resolve) => device.events.once('nonce', resolve));
    device.assign({ id: 3, header, versionMask: 0, nonceFrom: 2083236893 - 1000, nonceTo: 2083236893 + 1000, target: Buffer.alloc(32).fill(0xff, 26, 28), shareTarget: Buffer.alloc(32) });
    expect(await found).toEqual({ workId: 3, nonce: 2083236893, version: 1 });
    await device.stop();
  });
});

describe('cpuOptions', () => {
  it('knows the same kernels as the loader', () => {
    expect([...cpuOptions.shape.kernel.unwrap().options].sort()).toEqual([...KNOWN_KERNELS].sort());
  });

  it('is strict about shape and range', () => {
    expect(cpuOptions.parse({})).toEqual({ kernel: 'auto', affinity: [], nice: 19, limit_percent: 100, pause_on_battery: true });
    for (const bad of [{ threads: 0 }, { threads: '0%' }, { threads: '101%' }, { nice: -1 }, { limit_percent: 0 }, { max_temp_c: 20 }, { treads: 1 }]) {
      expect(cpuOptions.safeParse(bad).success, JSON.stringify(bad)).toBe(false);
    }
  });
});

describe('driver registry', () => {
  it('loads every driver it lists, and names them when one is not known', async () => {
    for (const id of driverIds()) expect((await loadDriver(id)).id).toBe(id);
    await expect(loadDriver('gpu')).rejects.toThrow(/there is no driver "gpu"/);
    await expect(loadDriver('constructor')).rejects.toThrow(RigError);
  });
});
