/** Options that every command takes, and the files and folders they decide. */
import os from 'node:os';
import path from 'node:path';
import type { Command } from 'commander';
import type { LoadOptions } from '../../config/load.ts';
import { packageRoot } from '../version.ts';
import type { CliIo } from './io.ts';

export interface Globals {
  readonly json: boolean;
  /** `--data`, as given. */
  readonly data: string | null;
  /** `--config`, as given. */
  readonly config: string | null;
}

export function globalsOf(command: Command): Globals {
  const options = command.optsWithGlobals<{ json?: boolean; data?: string; config?: string }>();
  return { json: options.json === true, data: options.data ?? null, config: options.config ?? null };
}

/** Absolute path of the data folder: --data, RIGBRAIN_DATA, systemd's StateDirectory, else the working directory. */
export function dataDirOf(io: CliIo, globals: Globals): string {
  const state = io.env.STATE_DIRECTORY?.split(':')[0];
  const chosen = [globals.data, io.env.RIGBRAIN_DATA, state].find((value) => value !== null && value !== undefined && value !== '');
  return path.resolve(io.cwd, chosen ?? '.');
}

/** Absolute path of the folder for what may be lost: systemd's CacheDirectory, else XDG_CACHE_HOME or ~/.cache; null without a home. */
export function cacheDirOf(io: CliIo): string | null {
  const service = io.env.CACHE_DIRECTORY?.split(':')[0];
  if (service) return path.resolve(io.cwd, service);
  const base = io.env.XDG_CACHE_HOME || (io.env.HOME ? path.join(io.env.HOME, '.cache') : null);
  return base === null ? null : path.resolve(io.cwd, base, 'rigbrain');
}

/** Which configuration file to read: the one named, else the first default that exists. */
export function configSources(io: CliIo, globals: Globals): Pick<LoadOptions, 'file' | 'defaultFiles' | 'env'> {
  const named = globals.config ?? (io.env.RIGBRAIN_CONFIG === '' ? undefined : io.env.RIGBRAIN_CONFIG) ?? null;
  const home = io.env.XDG_CONFIG_HOME || path.join(io.env.HOME || os.homedir(), '.config');
  return {
    file: named === null ? null : path.resolve(io.cwd, named),
    defaultFiles: [path.join(home, 'rigbrain', 'rig.yaml'), '/etc/rigbrain/rig.yaml', path.join(packageRoot(), 'config', 'rig.yaml')],
    env: io.env,
  };
}
