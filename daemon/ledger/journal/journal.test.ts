import { readdirSync, rmSync, statSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import type { JsonObject } from '../../brainstem/contract.ts';
import { BLOCK } from '../disk/disk.ts';
import { openJournal } from './journal.ts';
import { idsTo, inFolder, openCount, optionsFor, readAll, sample, samples, testDisk } from './kit.fixture.ts';
import { listSegments } from './reader.ts';
import { CHAIN_START } from './record.ts';

test('a new journal is empty and has its first segment', () =>
  inFolder(async (folder) => {
    const { journal, recovered } = await openJournal(optionsFor(folder));
    expect(recovered).toEqual({ lastSeq: 0, lastAt: null, views: [], damage: [], unclean: false });
    expect([journal.synced, journal.pending, journal.chain]).toEqual([0, 0, CHAIN_START]);
    expect(readdirSync(folder)).toEqual(['00000001.ndjson']);
    await journal.close();
    expect(openCount()).toBe(0);
  }));

test('what was synced is read back in order, with a good chain', () =>
  inFolder(async (folder) => {
    const { journal } = await openJournal(optionsFor(folder));
    for (const record of samples(1, 3)) journal.append(record);
    expect(journal.pending).toBe(3);
    const { durable, failed, error } = await journal.sync();
    expect(durable.map(({ seq, id }) => [seq, id])).toEqual([[1, 'entry-1'], [2, 'entry-2'], [3, 'entry-3']]);
    expect([failed, error, journal.pending, journal.synced]).toEqual([[], null, 0, 3]);
    expect(journal.chain).toBe(durable[2]!.chain);
    const { found, damage } = await readAll(folder);
    expect(found.map(({ record }) => record)).toEqual(durable);
    expect(found.every(({ chainOk }) => chainOk === true)).toBe(true);
    expect(damage).toEqual([]);
    await journal.close();
  }));

test('write alone is enough for the death of the process', () =>
  inFolder(async (folder) => {
    const { journal } = await openJournal(optionsFor(folder));
    journal.append(sample(1));
    await journal.write();
    expect(journal.pending).toBe(1);
    const { journal: next, recovered } = await openJournal(optionsFor(folder));
    expect([recovered.lastSeq, recovered.lastAt, recovered.unclean]).toEqual([1, sample(1).at, true]);
    next.append(sample(2));
    await next.close();
    const { ids, found } = await readAll(folder);
    expect(ids).toEqual(idsTo(2));
    expect(found.map(({ chainOk }) => chainOk)).toEqual([true, true]);
  }));

test('calls that overlap give each record out once', () =>
  inFolder(async (folder) => {
    const { journal } = await openJournal(optionsFor(folder));
    const results = [];
    for (let n = 1; n <= 200; n++) {
      journal.append(sample(n));
      if (n % 3 === 0) void journal.write();
      if (n % 7 === 0) results.push(journal.sync());
      if (n % 31 === 0) await journal.write();
    }
    results.push(journal.close());
    const durable = (await Promise.all(results)).flatMap((result) => result.durable);
    expect(durable.map(({ id }) => id)).toEqual(idsTo(200));
    expect((await readAll(folder)).ids).toEqual(idsTo(200));
  }));

test('every commit begins a block', () =>
  inFolder(async (folder) => {
    const { journal } = await openJournal(optionsFor(folder));
    for (const n of [1, 2, 3]) {
      journal.append(sample(n));
      await journal.write();
      journal.append(sample(10 + n));
      await journal.sync();
    }
    const offsets = (await readAll(folder)).found.map(({ offset }) => offset);
    expect(offsets.filter((_, i) => i % 2 === 0)).toEqual([BLOCK, 2 * BLOCK, 3 * BLOCK]);
    await journal.close();
  }));

test('commits within the room made do not change the size of the file', () =>
  inFolder(async (folder) => {
    const { journal } = await openJournal(optionsFor(folder));
    const file = path.join(folder, '00000001.ndjson');
    const { size } = statSync(file);
    expect(size).toBe(16 * 1024);
    journal.append(sample(1));
    await journal.sync();
    expect(statSync(file).size).toBe(size);
    await journal.close();
    expect(statSync(file).size).toBeLessThan(size);
  }));

test('room is made a step at a time, before it is needed', () =>
  inFolder(async (folder) => {
    const { journal } = await openJournal(optionsFor(folder));
    const sizes: number[] = [];
    for (const record of samples(1, 13)) {
      journal.append(record);
      await journal.sync();
      // What comes after a sync is done when the next thing is.
      await journal.write();
      sizes.push(statSync(path.join(folder, '00000001.ndjson')).size / 1024);
    }
    expect([...new Set(sizes)]).toEqual([16, 32, 48, 64]);
    expect(sizes.every((size, i) => size >= 4 * (i + 2))).toBe(true);
    await journal.close();
  }));

test('a closed journal says so, and opening it again leaves no row of empty segments', () =>
  inFolder(async (folder) => {
    const { journal } = await openJournal(optionsFor(folder));
    journal.append(sample(1));
    await journal.close();
    for (let i = 0; i < 3; i++) {
      const { journal: again, recovered } = await openJournal(optionsFor(folder));
      expect([recovered.unclean, recovered.lastSeq, recovered.lastAt]).toEqual([false, 1, sample(1).at]);
      await again.close();
    }
    expect(readdirSync(folder)).toEqual(['00000001.ndjson', '00000004.ndjson']);
  }));

test('a closed journal takes nothing more and says so', () =>
  inFolder(async (folder) => {
    const { journal } = await openJournal(optionsFor(folder));
    await journal.close();
    journal.append(sample(1));
    await journal.write();
    const { failed, error } = await journal.sync();
    expect(failed).toEqual([sample(1)]);
    expect(error?.message).toContain('closed');
  }));

test('segments follow each other, each with a header that is enough to go on', () =>
  inFolder(async (folder) => {
    const { journal } = await openJournal(optionsFor(folder));
    for (let n = 1; n <= 100; n++) {
      journal.append(sample(n, 'y'.repeat(2000)));
      await journal.sync();
    }
    const last = await journal.close();
    expect([last.error, openCount()]).toEqual([null, 0]);
    const segments = await listSegments(testDisk, folder);
    expect(segments.length).toBeGreaterThan(4);
    expect(segments.map(({ number }) => number)).toEqual(segments.map((_, i) => i + 1));
    for (const { header, after, limit } of segments) {
      expect(header?.after).toBe(after);
      expect(limit).toBeGreaterThan(after!);
    }
    expect(readdirSync(folder).filter((name) => !name.endsWith('.ndjson'))).toEqual([]);
    // No segment keeps room it does not need: the header's block and one for each commit.
    const perSegment = segments.map(({ after, limit }) => Math.min(limit, 100) - after!);
    expect(segments.slice(0, -1).map(({ bytes }) => bytes)).toEqual(perSegment.slice(0, -1).map((commits) => (commits + 1) * BLOCK));
    const { found, ids, damage } = await readAll(folder);
    expect([ids, damage]).toEqual([idsTo(100), []]);
    expect(found.every(({ chainOk }) => chainOk === true)).toBe(true);
    const { recovered, journal: next } = await openJournal(optionsFor(folder));
    expect(recovered.lastSeq).toBe(100);
    await next.close();
  }));

test('states of views: the newest note wins, closed ones go, and they outlive segments', () =>
  inFolder(async (folder) => {
    let states: JsonObject[] = [];
    const { journal } = await openJournal(optionsFor(folder));
    journal.note({ p: [{ p: 'a', n: 1 }, { p: 'b', n: 1 }] });
    journal.note({ w: { journal: 5 } });
    journal.note({ p: [{ p: 'a', n: 2 }, { p: 'c', n: 1 }, { p: 'b', closed: true }] });
    await journal.sync();
    await journal.close();
    const second = await openJournal(optionsFor(folder, { views: () => states }));
    expect(second.recovered.views).toEqual([{ p: 'a', n: 2 }, { p: 'c', n: 1 }]);
    await second.journal.close();
    const third = await openJournal(optionsFor(folder, { views: () => states, segmentBytes: 8192 }));
    expect(third.recovered.views).toEqual([{ p: 'a', n: 2 }, { p: 'c', n: 1 }]);
    states = [{ p: 'd', n: 7 }];
    third.journal.append(sample(1));
    await third.journal.sync();
    await third.journal.close();
    const fourth = await openJournal(optionsFor(folder));
    expect(fourth.recovered.views).toEqual([{ p: 'd', n: 7 }]);
    await fourth.journal.close();
    const lines: JsonObject[] = [];
    await readAll(folder, { onLine: (line) => lines.push(line) });
    expect(lines.filter((line) => 'w' in line)).toEqual([{ w: { journal: 5 } }]);
  }));

test('numbers that views hold already can be left out, and the gap is owned up to', () =>
  inFolder(async (folder) => {
    const { journal } = await openJournal(optionsFor(folder));
    journal.append(sample(1));
    await journal.sync();
    journal.skipTo(10);
    journal.append(sample(2));
    const { durable } = await journal.sync();
    expect(durable.map(({ seq }) => seq)).toEqual([11]);
    await journal.close();
    const { found, damage } = await readAll(folder);
    expect(found.map(({ record, chainOk }) => [record.seq, chainOk])).toEqual([[1, true], [11, true]]);
    expect(damage.map(({ reason }) => reason)).toEqual(['records 2 to 10 are missing (known)']);
  }));

test('a deleted file is noticed, and what was in it is written again', () =>
  inFolder(async (folder) => {
    let now = 1_790_000_000_000;
    const { journal } = await openJournal(optionsFor(folder, { now: () => now }));
    journal.append(sample(1));
    await journal.sync();
    rmSync(path.dirname(folder), { recursive: true });
    now += 2000;
    journal.append(sample(2));
    const { durable, failed } = await journal.sync();
    expect([durable.map(({ seq }) => seq), failed]).toEqual([[2], []]);
    journal.append(sample(3));
    await journal.close();
    const { ids, found, damage } = await readAll(folder);
    expect([ids, damage]).toEqual([idsTo(3), []]);
    expect(found.every(({ chainOk }) => chainOk === true)).toBe(true);
  }));
