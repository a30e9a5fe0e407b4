import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { PassThrough } from 'node:stream';
import { afterAll, describe, expect, it, type TestContext } from 'vitest';
import { FakeIo } from '../fake-io.fixture.ts';
import { runCli } from '../program.ts';
import type { SimDeviceHooks } from './sim-device.ts';
import { simFleet } from './sim-fleet.ts';
import { simBitaxe, simIcarus, simStick } from './sim-hardware.ts';

const GLOBALS = { json: true, data: null, config: null };
const folder = mkdtempSync(path.join(os.tmpdir(), 'sim-hardware-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function needSocat(context: TestContext): void {
  if (spawnSync('socat', ['-V']).status !== 0) context.skip('socat is not installed (apt install socat)');
}

type Line = Readonly<Record<string, unknown>>;

/** Runs a command until `then` is done with it. @returns what it told */
async function withDevice(start: (io: FakeIo, hooks: SimDeviceHooks) => Promise<number>, then: (lines: (count: number) => Promise<Line[]>, write: (line: string) => void) => Promise<void>): Promise<Line[]> {
  const io = new FakeIo('/');
  const input = new PassThrough();
  let stop = (): void => {};
  const running = start(io, { input, stop: new Promise((resolve) => (stop = resolve)) });
  const told = (): Line[] => io.outLines.map((line) => JSON.parse(line) as Line);
  await then(
    async (count) => {
      for (let i = 0; i < 500 && io.outLines.length < count; i++) await new Promise((resolve) => setTimeout(resolve, 10));
      return told();
    },
    (line) => input.write(`${line}\n`),
  );
  stop();
  expect(await running).toBe(0);
  return told();
}

const base = { zeroBits: 12, control: true };

describe('rigbrain sim', () => {
  it('bitaxe: two ttys, faults of board and chips, a history at the end', async (context) => {
    needSocat(context);
    const link = path.join(folder, 'axe');
    const lines = await withDevice((io, hooks) => simBitaxe(io, GLOBALS, { ...base, board: '602', replies: 'v1', heatSpeed: 1, link, fault: ['fan-stalled', 'mute'] }, hooks), async (told, write) => {
      const [listening] = await told(1);
      expect(listening).toMatchObject({ event: 'listening', board: '602', model: 'bm1370', paths: { control: readlinkSync(`${link}-control`), asic: readlinkSync(`${link}-asic`) } });
      write('clear mute');
      write('stats');
      expect((await told(2))[1]).toMatchObject({ event: 'stats', core_v: 0 });
    });
    expect(lines.at(-1)).toMatchObject({ event: 'closed', power_ms: 0, store_commands: 0 });
    expect(existsSync(`${link}-asic`)).toBe(false);
  });

  it('stick: with and without telemetry', async (context) => {
    needSocat(context);
    const link = path.join(folder, 'stick');
    const a2 = await withDevice((io, hooks) => simStick(io, GLOBALS, 'compac-a2', { ...base, link }, hooks), async (told) => void (await told(1)));
    expect(a2[0]).toMatchObject({ stick: 'compac-a2', paths: { asic: expect.stringMatching(/^\/dev/) as string, telemetry: expect.stringMatching(/^\/dev/) as string } });
    const pac = await withDevice((io, hooks) => simStick(io, GLOBALS, '2pac', { ...base, link }, hooks), async (told) => void (await told(1)));
    expect(pac[0]).toMatchObject({ chips: 2, model: 'bm1384' });
    expect(pac.at(-1)).toMatchObject({ event: 'closed', open_cores: 0 });
  });

  it('icarus', async (context) => {
    needSocat(context);
    const lines = await withDevice((io, hooks) => simIcarus(io, GLOBALS, { ...base, model: 'block-erupter' }, hooks), async (told) => void (await told(1)));
    expect(lines.map(({ event }) => event)).toEqual(['listening', 'closed']);
  });

  it('fleet: each device by its name', async (context) => {
    needSocat(context);
    const file = path.join(folder, 'rigs.yaml');
    const link = (name: string): string => path.join(folder, name);
    writeFileSync(file, [`pac: { kind: stick, stick: 2pac, link: ${link('pac')} }`, `axe: { kind: bitaxe, board: 602, zero_bits: 8, link: ${link('axe2')}, fault: [sensor-open] }`, `be: { kind: icarus }`, `raw: { kind: chips, model: bm1366, chips: 3 }`].join('\n'));
    const lines = await withDevice((io, hooks) => simFleet(io, GLOBALS, file, { hashing: 20, control: true }, hooks), async (told, write) => {
      expect((await told(4)).map(({ name }) => name)).toEqual(['pac', 'axe', 'be', 'raw']);
      write('pac unplug');
      expect((await told(5))[4]).toMatchObject({ event: 'unplugged', name: 'pac', reason: 'asked' });
      expect([existsSync(link('pac')), existsSync(link('axe2-asic'))]).toEqual([false, true]);
      write('pac plug');
      expect((await told(6))[5]).toMatchObject({ event: 'plugged', name: 'pac' });
      write('nobody plug');
      expect((await told(7))[6]).toMatchObject({ event: 'error', message: expect.stringContaining('nobody') as string });
    });
    expect(lines.slice(7).map(({ event, name }) => [event, name])).toEqual(['pac', 'axe', 'be', 'raw'].map((name) => ['closed', name]));
    writeFileSync(file, 'pac: { kind: stick, stick: 3pac }');
    await expect(simFleet(new FakeIo('/'), GLOBALS, file, { hashing: 20 })).rejects.toMatchObject({ code: 'E_FLAG_INVALID' });
  });

  it.each([
    [['sim', 'bitaxe', '--board', '999'], /no board is called "999"/],
    [['sim', 'bitaxe', '--replies', 'v2'], /v0, v1/],
    [['sim', 'stick', '3pac'], /no stick is called "3pac"/],
    [['sim', 'icarus', '--model', 'x'], /no model is called "x"/],
    [['sim', 'bitaxe', '--fault', 'nothing'], /no fault is called|socat/],
  ] as const)('%j is refused', async (args, message) => {
    const io = new FakeIo('/');
    expect(await runCli([...args], io)).not.toBe(0);
    expect(io.stderr).toMatch(message);
  });

  it('lists the faults of each', async () => {
    for (const [args, fault] of [[['bitaxe'], 'i2c-timeout'], [['stick', 'compac-a1'], 'telemetry-mute'], [['icarus'], 'lost-byte']] as const) {
      const io = new FakeIo('/');
      expect(await runCli(['sim', ...args, '--fault', 'list'], io)).toBe(0);
      expect(io.outLines.join('\n')).toContain(fault);
    }
  });
});
