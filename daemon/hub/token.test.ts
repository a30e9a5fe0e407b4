import { chmodSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { hubToken, readHubToken, TOKEN_FILE } from './token.ts';

let dir: string;
let file: string;
beforeEach(() => {
  dir = mkdtempSync(path.join(os.tmpdir(), 'rigbrain-token-'));
  file = path.join(dir, TOKEN_FILE);
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

test('the first start makes a token that only this user can read; the next takes the same', () => {
  expect(readHubToken(dir)).toBeNull();
  const { token } = hubToken(dir, null);
  expect(token).toMatch(/^[\w-]{43}$/);
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(readdirSync(dir)).toEqual([TOKEN_FILE]);
  expect(hubToken(dir, null)).toEqual({ token, file });
  expect(readFileSync(file, 'utf8')).toBe(`${token}\n`);
  expect(hubToken(mkdtempSync(path.join(dir, 'other-')), null).token).not.toBe(token);
});

test('the configured token comes first, and writes no file', () => {
  expect(hubToken(dir, 'chosen-by-a-person')).toEqual({ token: 'chosen-by-a-person', file: null });
  expect(readdirSync(dir)).toEqual([]);
  expect(() => hubToken(dir, 'too-short')).toThrow(expect.objectContaining({ code: 'E_HUB', message: expect.not.stringContaining('too-short') }));
});

test('a token that others could have read is not used', () => {
  hubToken(dir, null);
  chmodSync(file, 0o640);
  expect(() => hubToken(dir, null)).toThrow(expect.objectContaining({ code: 'E_HUB', hint: expect.stringContaining('chmod 600') }));
});

test('what is no token is said to be none: an empty file, a link, a folder', () => {
  writeFileSync(file, '\n', { mode: 0o600 });
  expect(() => hubToken(dir, null)).toThrow(expect.objectContaining({ code: 'E_HUB' }));
  rmSync(file);
  writeFileSync(path.join(dir, 'elsewhere'), 'x'.repeat(40), { mode: 0o600 });
  symlinkSync(path.join(dir, 'elsewhere'), file);
  expect(() => hubToken(dir, null)).toThrow(expect.objectContaining({ code: 'E_HUB' }));
  rmSync(file);
  mkdirSync(file, { mode: 0o700 });
  expect(() => hubToken(dir, null)).toThrow(expect.objectContaining({ code: 'E_HUB' }));
});
