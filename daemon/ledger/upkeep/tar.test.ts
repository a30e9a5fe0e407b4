import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { readTar, tarEnd, tarHeader, tarPadding } from './tar.ts';

const dir = mkdtempSync(path.join(os.tmpdir(), 'rigbrain-tar-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const LONG = `${'Some_Folder_With_A_Name/'.repeat(6)}file.json`;
const FILES: Readonly<Record<string, string>> = { 'a.json': '{}', 'Ledgers/empty.json': '', [LONG]: 'x'.repeat(511), 'block.json': 'y'.repeat(512), 'big.json': 'z'.repeat(100_000), 'Ünïcode.json': '{"ü":1}' };

function archive(): Buffer {
  const parts = Object.entries(FILES).flatMap(([name, text]) => {
    const bytes = Buffer.byteLength(text);
    return [tarHeader({ path: name, bytes, mtimeMs: 1_763_668_800_000 }), Buffer.from(text), tarPadding(bytes)];
  });
  return Buffer.concat([...parts, tarEnd()]);
}

async function* inPieces(bytes: Buffer, size: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function read(bytes: Buffer, size: number): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  await readTar(inPieces(bytes, size), ({ path: name }) => {
    const pieces: Buffer[] = [];
    return { data: (piece) => void pieces.push(Buffer.from(piece)), end: () => (found[name] = Buffer.concat(pieces).toString()) };
  });
  return found;
}

it('is an archive to tar itself', () => {
  const file = path.join(dir, 'all.tar');
  writeFileSync(file, archive());
  expect(execFileSync('tar', ['-tf', file], { encoding: 'utf8', env: { ...process.env, LC_ALL: 'C.UTF-8' } }).trim().split('\n')).toHaveLength(6);
  execFileSync('tar', ['-xf', file, '-C', dir]);
  for (const [name, text] of Object.entries(FILES)) expect(readFileSync(path.join(dir, name), 'utf8'), name).toBe(text);
  execFileSync('tar', ['-df', file, '-C', dir]);
});

it('reads its own archives and those of tar, however they are cut into pieces', async () => {
  for (const size of [1000, 512, 513, 1 << 20]) expect(await read(archive(), size)).toEqual(FILES);
  const file = path.join(dir, 'theirs.tar');
  const sub = mkdtempSync(path.join(dir, 'sub-'));
  writeFileSync(path.join(sub, 'b.json'), 'b'.repeat(700));
  execFileSync('tar', ['--format=ustar', '-cf', file, '-C', sub, 'b.json']);
  expect(await read(readFileSync(file), 700)).toEqual({ 'b.json': 'b'.repeat(700) });
});

it('refuses what is damaged, cut short or does not fit', async () => {
  const bytes = archive();
  await expect(read(bytes.subarray(0, bytes.length - 2048), 4096)).rejects.toThrow('cut short');
  const damaged = Buffer.from(bytes);
  damaged[3] = 0x58;
  await expect(read(damaged, 4096)).rejects.toThrow('damaged');
  expect(() => tarHeader({ path: 'x'.repeat(101), bytes: 1, mtimeMs: 0 })).toThrow('too long');
  expect(() => tarHeader({ path: 'x', bytes: 2 ** 33, mtimeMs: 0 })).toThrow('too large');
});
