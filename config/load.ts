/**
 * Builds the effective configuration. Order, last wins: defaults, the file, conf.d/*.yaml beside it (sorted), the
 * environment, command-line flags. Everything wrong is reported at once, each with its place.
 */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { messageOf, RigError } from '../protocol/common/errors.ts';
import { withCpuKey } from './cpu-key.ts';
import { readEnv } from './env.ts';
import { mergeLayer, setPath } from './merge.ts';
import { pathKey, type ConfigPath, type Origin, type Origins } from './origin.ts';
import { configInvalid, type ConfigProblem } from './problem.ts';
import { configSchema, type RigConfig } from './schema.ts';
import { secretRefs } from './secrets.ts';
import { semanticProblems } from './semantics.ts';
import { dropEmpty, validate } from './validate.ts';
import { readYaml } from './yaml-source.ts';

/** A value from the command line, laid over everything else. */
export interface FlagOverride {
  readonly flag: string;
  readonly path: ConfigPath;
  readonly value: unknown;
}

export interface LoadOptions {
  /** A file the person named: it must exist. Null: the first of `defaultFiles` that exists, else defaults only. */
  readonly file: string | null;
  readonly defaultFiles?: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly flags?: readonly FlagOverride[];
  /** How files are read; the file system by default. */
  readonly read?: ConfigReader;
}

export interface ConfigReader {
  /** The text of a file; null when there is none. Throws when it cannot be read. */
  text(file: string): string | null;
  /** Names in a folder; empty when there is no folder. */
  list(folder: string): readonly string[];
}

export interface LoadedConfig {
  readonly config: RigConfig;
  readonly origins: Origins;
  /** The main file, absolute; null when there is none. */
  readonly file: string | null;
  /** Every file read, in order. */
  readonly files: readonly string[];
  /** Things worth saying that do not stop anything. */
  readonly warnings: readonly string[];
}

/** @throws RigError E_CONFIG_NOT_FOUND (named file missing), E_CONFIG_INVALID or the one code all problems have (they are in `context.problems`) */
export function loadConfig(options: LoadOptions): LoadedConfig {
  const reader = options.read ?? diskReader;
  const files = configFiles(options, reader);
  const value: Record<string, unknown> = {};
  const origins = new Map<string, Origin>();
  const problems: ConfigProblem[] = [];
  const warnings: string[] = [];

  for (const file of files) {
    const source = readYaml(textOf(reader, file), shortName(file));
    problems.push(...source.problems);
    const layer = source.value;
    dropEmpty(configSchema, layer);
    if (!origins.has('')) origins.set('', source.origins.get('') ?? { kind: 'file', file: shortName(file), line: 1, column: 1 });
    mergeLayer(value, layer, origins, source.origins);
  }

  const env = readEnv(configSchema, options.env);
  problems.push(...env.problems);
  for (const { name, path: at, value: override } of env.overrides) {
    const origin: Origin = { kind: 'env', name };
    if (!setPath(value, at, override, origins, origin)) problems.push({ origin, path: pathKey(at), reason: 'does not fit: list items are numbered from 0 without gaps', suggestion: null });
  }
  for (const { flag, path: at, value: override } of options.flags ?? []) {
    setPath(value, at, override, origins, { kind: 'flag', flag });
  }

  const { data, problems: shapeProblems } = validate(configSchema, value, origins);
  problems.push(...shapeProblems);
  if (data !== null) problems.push(...semanticProblems(data, origins));
  if (problems.length > 0 || data === null) throw configInvalid(problems);

  const secretNames = new Set(secretRefs(data).flatMap(({ ref }) => ref.env ?? []));
  for (const { name, suggestion } of env.unknown) {
    if (!secretNames.has(name)) warnings.push(`environment variable ${name} is not a known setting and is ignored${suggestion === null ? '' : ` (did you mean ${suggestion}?)`}`);
  }
  return { config: withCpuKey(data, origins), origins, file: files[0] ?? null, files, warnings };
}

/** The main file and the conf.d files beside it, in the order they are laid over each other. */
function configFiles(options: LoadOptions, reader: ConfigReader): string[] {
  let main: string | null = null;
  if (options.file !== null) {
    main = path.resolve(options.file);
    if (readable(reader, main) === null) throw new RigError('E_CONFIG_NOT_FOUND', `no such file: ${shortName(main)}`, { context: { file: main } });
  } else {
    main = (options.defaultFiles ?? []).map((file) => path.resolve(file)).find((file) => readable(reader, file) !== null) ?? null;
  }
  if (main === null) return [];
  const folder = path.join(path.dirname(main), 'conf.d');
  const parts = reader
    .list(folder)
    .filter((name) => name.endsWith('.yaml') && !name.startsWith('.'))
    .sort();
  return [main, ...parts.map((name) => path.join(folder, name))];
}

function textOf(reader: ConfigReader, file: string): string {
  return readable(reader, file) ?? '';
}

function readable(reader: ConfigReader, file: string): string | null {
  try {
    return reader.text(file);
  } catch (error) {
    throw new RigError('E_CONFIG_NOT_FOUND', `cannot read ${shortName(file)}: ${messageOf(error)}`, { cause: error, context: { file }, hint: 'Make the file readable for the user that runs rigbrain.' });
  }
}

/** As a person would type it: relative when it is below the working directory. */
function shortName(file: string): string {
  const relative = path.relative(process.cwd(), file);
  return relative === '' || relative.startsWith('..') ? file : relative;
}

const diskReader: ConfigReader = {
  text(file) {
    try {
      return readFileSync(file, 'utf8');
    } catch (error) {
      if (['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return null;
      throw error;
    }
  },
  list(folder) {
    try {
      return readdirSync(folder);
    } catch {
      return [];
    }
  },
};
