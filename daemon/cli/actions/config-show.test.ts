import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { FakeIo } from '../fake-io.fixture.ts';
import { runCli } from '../program.ts';

const dir = mkdtempSync(path.join(os.tmpdir(), 'rigbrain-show-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));
const file = path.join(dir, 'rig.yaml');
writeFileSync(
  file,
  'pools:\n  - id: a\n    url: stratum+tcp://joe:hunter2@a:1\n    password: {env: POOL_PW}\ndevices:\n  - {id: lan, driver: lan, options: {host: h, api_password: hunter2, nested: {token: hunter2}}}\n',
);

async function show(argv: string[], env: Record<string, string> = {}) {
  const io = new FakeIo(dir, { POOL_PW: 'hunter2', ...env });
  expect(await runCli(['config', 'show', '--config', file, ...argv], io)).toBe(0);
  return io;
}

describe('config show', () => {
  it('prints YAML that is the effective configuration', async () => {
    const io = await show([], { RIGBRAIN_NODE__ID: 'rig-9' });
    expect(parse(io.stdout)).toMatchObject({ node: { id: 'rig-9' }, mining: { default_zeros: 6 }, pools: [{ id: 'a' }] });
    expect(io.stderr).toContain(file);
  });

  it('shows no secret, wherever it was written', async () => {
    for (const argv of [[], ['--json'], ['--origin'], ['--origin', '--json']]) {
      const io = await show(argv);
      expect(io.stdout + io.stderr).not.toContain('hunter2');
      expect(io.stdout).toContain('stratum+tcp://***@a:1');
      expect(io.stdout).toContain('POOL_PW');
    }
  });

  it('says behind every value where it came from', async () => {
    const io = await show(['--origin'], { RIGBRAIN_NODE__ID: 'rig-9' });
    expect(io.stdout).toMatch(/id: rig-9 # environment RIGBRAIN_NODE__ID/);
    expect(io.stdout).toMatch(/url: stratum\+tcp:\/\/\*\*\*@a:1 # .*rig\.yaml:3:5/);
    expect(io.stdout).toMatch(/default_zeros: 6 # default/);
    const json = JSON.parse((await show(['--origin', '--json'])).stdout) as { origins: Record<string, string> };
    expect(json.origins['mining.live']).toBe('default');
    expect(json.origins['pools.0.id']).toMatch(/rig\.yaml:2:5$/);
  });
});
