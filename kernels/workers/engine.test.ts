import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { SEARCH } from '../counters.ts';
import { GENESIS } from '../kernels.fixture.ts';
import { WorkerEngine } from './engine.ts';
import { planOf } from './plan.ts';

describe('WorkerEngine', () => {
  it('tells when a worker ends by an error, and counts it as gone', async () => {
    const faults: string[] = [];
    const engine = new WorkerEngine({}, { threads: 1, nice: 0, limitPercent: 100, affinity: [], onWake() {}, onFault: (error) => faults.push(error.message) });
    while (Atomics.load(engine.counters, SEARCH.threadsAlive) !== 0n) await sleep(1);
    expect(faults).toHaveLength(1);
    expect(faults[0]).toMatch(/WebAssembly/);
    engine.close();
  });
});

describe('planOf', () => {
  const sizes = (unitNonces: number, versions: number, rolledNonces: number) => ({ unitNonces, rolledNonces, info: { versions } });
  const job = { header: GENESIS, target: new Uint8Array(32), nonceFrom: 0, nonceTo: 0xffffffff };

  it('covers a window in units that neither overlap nor leave a gap', () => {
    const plan = planOf({ ...job, versionMask: 0, nonceFrom: 10, nonceTo: 1009 }, sizes(256, 1, 256));
    expect(plan.units).toBe(4);
    expect([0, 1, 2, 3].map((number) => plan.unit(number))).toEqual([
      { version: 0, versions: 1, first: 10, count: 256 },
      { version: 0, versions: 1, first: 266, count: 256 },
      { version: 0, versions: 1, first: 522, count: 256 },
      { version: 0, versions: 1, first: 778, count: 232 },
    ]);
  });

  it('sets only version bits that are free, never clears one', () => {
    // The genesis version is 1: bit 0 is taken.
    const plan = planOf({ ...job, versionMask: 0x6001 }, sizes(1024, 1, 1024));
    expect(plan.versions).toBe(4);
    expect([0, 1, 2, 3].map((index) => plan.version(index))).toEqual([1, 0x2001, 0x4001, 0x6001]);
    expect(plan.units).toBe(4 * 2 ** 22);
    expect(plan.unit(2 ** 22)).toEqual({ version: 1, versions: 1, first: 0, count: 1024 });
  });

  it('shares a unit between as many versions as the kernel takes, and gives a smaller group more nonces', () => {
    const window = { nonceFrom: 5, nonceTo: 100 };
    const groups = planOf({ ...job, ...window, versionMask: 0x1c000 }, sizes(512, 4, 64));
    expect(Array.from({ length: groups.units }, (_, number) => groups.unit(number))).toEqual([
      { version: 0, versions: 4, first: 5, count: 64 },
      { version: 0, versions: 4, first: 69, count: 32 },
      { version: 4, versions: 4, first: 5, count: 64 },
      { version: 4, versions: 4, first: 69, count: 32 },
    ]);
    const few = planOf({ ...job, ...window, versionMask: 0x4000 }, sizes(512, 16, 8));
    expect(Array.from({ length: few.units }, (_, number) => few.unit(number))).toEqual([
      { version: 0, versions: 2, first: 5, count: 64 },
      { version: 0, versions: 2, first: 69, count: 32 },
    ]);
    expect(planOf({ ...job, ...window, versionMask: 1 }, sizes(512, 16, 8)).unit(0)).toEqual({ version: 0, versions: 1, first: 5, count: 96 });
  });

  it('keeps unit numbers exact however wide the mask', () => {
    const plan = planOf({ ...job, versionMask: 0xffffffff }, sizes(256, 1, 256));
    expect(Number.isSafeInteger(plan.units)).toBe(true);
    expect(plan.version(1)).toBe(3);
  });
});
