import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { diskError, inFolder, testDisk, watchedDisk } from './kit.fixture.ts';
import { segmentLines, type Line } from './lines.ts';
import { encodeLine } from './record.ts';
import type { SegmentRef } from './segment.ts';

const PLAIN: SegmentRef = { number: 1, name: '00000001.ndjson', packed: false };
const PACKED: SegmentRef = { number: 1, name: '00000001.ndjson.gz', packed: true };

function note(n: number, length = 0): string {
  return encodeLine(`{"w":${n},"t":"${'é'.repeat(length)}"}`);
}

async function linesOf(folder: string, content: string | Buffer, ref = PLAIN, from = 0, disk = testDisk): Promise<Line[]> {
  mkdirSync(folder, { recursive: true });
  writeFileSync(path.join(folder, ref.name), content);
  const lines: Line[] = [];
  for await (const batch of segmentLines(disk, folder, ref, from)) lines.push(...batch);
  return lines;
}

/** The number in each line, null for a damaged one. */
function numbers(lines: readonly Line[]): (number | null)[] {
  return lines.map(({ json }) => (json === null ? null : (JSON.parse(json) as { w: number }).w));
}

test('empty lines are passed over, offsets are those of the bytes', () =>
  inFolder(async (folder) => {
    const [one, two] = [note(1, 3), note(2)];
    const lines = await linesOf(folder, `${one}\n\n\n${two}${'\n'.repeat(1_000_000)}`);
    expect(numbers(lines)).toEqual([1, 2]);
    const secondAt = Buffer.byteLength(one) + 3;
    expect(lines.map(({ offset, end }) => [offset, end])).toEqual([[0, Buffer.byteLength(one) - 1], [secondAt, secondAt + two.length - 1]]);
  }));

test('lines across chunks, longer than a chunk, and without an end', () =>
  inFolder(async (folder) => {
    const parts = [1, 5000, 300_000, 2, 4090, 1_000_000, 0].map((length, n) => note(n, length));
    const text = parts.join('');
    const lines = await linesOf(folder, text.slice(0, -1));
    expect(numbers(lines)).toEqual([0, 1, 2, 3, 4, 5, 6]);
    const bytes = Buffer.from(text);
    for (const { offset, end, json } of lines) expect(bytes.toString('utf8', offset + 9, end)).toBe(json);
    for (const { offset } of lines) expect((await linesOf(folder, text, PLAIN, offset))[0]?.offset).toBe(offset);
  }));

test('packed lines are the same lines', () =>
  inFolder(async (folder) => {
    const text = [10, 100_000, 3].map((length, n) => note(n, length)).join('\n\n');
    const plain = await linesOf(folder, text);
    expect(await linesOf(folder, gzipSync(text), PACKED)).toEqual(plain);
    expect(await linesOf(folder, gzipSync(text), PACKED, plain[1]!.offset)).toEqual(plain.slice(1));
    await expect(linesOf(folder, gzipSync(text).subarray(0, 300), PACKED)).rejects.toMatchObject({ code: 'Z_BUF_ERROR' });
  }));

test('a line end that was hit costs neither of the two lines', () =>
  inFolder(async (folder) => {
    for (const wrong of ['\x0b', '\x8a', 'x']) {
      const [one, two] = [Buffer.from(note(1)), Buffer.from(note(2))];
      one[one.length - 1] = wrong.charCodeAt(0);
      expect(numbers(await linesOf(folder, Buffer.concat([one, two, Buffer.from(note(3))])))).toEqual([1, null, 2, 3]);
    }
  }));

test('rubbish costs what it covers and no more', () =>
  inFolder(async (folder) => {
    const rubbish = Buffer.from('\0\0 0123abcd {"x \ufffd');
    expect(numbers(await linesOf(folder, Buffer.concat([Buffer.from(note(1)), rubbish, Buffer.from(note(2))])))).toEqual([1, null, 2]);
    expect(numbers(await linesOf(folder, Buffer.concat([Buffer.from(note(1)), rubbish])))).toEqual([1, null]);
    expect(numbers(await linesOf(folder, Buffer.concat([Buffer.alloc(300_000), Buffer.from(note(2))])))).toEqual([null, 2]);
  }));

test('a block that cannot be read costs its own lines', () =>
  inFolder(async (folder) => {
    const blocks = [0, 1, 2, 3].map((n) => note(n).padEnd(4096, '\n'));
    const disk = {
      ...testDisk,
      open: async (...args: Parameters<typeof testDisk.open>) => {
        const file = await testDisk.open(...args);
        const read = file.read.bind(file);
        file.read = async (into, position) => {
          if (position < 8192 && position + into.length > 4096) throw diskError('EIO');
          return read(into, position);
        };
        return file;
      },
    };
    expect(numbers(await linesOf(folder, blocks.join(''), PLAIN, 0, disk))).toEqual([0, null, 2, 3]);
  }));

test('packed between listing and reading is no trouble; a file that cannot be opened is the error of the disk', () =>
  inFolder(async (folder) => {
    await linesOf(folder, gzipSync(note(5)), PACKED);
    const lines: Line[] = [];
    for await (const batch of segmentLines(testDisk, folder, PLAIN)) lines.push(...batch);
    expect(numbers(lines)).toEqual([5]);
    const disk = watchedDisk(() => {
      throw diskError('EACCES');
    });
    await expect(segmentLines(disk, folder, PLAIN).next()).rejects.toThrow('EACCES');
  }));
