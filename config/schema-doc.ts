/** The reference of all configuration keys, docs/config-keys.md, made from the schema. */
import type { z } from 'zod';
import { elementOf, kindOf, shapeOf, typeName } from './schema-walk.ts';

export interface KeyDoc {
  /** Dotted path; `[]` marks list items. */
  readonly key: string;
  readonly type: string;
  /** Default as YAML, or null when the key has none. */
  readonly fallback: string | null;
  readonly required: boolean;
  readonly description: string;
  readonly env: string;
}

/** Every key that holds a value, in the order of the schema. */
export function keyDocs(root: z.ZodType): KeyDoc[] {
  const docs: KeyDoc[] = [];
  const walk = (schema: z.ZodType, key: string, env: string): void => {
    const kind = kindOf(schema);
    if (kind === 'object') {
      for (const [name, below] of Object.entries(shapeOf(schema))) {
        walk(below, key === '' ? name : `${key}.${name}`, env === '' ? name.toUpperCase() : `${env}__${name.toUpperCase()}`);
      }
      return;
    }
    const element = elementOf(schema);
    if (kind === 'array' && element !== null && kindOf(element) === 'object') {
      walk(element, `${key}[]`, `${env}__0`);
      return;
    }
    const fallback = defaultOf(schema);
    docs.push({ key, type: typeName(schema), fallback, required: fallback === null && !schema.safeParse(undefined).success, description: descriptionOf(schema), env: `RIGBRAIN_${env}` });
  };
  walk(root, '', '');
  return docs;
}

/** The text of docs/config-keys.md: one table a top-level group. */
export function keyReference(root: z.ZodType): string {
  const docs = keyDocs(root);
  const groups = Object.entries(shapeOf(root)).map(([name, schema]) => {
    const mine = docs.filter(({ key }) => key === name || key.startsWith(`${name}.`) || key.startsWith(`${name}[`));
    return [`## ${name}`, '', descriptionOf(schema), '', '| key | type | default | meaning |', '| --- | --- | --- | --- |', ...mine.map(row), ''].join('\n');
  });
  return [
    '# Configuration keys',
    '',
    'Generated from `config/schema.ts`; do not edit. How files, environment and flags are laid over each other: [config.md](config.md).',
    "Every key can be set from the environment: `mining.default_zeros` is `RIGBRAIN_MINING__DEFAULT_ZEROS`, the first pool's `url` is `RIGBRAIN_POOLS__0__URL`.",
    '',
    ...groups,
  ].join('\n');
}

function row(doc: KeyDoc): string {
  const cell = (text: string) => text.replaceAll('|', '\\|');
  const fallback = doc.fallback !== null ? `\`${doc.fallback}\`` : doc.required ? 'required' : 'none';
  return `| \`${doc.key}\` | ${cell(doc.type)} | ${fallback} | ${cell(doc.description)} |`;
}

function defaultOf(schema: z.ZodType): string | null {
  const def = schema.def as unknown as { type: string; innerType?: z.ZodType; defaultValue?: unknown };
  if (def.type === 'default') return JSON.stringify(def.defaultValue);
  return def.innerType === undefined ? null : defaultOf(def.innerType);
}

/** `.describe()` may stand before or after `.default()` and `.optional()`. */
function descriptionOf(schema: z.ZodType): string {
  const inner = (schema.def as unknown as { innerType?: z.ZodType }).innerType;
  return schema.description ?? (inner === undefined ? '' : descriptionOf(inner));
}
