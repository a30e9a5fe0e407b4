import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { describe, expect, it } from 'vitest';
import { packageRoot } from '../../version.ts';
import { FakeIo } from '../fake-io.fixture.ts';
import { runCli } from '../program.ts';
import { benchHashCommand } from './bench-hash.ts';

const SHORT = { slices: 1, sliceMs: 5, scalingSlices: 1, jobSwitches: 3, eventLoopMs: 60 };
const GLOBALS = { json: false, data: null, config: null };
const FLAGS = { kernel: 'js', only: ['js'], slices: 1, sliceMs: 5, versionRolling: true };

describe('bench hash', () => {
  it('prints the report as JSON', { timeout: 30_000 }, async () => {
    const io = new FakeIo('/');
    expect(await benchHashCommand(io, { ...GLOBALS, json: true }, FLAGS, SHORT)).toBe(0);
    expect(io.stderr).toBe('');
    expect(JSON.parse(io.stdout)).toMatchObject({
      kernels: expect.arrayContaining([expect.objectContaining({ kernel: 'js', versions: 1, lanes: 1, isa: 'JavaScript', source: 'js', hashes_per_second: expect.any(Number), min: expect.any(Number), max: expect.any(Number), bound_cycles_per_hash: null, ratio_to_js: 1 })]),
      pinning: { granted: expect.any(Boolean) },
      threads: expect.any(Number),
      job_switch_us: { p50: expect.any(Number), p99: expect.any(Number) },
      event_loop_delay_ms: { p99: expect.any(Number), max: expect.any(Number) },
    });
  });

  it('prints a table for a person, with talk on stderr', { timeout: 30_000 }, async () => {
    const io = new FakeIo('/');
    await benchHashCommand(io, GLOBALS, FLAGS, SHORT);
    expect(io.stdout).toMatch(/^kernel +instruction set +lanes +versions +MH\/s +min-max +cycles\/hash +of bound +vs js$/m);
    expect(io.stdout).toMatch(/^js +JavaScript +1 +1 +\d+\.\d{3} +\d+\.\d{3}-\d+\.\d{3} .* 1x$/m);
    expect(io.stderr).toContain('measuring');
  });

  it('refuses options that contradict each other', async () => {
    const said = async (argv: string[]): Promise<[number, string]> => {
      const io = new FakeIo('/');
      return [await runCli(['bench', 'hash', ...argv], io), io.stderr];
    };
    expect(await said(['--worker', 'js:2', '--no-version-rolling'])).toEqual([78, expect.stringContaining('contradict each other')]);
    expect(await said(['--worker', 'js:99999'])).toEqual([78, expect.stringContaining('js cannot take 99999 versions')]);
    expect(await said(['--slices', '0'])).toEqual([78, expect.stringContaining('whole number from 1 to 1000')]);
    expect(await said(['--only', 'sse9'])).toEqual([69, expect.stringContaining('cannot measure sse9 here')]);
  });
});

const bin = path.join(packageRoot(), 'dist', 'daemon', 'cli', 'bin.js');

describe.skipIf(!existsSync(bin))('bench hash --worker as a process', () => {
  /** Starts a worker and reads its lines. */
  function start(...argv: string[]) {
    const child = spawn(process.execPath, [bin, 'bench', 'hash', '--worker', ...argv], { stdio: ['pipe', 'pipe', 'pipe'] });
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    let talk = '';
    child.stderr.on('data', (text: Buffer) => (talk += text.toString()));
    const ended = once(child, 'close') as Promise<[number | null]>;
    return { child, next: async () => (await lines.next()).value as string | undefined, talk: () => talk, ended };
  }

  it('answers each line through pipes, before the next is sent', { timeout: 30_000 }, async () => {
    const { child, next, talk, ended } = start('auto');
    expect(await next()).toMatch(/^READY [a-z0-9-]+ check=OK$/);
    for (const ms of [20, 40]) {
      child.stdin.write(`S ${ms}\n`);
      const [hashes, wall, cpu] = ((await next()) as string).split(' ').map(Number) as [number, number, number];
      expect(hashes).toBeGreaterThan(1000);
      expect(wall).toBeGreaterThanOrEqual(ms / 1000);
      expect(cpu).toBeGreaterThan(0);
      expect(cpu).toBeLessThan(wall * 1.01);
    }
    child.stdin.write('S soon\n');
    child.stdin.write('S 5\n');
    expect(await next()).toMatch(/^\d+ /);
    expect(talk()).toContain('cannot read "S soon"');
    child.stdin.write('Q\n');
    expect((await ended)[0]).toBe(0);
    expect(await next()).toBeUndefined();
  });

  it('ends with its input, and at once', { timeout: 30_000 }, async () => {
    const { child, next, ended } = start('js:1', '--no-version-rolling');
    expect(await next()).toBe('READY js check=OK');
    const from = performance.now();
    child.stdin.end();
    expect((await ended)[0]).toBe(0);
    expect(performance.now() - from).toBeLessThan(1500);
  });

  it('says what it cannot do', { timeout: 30_000 }, async () => {
    const { next, talk, ended } = start('sse9');
    expect((await ended)[0]).toBe(69);
    expect(await next()).toBeUndefined();
    expect(talk()).toContain('there is no hash kernel "sse9"');
  });
});
