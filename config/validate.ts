/** Checks merged data against a schema and says what is wrong in words a person can act on. */
import type { z } from 'zod';
import { isObject } from '../protocol/common/json.ts';
import { nearestOrigin, pathKey, type ConfigPath, type Origins } from './origin.ts';
import type { ConfigProblem } from './problem.ts';
import { elementOf, kindOf, schemaAt, shapeOf, typeName } from './schema-walk.ts';
import { suggest } from './suggest.ts';

/**
 * Parses `value` and turns every issue into a located problem. Values are never repeated in a reason: a password in
 * the wrong place must not reach a log.
 * @param at path of `value` in the whole configuration, for schemas of a part of it
 */
export function validate<Schema extends z.ZodType>(
  schema: Schema,
  value: unknown,
  origins: Origins,
  at: ConfigPath = [],
): { readonly data: z.output<Schema> | null; readonly problems: readonly ConfigProblem[] } {
  const result = schema.safeParse(value);
  if (result.success) return { data: result.data, problems: [] };
  const problems = result.error.issues.flatMap((issue) => {
    const path = issue.path.map((step) => (typeof step === 'number' ? step : String(step)));
    if (issue.code === 'unrecognized_keys') return issue.keys.map((key) => unknownKey(schema, [...at, ...path], path, key, origins));
    const full = [...at, ...path];
    const { reason, suggestion } = explain(issue as z.core.$ZodIssue, schemaAt(schema, path), valueAt(value, path));
    return [{ origin: nearestOrigin(origins, full), path: pathKey(full), reason, suggestion }];
  });
  return { data: null, problems };
}

/**
 * Removes keys that were written without a value (`mqtt:` with everything below it commented out): they mean "as if
 * not written". Unknown keys stay, so that they are still reported.
 */
export function dropEmpty(schema: z.ZodType, value: unknown): void {
  if (Array.isArray(value)) {
    const element = elementOf(schema);
    if (element !== null) for (const item of value) dropEmpty(element, item);
    return;
  }
  if (!isObject(value) || kindOf(schema) !== 'object') return;
  for (const [key, below] of Object.entries(shapeOf(schema))) {
    if (!Object.hasOwn(value, key)) continue;
    if (value[key] === null) delete value[key];
    else dropEmpty(below, value[key]);
  }
}

function unknownKey(schema: z.ZodType, full: ConfigPath, local: ConfigPath, key: string, origins: Origins): ConfigProblem {
  const holder = schemaAt(schema, local);
  const here = holder === null ? null : suggest(key, Object.keys(shapeOf(holder)));
  const elsewhere = here === null ? groupsThatKnow(schema, key) : [];
  const path = [...full, key];
  return {
    origin: nearestOrigin(origins, path),
    path: pathKey(path),
    reason: elsewhere.length > 0 ? 'unknown key in this group' : 'unknown key',
    suggestion: here ?? (elsewhere[0] === undefined ? null : `${elsewhere[0]}.${key}`),
  };
}

/** Top-level groups that have this key: the usual slip is a key one level too high or low. */
function groupsThatKnow(schema: z.ZodType, key: string): string[] {
  return Object.entries(shapeOf(schema))
    .filter(([, group]) => kindOf(group) === 'object' && Object.hasOwn(shapeOf(group), key))
    .map(([name]) => name);
}

function explain(issue: z.core.$ZodIssue, schema: z.ZodType | null, value: unknown): { reason: string; suggestion: string | null } {
  const reason = (text: string) => ({ reason: text, suggestion: null });
  switch (issue.code) {
    case 'invalid_type': {
      const wanted = schema === null ? issue.expected : typeName(schema);
      if (value === undefined) return reason('is missing');
      if (isSecretRef(schema)) return reason('secrets are given by reference: use {env: NAME} or {file: PATH} (in the environment: ...__ENV=NAME or ...__FILE=PATH)');
      const quotes = wanted === 'text' && (typeof value === 'number' || typeof value === 'boolean') ? '; put it in quotes' : '';
      return reason(`must be ${wanted}, not ${nameOf(value)}${quotes}`);
    }
    case 'invalid_value': {
      if (value === undefined) return reason('is missing');
      const choices = issue.values.map(String);
      return { reason: `must be ${choices.length === 1 ? choices[0] : `one of ${choices.join(', ')}`}`, suggestion: typeof value === 'string' ? suggest(value, choices) : null };
    }
    case 'invalid_union': {
      if (value === undefined) return reason('is missing');
      // The branch of the right type knows best what is wrong with the value.
      const near = issue.errors.map((branch) => branch[0]).find((first) => first !== undefined && first.code !== 'invalid_type');
      return near === undefined ? reason(`must be ${schema === null ? 'something else' : typeName(schema)}, not ${nameOf(value)}`) : explain(near, schema, value);
    }
    case 'too_small':
      return reason(`must be ${issue.inclusive === false ? 'more than' : 'at least'} ${issue.minimum}${amount(issue.origin)}`);
    case 'too_big':
      return reason(`must be ${issue.inclusive === false ? 'less than' : 'at most'} ${issue.maximum}${amount(issue.origin)}`);
    default:
      return reason(issue.message);
  }
}

function amount(origin: string): string {
  if (origin === 'string') return ' characters long';
  return origin === 'array' ? ' entries' : '';
}

function isSecretRef(schema: z.ZodType | null): boolean {
  if (schema === null) return false;
  const keys = Object.keys(shapeOf(schema));
  return keys.length === 2 && keys.includes('env') && keys.includes('file');
}

function nameOf(value: unknown): string {
  if (value === null) return 'empty';
  if (Array.isArray(value)) return 'a list';
  switch (typeof value) {
    case 'object':
      return 'a group of keys';
    case 'boolean':
      return 'true or false';
    case 'number':
    case 'bigint':
      return Number.isInteger(value) || typeof value === 'bigint' ? 'a whole number' : 'a number with a fraction';
    default:
      return 'text';
  }
}

function valueAt(value: unknown, path: ConfigPath): unknown {
  let current = value;
  for (const step of path) {
    if (typeof current !== 'object' || current === null) return undefined;
    current = (current as Record<string | number, unknown>)[step];
  }
  return current;
}
