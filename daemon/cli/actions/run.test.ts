import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { describeOrigin, originOf } from '../../../config/origin.ts';
import type { RunFlags } from './run.ts';
import { FakeIo } from '../fake-io.fixture.ts';
import { readBlueprintFlags } from './blueprint-flags.ts';
import { requireUsableDevices, runOptions } from './run.ts';

const dir = mkdtempSync(path.join(os.tmpdir(), 'rigbrain-run-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));
const file = path.join(dir, 'rig.yaml');
writeFileSync(file, 'mining: {mode: staging, default_zeros: 4}\npools:\n  - {id: a, url: "stratum+tcp://a:1"}\n  - {id: b, url: "stratum+tcp://b:1", password: {env: POOL_PW}}\n');

const NONE: RunFlags = { autoSubmit: true, versionRolling: true };

function options(flags: Partial<RunFlags> = {}, env: Record<string, string> = {}, globals: Partial<{ json: boolean; data: string }> = {}) {
  return runOptions(new FakeIo(dir, env), { json: false, data: null, config: file, ...globals }, { ...NONE, ...flags });
}

describe('run options', () => {
  it('takes the mode of the configuration unless a flag names one', () => {
    expect(options().mode).toBe('staging');
    expect(options({ demo: true }).mode).toBe('demo');
    expect(options({ mode: 'production' }).mode).toBe('live');
    expect(options({ staging: true, mode: 'staging' }).mode).toBe('staging');
    expect(options({ demo: true, brainMode: 'test' }).mode).toBe('test');
  });

  it('refuses two different modes, and unknown ones', () => {
    expect(() => options({ demo: true, test: true })).toThrow(expect.objectContaining({ code: 'E_FLAG_INVALID' }));
    expect(() => options({ mode: 'lvie' })).toThrow(expect.objectContaining({ code: 'E_MODE_UNKNOWN' }));
  });

  it('lays flags over the configuration and remembers that it did', () => {
    const got = options({ zeros: 9, maxAttempts: 10, rounds: 2, autoSubmit: false, verbose: true });
    expect(got.config.mining).toMatchObject({ default_zeros: 9, max_attempts_per_round: 10, max_rounds: 2, auto_submit: false });
    expect(got.config.log.level).toBe('debug');
    expect([got.maxAttempts, got.rounds]).toEqual([10, 2]);
    expect(describeOrigin(originOf(got.configOrigins, ['mining', 'default_zeros']))).toBe('flag --zeros');
  });

  it('leaves what no flag named as null, so that the daemon can tell', () => {
    expect(options()).toMatchObject({ maxAttempts: null, rounds: null, kernel: null, threads: null, config: { mining: { default_zeros: 4 } } });
  });

  it('switches version rolling off for every pool', () => {
    expect(options().config.pools.map((pool) => pool.version_rolling)).toEqual([true, true]);
    expect(options({ versionRolling: false }).config.pools.map((pool) => pool.version_rolling)).toEqual([false, false]);
  });

  it('finds the data folder: flag, variable, systemd, working directory', () => {
    expect(options().dataDir).toBe(dir);
    expect(options({}, { STATE_DIRECTORY: '/var/lib/rigbrain:/other' }).dataDir).toBe('/var/lib/rigbrain');
    expect(options({}, { STATE_DIRECTORY: '/x', RIGBRAIN_DATA: '/data' }).dataDir).toBe('/data');
    expect(options({}, { RIGBRAIN_DATA: '/data' }, { data: 'sub' }).dataDir).toBe(path.join(dir, 'sub'));
  });

  it('finds the folder for what may be lost: systemd, XDG, home, none', () => {
    const env = { CACHE_DIRECTORY: '/var/cache/rigbrain:/other', XDG_CACHE_HOME: '/xdg', HOME: '/home/a' };
    expect(options({}, env).cacheDir).toBe('/var/cache/rigbrain');
    expect(options({}, { ...env, CACHE_DIRECTORY: '' }).cacheDir).toBe('/xdg/rigbrain');
    expect(options({}, { HOME: '/home/a' }).cacheDir).toBe('/home/a/.cache/rigbrain');
    expect(options({}, { HOME: '' }).cacheDir).toBeNull();
  });

  it('checks --kernel and --threads as if they stood in the file', async () => {
    await expect(requireUsableDevices(options({ kernel: 'js', threads: 2 }))).resolves.toBeUndefined();
    await expect(requireUsableDevices(options({ kernel: 'avx22' }))).rejects.toThrow(/flag --kernel: devices\.0\.options\.kernel: must be one of auto, .* \(did you mean "avx2"\?\)/);
  });

  it('refuses a log level that does not exist', () => {
    expect(options({}, { RIGBRAIN_LOG: 'warn' }).quiet).toBe(false);
    expect(() => options({}, { RIGBRAIN_LOG: 'loud' })).toThrow(expect.objectContaining({ code: 'E_FLAG_INVALID' }));
  });

  it('resolves secrets only when asked', () => {
    const got = options({}, { POOL_PW: 'x1' });
    expect(got.resolveSecret(got.config.pools[1]!.password)).toBe('x1');
    const without = options();
    expect(() => without.resolveSecret(without.config.pools[1]!.password)).toThrow(expect.objectContaining({ code: 'E_SECRET_MISSING' }));
  });
});

describe("the blueprint's other flags", () => {
  const OWN = ['--zeros', '--demo'];

  it('honours those it can', () => {
    const flags = readBlueprintFlags(['--test-run'], OWN);
    expect(runOptions(new FakeIo(dir), { json: false, data: null, config: file }, NONE, flags)).toMatchObject({ mode: 'test', rounds: 1 });
    expect(runOptions(new FakeIo(dir), { json: false, data: null, config: file }, NONE, readBlueprintFlags(['--day-all'], OWN)).config.mining.max_rounds).toBe(0);
    expect(readBlueprintFlags(['--test-run=false'], OWN).given.has('test_run')).toBe(false);
  });

  it.each([['--block', '5'], ['--continuous=day'], ['--daemon-mode'], ['--miner-id', '7'], ['--sleep-miners']])('refuses what this version does not have: %s', (...args) => {
    expect(() => readBlueprintFlags(args, OWN)).toThrow(expect.objectContaining({ code: 'E_FLAG_INVALID', message: `${args[0]!.split('=')[0]} is not available in this version` }));
  });

  it('checks values by the definition, before anything else', () => {
    expect(() => readBlueprintFlags(['--block', '145'], OWN)).toThrow(/--block must be a whole number from 1 to 144, not 145/);
    expect(() => readBlueprintFlags(['--block'], OWN)).toThrow(/'--block' needs a value/);
    expect(() => readBlueprintFlags(['stray'], OWN)).toThrow(/unexpected argument "stray"/);
  });

  it('suggests among all flags there are', () => {
    expect(() => readBlueprintFlags(['--zeors'], OWN)).toThrow(/unknown option '--zeors' \(did you mean --zeros\?\)/);
    expect(() => readBlueprintFlags(['--test-rnu'], OWN)).toThrow(/did you mean --test-run\?/);
  });
});
