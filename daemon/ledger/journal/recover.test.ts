import path from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { uniform } from '../../../sim/random.fixture.ts';
import { BLOCK, type Disk } from '../disk/disk.ts';
import { SimDisk } from '../disk/sim-disk.fixture.ts';
import type { Recovered } from './contract.ts';
import { openJournal } from './journal.ts';
import { diskError, idsTo, inFolder, optionsFor, readAll, sample, samples, testDisk } from './kit.fixture.ts';
import { listSegments } from './reader.ts';

const FOLDER = '/data/.ledger/journal';
const FIRST = `${FOLDER}/00000001.ndjson`;

/** A journal that was cut off: `commits` commits of three records each in one segment. */
async function cutOff(commits: number): Promise<SimDisk> {
  const disk = new SimDisk();
  const { journal } = await openJournal(optionsFor(FOLDER, { disk }));
  for (let commit = 0; commit < commits; commit++) {
    for (const record of samples(3 * commit + 1, 3 * commit + 3)) journal.append(record);
    await journal.sync();
  }
  return disk.clone();
}

/** Opens it, adds a record, reads everything back. */
async function goOn(disk: SimDisk): Promise<{ recovered: Recovered; ids: string[]; reasons: string[]; chains: (boolean | null)[] }> {
  const { journal, recovered } = await openJournal(optionsFor(FOLDER, { disk }));
  journal.append(sample(1000));
  await journal.close();
  const { ids, damage, found } = await readAll(FOLDER, {}, disk);
  return { recovered, ids, reasons: damage.map(({ reason }) => reason), chains: found.map(({ chainOk }) => chainOk) };
}

test('a tail torn at any byte: what is whole is kept, nothing is called damaged', async () => {
  const disk = await cutOff(2);
  const start = 2 * BLOCK;
  const whole = disk.bytes(FIRST);
  const end = whole.findLastIndex((byte) => byte !== 10) + 2;
  const lineEnds = [...whole.subarray(start, end)].flatMap((byte, i) => (byte === 10 ? [start + i] : []));
  for (let cut = start; cut <= end; cut++) {
    const left = disk.clone();
    left.tamper(FIRST, (bytes) => bytes.fill(cut % 2 === 0 ? 10 : 0, cut));
    const kept = 3 + lineEnds.filter((at) => at <= cut).length;
    const { recovered, ids, reasons, chains } = await goOn(left);
    // NULs behind a line without its end are rubbish in that line; line ends are its end.
    const expected = cut % 2 === 1 && lineEnds.includes(cut) ? kept - 1 : kept;
    expect([cut, recovered.lastSeq, recovered.damage, recovered.unclean]).toEqual([cut, expected, [], true]);
    expect([ids, reasons]).toEqual([[...idsTo(expected), 'entry-1000'], []]);
    expect(chains.every((ok) => ok === true)).toBe(true);
  }
});

test('a file cut off at any byte of its last commit is a torn tail too', async () => {
  const disk = await cutOff(2);
  const end = disk.bytes(FIRST).findLastIndex((byte) => byte !== 10) + 1;
  for (let size = 2 * BLOCK; size <= end; size += 7) {
    const left = disk.clone();
    left.tamper(FIRST, (bytes) => bytes.subarray(0, size));
    const { recovered, ids, reasons } = await goOn(left);
    expect([recovered.damage, reasons]).toEqual([[], []]);
    expect(ids).toEqual([...idsTo(recovered.lastSeq), 'entry-1000']);
    expect(recovered.lastSeq).toBeGreaterThanOrEqual(3);
  }
});

test('what is noted behind a hole is not believed: it builds on notes that may be lost', async () => {
  const disk = new SimDisk();
  const { journal } = await openJournal(optionsFor(FOLDER, { disk }));
  for (const [seq, file] of [[1, 'a.json'], [2, 'b.json'], [3, 'c.json']] as const) {
    journal.note({ p: [{ p: file, n: seq }] });
    journal.append(sample(seq));
    await journal.sync();
  }
  const left = disk.clone();
  const whole = await openJournal(optionsFor(FOLDER, { disk: disk.clone() }));
  expect(whole.recovered.views.map((state) => state['p'])).toEqual(['a.json', 'b.json', 'c.json']);
  left.tamper(FIRST, (bytes) => bytes.fill(0x5a, 2 * BLOCK, 3 * BLOCK));
  const { recovered } = await goOn(left);
  expect(recovered.damage).toHaveLength(1);
  expect(recovered.views).toEqual([{ p: 'a.json', n: 1 }]);
});

test('damage with good lines after it is named, the rest is kept, and the next header owns up to what is lost', async () => {
  const disk = await cutOff(4);
  const random = uniform(3);
  disk.tamper(FIRST, (bytes) => {
    for (let at = 2 * BLOCK; at < 3 * BLOCK; at++) bytes[at] = Math.floor(random() * 256);
    return bytes;
  });
  const { recovered, ids, reasons, chains } = await goOn(disk);
  expect([recovered.lastSeq, recovered.damage]).toEqual([12, [{ segment: '00000001.ndjson', offset: expect.any(Number) as number, reason: 'the checksum is wrong' }]]);
  expect(Math.floor(recovered.damage[0]!.offset / BLOCK)).toBe(2);
  expect(ids).toEqual([...idsTo(3), ...idsTo(12, 7), 'entry-1000']);
  expect(reasons).toEqual(['the checksum is wrong', 'records 4 to 6 are missing (known)']);
  expect(chains).toEqual([true, true, true, null, true, true, true, true, true, true]);
  expect((await listSegments(disk, FOLDER)).at(-1)!.header!.gaps).toEqual([[4, 6]]);
});

test('records lost right behind the header are a gap as well', async () => {
  const disk = await cutOff(3);
  disk.tamper(FIRST, (bytes) => bytes.fill(0, BLOCK, 2 * BLOCK));
  const { recovered, ids, reasons } = await goOn(disk);
  expect([recovered.lastSeq, ids]).toEqual([9, [...idsTo(9, 4), 'entry-1000']]);
  expect(reasons).toEqual(['the checksum is wrong', 'records 1 to 3 are missing (known)']);
});

test('the header of the newest segment is lost: it is named, and the one before tells the rest', async () => {
  const disk = new SimDisk();
  const first = await openJournal(optionsFor(FOLDER, { disk }));
  first.journal.note({ p: [{ p: 'a', n: 1 }, { p: 'b', n: 1 }] });
  for (const record of samples(1, 3)) first.journal.append(record);
  await first.journal.close();
  const second = await openJournal(optionsFor(FOLDER, { disk }));
  second.journal.note({ p: [{ p: 'a', n: 2 }] });
  for (const record of samples(4, 6)) second.journal.append(record);
  await second.journal.sync();
  for (const spoil of [(bytes: Buffer) => bytes.fill(0, 0, 20), (bytes: Buffer) => bytes.fill(10, 0, BLOCK), (bytes: Buffer) => bytes.fill(255, 0, BLOCK)]) {
    const left = disk.clone();
    left.tamper(`${FOLDER}/00000002.ndjson`, spoil);
    const { recovered, ids, chains } = await goOn(left);
    expect(recovered.lastSeq).toBe(6);
    expect(recovered.views).toEqual([{ p: 'a', n: 2 }, { p: 'b', n: 1 }]);
    expect(recovered.damage).toHaveLength(1);
    expect([ids, chains.every((ok) => ok === true)]).toEqual([[...idsTo(6), 'entry-1000'], true]);
  }
  for (const spoil of [(bytes: Buffer) => bytes.subarray(0, 0), (bytes: Buffer) => bytes.fill(0)]) {
    const left = disk.clone();
    left.tamper(`${FOLDER}/00000002.ndjson`, spoil);
    const { recovered, ids } = await goOn(left);
    expect([recovered.lastSeq, recovered.lastAt, recovered.damage.length]).toEqual([3, sample(3).at, 1]);
    expect(ids).toEqual([...idsTo(3), 'entry-1000']);
  }
});

test('lost headers in a row: it reads back as far as it must', async () => {
  const disk = new SimDisk();
  for (let run = 0; run < 4; run++) {
    const { journal } = await openJournal(optionsFor(FOLDER, { disk }));
    journal.append(sample(run + 1));
    await journal.close();
  }
  for (const name of ['00000003.ndjson', '00000004.ndjson']) disk.tamper(`${FOLDER}/${name}`, (bytes) => bytes.fill(1, 5, 9));
  disk.tamper(`${FOLDER}/00000003.ndjson`, (bytes) => bytes.fill(1, BLOCK + 5, BLOCK + 9));
  const { recovered, ids, reasons } = await goOn(disk);
  expect([recovered.lastSeq, recovered.damage.map(({ segment }) => segment)]).toEqual([4, ['00000003.ndjson', '00000004.ndjson']]);
  expect(ids).toEqual(['entry-1', 'entry-2', 'entry-4', 'entry-1000']);
  expect(reasons).toContain('record 3 is missing (known)');
});

test('what the kernel alone had when the process was killed is durable before it is called valid', async () => {
  const disk = new SimDisk();
  const { journal } = await openJournal(optionsFor(FOLDER, { disk }));
  journal.append(sample(1));
  await journal.sync();
  journal.append(sample(2));
  await journal.write();
  const killed = disk.clone();
  const { recovered } = await openJournal(optionsFor(FOLDER, { disk: killed }));
  expect(recovered.lastSeq).toBe(2);
  // The power goes, and nothing that was on its way gets there.
  const left = killed.crash(() => 0, { kept: 0, torn: 0, garbage: 0, sector: 512, collateral: false, uneven: false, names: 'journal' });
  const { ids } = await goOn(left);
  expect(ids).toEqual(['entry-1', 'entry-2', 'entry-1000']);
});

test('a block of the newest segment that cannot be read costs what is in it', () =>
  inFolder(async (folder) => {
    const { journal } = await openJournal(optionsFor(folder));
    for (const record of samples(1, 5)) {
      journal.append(record);
      await journal.sync();
    }
    await journal.close();
    const disk: Disk = {
      ...testDisk,
      open: async (file, mode) => {
        const handle = await testDisk.open(file, mode);
        const read = handle.read.bind(handle);
        handle.read = async (into, position) => {
          if (file.endsWith('00000001.ndjson') && position < 4 * BLOCK && position + into.length > 3 * BLOCK) throw diskError('EIO');
          return read(into, position);
        };
        return handle;
      },
    };
    const { recovered, journal: next } = await openJournal(optionsFor(folder, { disk }));
    await next.close();
    expect(recovered.lastSeq).toBe(5);
    expect(recovered.damage[0]).toMatchObject({ offset: 3 * BLOCK, reason: expect.stringContaining('EIO') as string });
    // The disk came to its senses: what was given up as a gap is read after all.
    expect((await readAll(folder)).ids).toEqual(idsTo(5));
  }));

test('older segments are not read', async () => {
  const disk = new SimDisk();
  const { journal } = await openJournal(optionsFor(FOLDER, { disk, segmentBytes: 16 * 1024 }));
  for (const record of samples(1, 40)) {
    journal.append(record);
    await journal.sync();
  }
  const left = disk.clone();
  const opened: string[] = [];
  left.faults.onOp = ({ call, path: file }) => void (call === 'open' && opened.push(path.basename(file)));
  const { recovered } = await openJournal(optionsFor(FOLDER, { disk: left }));
  expect(recovered.lastSeq).toBe(40);
  expect(new Set(opened).size).toBe(1);
});

test('whatever is in the newest file, opening never fails, and what is written afterwards is read back', async () => {
  const disk = await cutOff(2);
  const good = disk.bytes(FIRST);
  const rubbish = fc.uint8Array({ maxLength: 300 });
  const excerpt = fc.tuple(fc.nat(good.length), fc.nat(2000)).map(([at, length]) => good.subarray(at, at + length));
  const content = fc.array(fc.oneof(rubbish, excerpt), { maxLength: 8 });
  await fc.assert(
    fc.asyncProperty(fc.array(content, { minLength: 1, maxLength: 3 }), async (files) => {
      const left = disk.clone();
      for (const [i, pieces] of files.entries()) {
        const file = await left.open(`${FOLDER}/0000000${2 * i + 2}.ndjson`, 'create');
        await file.write(Buffer.concat(pieces), 0);
        await file.close();
        const { journal, recovered } = await openJournal(optionsFor(FOLDER, { disk: left }));
        journal.append({ ...sample(0), id: `after-${i}` });
        const { durable } = await journal.close();
        expect(durable.map(({ seq }) => seq)).toEqual([recovered.lastSeq + 1]);
        const { found, ids } = await readAll(FOLDER, {}, left);
        expect(ids.at(-1)).toBe(`after-${i}`);
        expect(found.at(-1)!.record.seq).toBe(recovered.lastSeq + 1);
        const seqs = found.map(({ record }) => record.seq);
        expect(seqs).toEqual([...new Set(seqs)].sort((a, b) => a - b));
      }
    }),
    { numRuns: 200 },
  );
});
