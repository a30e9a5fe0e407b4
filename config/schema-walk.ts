/** Reads the shape of a zod schema, so that environment names, suggestions and documentation follow the schema by themselves. */
import type { z } from 'zod';
import type { ConfigPath } from './origin.ts';

/** What kind of value a place in the configuration takes. */
export type NodeKind = 'object' | 'array' | 'record' | 'string' | 'number' | 'boolean' | 'enum' | 'literal' | 'union' | 'unknown';

interface AnyDef {
  readonly type: string;
  readonly innerType?: z.ZodType;
  readonly in?: z.ZodType;
  readonly element?: z.ZodType;
  readonly valueType?: z.ZodType;
  readonly shape?: Readonly<Record<string, z.ZodType>>;
  readonly entries?: Readonly<Record<string, string | number>>;
  readonly values?: readonly unknown[];
  readonly options?: readonly z.ZodType[];
}

/** Wrappers that change whether a value may be missing, not what it is. */
const WRAPPERS = new Set(['optional', 'nullable', 'default', 'prefault', 'readonly', 'catch', 'nonoptional']);

function defOf(schema: z.ZodType): AnyDef {
  return schema.def as unknown as AnyDef;
}

/** The schema without optional/default wrappers. */
export function unwrap(schema: z.ZodType): z.ZodType {
  let current = schema;
  for (;;) {
    const def = defOf(current);
    if (WRAPPERS.has(def.type) && def.innerType !== undefined) current = def.innerType;
    else if (def.type === 'pipe' && def.in !== undefined) current = def.in;
    else return current;
  }
}

export function kindOf(schema: z.ZodType): NodeKind {
  const { type } = defOf(unwrap(schema));
  switch (type) {
    case 'number':
    case 'object':
    case 'array':
    case 'record':
    case 'string':
    case 'boolean':
    case 'enum':
    case 'literal':
    case 'union':
      return type;
    default:
      return 'unknown';
  }
}

/** Keys and schemas of an object; empty for anything else. */
export function shapeOf(schema: z.ZodType): Readonly<Record<string, z.ZodType>> {
  return defOf(unwrap(schema)).shape ?? {};
}

/** Schema of the items of an array or the values of a record; null for anything else. */
export function elementOf(schema: z.ZodType): z.ZodType | null {
  const def = defOf(unwrap(schema));
  return def.element ?? def.valueType ?? null;
}

/** The values an enum or a literal allows. */
export function choicesOf(schema: z.ZodType): readonly unknown[] {
  const def = defOf(unwrap(schema));
  return def.entries !== undefined ? Object.values(def.entries) : (def.values ?? []);
}

/** The schema at a path, or null where the schema knows no such place. */
export function schemaAt(root: z.ZodType, path: ConfigPath): z.ZodType | null {
  let current: z.ZodType | null = root;
  for (const step of path) {
    if (current === null) return null;
    const kind = kindOf(current);
    if (kind === 'object') current = shapeOf(current)[String(step)] ?? null;
    else if (kind === 'array' || kind === 'record') current = elementOf(current);
    else return null;
  }
  return current;
}

/** The type, for a person: `a whole number`, `text`, `one of demo, test, staging, live`. */
export function typeName(schema: z.ZodType): string {
  switch (kindOf(schema)) {
    case 'object':
    case 'record':
      return 'a group of keys';
    case 'array':
      return 'a list';
    case 'string':
      return 'text';
    case 'number':
      return (unwrap(schema) as { isInt?: boolean }).isInt === true ? 'a whole number' : 'a number';
    case 'boolean':
      return 'true or false';
    case 'enum':
    case 'literal':
      return `one of ${choicesOf(schema).join(', ')}`;
    case 'union':
      return (defOf(unwrap(schema)).options ?? []).map(typeName).join(' or ');
    case 'unknown':
      return 'any value';
  }
}
