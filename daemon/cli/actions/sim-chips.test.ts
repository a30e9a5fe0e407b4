import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readlinkSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { PassThrough } from 'node:stream';
import { afterAll, describe, expect, it } from 'vitest';
import { FakeIo } from '../fake-io.fixture.ts';
import { runCli } from '../program.ts';
import { simChips } from './sim-chips.ts';

const GLOBALS = { json: true, data: null, config: null };
const folder = mkdtempSync(path.join(os.tmpdir(), 'sim-chips-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('rigbrain sim bm1370', () => {
  it('tells its tty, obeys standard input, and takes the tty away at the end', async (context) => {
    if (spawnSync('socat', ['-V']).status !== 0) context.skip('socat is not installed (apt install socat)');
    const io = new FakeIo('/');
    const link = path.join(folder, 'tty');
    const input = new PassThrough();
    let stop = (): void => {};
    const running = simChips(io, GLOBALS, 'bm1370', { chips: 2, rate: 1e6, zeroBits: 12, link, fault: ['stray-byte'], control: true }, { input, stop: new Promise((resolve) => (stop = resolve)) });
    const lines = async (count: number): Promise<Record<string, unknown>[]> => {
      for (let i = 0; i < 500 && io.outLines.length < count; i++) await new Promise((resolve) => setTimeout(resolve, 10));
      return io.outLines.map((line) => JSON.parse(line) as Record<string, unknown>);
    };
    const [listening] = await lines(1);
    expect(listening).toMatchObject({ event: 'listening', link, model: 'bm1370', chips: 2, path: readlinkSync(link) });
    input.write('fault mute\nclear mute\nfault nonsense\n');
    expect((await lines(2))[1]).toMatchObject({ event: 'error', message: expect.stringContaining('nonsense') as string });
    input.write('unplug\nplug\n');
    expect((await lines(4)).slice(2).map(({ event }) => event)).toEqual(['unplugged', 'plugged']);
    stop();
    expect(await running).toBe(0);
    expect((await lines(5))[4]).toMatchObject({ event: 'closed', jobs: 0, nonces: 0 });
    expect(existsSync(link)).toBe(false);
  });

  it.each([
    [['sim', 'bm1366', '--fault', 'nothing'], /no fault is called/],
    [['sim', 'bm1366', '--rate', 'fast'], /2MH/],
    [['sim', 'bm1366', '--chips', '0'], /1 to 128/],
  ] as const)('%j is refused', async (args, message) => {
    const io = new FakeIo('/');
    expect(await runCli([...args], io)).toBe(78);
    expect(io.stderr).toMatch(message);
  });

  it('lists its faults', async () => {
    const io = new FakeIo('/');
    expect(await runCli(['sim', 'bm1397', '--fault', 'list'], io)).toBe(0);
    expect(io.outLines.join('\n')).toContain('duplicate-nonces');
  });
});
