import { readdirSync, renameSync, unlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import type { Disk } from '../disk/disk.ts';
import { diskError, idsTo, inFolder, openCount, optionsFor, readAll, sample, samples, testDisk, watchedDisk, type DiskCall } from './kit.fixture.ts';
import { openJournal } from './journal.ts';
import { listSegments } from './reader.ts';

/** A disk with a switch: while `broken` says so, a call fails with its error. */
function breakable() {
  const state: { broken: (call: DiskCall) => string | null } = { broken: () => null };
  const disk = watchedDisk((call) => {
    const code = state.broken(call);
    if (code !== null) throw diskError(code);
  });
  return { disk, state };
}

const isWriting = ({ name }: DiskCall): boolean => ['file.write', 'file.datasync', 'mkdir', 'rename', 'syncFolder'].includes(name);
const creates = ({ name, target }: DiskCall): boolean => name === 'open' && target.endsWith('.tmp');

test.each([
  ['EIO on fsync', 'file.datasync', 'EIO'],
  ['EIO on write', 'file.write', 'EIO'],
  ['ENOSPC on write', 'file.write', 'ENOSPC'],
] as const)('%s: a new segment takes over and nothing is lost', (_, name, code) =>
  inFolder(async (folder) => {
    const { disk, state } = breakable();
    const troubles: string[] = [];
    const { journal } = await openJournal(optionsFor(folder, { disk, onTrouble: ({ message }) => troubles.push(message) }));
    journal.append(sample(1));
    await journal.sync();
    const calls: DiskCall[] = [];
    // Only the first segment is bad, and only once: later claims of success must not be believed.
    let failures = 0;
    state.broken = (call) => {
      if (!call.target.endsWith('00000001.ndjson') && call.target !== path.join(folder, '.next-segment.tmp')) return null;
      calls.push(call);
      return call.name === name && failures++ === 0 ? code : null;
    };
    journal.append(sample(2));
    journal.append(sample(3));
    const { durable, failed, error } = await journal.sync();
    expect([durable.map(({ seq }) => seq), failed, error]).toEqual([[2, 3], [], null]);
    expect(troubles).toHaveLength(1);
    journal.append(sample(4));
    await journal.sync();
    expect(readdirSync(folder)).toEqual(['00000001.ndjson', '00000002.ndjson']);
    await journal.close();
    expect(openCount()).toBe(0);
    const { ids, found, damage } = await readAll(folder);
    expect([ids, damage]).toEqual([idsTo(4), []]);
    expect(found.every(({ chainOk }) => chainOk === true)).toBe(true);
  }),
);

test('a disk that takes nothing: everything is handed back in order, numbers are given out again, and it heals', () =>
  inFolder(async (folder) => {
    const { disk, state } = breakable();
    const { journal } = await openJournal(optionsFor(folder, { disk }));
    journal.append(sample(1));
    await journal.sync();
    const { chain } = journal;
    state.broken = (call) => (isWriting(call) ? 'EROFS' : null);
    for (const record of samples(2, 5)) journal.append(record);
    await journal.write();
    journal.append(sample(6));
    const first = await journal.sync();
    expect(first.durable).toEqual([]);
    expect(first.failed).toEqual(samples(2, 6));
    expect(first.error?.message).toContain('EROFS');
    expect([journal.synced, journal.pending, journal.chain]).toEqual([1, 0, chain]);
    const idle = await journal.sync();
    expect([idle.failed, idle.error === null]).toEqual([[], false]);
    state.broken = () => null;
    journal.append(sample(7));
    const healed = await journal.sync();
    expect([healed.durable.map(({ seq, id }) => [seq, id]), healed.error]).toEqual([[[2, 'entry-7']], null]);
    await journal.close();
    const { ids, found } = await readAll(folder);
    expect(ids).toEqual(['entry-1', 'entry-7']);
    expect(found.map(({ chainOk }) => chainOk)).toEqual([true, true]);
  }));

test('records that reached a failed segment are void once their numbers were given out again', () =>
  inFolder(async (folder) => {
    const { disk, state } = breakable();
    const { journal } = await openJournal(optionsFor(folder, { disk }));
    journal.append(sample(1));
    await journal.sync();
    // Written, but the fsync fails, and so does every new segment: the lines stay in the first one, which cannot be cut either.
    state.broken = (call) => (call.name === 'file.datasync' || creates(call) || call.name === 'file.truncate' ? 'EIO' : null);
    journal.append(sample(2));
    journal.append(sample(3));
    expect((await journal.sync()).failed).toEqual(samples(2, 3));
    state.broken = (call) => (call.name === 'file.truncate' ? 'EIO' : null);
    expect((await readAll(folder)).ids).toEqual(idsTo(3));
    journal.append(sample(8));
    expect((await journal.sync()).durable.map(({ seq }) => seq)).toEqual([2]);
    expect((await readAll(folder)).ids).toEqual(['entry-1', 'entry-8']);
    const { recovered, journal: next } = await openJournal(optionsFor(folder));
    expect(recovered.lastSeq).toBe(2);
    await next.close();
    await journal.close();
  }));

test('a closed journal leaves alone what the next one goes on from', () =>
  inFolder(async (folder) => {
    const { disk, state } = breakable();
    const { journal } = await openJournal(optionsFor(folder, { disk }));
    journal.append(sample(1));
    await journal.sync();
    state.broken = (call) => (call.name === 'file.datasync' || creates(call) || call.name === 'file.truncate' ? 'EIO' : null);
    journal.append(sample(2));
    await journal.sync();
    await journal.close();
    state.broken = () => null;
    const { recovered, journal: next } = await openJournal(optionsFor(folder));
    expect(recovered.lastSeq).toBe(2);
    // Whoever was still busy with the old one.
    journal.append(sample(3));
    expect((await journal.sync()).failed).toEqual([sample(3)]);
    next.append(sample(4));
    await next.close();
    const { ids, damage } = await readAll(folder);
    expect([ids, damage]).toEqual([['entry-1', 'entry-2', 'entry-4'], []]);
  }));

test('a full disk at the start: the journal opens and heals by itself', () =>
  inFolder(async (folder) => {
    const { disk, state } = breakable();
    state.broken = (call) => (creates(call) ? 'ENOSPC' : null);
    const { journal, recovered } = await openJournal(optionsFor(folder, { disk }));
    expect(recovered.lastSeq).toBe(0);
    journal.append(sample(1));
    await journal.write();
    expect((await journal.sync()).failed).toEqual([sample(1)]);
    state.broken = () => null;
    journal.append(sample(2));
    expect((await journal.sync()).durable.map(({ seq }) => seq)).toEqual([1]);
    await journal.close();
    expect((await readAll(folder)).ids).toEqual(['entry-2']);
  }));

test('no room to make ahead: it is written on all the same, and no byte of a durable block is written twice', () =>
  inFolder(async (folder) => {
    let extent = 0;
    const small = { ...testDisk };
    small.open = async (file, mode) => {
      const handle = await testDisk.open(file, mode);
      const write = handle.write.bind(handle);
      let synced = 0;
      const datasync = handle.datasync.bind(handle);
      handle.datasync = async () => {
        await datasync();
        synced = extent;
      };
      handle.write = async (bytes, position) => {
        if (bytes.every((byte) => byte === 10)) throw diskError('ENOSPC');
        expect(position).toBeGreaterThanOrEqual(synced);
        extent = Math.max(extent, position + bytes.length);
        await write(bytes, position);
      };
      return handle;
    };
    const { journal } = await openJournal(optionsFor(folder, { disk: small, segmentBytes: 1024 * 1024 }));
    for (let n = 1; n <= 40; n++) {
      journal.append(sample(n, 'z'.repeat(100 * n)));
      await journal.write();
      if (n % 2 === 0) expect((await journal.sync()).failed).toEqual([]);
    }
    await journal.close();
    const { ids, damage } = await readAll(folder);
    expect([ids, damage]).toEqual([idsTo(40), []]);
    expect(readdirSync(folder)).toEqual(['00000001.ndjson']);
  }));

test.each(['open', 'file.write', 'file.datasync', 'rename', 'syncFolder'] as const)('rotation that fails at %s loses nothing', (name) =>
  inFolder(async (folder) => {
    const { disk, state } = breakable();
    const { journal } = await openJournal(optionsFor(folder, { disk, segmentBytes: 32 * 1024 }));
    state.broken = (call) => {
      const isNext = call.target.endsWith('.tmp') || call.target.endsWith('00000002.ndjson') || call.target === folder;
      return isNext && call.name === name ? 'ENOSPC' : null;
    };
    const durable: string[] = [];
    const failed: string[] = [];
    for (let n = 1; n <= 60; n++) {
      journal.append(sample(n, 'r'.repeat(1500)));
      const result = await journal.sync();
      durable.push(...result.durable.map(({ id }) => id));
      failed.push(...result.failed.map(({ id }) => id));
      if (n === 45) state.broken = () => null;
    }
    await journal.close();
    expect([...durable, ...failed].sort()).toEqual(idsTo(60).sort());
    expect(durable.slice(-15)).toEqual(idsTo(60, 46));
    const { ids, damage } = await readAll(folder);
    expect([ids, damage]).toEqual([durable, []]);
    expect(openCount()).toBe(0);
  }),
);

test('a folder that was replaced by a file: handed back while it lasts, all of it rescued afterwards', () =>
  inFolder(async (folder) => {
    let now = 0;
    const { journal } = await openJournal(optionsFor(folder, { now: () => (now += 2000) }));
    for (const record of samples(1, 9)) journal.append(record);
    await journal.sync();
    const aside = `${folder}.aside`;
    renameSync(folder, aside);
    writeFileSync(folder, 'not a folder');
    journal.append(sample(10));
    const { failed } = await journal.sync();
    expect(failed).toEqual([sample(10)]);
    unlinkSync(folder);
    journal.append(sample(11));
    expect((await journal.sync()).durable.map(({ seq }) => seq)).toEqual([10]);
    await journal.close();
    const { ids, damage } = await readAll(folder);
    expect([ids, damage]).toEqual([[...idsTo(9), 'entry-11'], []]);
    expect(openCount()).toBe(0);
  }));

test('what cannot be listed is not taken for an empty journal', () =>
  inFolder(async (folder) => {
    const { disk, state } = breakable();
    await (await openJournal(optionsFor(folder, { disk }))).journal.close();
    state.broken = (call) => (call.name === 'readdir' ? 'EACCES' : null);
    await expect(openJournal(optionsFor(folder, { disk }))).rejects.toThrow('EACCES');
    state.broken = (call) => (call.name === 'open' && call.target.endsWith('.ndjson') ? 'EACCES' : null);
    await expect(openJournal(optionsFor(folder, { disk }))).rejects.toThrow('EACCES');
    expect(await testDisk.readdir(folder)).toEqual(['00000001.ndjson']);
  }));

test('an empty segment whose header somebody relies on is not taken back when it fails', () =>
  inFolder(async (folder) => {
    const first = await openJournal(optionsFor(folder));
    first.journal.note({ p: [{ p: 'view', n: 1 }] });
    await first.journal.sync();
    await first.journal.close();
    const { disk, state } = breakable();
    // It takes the place of the one before, which is removed.
    const { journal } = await openJournal(optionsFor(folder, { disk }));
    expect(readdirSync(folder)).toEqual(['00000002.ndjson']);
    state.broken = (call) => (isWriting(call) ? 'EIO' : null);
    journal.append(sample(1));
    expect((await journal.sync()).failed).toHaveLength(1);
    expect((await openJournal(optionsFor(folder))).recovered.views).toEqual([{ p: 'view', n: 1 }]);
  }));

test('a rename that was made and told as failed: its number is not used again, and the segment in use is left', () =>
  inFolder(async (folder) => {
    let failures = 0;
    const disk: Disk = {
      ...testDisk,
      rename: async (from, to) => {
        await testDisk.rename(from, to);
        if (to.endsWith('00000002.ndjson') && failures++ === 0) throw diskError('EIO');
      },
      // What stays is what matters.
      unlink: async (file) => {
        if (file.endsWith('.ndjson')) throw diskError('EIO');
        await testDisk.unlink(file);
      },
    };
    const { journal } = await openJournal(optionsFor(folder, { disk, segmentBytes: 16 * 1024 }));
    const durable: string[] = [];
    for (const record of samples(1, 12)) {
      journal.append(record);
      durable.push(...(await journal.sync()).durable.map(({ id }) => id));
    }
    await journal.close();
    expect(failures).toBe(1);
    expect(durable).toEqual(idsTo(12));
    expect((await readAll(folder)).ids).toEqual(idsTo(12));
    const segments = await listSegments(testDisk, folder);
    expect(segments.map(({ number }) => number).slice(0, 3)).toEqual([1, 2, 3]);
    expect(segments[2]!.after).toBe(segments[1]!.after);
  }));

test('what is handed back is not left to be read from the failed file as well', () =>
  inFolder(async (folder) => {
    const { disk, state } = breakable();
    const { journal } = await openJournal(optionsFor(folder, { disk }));
    journal.append(sample(1));
    await journal.sync();
    state.broken = (call) => (call.name === 'file.datasync' || creates(call) ? 'EIO' : null);
    journal.append(sample(2));
    expect((await journal.sync()).failed).toEqual([sample(2)]);
    // The process is killed here; the kernel had the line, the disk never did.
    expect((await readAll(folder)).ids).toEqual(['entry-1']);
    expect((await openJournal(optionsFor(folder))).recovered.lastSeq).toBe(1);
  }));

test('a folder that was emptied and got other files: the next number is above theirs', () =>
  inFolder(async (folder) => {
    let now = 0;
    const { journal } = await openJournal(optionsFor(folder, { now: () => (now += 2000) }));
    journal.append(sample(1));
    await journal.sync();
    unlinkSync(path.join(folder, '00000001.ndjson'));
    writeFileSync(path.join(folder, '00000007.ndjson'), '');
    journal.append(sample(2));
    await journal.close();
    expect(readdirSync(folder)).toEqual(['00000007.ndjson', '00000008.ndjson']);
    expect((await readAll(folder)).ids).toEqual(idsTo(2));
  }));
