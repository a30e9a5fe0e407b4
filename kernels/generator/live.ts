import type { Operand, Program, Uniform, UniformOp, VectorOp } from './program.ts';

/** The operations a result really needs, in order, and which uniform words the vector code reads. */
export interface LiveCode {
  readonly uniforms: readonly { readonly id: number; readonly op: UniformOp }[];
  readonly vectors: readonly { readonly id: number; readonly op: VectorOp }[];
  /** Uniform id -> slot of the table the vector code reads. */
  readonly slots: ReadonlyMap<number, number>;
}

/** Drops everything the results do not depend on. */
export function liveCode(program: Program, results: readonly Operand[]): LiveCode {
  const vectorLive = new Set<number>();
  const uniformLive = new Set<number>();
  const slots = new Map<number, number>();
  const useUniform = (operand: Uniform): void => {
    if ('uniform' in operand) uniformLive.add(operand.uniform);
  };
  const useOperand = (operand: Operand): void => {
    if ('vector' in operand) vectorLive.add(operand.vector);
    else if ('uniform' in operand) {
      if (!slots.has(operand.uniform)) slots.set(operand.uniform, slots.size);
      useUniform(operand);
    }
  };
  results.forEach(useOperand);
  // Operands always precede their operation, so one pass backwards sees every reader before what it reads.
  for (let id = program.vectors.length - 1; id >= 0; id--) {
    if (vectorLive.has(id)) program.vectors[id]?.args.forEach(useOperand);
  }
  for (let id = program.uniforms.length - 1; id >= 0; id--) {
    if (uniformLive.has(id)) program.uniforms[id]?.args.forEach(useUniform);
  }
  return {
    uniforms: program.uniforms.map((op, id) => ({ id, op })).filter(({ id }) => uniformLive.has(id)),
    vectors: program.vectors.map((op, id) => ({ id, op })).filter(({ id }) => vectorLive.has(id)),
    slots,
  };
}
