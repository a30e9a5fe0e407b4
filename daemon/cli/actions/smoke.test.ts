import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { loadBlueprint } from '../../brainstem/blueprint.ts';
import { FakeIo } from '../fake-io.fixture.ts';
import { runCli } from '../program.ts';
import { blueprintFile } from './check-blueprint.ts';
import { fileSmokeReport, type SmokeReport } from '../smoke/report.ts';

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

  it('keeps the report elsewhere, and says so, when its folder refuses it', async () => {
    const data = path.join(dir, 'other');
    const base = path.join(data, 'Test', 'Demo', 'Mining');
    mkdirSync(base, { recursive: true });
    writeFileSync(path.join(base, 'User_Look_At'), 'in the way');
    const report: SmokeReport = { component: 'rigbrain', timestamp: '2025-12-18T01:47:41.076-06:00', success: true, results: {} };
    const { layer, path: file, reason } = await fileSmokeReport(base, 'network', report);
    expect([layer, reason]).toEqual([1, expect.stringMatching(/^E(EXIST|NOTDIR)/)]);
    expect(file).toMatch(/Backup_Logs\/rigbrain\/User_Look_At\/rigbrain_smoke_network\..*\.document\.json$/);
    expect(JSON.parse(readFileSync(file, 'utf8'))).toMatchObject({ path: 'User_Look_At/rigbrain_smoke_network.json', data: report });
    const io = new FakeIo(dir);
    await runCli(['smoke', '--json', '--mode', 'demo', '--data', data], io);
    expect(io.stderr).toMatch(/the report is not where it belongs but in .*Backup_Logs\/rigbrain\/User_Look_At\/rigbrain_smoke_test\..*: E/);
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
