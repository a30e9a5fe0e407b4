import fc from 'fast-check';
import path from 'node:path';
import { expect, test } from 'vitest';
import { uniform } from '../../../sim/random.fixture.ts';
import { ManualClock } from '../../../protocol/common/manual-clock.ts';
import { BLOCK } from '../disk/disk.ts';
import { isChanging, type DiskCall } from '../disk/disk-faults.fixture.ts';
import { randomCut, type Random } from '../disk/sim-content.fixture.ts';
import { SimDisk } from '../disk/sim-disk.fixture.ts';
import { readAll } from '../journal/kit.fixture.ts';
import type { EngineCounts, EngineSettings } from './contract.ts';
import type { LedgerEngine } from './engine.ts';
import { makeEngine } from './inline.ts';
import { NaiveTree } from './naive-model.fixture.ts';
import { leanBrainstem, reader, realBrainstem, RecordSource } from './workload.fixture.ts';

/** One thing that happens to a ledger. */
type Step =
  | { readonly do: 'append'; readonly count: number; readonly late: boolean }
  | { readonly do: 'pass'; readonly ms: number }
  | { readonly do: 'step'; readonly ms: number }
  | { readonly do: 'flush' | 'restart' | 'kill' | 'heal' }
  | { readonly do: 'cut'; readonly seed: number }
  | { readonly do: 'fail'; readonly call: DiskCall; readonly code: string }
  | { readonly do: 'refuse'; readonly code: string }
  | { readonly do: 'fill'; readonly room: number };

const HOUR_MS = 3_600_000;
const stepOf = fc.oneof(
  { weight: 8, arbitrary: fc.record({ do: fc.constant('append' as const), count: fc.integer({ min: 1, max: 6 }), late: fc.boolean() }) },
  { weight: 6, arbitrary: fc.record({ do: fc.constant('pass' as const), ms: fc.oneof(fc.integer({ min: 1, max: 30_000 }), fc.integer({ min: 1, max: HOUR_MS })) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('step' as const), ms: fc.integer({ min: -50 * HOUR_MS, max: 50 * HOUR_MS }) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constantFrom('flush' as const, 'restart' as const, 'kill' as const) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('cut' as const), seed: fc.nat(1e6) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('fail' as const), call: fc.constantFrom<DiskCall>('create', 'open', 'read', 'write', 'datasync', 'truncate', 'stat', 'readdir', 'mkdir', 'link', 'rename', 'unlink', 'syncFolder'), code: fc.constantFrom('EIO', 'ENOSPC', 'EACCES', 'EMFILE') }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('refuse' as const), code: fc.constantFrom('EROFS', 'EIO') }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('fill' as const), room: fc.integer({ min: 0, max: 200_000 }) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('heal' as const) }) },
);

const SETTINGS: EngineSettings = { syncMs: 1_000, leafFlushMs: 5_000, coarseFlushMs: 20_000, maxViewBytes: 4_000, segmentBytes: 1 << 16 };
const brainstem = leanBrainstem(realBrainstem(), ['hour', 'month', 'root']);
const quiet = (): Promise<void> => new Promise(setImmediate);

/** A ledger's disk, engine and clock, and what was promised so far. */
class World {
  readonly clock = new ManualClock(Date.parse('2026-10-31T20:00:00-05:00'));
  readonly accepted = new Set<string>();
  /** Entries that nothing but the loss of the whole disk may take. */
  readonly promised = new Set<string>();
  readonly #random: Random;
  readonly #source: RecordSource;
  disk = new SimDisk();
  #engine!: LedgerEngine;
  #counts: EngineCounts | null = null;
  #ofThisRun: string[] = [];
  /** A sync failed in this run: the kernel's memory may show what is on no disk. */
  #mayShowGhosts = false;
  /** A known limit: a run that goes on from such a thing does not write it again, so that a power cut takes from the journal what files show. */
  #tookGhosts = false;

  constructor(seed: number) {
    this.#random = uniform(seed);
    this.#source = new RecordSource(brainstem, this.#random, [['submission', 'looping'], ['error_report', 'miners']]);
  }

  async begin(): Promise<void> {
    await this.disk.mkdir(brainstem.base);
    for (let folder = brainstem.base; folder !== '/'; folder = path.dirname(folder)) await this.disk.syncFolder(path.dirname(folder));
    this.#open();
  }

  #open(): void {
    this.#ofThisRun = [];
    this.#counts = null;
    this.#engine = makeEngine({ brainstem, clock: this.clock, settings: SETTINGS, disk: this.disk }, (event) => {
      if (event.kind === 'counts') this.#counts = event.counts;
    });
    void this.#engine.open();
  }

  async do(step: Step): Promise<void> {
    const { clock, disk } = this;
    switch (step.do) {
      case 'append': {
        const now = clock.now();
        const records = Array.from({ length: step.count }, () => this.#source.next(now, step.late && this.#random() < 0.2 ? now - 2 * HOUR_MS : now));
        for (const { id } of records) this.accepted.add(id);
        this.#ofThisRun.push(...records.map(({ id }) => id));
        this.#engine.accept(records);
        return;
      }
      case 'pass':
        clock.advance(step.ms);
        return quiet();
      case 'step':
        return clock.setWall(clock.now() + step.ms);
      case 'flush':
        return this.flush();
      case 'restart':
        await this.#engine.close();
        this.#keepPromises();
        this.#tookGhosts ||= this.#mayShowGhosts && (await this.#showsGhosts());
        return this.#open();
      case 'kill':
        // Whoever dies after a failed sync leaves to the next one what looks true and is not; then it has to be the power that goes.
        return this.#replace(this.#mayShowGhosts && !this.#tookGhosts ? disk.crash(this.#random, randomCut(this.#random)) : disk.clone());
      case 'cut': {
        const random = uniform(step.seed);
        return this.#replace(this.#tookGhosts ? disk.clone() : disk.crash(random, randomCut(random)));
      }
      case 'fail':
        if (step.call === 'datasync') this.#mayShowGhosts = true;
        return disk.faults.failNext(step.code, step.call);
      case 'refuse':
        this.#mayShowGhosts = true;
        disk.faults.when = ({ call }) => (isChanging(call) ? step.code : null);
        return;
      case 'fill':
        disk.capacity = disk.usedBytes + step.room;
        return;
      case 'heal':
        this.heal();
    }
  }

  heal(): void {
    this.disk.capacity = null;
    this.disk.faults.when = () => null;
    this.disk.faults.forgetPlans();
  }

  async flush(): Promise<void> {
    await this.#engine.flush();
    this.#keepPromises();
  }

  /** What is accepted and not counted as lost is on the disk somewhere, and stays. */
  #keepPromises(): void {
    if (this.#counts !== null && this.#counts.settled >= this.#ofThisRun.length && this.#counts.lost === 0) for (const id of this.#ofThisRun) this.promised.add(id);
  }

  /** The journal has records that a power cut would take: it could not be cut behind those that were synced. */
  async #showsGhosts(): Promise<boolean> {
    const nothingKept = { kept: 0, torn: 0, garbage: 0, sector: BLOCK, collateral: false, uneven: false, names: 'journal' } as const;
    const [seen, sure] = await Promise.all([this.disk.clone(), this.disk.crash(() => 0.99, nothingKept)].map((disk) => journalOf(disk)));
    return seen!.found.length > sure!.found.length;
  }

  #replace(disk: SimDisk): void {
    this.disk.powerOff();
    this.disk = disk;
    this.#mayShowGhosts = false;
    for (const file of publicFiles(disk)) expect(() => JSON.parse(disk.bytes(file).toString()) as unknown, file).not.toThrow();
    this.#open();
  }
}

function journalOf(disk: SimDisk): ReturnType<typeof readAll> {
  return readAll(path.join(brainstem.base, '.ledger/journal'), {}, disk);
}

function publicFiles(disk: SimDisk): string[] {
  return disk.files(brainstem.base).filter((file) => file.endsWith('.json') && !/\/(\.ledger|Backup_Logs|Emergency_Logs)\//.test(file));
}

async function live(seed: number, steps: readonly Step[]): Promise<void> {
  const world = new World(seed);
  await world.begin();
  for (const step of steps) await world.do(step);
  world.heal();
  // Everything that waits before it tries again has tried again after this.
  for (let minute = 0; minute < 4; minute += 1) {
    await world.do({ do: 'pass', ms: 61_000 });
    await world.flush();
  }
  const { found } = await journalOf(world.disk);
  const ids = found.map(({ record }) => record.id);
  expect(new Set(ids).size).toBe(ids.length);
  expect(ids.filter((id) => !world.accepted.has(id))).toEqual([]);
  expect([...world.promised].filter((id) => !ids.includes(id))).toEqual([]);
  expect(found.filter(({ chainOk }) => chainOk === false)).toEqual([]);
  expect(new NaiveTree(brainstem, found.map(({ record }) => record)).differences(reader(world.disk, brainstem.base))).toEqual([]);
}

const RUNS = process.env.RIGBRAIN_FAST === '1' ? 30 : 250;

test('whatever happens in whatever order, the files say what plain counting says, and what was promised is there once', { timeout: 240_000 }, async () => {
  await fc.assert(fc.asyncProperty(fc.nat(1e6), fc.array(stepOf, { minLength: 5, maxLength: 40 }), live), { numRuns: RUNS, ...(process.env.SEED ? { seed: Number(process.env.SEED) } : {}) });
});
