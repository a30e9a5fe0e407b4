/**
 * A tiny symbolic machine for 32-bit words. A kernel is written once against it; what depends only on the job is
 * folded into constants or computed once ("uniform"), what depends on the nonce becomes straight-line vector code.
 *
 * A value is `vector + uniform`, either part may be missing: keeping the uniform part apart lets long sums of job
 * data and round constants collapse into one addition.
 */

/** A number known now, or the id of a word computed once per job. */
export type Uniform = { readonly constant: number } | { readonly uniform: number };
/** What an emitted vector operation reads: the result of an earlier one, or a uniform in every lane. */
export type Operand = { readonly vector: number } | Uniform;

export type UniformKind = 'input' | 'add' | 'rotr' | 'shr' | 'xor' | 'xor3' | 'ch' | 'maj';
export interface UniformOp {
  readonly kind: UniformKind;
  readonly args: readonly Uniform[];
  /** Index of the input word, or the rotate/shift count. */
  readonly n: number;
}

/** `lane` is the nonce, `stored` a vector of the memory the caller gives (`n` = its index); both are inputs, not operations. */
export type VectorKind = 'lane' | 'stored' | 'add' | 'rotr' | 'shr' | 'xor' | 'xor3' | 'ch' | 'maj';
export interface VectorOp {
  readonly kind: VectorKind;
  readonly args: readonly Operand[];
  readonly n: number;
}

export interface Value {
  readonly vector: number | null;
  readonly uniform: Uniform;
  /** The sum as one vector, once it has been needed. */
  whole: number | null;
}

const ZERO: Uniform = { constant: 0 };
const rotr = (x: number, n: number): number => ((x >>> n) | (x << (32 - n))) >>> 0;

function evaluate(kind: UniformKind, a: readonly number[], n: number): number {
  const [x = 0, y = 0, z = 0] = a;
  switch (kind) {
    case 'add': return a.reduce((sum, word) => (sum + word) >>> 0, 0);
    case 'rotr': return rotr(x, n);
    case 'shr': return x >>> n;
    case 'xor': return (x ^ y) >>> 0;
    case 'xor3': return (x ^ y ^ z) >>> 0;
    case 'ch': return ((x & y) ^ (~x & z)) >>> 0;
    case 'maj': return ((x & y) ^ (x & z) ^ (y & z)) >>> 0;
    case 'input': throw new Error('an input has no value at generation time');
  }
}

export class Program {
  readonly uniforms: UniformOp[] = [];
  readonly vectors: VectorOp[] = [];
  #known = new Map<string, number>();

  constant(word: number): Value {
    return { vector: null, uniform: { constant: word >>> 0 }, whole: null };
  }

  /** Word `index` of what the job gives (midstate and tail, in the order the back-end fixes). */
  input(index: number): Value {
    return { vector: null, uniform: this.#uniform('input', [], index), whole: null };
  }

  /** The nonce, one per lane. */
  lane(): Value {
    const vector = this.#vector('lane', [], 0);
    return { vector, uniform: ZERO, whole: vector };
  }

  /** Vector `index` of those worked out before and kept in memory: for a program that goes on where another one ended. */
  stored(index: number): Value {
    const vector = this.#vector('stored', [], index);
    return { vector, uniform: ZERO, whole: vector };
  }

  /** Sum of any number of values. Operands that are ready early go first: the chain of additions follows the order given. */
  add(...values: readonly Value[]): Value {
    const vectors: number[] = [];
    const uniforms: Uniform[] = [];
    for (const value of values) {
      if (value.whole !== null) vectors.push(value.whole);
      else {
        if (value.vector !== null) vectors.push(value.vector);
        uniforms.push(value.uniform);
      }
    }
    const uniform = this.#sum(uniforms);
    if (vectors.length === 0) return { vector: null, uniform, whole: null };
    if (vectors.length === 1) return { vector: vectors[0] as number, uniform, whole: isZero(uniform) ? (vectors[0] as number) : null };
    let sum = vectors[0] as number;
    if (!isZero(uniform)) sum = this.#vector('add', [{ vector: sum }, uniform], 0);
    for (const next of vectors.slice(1)) sum = this.#vector('add', [{ vector: sum }, { vector: next }], 0);
    return { vector: sum, uniform: ZERO, whole: sum };
  }

  rotr(x: Value, n: number): Value {
    return this.#apply('rotr', [x], n);
  }

  shr(x: Value, n: number): Value {
    return this.#apply('shr', [x], n);
  }

  xor3(x: Value, y: Value, z: Value): Value {
    return this.#apply('xor3', [x, y, z], 0);
  }

  ch(e: Value, f: Value, g: Value): Value {
    return this.#apply('ch', [e, f, g], 0);
  }

  /** Majority. Carries a^b and b^c along, so that a machine without a three-input operation shares them between rounds. */
  maj(a: Value, b: Value, c: Value): Value {
    return this.#apply('maj', [a, b, c], 0);
  }

  /** The value as one operand: adds a pending uniform part, once. */
  whole(value: Value): Operand {
    if (value.whole !== null) return { vector: value.whole };
    if (value.vector === null) return value.uniform;
    value.whole = this.#vector('add', [{ vector: value.vector }, value.uniform], 0);
    return { vector: value.whole };
  }

  #apply(kind: Exclude<UniformKind, 'input' | 'add' | 'xor'>, values: readonly Value[], n: number): Value {
    if (values.every((value) => value.vector === null)) {
      return { vector: null, uniform: this.#uniform(kind, values.map((value) => value.uniform), n), whole: null };
    }
    const operands = values.map((value) => this.whole(value));
    if (kind === 'maj') {
      const [a, b, c] = operands as [Operand, Operand, Operand];
      operands.push(this.#xor(a, b), this.#xor(b, c));
    }
    const vector = this.#vector(kind, operands, n);
    return { vector, uniform: ZERO, whole: vector };
  }

  #xor(a: Operand, b: Operand): Operand {
    if (!('vector' in a) && !('vector' in b)) return this.#uniform('xor', [a, b], 0);
    return { vector: this.#vector('xor', [a, b], 0) };
  }

  #sum(terms: readonly Uniform[]): Uniform {
    let constant = 0;
    const rest: Uniform[] = [];
    for (const term of terms) {
      if ('constant' in term) constant = (constant + term.constant) >>> 0;
      else rest.push(term);
    }
    if (rest.length === 0) return { constant };
    if (constant !== 0) rest.push({ constant });
    return rest.length === 1 ? (rest[0] as Uniform) : this.#uniform('add', rest, 0);
  }

  #uniform(kind: UniformKind, args: readonly Uniform[], n: number): Uniform {
    if (kind !== 'input' && args.every((arg) => 'constant' in arg)) {
      return { constant: evaluate(kind, args.map((arg) => ('constant' in arg ? arg.constant : 0)), n) };
    }
    return { uniform: this.#remember(`u:${kind}:${n}:${JSON.stringify(args)}`, () => this.uniforms.push({ kind, args, n }) - 1) };
  }

  #vector(kind: VectorKind, args: readonly Operand[], n: number): number {
    return this.#remember(`v:${kind}:${n}:${JSON.stringify(args)}`, () => this.vectors.push({ kind, args, n }) - 1);
  }

  #remember(key: string, make: () => number): number {
    let id = this.#known.get(key);
    if (id === undefined) this.#known.set(key, (id = make()));
    return id;
  }
}

function isZero(uniform: Uniform): boolean {
  return 'constant' in uniform && uniform.constant === 0;
}
