import { liveCode, type LiveCode } from './live.ts';
import { mixByNeed, type Step } from './order.ts';
import type { Operand, Uniform, UniformOp, VectorOp } from './program.ts';
import type { Part } from './search.ts';

/*
 * Writes parts as C. The including file defines the vector type `V` and the operations `SPLAT ADD ROTR SHR XOR XOR3 CH MAJ`,
 * so one text serves every instruction set, and says how uniform words are kept: `U` is their type in memory (`V`, or one
 * word that is spread when it is read) and `UNIFORM(u, slot, stride)` reads one; `stride` is the same for all
 * slots of a table. `CONSTANTS(k, ...)`
 * names the constants of a body, `CONSTANT(k, i, word)` is one as an operand: for those who had rather read it from memory.
 */

/** How the text of a part names what it reads. */
interface Names {
  readonly live: LiveCode;
  readonly suffix: string;
  /** Constant -> index in the table of the body, filled as the text is written. */
  readonly constants: Map<number, number>;
}

/**
 * One part as `RB_<NAME>_UNIFORMS`, `rb_<name>_prepare(const V *in, V *u)` and
 * `rb_<name>(V nonce, const V *stored, const U *u, unsigned stride, V *out)`. Prepare works on whole vectors: as many jobs as there are lanes.
 */
export function emitPart(name: string, part: Part): string {
  const live = liveCode(part.program, part.results);
  const names: Names = { live, suffix: '', constants: new Map() };
  return [
    `#define RB_${name.toUpperCase()}_UNIFORMS ${live.slots.size}`,
    '',
    `static inline void rb_${name}_prepare(const V *in, V *u)`,
    '{',
    ...live.uniforms.map(({ id, op }) => `  const V s${id} = ${uniformText(op)};`),
    ...[...live.slots].map(([id, slot]) => `  u[${slot}] = s${id};`),
    '}',
    '',
    ...body(`rb_${name}(const V nonce, const V *stored, const U *u, const unsigned stride, V *out)`, names.constants, ['  (void)nonce, (void)stored, (void)stride;', ...vectorLines(names), ...resultLines(part, names)]),
  ].join('\n');
}

/**
 * Two parts that need nothing of each other as one body, their operations mixed: while one waits for a result, the other
 * has work. `rb_<name>` takes the nonce, then stored, uniforms and results of either part.
 */
export function emitPair(name: string, one: Part, two: Part): string {
  const constants = new Map<number, number>();
  const a: Names = { live: liveCode(one.program, one.results), suffix: '_a', constants };
  const b: Names = { live: liveCode(two.program, two.results), suffix: '_b', constants };
  const head = `rb_${name}(const V nonce, const V *stored_a, const U *u_a, V *out_a, const V *stored_b, const U *u_b, V *out_b, const unsigned stride)`;
  const lines = mixByNeed(...[a, b].map((names) => ({ steps: stepsOf(names.live), entries: vectorLines(names) })));
  return body(head, constants, ['  (void)nonce, (void)stored_a, (void)stored_b, (void)stride;', ...lines, ...resultLines(one, a), ...resultLines(two, b)]).join('\n');
}

function stepsOf({ vectors }: LiveCode): Step[] {
  const place = new Map(vectors.map(({ id }, i) => [id, i]));
  return vectors.map(({ op: { kind, args } }) => ({
    kind,
    reads: args.flatMap((arg) => ('vector' in arg ? [place.get(arg.vector) as number] : [])),
  }));
}

function vectorLines(names: Names): string[] {
  return names.live.vectors.map(({ id, op }) => `  const V v${id}${names.suffix} = ${vectorText(op, names)};`);
}

function resultLines(part: Part, names: Names): string[] {
  return part.results.map((result, i) => `  out${names.suffix}[${i}] = ${operandText(result, names)};`);
}

function body(head: string, constants: ReadonlyMap<number, number>, lines: readonly string[]): string[] {
  const table = [...constants.keys()].map(hex).join(', ');
  // Inlined at any size: only then do the results of one part stay in registers for the next.
  return [`static inline __attribute__((always_inline)) void ${head}`, '{', `  CONSTANTS(k, ${table})`, ...lines, '}', ''];
}

function hex(word: number): string {
  return `0x${word.toString(16).padStart(8, '0')}u`;
}

function uniformOperand(operand: Uniform): string {
  return 'constant' in operand ? `SPLAT(${hex(operand.constant)})` : `s${operand.uniform}`;
}

function uniformText({ kind, args, n }: UniformOp): string {
  const texts = args.map(uniformOperand);
  const [x = '', y = '', z = ''] = texts;
  switch (kind) {
    case 'input': return `in[${n}]`;
    case 'add': return texts.reduce((sum, text) => `ADD(${sum}, ${text})`);
    case 'maj': return `MAJ(${x}, ${y}, ${z}, XOR(${x}, ${y}), XOR(${y}, ${z}))`;
    case 'rotr':
    case 'shr': return `${kind.toUpperCase()}(${x}, ${n})`;
    default: return `${kind.toUpperCase()}(${texts.join(', ')})`;
  }
}

function operandText(operand: Operand, { live, suffix, constants }: Names): string {
  if ('vector' in operand) return `v${operand.vector}${suffix}`;
  if ('uniform' in operand) return `UNIFORM(u${suffix}, ${live.slots.get(operand.uniform)}, stride)`;
  if (!constants.has(operand.constant)) constants.set(operand.constant, constants.size);
  return `CONSTANT(k, ${constants.get(operand.constant)}, ${hex(operand.constant)})`;
}

function vectorText({ kind, args, n }: VectorOp, names: Names): string {
  if (kind === 'lane') return 'nonce';
  if (kind === 'stored') return `stored${names.suffix}[${n}]`;
  const texts = args.map((arg) => operandText(arg, names));
  if (kind === 'rotr' || kind === 'shr') texts.push(String(n));
  return `${kind.toUpperCase()}(${texts.join(', ')})`;
}
