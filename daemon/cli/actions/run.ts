/** `rigbrain run`: turns flags, files and the environment into one checked object and hands it to the daemon. */
import path from 'node:path';
import type { FlagOverride, LoadedConfig } from '../../../config/load.ts';
import type { Origin } from '../../../config/origin.ts';
import { configInvalid } from '../../../config/problem.ts';
import type { RigConfig } from '../../../config/schema.ts';
import { RigError } from '../../../protocol/common/errors.ts';
import { given, listedDevices } from '../../main/listed-devices.ts';
import { cacheDirOf, type Globals } from '../globals.ts';
import type { CliIo } from '../io.ts';
import type { RunOptions } from '../run-options.ts';
import { NO_BLUEPRINT_FLAGS, readBlueprintFlags, type BlueprintFlags } from './blueprint-flags.ts';
import { configuredDeviceProblems } from './check-devices.ts';
import { openContext } from './context.ts';
import { prepareDataDir } from './data-dir.ts';
import { chooseMode, type ModeFlags } from './run-mode.ts';

/** `rigbrain run`'s own options as commander delivers them. */
export interface RunFlags extends ModeFlags {
  readonly zeros?: number;
  readonly maxAttempts?: number;
  readonly rounds?: number;
  readonly autoSubmit: boolean;
  readonly versionRolling: boolean;
  readonly kernel?: string;
  readonly threads?: number;
  readonly capture?: string;
  readonly quiet?: boolean;
  readonly verbose?: boolean;
  readonly debug?: boolean;
}

const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'];

export async function run(io: CliIo, globals: Globals, flags: RunFlags, rest: readonly string[], ownOptions: readonly string[]): Promise<number> {
  const blueprint = readBlueprintFlags(rest, ownOptions);
  if (blueprint.given.has('smoke_test')) return (await import('./smoke.ts')).smoke(io, globals, chooseMode(flags, 'test'));
  const options = runOptions(io, globals, flags, blueprint);
  await requireUsableDevices(options);
  prepareDataDir(options.dataDir);
  const { runDaemon } = await import('../../main/run.ts');
  return await runDaemon(options);
}

/** Everything the daemon needs to know. @throws RigError when a flag, the configuration or a secret file is wrong */
export function runOptions(io: CliIo, globals: Globals, given: RunFlags, blueprint: BlueprintFlags = NO_BLUEPRINT_FLAGS): RunOptions {
  requireLogLevel(io.env.RIGBRAIN_LOG);
  const flags = withBlueprintFlags(given, blueprint);
  const { loaded, secrets, dataDir } = openContext(io, globals, overridesOf(flags));
  for (const warning of [...loaded.warnings, ...secrets.warnings()]) io.err(`rigbrain: warning: ${warning}`);
  const { config, origins } = flags.versionRolling ? loaded : withoutVersionRolling(loaded);
  return {
    mode: chooseMode(flags, config.mining.mode),
    config,
    configOrigins: origins,
    configFile: loaded.file,
    dataDir,
    cacheDir: cacheDirOf(io),
    maxAttempts: flags.maxAttempts ?? null,
    rounds: flags.rounds ?? null,
    kernel: flags.kernel ?? null,
    threads: flags.threads ?? null,
    captureDir: flags.capture === undefined ? null : path.resolve(io.cwd, flags.capture),
    versionRolling: flags.versionRolling,
    json: globals.json,
    quiet: flags.quiet === true,
    resolveSecret: (ref) => secrets.resolve(ref),
  };
}

/** `--test-run` is one round in test mode; `--day-all` mines until stopped, whatever the configuration says. */
function withBlueprintFlags(flags: RunFlags, { given }: BlueprintFlags): RunFlags {
  if (given.has('test_run')) return { rounds: 1, ...flags, testRun: true };
  return given.has('day_all') ? { rounds: 0, ...flags } : flags;
}

/** @throws RigError E_CONFIG_INVALID when a device names an unknown driver or has wrong options, from a file or a flag */
export async function requireUsableDevices({ config, configOrigins, kernel, threads }: Pick<RunOptions, 'config' | 'configOrigins' | 'kernel' | 'threads'>): Promise<void> {
  const devices = listedDevices(config.devices, { kernel, threads });
  const names = Object.keys(given({ kernel, threads }));
  const flags = devices.flatMap((_, index) => names.map((name): [string, Origin] => [`devices.${index}.options.${name}`, { kind: 'flag', flag: `--${name}` }]));
  const problems = await configuredDeviceProblems({ config: { ...config, devices }, origins: new Map([...configOrigins, ...flags]) });
  if (problems.length > 0) throw configInvalid(problems);
}

/** RIGBRAIN_LOG overrides log.level. @throws RigError E_FLAG_INVALID when it names no level */
function requireLogLevel(level: string | undefined): void {
  if (level === undefined || level === '' || LOG_LEVELS.includes(level)) return;
  throw new RigError('E_FLAG_INVALID', `RIGBRAIN_LOG: there is no log level "${level}"`, { hint: `Use one of ${LOG_LEVELS.join(', ')}.` });
}

/** Flags that stand for a key of the configuration. */
function overridesOf(flags: RunFlags): FlagOverride[] {
  const overrides: FlagOverride[] = [];
  const set = (flag: string, path: FlagOverride['path'], value: unknown) => {
    if (value !== undefined) overrides.push({ flag, path, value });
  };
  set('--zeros', ['mining', 'default_zeros'], flags.zeros);
  set('--max-attempts', ['mining', 'max_attempts_per_round'], flags.maxAttempts);
  set('--rounds', ['mining', 'max_rounds'], flags.rounds);
  if (!flags.autoSubmit) set('--no-auto-submit', ['mining', 'auto_submit'], false);
  if (flags.quiet === true) set('--quiet', ['log', 'level'], 'warn');
  if (flags.verbose === true) set('--verbose', ['log', 'level'], 'debug');
  if (flags.debug === true) set('--debug', ['log', 'level'], 'debug');
  return overrides;
}

function withoutVersionRolling(loaded: LoadedConfig): Pick<LoadedConfig, 'config' | 'origins'> {
  const origin: Origin = { kind: 'flag', flag: '--no-version-rolling' };
  const config: RigConfig = { ...loaded.config, pools: loaded.config.pools.map((pool) => ({ ...pool, version_rolling: false })) };
  return { config, origins: new Map([...loaded.origins, ...config.pools.map((_, index) => [`pools.${index}.version_rolling`, origin] as const)]) };
}
