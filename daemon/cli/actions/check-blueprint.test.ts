import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { blueprintFile, blueprintFindings } from './check-blueprint.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(path.join(os.tmpdir(), 'rigbrain-blueprint-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

function edited(change: (text: string) => string): string {
  const file = path.join(dir, 'Brain.QTL');
  writeFileSync(file, change(readFileSync(blueprintFile(), 'utf8')));
  return file;
}

test('the blueprint of the installation is right', () => {
  expect(blueprintFindings()).toEqual([]);
});

test('every mistake in the blueprint is a finding of its own, with file, line and column', () => {
  const file = edited((text) => text.replace(/^meta:/m, 'metta:').replace(/^week_numbering: monday/m, 'week_numbering: sunday'));
  const findings = blueprintFindings(file);
  expect(findings.map(({ severity, code }) => [severity, code])).toEqual(findings.map(() => ['error', 'E_BLUEPRINT_INVALID']));
  const messages = findings.map(({ message }) => message).join('\n');
  expect(messages).toMatch(/Brain\.QTL:\d+:\d+: metta: unknown key \(did you mean "meta"\?\)/);
  expect(messages).toMatch(/Brain\.QTL:\d+:\d+: week_numbering: must be one of/);
});

test('a blueprint that is not YAML is a finding, not a defect', () => {
  const findings = blueprintFindings(edited((text) => text.replace(/^meta:/m, 'meta: [')));
  expect(findings[0]).toMatchObject({ code: 'E_BLUEPRINT_INVALID', message: expect.stringMatching(/Brain\.QTL:\d+:\d+: not valid YAML/) });
});
