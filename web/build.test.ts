/** The page as it is built: its types, and nothing in it that the hub's policy forbids or that asks somebody else. */
import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { build } from 'vite';
import config from '../scripts/vite-web.mjs';
import { packageRoot } from '../daemon/version.ts';

const run = promisify(execFile);
const dir = mkdtempSync(path.join(os.tmpdir(), 'rigbrain-web-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const made = (folder: string): Map<string, string> => new Map(readdirSync(path.join(dir, folder), { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile()).map((entry) => [path.relative(path.join(dir, folder), path.join(entry.parentPath, entry.name)), readFileSync(path.join(entry.parentPath, entry.name), 'utf8')]));
const buildTo = (folder: string) => build({ ...config, build: { ...config.build, outDir: path.join(dir, folder) } });

beforeAll(() => buildTo('a'));

test('its types are right', async () => {
  const tsc = path.join(path.dirname(createRequire(import.meta.url).resolve('typescript/package.json')), 'bin', 'tsc');
  const { stdout } = await run(process.execPath, [tsc, '-p', path.join(packageRoot(), 'web', 'tsconfig.json'), '--incremental', 'false', '--tsBuildInfoFile', 'null']).catch((error: { stdout: string }) => error);
  expect(stdout).toBe('');
});

test('two builds give the same bytes', async () => {
  await buildTo('b');
  expect(made('b')).toEqual(made('a'));
});

test('no script, style or handler stands in the page itself, and every address in it is its own', () => {
  const html = made('a').get('index.html')!;
  expect(html).not.toMatch(/<style|style=|\son\w+=|javascript:/i);
  for (const script of html.matchAll(/<script[^>]*>([^]*?)<\/script>/g)) expect([script[0].includes('src="/'), script[1]]).toEqual([true, '']);
  for (const link of html.matchAll(/(?:src|href)="([^"]*)"/g)) expect(link[1]).toMatch(/^\/[^/]/);
});

test('it asks nobody else and makes no code of text', () => {
  for (const [name, text] of made('a')) {
    if (name.endsWith('.svg')) continue;
    // The names of XML's dialects look like addresses; nobody asks them.
    const addresses = [...text.matchAll(/\b(?:https?|wss?):\/\/[^\s"'`)]+/g)].map(([address]) => address).filter((address) => !address.startsWith('http://www.w3.org/'));
    expect({ name, addresses }).toEqual({ name, addresses: [] });
    expect({ name, code: /\beval\(|new Function\b|@import|@font-face/.exec(text)?.[0] }).toEqual({ name, code: undefined });
  }
});

test('it stays small', () => {
  const bytes = [...made('a').values()].reduce((sum, text) => sum + text.length, 0);
  expect(bytes).toBeLessThan(250_000);
});
