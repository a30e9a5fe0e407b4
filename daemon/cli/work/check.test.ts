import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FakeIo } from '../fake-io.fixture.ts';
import { runCli } from '../program.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(path.join(os.tmpdir(), 'rigbrain-check-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

async function check(yaml: string, argv: string[] = [], env: Record<string, string> = {}) {
  writeFileSync(path.join(dir, 'rig.yaml'), yaml);
  const io = new FakeIo(dir, env);
  return { code: await runCli(['check', '--config', path.join(dir, 'rig.yaml'), ...argv], io), io };
}

describe('check', () => {
  it('is content with a right configuration', async () => {
    const { code, io } = await check('node: {id: rig2}\n');
    expect([code, io.stdout]).toEqual([0, `ok: ${path.join(dir, 'rig.yaml')}`]);
  });

  it('names every problem with file, line and column', async () => {
    const { code, io } = await check('nodes: {id: rig2}\nlog: {level: loud}\n');
    expect(code).toBe(78);
    expect(io.stdout).toMatch(/rig\.yaml:1:1: nodes: unknown key \(did you mean "node"\?\)/);
    expect(io.stdout).toMatch(/rig\.yaml:2:7: log\.level: must be one of/);
  });

  it('finds a missing secret and an unusable data folder', async () => {
    const { code, io } = await check('mqtt: {password: {env: NOT_SET_ANYWHERE}}\n', ['--data', path.join(dir, 'rig.yaml'), '--json']);
    expect(code).toBe(78);
    const { ok, findings } = JSON.parse(io.stdout) as { ok: boolean; findings: { code: string; message: string }[] };
    expect(ok).toBe(false);
    expect(findings.map((finding) => finding.code)).toEqual(['E_SECRET_MISSING', 'E_DATA_DIR']);
    expect(findings[1]!.message).toContain('is a file, not a folder');
  });

  it('warns without failing', async () => {
    const { code, io } = await check('', [], { RIGBRAIN_MINNING__LIVE: 'true' });
    expect(code).toBe(0);
    expect(io.stdout).toContain('warning: environment variable RIGBRAIN_MINNING__LIVE is not a known setting and is ignored (did you mean RIGBRAIN_MINING__LIVE?)');
  });
});
