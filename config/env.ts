/**
 * Environment overrides, derived from the schema: `RIGBRAIN_MQTT__URL` sets mqtt.url, `RIGBRAIN_POOLS__0__URL` the URL
 * of the first pool. Two underscores go one level down; list items are numbers; values are read by the schema's type.
 */
import type { z } from 'zod';
import { parse } from 'yaml';
import type { ConfigPath, Origin } from './origin.ts';
import { pathKey } from './origin.ts';
import type { ConfigProblem } from './problem.ts';
import { elementOf, kindOf, shapeOf } from './schema-walk.ts';
import { suggest } from './suggest.ts';

export const ENV_PREFIX = 'RIGBRAIN_';

/** Variables with this prefix that are not configuration keys, and what they do. */
export const RESERVED_ENV: Readonly<Record<string, string>> = {
  RIGBRAIN_CONFIG: 'configuration file, like --config',
  RIGBRAIN_DATA: 'data folder, like --data',
  RIGBRAIN_LOG: 'log level, over log.level; debug and trace also show the stack of an error',
  RIGBRAIN_VECTORS: 'folder with external test vectors, for the tests',
};

export interface EnvOverride {
  readonly name: string;
  readonly path: ConfigPath;
  readonly value: unknown;
}

export interface EnvResult {
  /** In order of path, so that list items come in order. */
  readonly overrides: readonly EnvOverride[];
  readonly problems: readonly ConfigProblem[];
  /** Variables that no key of the schema knows: warned about, not refused, since the environment is shared. */
  readonly unknown: readonly { readonly name: string; readonly suggestion: string | null }[];
}

/** Reads every RIGBRAIN_ variable. An empty variable counts as not set. */
export function readEnv(schema: z.ZodType, env: Readonly<Record<string, string | undefined>>): EnvResult {
  const overrides: EnvOverride[] = [];
  const problems: ConfigProblem[] = [];
  const unknown: { name: string; suggestion: string | null }[] = [];
  for (const name of Object.keys(env).sort(byNumber)) {
    const text = env[name];
    if (!name.startsWith(ENV_PREFIX) || text === undefined || text === '' || Object.hasOwn(RESERVED_ENV, name)) continue;
    const found = resolveName(schema, name);
    if (found === null) {
      unknown.push({ name, suggestion: suggest(name, envNames(schema)) });
      continue;
    }
    const value = readValue(found.schema, text);
    if (value.reason === null) overrides.push({ name, path: found.path, value: value.value });
    else problems.push({ origin: { kind: 'env', name } satisfies Origin, path: pathKey(found.path), reason: value.reason, suggestion: null });
  }
  return { overrides, problems, unknown };
}

/** Every name the schema allows; list items stand as index 0. */
export function envNames(schema: z.ZodType, prefix = ENV_PREFIX): string[] {
  const join = (step: string) => (prefix === ENV_PREFIX ? prefix + step : `${prefix}__${step}`);
  const kind = kindOf(schema);
  if (kind === 'object') return Object.entries(shapeOf(schema)).flatMap(([key, below]) => envNames(below, join(key.toUpperCase())));
  if (kind === 'array') return envNames(elementOf(schema)!, join('0'));
  return [prefix];
}

function resolveName(root: z.ZodType, name: string): { path: ConfigPath; schema: z.ZodType } | null {
  const path: (string | number)[] = [];
  let current = root;
  for (const segment of name.slice(ENV_PREFIX.length).split('__')) {
    const kind = kindOf(current);
    if (kind === 'object') {
      const key = Object.keys(shapeOf(current)).find((candidate) => candidate.toUpperCase() === segment);
      if (key === undefined) return null;
      path.push(key);
      current = shapeOf(current)[key]!;
    } else if (kind === 'array' && /^\d{1,3}$/.test(segment)) {
      path.push(Number(segment));
      current = elementOf(current)!;
    } else if (kind === 'record' && segment !== '') {
      path.push(segment.toLowerCase());
      current = elementOf(current)!;
    } else {
      return null;
    }
  }
  return { path, schema: current };
}

function readValue(schema: z.ZodType, text: string): { value: unknown; reason: string | null } {
  switch (kindOf(schema)) {
    case 'string':
    case 'enum':
      return { value: text, reason: null };
    case 'number': {
      const value = Number(text);
      return Number.isFinite(value) && text.trim() !== '' ? { value, reason: null } : { value: null, reason: 'must be a number' };
    }
    case 'boolean': {
      const word = text.toLowerCase();
      if (['true', '1', 'yes', 'on'].includes(word)) return { value: true, reason: null };
      if (['false', '0', 'no', 'off'].includes(word)) return { value: false, reason: null };
      return { value: null, reason: 'must be true or false' };
    }
    default:
      try {
        return { value: parse(text), reason: null };
      } catch {
        return { value: null, reason: 'must be written as YAML or JSON' };
      }
  }
}

/** Natural order, so that item 2 comes before item 10. */
function byNumber(a: string, b: string): number {
  return a.localeCompare(b, 'en', { numeric: true });
}
