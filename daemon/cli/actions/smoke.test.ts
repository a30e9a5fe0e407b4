import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { loadBlueprint } from '../../brainstem/blueprint.ts';
import { FakeIo } from '../fake-io.fixture.ts';
import { runCli } from '../program.ts';
import { blueprintFile } from './check-blueprint.ts';
import type { SmokeReport } from './smoke.ts';

const dir = mkdtempSync(path.join(os.tmpdir(), 'rigbrain-smoke-test-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

describe('smoke', () => {
  it('tries every part that the blueprint names, and files the report in User_Look_At of the mode', async () => {
    const io = new FakeIo(dir);
    const code = await runCli(['smoke', '--json', '--mode', 'demo'], io);
    const report = JSON.parse(io.stdout) as SmokeReport;
    expect(Object.entries(report.results).filter(([, result]) => !result.success)).toEqual([]);
    expect(code).toBe(0);
    expect(report).toMatchObject({ component: 'rigbrain', success: true, timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*[+-]\d\d:\d\d$/) });
    expect(Object.keys(report.results)).toEqual(loadBlueprint(blueprintFile()).data.smoke_test_behavior.smoke_test.checks);
    const file = path.join(dir, 'Test', 'Demo', 'Mining', 'User_Look_At', 'rigbrain_smoke_test.json');
    expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual(report);
    expect(existsSync(path.join(dir, 'Mining'))).toBe(false);
  });

  it('fails with 1 when a part does, and goes on with the rest', async () => {
    const config = path.join(dir, 'rig.yaml');
    writeFileSync(config, 'mining: {default_zeros: many}\n');
    const io = new FakeIo(dir);
    expect(await runCli(['run', '--smoke-test', '--config', config], io)).toBe(1);
    expect(io.stdout).toContain('FAIL configuration: ');
    expect(io.stdout).toContain('ok   hasher: ');
  });
});
