/** Runs a program on numbers, one lane, operation by operation: what the emitted code must do, without a compiler. */
import type { Operand, Program, Uniform, UniformOp, VectorOp } from './program.ts';

export interface Inputs {
  readonly input?: ArrayLike<number>;
  readonly lane?: number;
  readonly stored?: ArrayLike<number>;
}

/** The values of `wanted`. @throws Error when an operation reads what is not there yet */
export function evaluate(program: Program, wanted: readonly Operand[], inputs: Inputs): number[] {
  const uniforms: number[] = [];
  const vectors: number[] = [];
  const given = (value: number | undefined, what: string): number => {
    if (value === undefined) throw new Error(`${what} is read before it is there`);
    return value >>> 0;
  };
  const read = (operand: Operand): number => {
    if ('vector' in operand) return given(vectors[operand.vector], `vector ${operand.vector}`);
    return readUniform(operand);
  };
  const readUniform = (operand: Uniform): number => ('constant' in operand ? operand.constant : given(uniforms[operand.uniform], `uniform ${operand.uniform}`));
  const apply = ({ kind, args, n }: UniformOp | VectorOp): number => {
    const [x = 0, y = 0, z = 0] = args.map(read);
    switch (kind) {
      case 'input': return given(inputs.input?.[n], `input ${n}`);
      case 'stored': return given(inputs.stored?.[n], `stored ${n}`);
      case 'lane': return given(inputs.lane, 'the nonce');
      case 'add': return args.reduce((sum, arg) => (sum + read(arg)) >>> 0, 0);
      case 'rotr': return ((x >>> n) | (x << (32 - n))) >>> 0;
      case 'shr': return x >>> n;
      case 'xor': return (x ^ y) >>> 0;
      case 'xor3': return (x ^ y ^ z) >>> 0;
      case 'ch': return ((x & y) | (~x & z)) >>> 0;
      case 'maj': return ((x & y) | (x & z) | (y & z)) >>> 0;
    }
  };
  for (const op of program.uniforms) uniforms.push(apply(op));
  for (const op of program.vectors) vectors.push(apply(op));
  return wanted.map(read);
}
