/** `component_manifest.json`: what an analysis component is, takes and gives (the V12.0 form, with the drafts' additions that a local run can make sense of). */
import { z } from 'zod';

export const MANIFEST_NAME = 'component_manifest.json';

/** Of a port or a tunable variable: it becomes a flag, so it is a plain word. */
const word = z.string().regex(/^[A-Za-z][A-Za-z0-9_-]{0,63}$/, 'must be a letter, then letters, digits, - and _');
/** SemVer 2.0.0. */
const semver = z.string().regex(/^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(-[0-9A-Za-z.-]+)?(\+[0-9A-Za-z.-]+)?$/, 'must be a semantic version, e.g. 1.0.0');
const portType = z.string().regex(/^(string(:[a-z0-9_]+)?|int|float|bool|uri|ssh_host|dir|path(:[a-z0-9_]+)?)$/, 'must be string, string:uuid, int, float, bool, uri, ssh_host, dir, path or path:FORMAT (e.g. path:csv)');
const relativePath = z.string().min(1).max(255).refine((value) => !value.startsWith('/') && !value.includes('\0') && !value.split(/[\\/]/).includes('..'), 'must be a path inside the folder of the component');

const port = z.strictObject({
  name: word,
  type: portType,
  description: z.string().default(''),
  optional: z.boolean().default(false).describe('An input that may be left out, or an output that may be missing.'),
});

const value = z.union([z.string(), z.number(), z.boolean()]);
const tunable = z
  .strictObject({
    name: word,
    label: z.string().default(''),
    description: z.string().default(''),
    type: z.enum(['string', 'int', 'float', 'bool']),
    default: value,
    min: z.number().optional(),
    max: z.number().optional(),
    options: z.array(value).min(1).optional(),
  })
  .superRefine((variable, context) => {
    const problem = tunableProblem(variable, variable.default);
    if (problem !== null) context.addIssue({ code: 'custom', path: ['default'], message: problem });
  });

export const manifestSchema = z
  .strictObject({
    $schema: z.string().optional(),
    id: z.string().max(100).optional().describe('Another name for it.'),
    name: z.string().min(1).max(100).regex(/^[^@/\\\p{Cc}]+$/u, 'must not have @, slashes or control characters'),
    version: semver,
    description: z.string(),
    script_to_run: relativePath.describe('Inside the folder of the manifest: .js, .mjs, .cjs, .py, or an executable with a #! line.'),
    dependencies: relativePath.nullable().optional().describe('File with its requirements, for whoever installs them. Nothing is installed from it.'),
    inputs: z.array(port),
    outputs: z.array(port).min(1, 'there must be an output'),
    tunable_variables: z.array(tunable).default([]),
    args_template: z.array(z.string()).optional().describe('Arguments instead of one --name=value for each input and tunable: {input.NAME}, {tunable.NAME}, {job_uuid}, {out}, and {param_flags} as an argument of its own.'),
    timeout_seconds: z.number().min(1).max(86_400).optional().describe('Default 300.'),
    requirements: z.union([z.string(), z.array(z.string())]).optional().describe('For people.'),
    runtime: z.record(z.string(), z.union([z.string(), z.boolean()])).optional().describe('For people, e.g. {"python": ">=3.10"}.'),
    resources: z.strictObject({ gpu: z.union([z.boolean(), z.number()]).optional(), cpu_cores: z.number().optional(), memory_gb: z.number().optional() }).optional().describe('For people; not enforced.'),
    execution: z.strictObject({ kind: z.literal('batch').optional(), target: z.literal('local').optional(), parallelism: z.number().optional() }).optional().describe('Only batch runs on this machine.'),
    artifacts: z.array(z.union([z.string(), z.record(z.string(), z.unknown())])).optional().describe('For people: files it leaves beside its outputs.'),
    log_paths: z.array(z.string()).optional().describe('For people.'),
    contracts: z.record(z.string(), z.unknown()).optional().describe('For people.'),
  })
  .superRefine((manifest, context) => {
    const flags = [...manifest.inputs.map(({ name }, i) => ['inputs', i, name] as const), ...manifest.tunable_variables.map(({ name }, i) => ['tunable_variables', i, name] as const)];
    repeated(flags, context);
    repeated(manifest.outputs.map(({ name }, i) => ['outputs', i, name] as const), context);
  });
export type Manifest = z.infer<typeof manifestSchema>;
export type Port = Manifest['inputs'][number];
export type Tunable = Manifest['tunable_variables'][number];
export type TunableValue = string | number | boolean;

function repeated(names: readonly (readonly [string, number, string])[], context: z.RefinementCtx): void {
  const seen = new Set<string>();
  for (const [list, i, name] of names) {
    if (seen.has(name)) context.addIssue({ code: 'custom', path: [list, i, 'name'], message: `there is another ${name}` });
    seen.add(name);
  }
}

/** Why a tunable variable may not have a value; null when it may. */
export function tunableProblem({ type, min, max, options }: Pick<Tunable, 'type' | 'min' | 'max' | 'options'>, given: TunableValue): string | null {
  const isRight = type === 'string' ? typeof given === 'string' : type === 'bool' ? typeof given === 'boolean' : typeof given === 'number' && Number.isFinite(given) && (type === 'float' || Number.isInteger(given));
  if (!isRight) return `must be ${{ string: 'a string', bool: 'true or false', int: 'a whole number', float: 'a number' }[type]} (it is ${JSON.stringify(given)})`;
  if (options !== undefined && !options.includes(given)) return `must be one of ${options.join(', ')} (it is ${String(given)})`;
  if (typeof given === 'number' && min !== undefined && given < min) return `must be at least ${min} (it is ${given})`;
  if (typeof given === 'number' && max !== undefined && given > max) return `must be at most ${max} (it is ${given})`;
  return null;
}

/** What the text of a flag or a form means for a variable. A string that is no number stays one, for `tunableProblem` to refuse. */
export function tunableValue({ type }: Pick<Tunable, 'type'>, text: string): TunableValue {
  if (type === 'bool') return text === 'true' ? true : text === 'false' ? false : text;
  if (type === 'string' || text.trim() === '' || !Number.isFinite(Number(text))) return text;
  return Number(text);
}

/** For editors. */
export const manifestJsonSchema = (): unknown => z.toJSONSchema(manifestSchema, { io: 'input' });
