import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { packageRoot, version } from '../version.ts';
import { FakeIo } from './fake-io.fixture.ts';
import { normalizeOptions, runCli } from './program.ts';

const dir = mkdtempSync(path.join(os.tmpdir(), 'rigbrain-cli-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

async function cli(...argv: string[]) {
  const io = new FakeIo(dir);
  return { code: await runCli(argv, io), io };
}

/** Every command path the help shows, found by walking the help itself. */
async function commandPaths(prefix: string[] = []): Promise<string[][]> {
  const { io } = await cli(...prefix, '--help');
  const from = io.outLines.indexOf('Commands:');
  const names = from < 0 ? [] : io.outLines.slice(from + 1).flatMap((line) => /^ {2}([a-z][a-z0-9]*(?:, [a-z][a-z0-9]*)*)/.exec(line)?.[1]?.split(', ') ?? (/^\S/.test(line) ? ['|'] : []));
  const own = names.slice(0, names.includes('|') ? names.indexOf('|') : names.length);
  return [prefix, ...(await Promise.all(own.map((name) => commandPaths([...prefix, name])))).flat()];
}

describe('help', () => {
  it('of every command fits an 80x24 screen and ends with examples and the environment', async () => {
    const paths = await commandPaths();
    expect(paths.length).toBeGreaterThan(5);
    for (const command of paths) {
      const { io, code } = await cli(...command, '--help');
      const name = command.join(' ');
      expect(code, name).toBe(0);
      expect(io.stderr, name).toBe('');
      expect(io.outLines.length, `${name}\n${io.stdout}`).toBeLessThanOrEqual(23);
      for (const line of io.outLines) expect(line.length, `${name}: ${line}`).toBeLessThanOrEqual(80);
      expect(io.stdout, name).toContain('Examples:\n  ');
      expect(io.outLines.at(-1), name).toMatch(/^Environment: /);
    }
  });

  it('prints the version', async () => {
    const { io, code } = await cli('--version');
    expect([code, io.stdout]).toEqual([0, version()]);
  });
});

describe('mistakes on the command line', () => {
  it('suggests the command that was meant', async () => {
    const { io, code } = await cli('chekc');
    expect(code).toBe(78);
    expect(io.stderr).toBe("rigbrain: E_FLAG_INVALID: unknown command 'chekc' (did you mean check?) — Run `rigbrain --help`, or `rigbrain COMMAND --help` for the options of a command.");
  });

  it('suggests the option that was meant', async () => {
    const { io, code } = await cli('run', '--zeors', '3');
    expect(code).toBe(78);
    expect(io.stderr).toContain("unknown option '--zeors' (did you mean --zeros?)");
  });

  it('says which values an option takes', async () => {
    for (const wrong of ['65', '-1', '6.5', 'six']) {
      const { io, code } = await cli('run', '--demo', `--zeros=${wrong}`);
      expect(code).toBe(78);
      expect(io.stderr).toContain('It must be a whole number from 0 to 64.');
    }
  });

  it('speaks JSON about errors with --json', async () => {
    const { io, code } = await cli('check', '--nonsense', '--json');
    expect(code).toBe(78);
    expect(io.stdout).toBe('');
    expect(JSON.parse(io.stderr)).toMatchObject({ error: { code: 'E_FLAG_INVALID', exit_code: 78, message: expect.stringContaining('--nonsense') } });
  });

  it('shows help on stderr when no command is given', async () => {
    const { io, code } = await cli();
    expect(code).toBe(78);
    expect(io.stderr).toContain('Commands:');
  });
});

describe('normalizeOptions', () => {
  it('takes underscores for dashes in names, not in values nor after --', () => {
    expect(normalizeOptions(['run', '--max_attempts=5', '--data', 'my_dir', '--config=a_b.yaml', '--', '--a_b'])).toEqual(['run', '--max-attempts=5', '--data', 'my_dir', '--config=a_b.yaml', '--', '--a_b']);
  });
});

describe('the built program', () => {
  const bin = path.join(packageRoot(), 'dist', 'daemon', 'cli', 'bin.js');

  it.skipIf(!existsSync(bin))('answers on stdout and exits with the code of the command', () => {
    expect(execFileSync(process.execPath, [bin, '--version'], { encoding: 'utf8' }).trim()).toBe(version());
    const wrong = spawnSync(process.execPath, [bin, 'check', '--config', path.join(dir, 'gone.yaml')], { encoding: 'utf8' });
    expect(wrong.status).toBe(78);
    expect(wrong.stdout).toContain('E_CONFIG_NOT_FOUND');
  });
});
