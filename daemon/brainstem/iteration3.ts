import { readFileSync } from 'node:fs';
import path from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';
import { messageOf, RigError } from '../../protocol/common/errors.ts';
import { isObject } from '../../protocol/common/json.ts';

export const MATH_GROUPS = ['families', 'lanes', 'strides', 'palette', 'sandbox'] as const;
export type MathGroupName = (typeof MATH_GROUPS)[number];

/** Parameters of one group; null = the file does not say. */
export interface MathGroup {
  readonly concept: string | null;
  readonly levels: number | null;
  readonly iterations: number | null;
  readonly cycles: number | null;
  /** 111 digits in the original: far beyond what a number holds. Write it to JSON as a decimal string. */
  readonly bitload: bigint | null;
  /** As written, e.g. `Knuth-Sorrellian-Class(95, 425000, 225)`. */
  readonly notation: string | null;
}

/** What Iteration 3.yaml holds; null = the section is not there. */
export interface MathParameters {
  readonly knuth: { readonly n: number; readonly k: number; readonly m: number } | null;
  readonly entropyScaling: { readonly base: number; readonly depth: number; readonly iterations: number } | null;
  readonly groups: Readonly<Partial<Record<MathGroupName, MathGroup>>>;
}

// The file is read with every integer as a BigInt, so that no digit of a BitLoad is lost; small ones become numbers here.
const small = z.union([z.bigint(), z.int()], 'must be a whole number').transform((value, context) => {
  const number = Number(value);
  if (Number.isSafeInteger(number) && number >= 0) return number;
  context.addIssue({ code: 'custom', message: 'must be a whole number from 0 to 2^53 - 1' });
  return z.NEVER;
});
const big = z.union([z.bigint(), z.string().regex(/^\d+$/).transform((digits) => BigInt(digits))], 'must be a whole number');

const flatGroup = z.strictObject({
  concept: z.string().optional(),
  levels: small.optional(),
  iterations: small.optional(),
  cycles: small.optional(),
  bitload: big.optional(),
  notation: z.string().optional(),
});

/** Steps of the original: `main: [Knuth-Sorrellian-Class(...), { BitLoad: ... }, { Cycles: 225 }]`. */
const steps = z.union([z.array(z.unknown()), z.record(z.string(), z.unknown())]);
const steppedGroup = z.strictObject({ pre: steps.optional(), main: steps, post: steps.optional() });

const fileSchema = z.looseObject({
  knuth_params: z.strictObject({ n: small, k: small, m: small }).optional(),
  entropy_scaling: z.strictObject({ base: small, depth: small, iterations: small }).optional(),
});

/**
 * Reads the parameters, in the short form (`knuth_params`, `entropy_scaling`, one line a group) as well as in the
 * original one (groups with `pre`, `main` and `post`), at the top level or under `groups`.
 * @throws RigError E_BLUEPRINT_INVALID naming the file, the field and the reason
 */
export function loadMathParameters(file: string): MathParameters {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (cause) {
    throw invalid(file, `cannot be read: ${messageOf(cause)}`, cause);
  }
  return parseMathParameters(text, path.basename(file));
}

/** As `loadMathParameters`, from text. @param file name to report */
export function parseMathParameters(text: string, file: string): MathParameters {
  let raw: unknown;
  try {
    raw = parse(text, { intAsBigInt: true });
  } catch (cause) {
    throw invalid(file, messageOf(cause), cause);
  }
  const data = check(file, [], fileSchema, raw ?? {});
  const holder = (typeof data.groups === 'object' && data.groups !== null ? data.groups : data) as Record<string, unknown>;
  const groups: Partial<Record<MathGroupName, MathGroup>> = {};
  for (const name of MATH_GROUPS) if (holder[name] !== undefined) groups[name] = group(file, name, holder[name]);
  return { knuth: data.knuth_params ?? null, entropyScaling: data.entropy_scaling ?? null, groups };
}

/**
 * The seeds' K(n, k, m) = (n^k + m) mod 2^32.
 * @param n base, @param k exponent, @param m offset; none negative
 */
export function knuth(n: number | bigint, k: number | bigint, m: number | bigint): number {
  const modulus = 1n << 32n;
  let result = 1n;
  let base = BigInt(n) % modulus;
  for (let exponent = BigInt(k); exponent > 0n; exponent >>= 1n) {
    if (exponent & 1n) result = (result * base) % modulus;
    base = (base * base) % modulus;
  }
  return Number((result + BigInt(m)) % modulus);
}

function group(file: string, name: string, raw: unknown): MathGroup {
  if (typeof raw === 'object' && raw !== null && 'main' in raw) {
    const { main } = check(file, [name], steppedGroup, raw);
    const fields = flatten(main);
    const bitload = fields.get('bitload');
    const cycles = fields.get('cycles');
    return {
      concept: null,
      levels: null,
      iterations: null,
      cycles: cycles === undefined ? null : check(file, [name, 'main', 'Cycles'], small, cycles),
      bitload: bitload === undefined ? null : check(file, [name, 'main', 'BitLoad'], big, bitload),
      notation: notationOf(main, fields),
    };
  }
  const flat = check(file, [name], flatGroup, raw);
  return {
    concept: flat.concept ?? null,
    levels: flat.levels ?? null,
    iterations: flat.iterations ?? null,
    cycles: flat.cycles ?? null,
    bitload: flat.bitload ?? null,
    notation: flat.notation ?? null,
  };
}

/** The named values of a list of steps, names in small letters. */
function flatten(list: z.output<typeof steps>): Map<string, unknown> {
  const maps = Array.isArray(list) ? list.filter(isObject) : [list];
  return new Map(maps.flatMap((map) => Object.entries(map).map(([key, value]) => [key.toLowerCase(), value] as const)));
}

function notationOf(list: z.output<typeof steps>, fields: ReadonlyMap<string, unknown>): string | null {
  const named = fields.get('notation');
  if (typeof named === 'string') return named;
  const bare = Array.isArray(list) ? list.find((item): item is string => typeof item === 'string') : undefined;
  return bare ?? null;
}

function check<Schema extends z.ZodType>(file: string, at: readonly string[], schema: Schema, value: unknown): z.output<Schema> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  const field = [...at, ...(issue?.path ?? [])].join('.');
  throw invalid(file, `${field === '' ? '' : `${field}: `}${issue?.message ?? 'not valid'}`);
}

function invalid(file: string, reason: string, cause?: unknown): RigError {
  return new RigError('E_BLUEPRINT_INVALID', `${file}: ${reason}`, { cause, context: { file }, hint: `Correct ${path.basename(file)}.` });
}
