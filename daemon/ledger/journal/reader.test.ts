import { readdirSync, readFileSync, unlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { JsonObject } from '../../brainstem/contract.ts';
import { openJournal } from './journal.ts';
import { idsTo, inFolder, optionsFor, readAll, sample, samples, testDisk, watchedDisk } from './kit.fixture.ts';
import { listSegments, readJournal } from './reader.ts';

/** Writes records in commits of `batch`; every four commits or so a new segment. */
async function fill(folder: string, count: number, batch = 1): Promise<void> {
  const { journal } = await openJournal(optionsFor(folder, { segmentBytes: 20 * 1024, preallocateBytes: 4096 }));
  for (let n = 1; n <= count; n += batch) {
    for (const record of samples(n, Math.min(count, n + batch - 1))) journal.append(record);
    await journal.sync();
  }
  await journal.close();
}

/** Packs a segment as `compact` will. */
function pack(folder: string, name: string): void {
  writeFileSync(path.join(folder, `${name}.gz`), gzipSync(readFileSync(path.join(folder, name))));
  unlinkSync(path.join(folder, name));
}

test('nothing is read where nothing is', () =>
  inFolder(async (folder) => {
    expect(await readAll(folder)).toEqual({ found: [], ids: [], damage: [] });
    expect(await listSegments(testDisk, folder)).toEqual([]);
  }));

test('ranges: only the segments they lie in are read', () =>
  inFolder(async (folder) => {
    await fill(folder, 60, 2);
    const segments = await listSegments(testDisk, folder);
    expect(segments.length).toBeGreaterThan(5);
    for (const [fromSeq, toSeq] of [[1, 60], [1, 1], [60, 60], [17, 23], [61, 70], [0, 5]] as const) {
      expect((await readAll(folder, { fromSeq, toSeq })).ids).toEqual(idsTo(Math.min(60, toSeq), Math.max(1, fromSeq)));
    }
    const opened: string[] = [];
    const disk = watchedDisk(({ name, target }) => void (name === 'open' && opened.push(path.basename(target))));
    const { ids, found } = await readAll(folder, { fromSeq: 30, toSeq: 30 }, disk);
    expect(ids).toEqual(['entry-30']);
    expect(found[0]!.chainOk).toBe(true);
    // Headers from the newest back to where it lies, no older one, and its own segment for the record.
    const names = segments.map((segment) => segment.name);
    const oldest = names.indexOf([...opened].sort()[0]!);
    expect(oldest).toBeGreaterThan(1);
    expect(new Set(opened)).toEqual(new Set(names.slice(oldest)));
  }));

test('a reader that stops early leaves no file open', () =>
  inFolder(async (folder) => {
    await fill(folder, 20);
    for await (const { record } of readJournal(testDisk, folder)) if (record.seq === 7) break;
    const { openCount } = await import('./kit.fixture.ts');
    expect(openCount()).toBe(0);
  }));

test('packed segments are read like plain ones', () =>
  inFolder(async (folder) => {
    await fill(folder, 60, 2);
    const plain = await readAll(folder);
    const names = readdirSync(folder);
    for (const name of names.slice(0, -2)) pack(folder, name);
    const packed = await readAll(folder);
    expect(packed.ids).toEqual(idsTo(60));
    expect(packed.damage).toEqual([]);
    expect(packed.found.map(({ record, offset, chainOk }) => [record, offset, chainOk])).toEqual(plain.found.map(({ record, offset, chainOk }) => [record, offset, chainOk]));
    expect((await readAll(folder, { fromSeq: 9, toSeq: 11 })).ids).toEqual(idsTo(11, 9));
    // Half-way through packing both are there.
    writeFileSync(path.join(folder, `${names.at(-1)!}.gz`), 'half');
    expect((await readAll(folder)).ids).toEqual(idsTo(60));
    const { recovered, journal } = await openJournal(optionsFor(folder));
    expect(recovered.lastSeq).toBe(60);
    await journal.close();
  }));

test('a packed segment that is cut off gives what is left of it, and the rest is named', () =>
  inFolder(async (folder) => {
    await fill(folder, 40, 2);
    const [name] = readdirSync(folder);
    pack(folder, name!);
    const file = path.join(folder, `${name!}.gz`);
    writeFileSync(file, readFileSync(file).subarray(0, -9));
    const { ids, damage } = await readAll(folder);
    expect(ids.slice(-30)).toEqual(idsTo(40, 11));
    expect(damage.map(({ reason }) => reason).join()).toContain('cannot be read on');
  }));

test('a segment that is missing is named by the next header', () =>
  inFolder(async (folder) => {
    await fill(folder, 40, 2);
    const segments = await listSegments(testDisk, folder);
    const [, second, third] = segments;
    unlinkSync(path.join(folder, second!.name));
    const { found, damage } = await readAll(folder);
    const lost = [second!.after! + 1, third!.after!];
    expect(damage).toEqual([{ segment: third!.name, offset: 0, reason: `records ${lost[0]} to ${lost[1]} are missing` }]);
    // The header knows the chain value, so even the first record after the hole can be checked.
    expect(found.every(({ chainOk }) => chainOk === true)).toBe(true);
    expect(found).toHaveLength(40 - (lost[1]! - lost[0]! + 1));
  }));

test('old segments that were given away leave a journal that begins later', () =>
  inFolder(async (folder) => {
    await fill(folder, 40, 2);
    const [first, second] = await listSegments(testDisk, folder);
    unlinkSync(path.join(folder, first!.name));
    const { ids, damage, found } = await readAll(folder);
    expect([ids, damage]).toEqual([idsTo(40, second!.after! + 1), []]);
    expect(found[0]!.chainOk).toBe(true);
  }));

test('an edited record shows in the chain, though its checksum was made anew', () =>
  inFolder(async (folder) => {
    await fill(folder, 12, 4);
    const { found } = await readAll(folder);
    const { segment, offset, record } = found[5]!;
    const { crc32 } = await import('node:zlib');
    const bytes = readFileSync(path.join(folder, segment));
    const end = bytes.indexOf(10, offset);
    const json = bytes.toString('utf8', offset + 9, end).replace('"text":"x"', '"text":"y"');
    bytes.write(`${crc32(json).toString(16).padStart(8, '0')} ${json}`, offset);
    writeFileSync(path.join(folder, segment), bytes);
    const after = await readAll(folder);
    expect(after.found.filter(({ chainOk }) => chainOk !== true).map((read) => read.record.seq)).toEqual([record.seq]);
  }));

test('a header that does not fit what is before it is named', () =>
  inFolder(async (folder) => {
    await fill(folder, 30, 2);
    const [, second] = await listSegments(testDisk, folder);
    const { encodeHeader } = await import('./segment.ts');
    const file = path.join(folder, second!.name);
    const bytes = readFileSync(file);
    bytes.write(encodeHeader({ ...second!.header!, chain: 'f'.repeat(64) }), 0);
    writeFileSync(file, bytes);
    const { damage, found } = await readAll(folder);
    expect(damage).toEqual([{ segment: second!.name, offset: 0, reason: 'the chain value of the header is not that of the record before' }]);
    expect(found.filter(({ chainOk }) => chainOk === false).map(({ record }) => record.seq)).toEqual([second!.after! + 1]);
  }));

test('a lost header costs no record, and void ones stay void without it', () =>
  inFolder(async (folder) => {
    let broken = false;
    const disk = watchedDisk(({ name }) => {
      if (broken && (name === 'file.datasync' || name === 'mkdir' || name === 'file.truncate')) throw Object.assign(new Error('EIO'), { code: 'EIO' });
    });
    const { journal } = await openJournal(optionsFor(folder, { disk }));
    journal.append(sample(1));
    await journal.sync();
    broken = true;
    for (const record of samples(2, 4)) journal.append(record);
    expect((await journal.sync()).failed).toHaveLength(3);
    broken = false;
    const { size } = await testDisk.stat(path.join(folder, '00000001.ndjson'));
    const first = readFileSync(path.join(folder, '00000001.ndjson'));
    journal.append(sample(5));
    await journal.sync();
    await journal.close();
    // The failed segment is cut once the next one is safe; put back what it had, as if that had not been possible.
    expect((await testDisk.stat(path.join(folder, '00000001.ndjson'))).size).toBeLessThan(size);
    writeFileSync(path.join(folder, '00000001.ndjson'), first);
    expect((await readAll(folder)).ids).toEqual(['entry-1', 'entry-5']);
    const second = path.join(folder, '00000002.ndjson');
    const bytes = readFileSync(second);
    bytes.fill(0, 0, 40);
    writeFileSync(second, bytes);
    const { ids, damage, found } = await readAll(folder);
    expect(ids).toEqual(['entry-1', 'entry-5']);
    expect(found.map(({ chainOk }) => chainOk)).toEqual([true, true]);
    expect(damage[0]).toEqual({ segment: '00000002.ndjson', offset: 0, reason: 'the header is lost' });
    const { recovered, journal: next } = await openJournal(optionsFor(folder));
    expect([recovered.lastSeq, recovered.damage.length]).toEqual([2, 1]);
    await next.close();
  }));

test('a copy of an old segment under a new number makes nothing void', () =>
  inFolder(async (folder) => {
    await fill(folder, 40, 2);
    const names = readdirSync(folder);
    for (const [i, name] of names.slice(0, 3).entries()) writeFileSync(path.join(folder, `0000009${i}.ndjson`), readFileSync(path.join(folder, name)));
    expect((await readAll(folder)).ids).toEqual(idsTo(40));
    const { recovered, journal } = await openJournal(optionsFor(folder));
    expect([recovered.lastSeq, recovered.damage.map(({ segment }) => segment)]).toEqual([40, ['00000090.ndjson', '00000091.ndjson', '00000092.ndjson']]);
    journal.append(sample(41));
    await journal.close();
    const { ids, found } = await readAll(folder);
    expect([ids, found.every(({ chainOk }) => chainOk === true)]).toEqual([idsTo(41), true]);
  }));

test('lines that are no records are told, where they stand', () =>
  inFolder(async (folder) => {
    const { journal } = await openJournal(optionsFor(folder));
    journal.note({ w: { journal: 1 } });
    journal.append(sample(1));
    journal.note({ p: [{ p: 'a' }] });
    await journal.close();
    const lines: [JsonObject, string][] = [];
    await readAll(folder, { onLine: (line, segment) => lines.push([line, segment]) });
    expect(lines.map(([line]) => Object.keys(line)[0])).toEqual(['h', 'w', 'p', 'c']);
    expect(new Set(lines.map(([, segment]) => segment))).toEqual(new Set(['00000001.ndjson']));
  }));

test('one flipped bit anywhere costs one record at most, is named when it cost one, and nothing is made up', async () => {
  await inFolder(async (folder) => {
    await fill(folder, 30, 3);
    const names = readdirSync(folder);
    const originals = names.map((name) => readFileSync(path.join(folder, name)));
    await fc.assert(
      fc.asyncProperty(fc.nat(names.length - 1), fc.nat(), fc.nat(7), async (which, at, bit) => {
        const original = originals[which]!;
        // Half of the flips into what is used, not into room.
        const used = original.findLastIndex((byte) => byte !== 10) + 1;
        const bytes = Buffer.from(original);
        bytes[at % (at % 2 === 0 ? used : bytes.length)]! ^= 1 << bit;
        const file = path.join(folder, names[which]!);
        writeFileSync(file, bytes);
        const { ids, damage, found } = await readAll(folder);
        writeFileSync(file, original);
        const lost = idsTo(30).filter((id) => !ids.includes(id));
        expect(ids).toEqual(idsTo(30).filter((id) => !lost.includes(id)));
        expect(lost.length).toBeLessThanOrEqual(1);
        if (lost.length > 0) expect(damage.length).toBeGreaterThan(0);
        expect(found.filter(({ chainOk }) => chainOk === false)).toEqual([]);
      }),
      { numRuns: 150 },
    );
  });
});
