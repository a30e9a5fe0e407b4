import { expect, test } from 'vitest';
import { uniform } from '../../../sim/random.fixture.ts';
import { oneOf, randomCut, type Random } from '../disk/sim-content.fixture.ts';
import type { DiskCall } from '../disk/disk-faults.fixture.ts';
import { SimDisk } from '../disk/sim-disk.fixture.ts';
import type { Journal } from './contract.ts';
import { openJournal } from './journal.ts';
import { optionsFor, readAll, sample } from './kit.fixture.ts';
import type { LedgerRecord } from './record.ts';

const FOLDER = '/base/.ledger/journal';

/** A moment of a run: the disk just before a call, and what had been promised by then. */
interface Moment {
  readonly disk: SimDisk;
  readonly promised: readonly LedgerRecord[];
  readonly call: string;
}

/** Appends, notes, writes, syncs, closes and opens again, with an error of the disk now and then. */
async function run(seed: number, faults: readonly DiskCall[]): Promise<Moment[]> {
  const random = uniform(seed);
  const disk = new SimDisk({ jitter: random });
  await disk.mkdir('/base');
  await disk.syncFolder('/');
  const moments: Moment[] = [];
  const promised: LedgerRecord[] = [];
  let count = 0;
  disk.faults.onOp = (op) => void moments.push({ disk: disk.clone(), promised: [...promised], call: `${op.n} ${op.call} ${op.path}` });
  const open = async (): Promise<Journal> => (await openJournal(optionsFor(FOLDER, { disk, segmentBytes: 24 * 1024, preallocateBytes: 8 * 1024, views: () => [{ p: 'a.json', n: count }] }))).journal;
  let journal = await open();
  for (let step = 0; step < 25; step += 1) {
    for (let i = Math.floor(random() * 6); i > 0; i -= 1) journal.append(sample((count += 1), 'x'.repeat(Math.floor(random() ** 3 * 6000))));
    if (random() < 0.3) journal.note({ p: [{ p: 'a.json', n: count }] });
    if (faults.length > 0 && random() < 0.3) disk.faults.failNext(oneOf(random, ['EIO', 'ENOSPC', 'EROFS']), oneOf(random, faults));
    if (random() < 0.5) void journal.write();
    if (random() < 0.6) promised.push(...(await journal.sync()).durable);
    if (random() > 0.06) continue;
    promised.push(...(await journal.close()).durable);
    journal = await open();
  }
  promised.push(...(await journal.sync()).durable);
  return moments;
}

/** Opens what a cut left, checks it, writes on. @returns the disk's moments while it was opened */
async function check(left: SimDisk, promised: readonly LedgerRecord[], random: Random): Promise<SimDisk[]> {
  const during: SimDisk[] = [];
  left.faults.onOp = () => void during.push(left.clone());
  const { journal, recovered } = await openJournal(optionsFor(FOLDER, { disk: left }));
  left.faults.onOp = () => {};
  const { found } = await readAll(FOLDER, {}, left);
  expect(new Set(found.map(({ record }) => record.id)).size).toBe(found.length);
  const bySeq = new Map(found.map(({ record }) => [record.seq, record]));
  for (const record of promised) expect(bySeq.get(record.seq)).toEqual(record);
  expect(found.filter(({ chainOk }) => chainOk === false)).toEqual([]);
  expect(recovered.lastSeq).toBe(found.at(-1)?.record.seq ?? 0);
  const more = sample(1_000_000 + Math.floor(random() * 1e6));
  journal.append(more);
  const { durable } = await journal.sync();
  expect(durable.map(({ id }) => id)).toEqual([more.id]);
  // Whatever was found counts from then on: files are made from it.
  const after = (await readAll(FOLDER, {}, left.crash(random, randomCut(random)))).found;
  expect(after.map(({ record }) => record)).toEqual([...found.map(({ record }) => record), ...durable]);
  return during;
}

/** With a failed sync the kernel's memory may show what is on no disk and never will be: whoever is killed then leaves that for a true record. */
const RUNS: readonly [string, readonly DiskCall[], number][] = [
  ['on a disk in order', [], 0.3],
  ['on a disk that refuses now and then', ['write', 'create', 'rename', 'syncFolder', 'unlink', 'mkdir'], 0.3],
  ['on a disk that fails to sync as well', ['write', 'datasync', 'create', 'rename', 'syncFolder'], 0],
];

// A test for each seed: hundreds of states apiece, and every one of these has the deadline of a test to itself.
const CASES = RUNS.flatMap(([name, faults, killed]) => [1, 2, 3].map((seed) => [name, seed, faults, killed] as const));

test.each(CASES)('what was promised is there after any power cut, also one while things are put right: %s, seed %i', async (_name, seed, faults, killed) => {
  for (const { disk, promised, call } of await run(seed, faults)) {
    const random = uniform(seed * 7919 + promised.length);
    try {
      // The process is killed, or the power is cut; then the power is cut while that is put right.
      const left = random() < killed ? disk.clone() : disk.crash(random, randomCut(random));
      const during = await check(left, promised, random);
      const again = oneOf(random, during).crash(random, randomCut(random));
      await check(again, promised, random);
    } catch (error) {
      throw new Error(`seed ${seed}, before call ${call}: ${String(error)}`, { cause: error });
    }
  }
});
