import { mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { writeNew, writeWhole } from './files.ts';

/** What `link` answers instead of linking; null = it links. */
const links = vi.hoisted(() => ({ refusal: null as string | null }));
vi.mock(import('node:fs/promises'), async (original) => {
  const real = await original();
  const link: typeof real.link = async (from, to) => {
    if (links.refusal !== null) throw Object.assign(new Error(`${links.refusal}: refused`), { code: links.refusal });
    await real.link(from, to);
  };
  return { ...real, link, default: { ...real, link } };
});

let folder = '';
beforeEach(() => {
  links.refusal = null;
  folder = mkdtempSync(path.join(os.tmpdir(), 'brainstem-files-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const text = (name: string): string => readFileSync(path.join(folder, name), 'utf8');

describe('writeWhole', () => {
  it('replaces what is there and leaves nothing else behind', async () => {
    await writeWhole(path.join(folder, 'a/b.json'), 'one');
    await writeWhole(path.join(folder, 'a/b.json'), 'two');
    expect(text('a/b.json')).toBe('two');
    expect(readdirSync(path.join(folder, 'a'))).toEqual(['b.json']);
  });
});

describe.each([null, 'EPERM', 'ENOTSUP'])('writeNew where link answers %s', (refusal) => {
  beforeEach(() => {
    links.refusal = refusal;
  });

  it('writes a file that is not there', async () => {
    expect(await writeNew(path.join(folder, 'a/b.json'), 'one')).toBe(true);
    expect(text('a/b.json')).toBe('one');
    expect(readdirSync(path.join(folder, 'a'))).toEqual(['b.json']);
  });

  it('keeps one that is there', async () => {
    writeFileSync(path.join(folder, 'b.json'), 'theirs');
    expect(await writeNew(path.join(folder, 'b.json'), 'ours')).toBe(false);
    expect(text('b.json')).toBe('theirs');
    expect(readdirSync(folder)).toEqual(['b.json']);
  });
});

describe('writeNew', () => {
  it('keeps a link that leads nowhere yet', async () => {
    symlinkSync(path.join(folder, 'nowhere'), path.join(folder, 'b.json'));
    expect(await writeNew(path.join(folder, 'b.json'), 'ours')).toBe(false);
    expect(readdirSync(folder)).toEqual(['b.json']);
  });

  it('tells any other refusal, and leaves nothing behind', async () => {
    links.refusal = 'ENOSPC';
    await expect(writeNew(path.join(folder, 'b.json'), 'ours')).rejects.toMatchObject({ code: 'ENOSPC' });
    expect(readdirSync(folder)).toEqual([]);
  });
});
