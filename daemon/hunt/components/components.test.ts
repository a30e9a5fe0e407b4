import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { systemClock } from '../../../protocol/common/clock.ts';
import { ManualClock } from '../../../protocol/common/manual-clock.ts';
import { packageRoot } from '../../version.ts';
import { componentFolders, discover, keyOf, listComponents, MOST_COMPONENTS, type Component } from './discover.ts';
import { manifestJsonSchema, manifestSchema, MANIFEST_NAME } from './manifest.ts';
import { runComponent, type RunComponentOptions } from './run-component.ts';

let dir = '';
beforeEach(() => {
  dir = realpathSync(mkdtempSync(path.join(os.tmpdir(), 'rigbrain-components-')));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const MANIFEST = {
  name: 'Echo',
  version: '1.0.0',
  description: 'Says what it was given.',
  script_to_run: 'echo.mjs',
  inputs: [{ name: 'job_uuid', type: 'string:uuid', description: '' }, { name: 'file', type: 'path:json', description: '', optional: true }],
  outputs: [{ name: 'given', type: 'path:json', description: '' }],
  tunable_variables: [
    { name: 'level', label: 'Level', type: 'float', default: 0.5, min: 0, max: 1 },
    { name: 'steps', label: 'Steps', type: 'int', default: 3 },
    { name: 'kind', label: 'Kind', type: 'string', default: 'a', options: ['a', 'b c; rm -rf $HOME'] },
    { name: 'loud', label: 'Loud', type: 'bool', default: false },
  ],
};
/** Writes what it sees to a file and says so. */
const ECHO = `import { writeFileSync } from 'node:fs';
writeFileSync('given.json', JSON.stringify({ args: process.argv.slice(2), env: process.env, cwd: process.cwd() }));
console.log('hello');
console.log('---OUTPUT-STREAMS---\\n' + JSON.stringify({ given: 'given.json' }) + '\\n---END-OUTPUT-STREAMS---');
`;

function put(folder: string, manifest: unknown, script: string | null = ECHO, name = 'echo.mjs'): string {
  const place = path.join(dir, 'components', folder);
  mkdirSync(place, { recursive: true });
  writeFileSync(path.join(place, MANIFEST_NAME), typeof manifest === 'string' ? manifest : JSON.stringify(manifest));
  if (script !== null) writeFileSync(path.join(place, name), script);
  return place;
}

const found = () => discover([path.join(dir, 'components')]);
const reasonOf = async (): Promise<string | null> => (await found())[0]!.info.reason;

describe('discovery', () => {
  test('of the manifest in the seed of all this', async () => {
    const core = { name: 'SNCGL-SDG HPC Core', version: '12.0.0', description: 'd', script_to_run: 'hpc_core.py', dependencies: 'requirements.txt', inputs: [{ name: 'job_uuid', type: 'string:uuid', description: 'd' }], outputs: [{ name: 'final_ledger', type: 'path:csv', description: 'd' }], tunable_variables: [{ name: 'num_generations', label: 'Generations', type: 'int', default: 10 }] };
    const place = put('core', core, '', 'hpc_core.py');
    expect((await found())[0]).toMatchObject({ info: { name: core.name, version: '12.0.0', usable: true, reason: null, component_path: place, manifest: core }, component: { script: path.join(place, 'hpc_core.py') } });
  });

  test('of drafts with more than that', () => {
    const more = { id: 'echo', runtime: { python: '>=3.10', cuda: false }, resources: { gpu: false, cpu_cores: 2, memory_gb: 4 }, execution: { kind: 'batch', target: 'local', parallelism: 1 }, artifacts: ['*.png'], requirements: ['numpy'], log_paths: ['log.txt'], contracts: { schema: 'x' }, args_template: ['{param_flags}'] };
    expect(manifestSchema.safeParse({ ...MANIFEST, ...more })).toMatchObject({ success: true });
  });

  test('there is one shipped with the product, and a folder that is not there has none', async () => {
    const all = await listComponents(componentFolders(path.join(dir, 'nowhere')));
    expect(all.map(({ name, usable, reason }) => [name, usable, reason])).toContainEqual(['TDA metrics', true, null]);
    expect(await listComponents([path.join(dir, 'nowhere')])).toEqual([]);
  });

  test.each([
    ['{"name": ', /JSON/],
    ['[]', /expected object/],
    [{ ...MANIFEST, version: '1' }, /version: must be a semantic version/],
    [{ ...MANIFEST, outputs: [] }, /outputs: there must be an output/],
    [{ ...MANIFEST, outputs: undefined }, /outputs: /],
    [{ ...MANIFEST, colour: 'red' }, /Unrecognized key: "colour"/],
    [{ ...MANIFEST, name: 'a@b' }, /name: must not have @/],
    [{ ...MANIFEST, inputs: [{ name: '--x', type: 'int' }] }, /inputs\.0\.name: must be a letter/],
    [{ ...MANIFEST, inputs: [{ name: 'x', type: 'tensor' }] }, /inputs\.0\.type: must be string/],
    [{ ...MANIFEST, inputs: [{ name: 'level', type: 'int' }] }, /tunable_variables\.0\.name: there is another level/],
    [{ ...MANIFEST, tunable_variables: [{ name: 'n', type: 'int', default: 1.5 }] }, /default: must be a whole number/],
    [{ ...MANIFEST, tunable_variables: [{ name: 'n', type: 'int', default: 5, max: 3 }] }, /default: must be at most 3/],
    [{ ...MANIFEST, execution: { target: 'ssh' } }, /execution\.target/],
    [{ ...MANIFEST, script_to_run: '../echo.mjs' }, /script_to_run: must be a path inside/],
    [{ ...MANIFEST, script_to_run: '/bin/sh' }, /script_to_run: must be a path inside/],
    [{ ...MANIFEST, script_to_run: 'other.mjs' }, /script_to_run: there is no other.mjs/],
  ])('what is wrong is quarantined and says why: %#', async (manifest, reason) => {
    put('one', manifest);
    expect(await found()).toEqual([{ component: null, info: expect.objectContaining({ usable: false, reason: expect.stringMatching(reason) as string }) as unknown }]);
  });

  test('a script that a link leads out of the folder to is not run', async () => {
    writeFileSync(path.join(dir, 'outside.mjs'), ECHO);
    const place = put('one', MANIFEST, null);
    symlinkSync(path.join(dir, 'outside.mjs'), path.join(place, 'echo.mjs'));
    expect(await reasonOf()).toMatch(/leads out of the folder/);
    rmSync(path.join(place, 'echo.mjs'));
    symlinkSync('real.mjs', path.join(place, 'echo.mjs'));
    writeFileSync(path.join(place, 'real.mjs'), ECHO);
    expect(await reasonOf()).toBeNull();
  });

  test('a script of no known ending has to be an executable with a #! line', async () => {
    const manifest = { ...MANIFEST, script_to_run: 'run.sh' };
    const place = put('one', manifest, '#!/bin/sh\n', 'run.sh');
    expect(await reasonOf()).toMatch(/executable with a #! line/);
    chmodSync(path.join(place, 'run.sh'), 0o755);
    expect(await reasonOf()).toBeNull();
    writeFileSync(path.join(place, 'run.sh'), 'echo hello\n');
    expect(await reasonOf()).toMatch(/executable with a #! line/);
  });

  test('of two of the same name and version the first is used; another version is another component', async () => {
    const first = put('a', MANIFEST);
    put('b', MANIFEST);
    put('c', { ...MANIFEST, version: '1.0.1' });
    const all = (await found()).map(({ info }) => [keyOf(info), info.usable, info.reason]);
    expect(all).toEqual([['Echo@1.0.0', true, null], ['Echo@1.0.0', false, `Echo@1.0.0 is in ${first}, too, which is used`], ['Echo@1.0.1', true, null]]);
    // The same folder by two ways is one.
    expect(await discover([path.join(dir, 'components'), path.join(dir, 'components')])).toHaveLength(3);
  });

  test('a manifest of any length does not fill the memory', async () => {
    put('one', `{"name": "${'x'.repeat(300_000)}"}`);
    expect(await reasonOf()).toMatch(/longer than/);
  });
});

test('of more components than are looked at the first one left out says so', async () => {
  for (let i = 0; i < MOST_COMPONENTS + 5; i++) put(`c${String(i).padStart(3, '0')}`, '{}', null);
  const all = await found();
  expect(all).toHaveLength(MOST_COMPONENTS + 1);
  expect(all.at(-1)!.info).toMatchObject({ name: `c${MOST_COMPONENTS}`, usable: false, reason: expect.stringMatching(/more than 200 components/) as string });
});

async function only(): Promise<Component> {
  const [one] = await found();
  expect(one!.info.reason).toBeNull();
  return one!.component!;
}

async function run(over: Partial<RunComponentOptions> = {}, component?: Component) {
  return runComponent(component ?? (await only()), { inputs: {}, settings: {}, cwd: dir, clock: systemClock, outFolder: path.join(dir, 'out'), ...over });
}

describe('a run', () => {
  test('gives each input and variable as one argument, whatever is in it, and next to no environment', async () => {
    put('echo', MANIFEST);
    writeFileSync(path.join(dir, 'in put.json'), '{}');
    const talk: string[] = [];
    process.env['RIGBRAIN_TEST_SECRET'] = 'do not tell';
    const result = await run({ inputs: { file: 'in put.json' }, settings: { kind: 'b c; rm -rf $HOME', level: '1', loud: 'true' }, onOutput: (stream, text) => talk.push(`${stream}: ${text}`) });
    delete process.env['RIGBRAIN_TEST_SECRET'];
    const given = JSON.parse(readFileSync(result.outputs['given']!, 'utf8')) as { args: string[]; env: Record<string, string>; cwd: string };
    expect(given.args).toEqual([`--job_uuid=${result.job_uuid}`, `--file=${path.join(dir, 'in put.json')}`, '--level=1', '--steps=3', '--kind=b c; rm -rf $HOME', '--loud=true']);
    expect(given.cwd).toBe(path.join(dir, 'out'));
    expect(Object.keys(given.env).sort()).toEqual(['HOME', 'LANG', 'PATH', 'PYTHONDONTWRITEBYTECODE', 'RIGBRAIN_JOB_UUID', 'TMPDIR']);
    expect(talk.join('')).toContain('stdout: hello');
    expect(JSON.parse(readFileSync(path.join(dir, 'out', 'component_run.json'), 'utf8'))).toEqual(result);
  });

  test('with a template for its arguments', async () => {
    put('echo', { ...MANIFEST, args_template: ['run', '{job_uuid}', '{param_flags}', '--to={out}', '{tunable.level} {{}'] });
    const result = await run();
    expect((JSON.parse(readFileSync(result.outputs['given']!, 'utf8')) as { args: string[] }).args).toEqual(['run', result.job_uuid, '--level=0.5', '--steps=3', '--kind=a', '--loud=false', `--to=${path.join(dir, 'out')}`, '0.5 {{}']);
  });

  test.each([
    [{ settings: { level: '2' } }, /variable level: must be at most 1/],
    [{ settings: { steps: '2.5' } }, /variable steps: must be a whole number/],
    [{ settings: { steps: '' } }, /variable steps: must be a whole number/],
    [{ settings: { kind: 'c' } }, /variable kind: must be one of a, b c/],
    [{ settings: { loud: 'yes' } }, /variable loud: must be true or false/],
    [{ settings: { other: '1' } }, /variable other: there is no such variable/],
    [{ inputs: { job_uuid: '7' } }, /input job_uuid: it must be a UUID/],
    [{ inputs: { file: 'none.json' } }, /input file: there is no .*none\.json/],
    [{ inputs: { nothing: '1' } }, /input nothing: there is no such input/],
  ] as const)('what it may not be given is refused before it starts: %#', async (over, message) => {
    put('echo', MANIFEST);
    await expect(run(over)).rejects.toThrow(message);
    expect(existsSync(path.join(dir, 'out'))).toBe(false);
  });

  test('an input that is needed', async () => {
    put('echo', { ...MANIFEST, inputs: [{ name: 'file', type: 'path:json', description: 'the run' }] });
    await expect(run()).rejects.toMatchObject({ code: 'E_COMPONENT', message: expect.stringMatching(/input file: it is needed \(path:json: the run\)/) as string });
  });

  test('never writes into a folder that has something', async () => {
    put('echo', MANIFEST);
    await run();
    await expect(run()).rejects.toThrow(/output folder is not empty/);
  });

  const block = (text: string): string => `console.log(${JSON.stringify(`---OUTPUT-STREAMS---\n${text}\n---END-OUTPUT-STREAMS---`)});`;
  test.each([
    ['', /printed no block/],
    [block('{"given": '), /no JSON$/],
    [block('[]'), /no JSON object/],
    [block('{}'), /its output given is missing/],
    [block('{"given": "given.json", "more": 1}'), /its output more is not in the manifest/],
    [block('{"given": "none.json"}'), /given is not there: none\.json/],
    [block('{"given": "../secret.json"}'), /given is outside its output folder/],
    [block('{"given": "link.json"}'), /given is outside its output folder/],
    [block('{"given": "."}'), /given is outside|given is no file/],
    [block('{}') + block('{}'), /more than one block/],
    ['console.error("no such thing"); process.exit(3);', /ended with code 3: no such thing/],
    ['process.kill(process.pid, "SIGSEGV"); setInterval(() => {}, 1000);', /ended with SIGSEGV/],
  ])('that says what is not so has failed: %#', async (script, message) => {
    writeFileSync(path.join(dir, 'secret.json'), '{}');
    put('echo', MANIFEST, `import { symlinkSync, writeFileSync } from 'node:fs';\nwriteFileSync('given.json', '{}');\nsymlinkSync('../secret.json', 'link.json');\n${script}`);
    await expect(run()).rejects.toThrow(message);
  });

  test('that does not end is ended at its deadline, with all it started', async () => {
    const clock = new ManualClock();
    put('echo', { ...MANIFEST, timeout_seconds: 5 }, `import { spawn } from 'node:child_process';
process.on('SIGTERM', () => {});
const child = spawn(process.execPath, ['-e', 'process.on("SIGTERM", () => {}); console.log("up"); setInterval(() => {}, 1000)'], { stdio: ['ignore', 'pipe', 'inherit'] });
child.stdout.once('data', () => console.log('pid ' + child.pid));
setInterval(() => {}, 1000);
`);
    let pid = 0;
    let ready!: () => void;
    const started = new Promise<void>((resolve) => (ready = resolve));
    const result = run({ clock, onOutput: (_, text) => ((pid = Number(/pid (\d+)/.exec(text)?.[1] ?? pid)), pid > 0 && ready()) });
    const ended = expect(result).rejects.toThrow(/did not end within 5 s/);
    await started;
    clock.advance(5_000);
    clock.advance(2_000);
    await ended;
    // A process that was killed may be there a moment longer, as one nobody has asked about.
    const isAlive = (): boolean => existsSync(`/proc/${pid}/stat`) && !/\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
    await vi.waitFor(() => expect(isAlive()).toBe(false));
  });

  test('that leaves something behind which holds its output open is over all the same', async () => {
    const clock = new ManualClock();
    put('echo', MANIFEST, `import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
writeFileSync('given.json', '{}');
const child = spawn(process.execPath, ['-e', 'setTimeout(() => {}, 60000)'], { stdio: 'inherit', detached: true });
writeFileSync('pid', String(child.pid));
child.unref();
${block('{"given": "given.json"}')}
`);
    let isOver = false;
    const result = run({ clock }).finally(() => (isOver = true));
    try {
      await vi.waitFor(() => {
        clock.advance(2_000);
        expect(isOver).toBe(true);
      });
      expect((await result).outputs).toEqual({ given: path.join(dir, 'out', 'given.json') });
    } finally {
      process.kill(Number(readFileSync(path.join(dir, 'out', 'pid'), 'utf8')), 'SIGKILL');
    }
  });

  test('that never stops talking is stopped', async () => {
    put('echo', MANIFEST, 'const text = "x".repeat(65536); const say = () => process.stdout.write(text, say); say();');
    await expect(run()).rejects.toThrow(/printed more than 4194304 bytes to stdout/);
  });

  test('that is told to stop ends', async () => {
    put('echo', MANIFEST, 'console.log("up"); setInterval(() => {}, 1000);');
    const stop = new AbortController();
    await expect(run({ signal: stop.signal, onOutput: () => stop.abort(new Error('enough')) })).rejects.toThrow('enough');
  });

  test.skipIf(!['/usr/local/bin', '/usr/bin', '/bin'].some((folder) => existsSync(path.join(folder, 'python3'))))('of a script in Python, with argparse', async () => {
    const script = `import argparse, json
parser = argparse.ArgumentParser()
for name in ('job_uuid', 'level', 'steps', 'kind', 'loud'):
    parser.add_argument('--' + name)
json.dump(vars(parser.parse_args()), open('given.json', 'w'))
print('---OUTPUT-STREAMS---', json.dumps({'given': 'given.json'}), '---END-OUTPUT-STREAMS---', sep='\\n')
`;
    put('echo', { ...MANIFEST, script_to_run: 'echo.py' }, script, 'echo.py');
    const { outputs, job_uuid } = await run({ settings: { kind: 'b c; rm -rf $HOME' } });
    expect(JSON.parse(readFileSync(outputs['given']!, 'utf8'))).toEqual({ job_uuid, level: '0.5', steps: '3', kind: 'b c; rm -rf $HOME', loud: 'false' });
  });

  test('of a program with a #! line', async () => {
    const place = put('echo', { ...MANIFEST, script_to_run: 'run.sh', inputs: [], outputs: [{ name: 'words', type: 'string', description: '' }], tunable_variables: [MANIFEST.tunable_variables[2]] }, '#!/bin/sh\nprintf -- "---OUTPUT-STREAMS---\\n{\\"words\\": \\"%s\\"}\\n---END-OUTPUT-STREAMS---\\n" "$1"\n', 'run.sh');
    chmodSync(path.join(place, 'run.sh'), 0o755);
    expect((await run({ settings: { kind: 'b c; rm -rf $HOME' } })).outputs).toEqual({ words: '--kind=b c; rm -rf $HOME' });
  });
});

test('docs/component-manifest.schema.json is the schema', async () => {
  await expect(`${JSON.stringify(manifestJsonSchema(), null, 2)}\n`).toMatchFileSnapshot(path.join(packageRoot(), 'docs', 'component-manifest.schema.json'));
});
