/**
 * The shape of Brain.QTL. Strict: an unknown key is a mistake. What a shape cannot say (does a placeholder exist, does
 * a file have a template) is checked in blueprint-checks.ts.
 */
import { z } from 'zod';

export const FILE_TYPES = ['ledger', 'math_proof', 'submission', 'rejection', 'look_at', 'system_report', 'error_report'] as const;
export const LEVELS = ['root', 'year', 'month', 'week', 'day', 'hour'] as const;
export const MODES = ['demo', 'test', 'staging', 'live'] as const;
export const VIEW_ROLES = ['global', 'period', 'aggregated', 'index', 'aggregated_global', 'index_global'] as const;

const text = z.string().min(1);
const types = z.array(z.enum(FILE_TYPES));
const levels = z.array(z.enum(LEVELS)).min(1);
const object = z.record(z.string(), z.unknown());
const folderName = z.string().regex(/^[^/\\{}\0]+$/, 'must be one folder name, without / or placeholders');

/** A relative path that stays inside the folder it is put in. */
const relativePath = text.refine(
  (value) => !value.startsWith('/') && !value.includes('\\') && !value.split('/').some((part) => part === '' || part === '.' || part === '..'),
  'must be a relative path with / between its parts, without . or ..',
);

export const flagSchema = z.strictObject({
  flag: z.string().regex(/^$|^--[a-z0-9][a-z0-9_-]*$/i, 'must be empty or start with --'),
  type: z.enum(['boolean', 'integer', 'string', 'choice']).default('boolean'),
  description: text,
  applies_to: z.array(text).min(1),
  default: z.union([z.boolean(), z.int(), z.string()]).optional(),
  choices: z.array(text).min(1).optional(),
  validation: z.string().regex(/^\d+-\d+$/, 'must be "lowest-highest", e.g. "1-144"').optional(),
  selects_mode: z.enum([...MODES, 'value']).optional(),
});

const patternFile = z.union([relativePath, z.strictObject({ file: relativePath, template: text })], 'must be a file name or { file, template }');

const patternSchema = z.strictObject({
  pattern: relativePath.optional(),
  path: relativePath.optional(),
  file: patternFile.optional(),
  files: z.array(patternFile).min(1).optional(),
  template: text.optional(),
  types: types.min(1).optional(),
  description: text.optional(),
  aggregates: text.optional(),
});

const byLevel = z.partialRecord(z.enum([...LEVELS, 'period', 'all']), object);

const templateSchema = z.strictObject({
  types: types.default([]),
  role: z.enum(VIEW_ROLES).optional(),
  levels: levels.optional(),
  array: z.union([text, z.partialRecord(z.enum(FILE_TYPES), text)]).optional(),
  entry_fields: z.array(text).min(1).optional(),
  file: relativePath.optional(),
  file_type: text.optional(),
  created_by: text,
  purpose: text,
  structure: object,
  by_level: byLevel.optional(),
  by_component: z.record(z.string(), byLevel).optional(),
  sample: object.optional(),
  sample_by_level: byLevel.optional(),
  sample_by_component: z.record(z.string(), byLevel).optional(),
});

const exampleSchema = z.strictObject({
  path: relativePath,
  template: text.optional(),
  templates: z.array(text).min(1).optional(),
  levels: levels.optional(),
});

const knuthTriple = { levels: z.int().min(0), iterations: z.int().min(0), cycles: z.int().min(0) };

const smokeSchema = z.strictObject({
  flag: text,
  applies_to: z.array(text).min(1),
  checks: z.array(text).min(1),
  exit_on_failure: z.boolean(),
  timeout_seconds: z.number().positive(),
});

const hex64 = z.string().regex(/^[0-9a-f]{64}$/, 'must be 64 hex digits');

export const blueprintSchema = z.strictObject({
  meta: z.strictObject({
    name: text,
    version: text,
    created: text,
    updated: text,
    status: text,
    description: text,
    role: text,
    legacy_aliases: z.array(text).default([]),
    components: z.array(text).default([]),
    sync: z.strictObject({ math_file: text, config_file: text }),
  }),
  time_zone: text,
  week_numbering: z.enum(['monday', 'iso']),
  components: z.record(z.string().regex(/^[a-z][a-z0-9_]*$/, 'must be snake_case'), z.strictObject({ folder: folderName, label: text.optional(), example_slug: folderName, aliases: z.array(text).default([]) })),
  modes: z.record(z.enum(MODES), z.strictObject({ base_path: relativePath, aliases: z.array(text).default([]), description: text })),
  flags: z.strictObject({
    description: text,
    philosophy: text,
    categories: z.record(z.string(), z.record(z.string().regex(/^[a-z0-9_]+$/, 'must be snake_case'), flagSchema)),
  }),
  mathematical_framework: z.strictObject({
    notation: text,
    base_parameters: z.strictObject(knuthTriple),
    modifier_parameters: z.record(z.string(), z.strictObject({ concept: text, ...knuthTriple })),
    math_proofs: text,
  }),
  folder_management: z.strictObject({ auto_create_structure: z.array(relativePath).min(1) }),
  hunts: z.strictObject({ folder: relativePath, name: z.string().regex(/^[^/\\\0.][^/\\\0]*$/, 'must be one folder name, without /') }),
  categories: z.record(z.string(), z.strictObject({ folder: relativePath, name: z.string().regex(/^[^/\\\0]+$/, 'must be a name without /'), types: types.min(1) })),
  pattern_levels: z.record(z.string(), patternSchema),
  metadata_by_role: z.record(z.enum(VIEW_ROLES), object),
  file_templates: z.record(z.string(), templateSchema),
  system_example_files: z.strictObject({
    enabled: z.boolean(),
    generation_trigger: z.literal('on_brain_initialization'),
    base_location: folderName,
    sample_time: z.iso.datetime({ offset: true, error: 'must be a time with offset, e.g. "2025-12-18T01:47:41-06:00"' }),
    sample_mode: z.enum(MODES),
    files: z.array(exampleSchema),
  }),
  smoke_test_behavior: z.strictObject({ smoke_test: smokeSchema, smoke_network: smokeSchema }),
  stock_template: z.strictObject({
    version: z.int(),
    height: z.int().min(0),
    bits: z.string().regex(/^[0-9a-f]{8}$/, 'must be 8 hex digits'),
    previousblockhash: hex64,
    transactions: z.array(z.unknown()),
    coinbase_value: z.int().min(0),
    target: hex64,
    note: text,
  }),
});

/** Brain.QTL as written, with defaults filled in. */
export type BlueprintData = z.output<typeof blueprintSchema>;
export type FlagDefinition = z.output<typeof flagSchema>;
export type FlagCategories = BlueprintData['flags']['categories'];
export type PatternData = z.output<typeof patternSchema>;
export type TemplateData = z.output<typeof templateSchema>;
export type ExampleData = z.output<typeof exampleSchema>;
