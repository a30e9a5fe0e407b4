import { expect, test } from 'vitest';
import { uniform } from '../../../sim/random.fixture.ts';
import type { JsonObject } from '../../brainstem/contract.ts';
import { randomCut, type Random } from '../disk/sim-content.fixture.ts';
import { SimDisk } from '../disk/sim-disk.fixture.ts';
import type { Journal, JournalOptions, SyncResult } from './contract.ts';
import { openJournal } from './journal.ts';
import { readAll, sample } from './kit.fixture.ts';

const FOLDER = '/data/.ledger/journal';
const FAULTS = ['EIO', 'ENOSPC', 'EROFS'] as const;

/** What a journal promised so far. */
class Promises {
  /** Id and number of every record whose sync said so, in order. */
  readonly durable: [seq: number, id: string][] = [];
  readonly failed = new Set<string>();
  appended = 0;
  /** Counts the notes; `notedDurable` is the last one under a sync that succeeded. */
  noted = 0;
  notedDurable = 0;
  /** What an earlier run noted, and may have lost. */
  notedBefore = 0;

  views = (): JsonObject[] => (this.noted === 0 ? [] : [{ p: 'view', n: this.noted }]);

  async keep(syncing: Promise<SyncResult>): Promise<void> {
    const notes = this.noted;
    const { durable, failed, error } = await syncing;
    for (const { seq, id } of durable) this.durable.push([seq, id]);
    for (const { id } of failed) this.failed.add(id);
    expect(error === null || durable.length === 0).toBe(true);
    if (error === null && notes > this.notedBefore) this.notedDurable = Math.max(this.notedDurable, notes);
  }
}

/** Time goes by fast enough that every sync looks whether the file is still there. */
function options(disk: SimDisk, promises: Promises): JournalOptions {
  let now = 1_790_000_000_000;
  return { disk, folder: FOLDER, now: () => (now += 1500), segmentBytes: 24 * 1024, preallocateBytes: 8 * 1024, views: promises.views };
}

/** A run of appends, notes, writes and syncs that overlap as they like. */
async function work(journal: Journal, promises: Promises, random: Random, rounds: number): Promise<void> {
  const running: Promise<void>[] = [];
  for (let round = 0; round < rounds; round++) {
    for (let i = Math.floor(random() ** 3 * 8); i >= 0; i--) journal.append(sample(++promises.appended, 'x'.repeat(Math.floor(random() ** 4 * 6000))));
    if (random() < 0.3) journal.note({ p: [{ p: 'view', n: ++promises.noted }] });
    if (random() < 0.5) running.push(journal.write());
    if (random() < 0.6) running.push(promises.keep(journal.sync()));
    if (random() < 0.3) await running.at(-1);
    // Otherwise it goes on while the disk is busy.
    for (let turns = Math.floor(random() * 60); turns > 0; turns--) await null;
  }
  await Promise.all(running);
}

interface Expected {
  readonly durable: readonly (readonly [number, string])[];
  readonly notes: number;
}

/** Opens what a crash left, writes to it, reads it back. @param within called with every disk that a second crash, during this, leaves */
async function check(disk: SimDisk, expected: Expected, within: ((left: SimDisk) => void) | null, random: Random): Promise<void> {
  disk.capacity = null;
  if (within !== null) {
    disk.faults.onOp = () => {
      if (random() < 0.2) within(disk.crash(random, randomCut(random)));
    };
  }
  const lastSeq = expected.durable.at(-1)?.[0] ?? 0;
  const { journal, recovered } = await openJournal({ ...options(disk, new Promises()), views: () => recovered.views });
  disk.faults.onOp = () => {};
  expect(recovered.lastSeq).toBeGreaterThanOrEqual(lastSeq);
  expect(Number(recovered.views[0]?.['n'] ?? 0)).toBeGreaterThanOrEqual(expected.notes);
  journal.append({ ...sample(0), id: 'afterwards' });
  const { durable, error } = await journal.close();
  expect([durable.map(({ seq }) => seq), error]).toEqual([[recovered.lastSeq + 1], null]);
  const { found, ids } = await readAll(FOLDER, {}, disk);
  expect(new Set(ids).size).toBe(ids.length);
  expect(ids.at(-1)).toBe('afterwards');
  expect(found.map(({ record }) => record.seq)).toEqual(found.map(({ record }) => record.seq).toSorted((a, b) => a - b));
  const bySeq = new Map(found.map((read) => [read.record.seq, read]));
  for (const [seq, id] of expected.durable) {
    const read = bySeq.get(seq);
    expect([seq, read?.record.id, read?.chainOk]).toEqual([seq, id, true]);
  }
  expect(bySeq.get(recovered.lastSeq + 1)?.chainOk).toBe(true);
}

/** One life of a journal, with crashes looked into at a share of its disk calls. @returns states looked at */
async function live(seed: number, settings: { readonly faults: number; readonly share: number; readonly fills?: boolean }): Promise<number> {
  const random = uniform(seed);
  const cuts = uniform(seed + 0.5);
  const disk = new SimDisk({ jitter: random });
  await disk.mkdir('/data');
  await disk.syncFolder('/');
  const promises = new Promises();
  const states: [SimDisk, Expected][] = [];
  disk.faults.onOp = () => {
    // Somebody else fills the disk up, and clears it again.
    if (settings.fills && random() < 0.05) disk.capacity = random() < 0.5 ? disk.usedBytes + 4096 * Math.floor(random() * 6) : null;
    if (cuts() >= settings.share) return;
    const expected = { durable: promises.durable.slice(), notes: promises.notedDurable };
    states.push([cuts() < 0.2 ? disk.clone() : disk.crash(cuts, randomCut(cuts)), expected]);
  };
  // Errors come in spells, as they do when a disk is full for a while.
  let spell: string | null = null;
  disk.faults.when = ({ call }) => {
    if (random() < 0.1) spell = random() < settings.faults ? FAULTS[Math.floor(random() * FAULTS.length)]! : null;
    return spell !== null && random() < 0.7 && ['create', 'write', 'datasync', 'rename', 'syncFolder', 'mkdir', 'truncate', 'unlink'].includes(call) ? spell : null;
  };
  for (let run = 0; run < 3; run++) {
    promises.notedBefore = promises.noted;
    const { journal } = await openJournal(options(disk, promises));
    await work(journal, promises, random, 15);
    if (run === 1) await promises.keep(journal.close());
    else await promises.keep(journal.sync());
  }
  disk.faults.when = () => null;
  disk.capacity = null;
  const ids = promises.durable.map(([, id]) => id);
  expect(new Set(ids).size).toBe(ids.length);
  expect(ids.filter((id) => promises.failed.has(id))).toEqual([]);
  expect(ids.length + promises.failed.size).toBe(promises.appended);
  states.push([disk.crash(cuts, randomCut(cuts)), { durable: promises.durable, notes: promises.notedDurable }]);
  const again: [SimDisk, Expected][] = [];
  for (const [left, expected] of states) await check(left, expected, (twice) => void again.push([twice, expected]), cuts);
  for (const [left, expected] of again) await check(left, expected, null, cuts);
  return states.length + again.length;
}

test.each(Array.from({ length: 6 }, (_, seed) => seed + 1))('power cuts at any disk call, also during recovery: every promise is kept (seed %i)', async (seed) => {
  expect(await live(seed, { faults: 0, share: 0.1 })).toBeGreaterThan(20);
});

test.each(Array.from({ length: 6 }, (_, seed) => seed + 101))('power cuts and disk errors together: every promise is kept (seed %i)', async (seed) => {
  expect(await live(seed, { faults: 0.5, share: 0.2 })).toBeGreaterThan(0);
});

test.each(Array.from({ length: 4 }, (_, seed) => seed + 201))('power cuts while the disk is full now and then: every promise is kept (seed %i)', async (seed) => {
  expect(await live(seed, { faults: 0.1, share: 0.1, fills: true })).toBeGreaterThan(0);
});
