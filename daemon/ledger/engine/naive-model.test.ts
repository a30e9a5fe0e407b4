import { expect, test } from 'vitest';
import { uniform } from '../../../sim/random.fixture.ts';
import { ManualClock } from '../../../protocol/common/manual-clock.ts';
import { SimDisk } from '../disk/sim-disk.fixture.ts';
import { readAll } from '../journal/kit.fixture.ts';
import type { EngineEvent } from './contract.ts';
import { makeEngine } from './inline.ts';
import { NaiveTree } from './naive-model.fixture.ts';
import { realBrainstem, RecordSource, reader } from './workload.fixture.ts';

test('a run over several hours and a year’s end gives the tree that plain counting gives', async () => {
  const brainstem = realBrainstem();
  const random = uniform(1);
  const clock = new ManualClock(Date.parse('2025-12-31T22:30:00-06:00'));
  const disk = new SimDisk();
  await disk.mkdir(brainstem.base);
  const told: EngineEvent[] = [];
  const engine = makeEngine({ brainstem, clock, settings: { syncMs: 1000, leafFlushMs: 5_000, coarseFlushMs: 20_000, maxViewBytes: 5_000 }, disk }, (event) => void told.push(event));
  void engine.open();
  const source = new RecordSource(brainstem, random);
  for (let step = 0; step < 90; step += 1) {
    // Now and then something is told late, of an hour that is long over and whose files were closed.
    engine.accept([source.next(clock.now(), random() < 0.05 ? clock.now() - 7_200_000 : clock.now())]);
    clock.advance(Math.floor(random() * 200_000));
    await new Promise(setImmediate);
  }
  await engine.flush();
  const { found } = await readAll(`${brainstem.base}/.ledger/journal`, {}, disk);
  expect(found).toHaveLength(90);
  const tree = new NaiveTree(brainstem, found.map(({ record }) => record));
  expect(tree.differences(reader(disk, brainstem.base))).toEqual([]);
  expect(told.filter(({ kind }) => kind === 'damage' || kind === 'files')).toEqual([]);
  expect(disk.files().filter((file) => file.endsWith('/Aggregated/aggregated.0001.json'))).not.toEqual([]);
});

test('plain counting sees an entry that is missing, doubled, changed or in the wrong order, and a wrong sum', async () => {
  const brainstem = realBrainstem();
  const clock = new ManualClock(Date.parse('2025-12-18T01:47:41-06:00'));
  const disk = new SimDisk();
  await disk.mkdir(brainstem.base);
  const engine = makeEngine({ brainstem, clock, settings: { syncMs: 0, leafFlushMs: 0, coarseFlushMs: 0, maxViewBytes: 1 << 20 }, disk }, () => {});
  void engine.open();
  const source = new RecordSource(brainstem, uniform(2), [['ledger', 'dtm'], ['submission', 'looping']]);
  engine.accept(Array.from({ length: 20 }, () => source.next(clock.now())));
  await engine.flush();
  const { found } = await readAll(`${brainstem.base}/.ledger/journal`, {}, disk);
  const tree = new NaiveTree(brainstem, found.map(({ record }) => record));
  const sound = reader(disk, brainstem.base);
  expect(tree.differences(sound)).toEqual([]);
  const file = 'Ledgers/global_ledger.json';
  const withChange = (change: (document: any) => void): string[] =>
    tree.differences((path) => {
      const bytes = sound(path);
      if (path !== file || bytes === null) return bytes;
      const document = JSON.parse(bytes.toString()) as unknown;
      change(document);
      return Buffer.from(JSON.stringify(document));
    });
  expect(withChange(() => {})).toEqual([]);
  for (const change of [
    (document: any) => document.entries.pop(),
    (document: any) => document.entries.push(document.entries[0]),
    (document: any) => document.entries.reverse(),
    (document: any) => (document.entries[1].hashes_tried += 1),
    (document: any) => (document.total_hashes += 1),
    (document: any) => (document.total_attempts -= 1),
    (document: any) => (document.metadata.through_seq -= 1),
  ]) {
    expect(withChange(change).length).toBeGreaterThan(0);
  }
  expect(tree.differences((path) => (path === file ? null : sound(path)))).toEqual([`${file}: is not there`]);
});
