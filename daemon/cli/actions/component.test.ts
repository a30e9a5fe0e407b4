import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { packageRoot } from '../../version.ts';
import { FakeIo } from '../fake-io.fixture.ts';
import { runCli } from '../program.ts';

let dir = '';
beforeAll(() => {
  dir = mkdtempSync(path.join(os.tmpdir(), 'rigbrain-component-cli-'));
  const put = (folder: string, version: string, script = 'run.mjs'): void => {
    const place = path.join(dir, 'components', folder);
    mkdirSync(place, { recursive: true });
    writeFileSync(path.join(place, 'component_manifest.json'), JSON.stringify({ name: 'Which', version, description: 'Tells its version.', script_to_run: script, inputs: [], outputs: [{ name: 'version', type: 'string' }], tunable_variables: [{ name: 'n', type: 'int', default: 1, min: 0, max: 5, label: 'Number' }] }));
    writeFileSync(path.join(place, 'run.mjs'), `console.log('n is ' + process.argv[2]); console.log('---OUTPUT-STREAMS---\\n{"version": "${version}"}\\n---END-OUTPUT-STREAMS---');`);
  };
  put('old', '1.9.0');
  put('new', '1.10.0');
  put('next', '1.10.0-beta.1');
  put('broken', '2.0.0', 'none.mjs');
  writeFileSync(path.join(dir, 'ring.csv'), `x,y\n${Array.from({ length: 24 }, (_, i) => `${5 * Math.cos((Math.PI * i) / 12)},${5 * Math.sin((Math.PI * i) / 12)}`).join('\n')}\n`);
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

async function component(...argv: string[]) {
  const io = new FakeIo(dir);
  return { code: await runCli(['component', ...argv], io), io };
}

describe('rigbrain component', () => {
  test('lists those of this rig and those shipped, and why one is not used', async () => {
    const { io, code } = await component('list');
    expect(code).toBe(0);
    expect(io.stdout).toMatch(/TDA metrics@1\.0\.0 +usable/);
    expect(io.stdout).toMatch(/Which@2\.0\.0 +quarantined +\S+broken\n/);
    expect(io.stdout).toMatch(/\n\S+broken is quarantined: script_to_run: there is no none\.mjs/);
    const { io: json } = await component('list', '--json');
    expect((JSON.parse(json.stdout) as unknown[]).length).toBe(5);
  });

  test('shows the newest version that can be used, or the one named', async () => {
    expect((await component('show', 'Which')).io.stdout).toMatch(/^Which@1\.10\.0\n[\s\S]*n +int +1 +from 0 to 5 +Number/);
    expect((await component('show', 'Which@1.9.0')).io.stdout).toMatch(/^Which@1\.9\.0/);
    expect((await component('show', 'broken')).io.stdout).toMatch(/quarantined/);
  });

  test('runs one in a folder of its own', async () => {
    const { io, code } = await component('run', 'Which', '--set', 'n=2', '--json');
    expect(code).toBe(0);
    expect(JSON.parse(io.stdout)).toMatchObject({ component: 'Which@1.10.0', settings: { n: 2 }, outputs: { version: '1.10.0' } });
    expect((JSON.parse(io.stdout) as { out_folder: string }).out_folder).toContain(path.join(dir, 'component_runs'));
    expect(io.stderr).toContain('n is --n=2');
  });

  test.each([
    [['run', 'Nobody'], 1, /there is no component Nobody/],
    [['run', 'broken'], 1, /Which@2\.0\.0 is quarantined: script_to_run/],
    [['run', 'Which', '--set', 'n=9'], 1, /variable n: must be at most 5/],
    [['run', 'Which', '--set', 'n'], 78, /--set: must be NAME=VALUE/],
  ] as const)('says what is wrong with %j', async (argv, exit, message) => {
    const { io, code } = await component(...argv);
    expect(code).toBe(exit);
    expect(io.stderr).toMatch(message);
  });

  test('the one shipped finds the loop of a ring', async () => {
    const { io, code } = await component('run', 'TDA metrics', '--input', 'file=ring.csv', '--out', 'ring-out', '--json');
    expect(code, io.stderr).toBe(0);
    const { outputs } = JSON.parse(io.stdout) as { outputs: Record<string, string> };
    expect(Object.keys(outputs)).toEqual(['topology', 'chart']);
    expect(JSON.parse(readFileSync(outputs['topology']!, 'utf8'))).toMatchObject({ topology: { n_events: 24, persistent_h1: 1 } });
    expect(io.stderr).toContain('persistent_h1: 1');
  });

  test('is in what is published', () => {
    expect((JSON.parse(readFileSync(path.join(packageRoot(), 'package.json'), 'utf8')) as { files: string[] }).files).toContain('components');
  });
});
