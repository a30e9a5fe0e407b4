/** Straight-line code on AVX-512 vectors, between the symbolic program and the assembler. */

import { mergeEvenly } from '../order.ts';

/** Nonces in a vector, and its bytes. */
export const LANES = 16;
export const BYTES = 64;

/** The result of an earlier operation, or memory: an address as the assembler writes it; `spread` = one word for all lanes. */
export type Source = { readonly value: number } | { readonly memory: string; readonly spread: boolean };

/**
 * `load` to `maj` as in program.ts. `unpack32` and `unpack64` take the lower or upper halves of every 128-bit block of two
 * vectors, word by word or pair by pair. `test` sets mask register `n` where a vector has no bit of another.
 */
export type OpKind = 'load' | 'add' | 'rotr' | 'shr' | 'xor3' | 'ch' | 'maj' | 'unpack32low' | 'unpack32high' | 'unpack64low' | 'unpack64high' | 'store' | 'test';

export interface Op {
  readonly kind: OpKind;
  readonly args: readonly Source[];
  /** Rotate or shift count, or the mask register of a test. */
  readonly n: number;
  /** Where a `store` writes. */
  readonly to: string | null;
}

/** One whole vector at an address. */
export function vectorAt(memory: string): Source {
  return { memory, spread: false };
}

/** The word at an address, in every lane. */
export function wordAt(memory: string): Source {
  return { memory, spread: true };
}

/** Code being written: operation number `i` makes value number `i`. */
export class Code {
  readonly ops: Op[] = [];

  emit(kind: Exclude<OpKind, 'store' | 'test'>, args: readonly Source[], n = 0): Source {
    return { value: this.ops.push({ kind, args, n, to: null }) - 1 };
  }

  store(source: Source, to: string): void {
    this.ops.push({ kind: 'store', args: [source], n: 0, to });
  }

  /** Bit i of mask register `maskRegister` = lane i of `source` has no bit of `mask`. */
  test(source: Source, mask: Source, maskRegister: number): void {
    this.ops.push({ kind: 'test', args: [source, mask], n: maskRegister, to: null });
  }
}

/** Two codes that need nothing of each other as one, mixed evenly: while one waits for a result, the other has work. */
export function woven(one: Code, two: Code): Code {
  return renumbered(mergeEvenly(one.ops.map((op, i) => ({ code: one, i, op })), two.ops.map((op, i) => ({ code: two, i, op }))));
}

/** One code after the other. */
export function joined(one: Code, two: Code): Code {
  return renumbered([one, two].flatMap((code) => code.ops.map((op, i) => ({ code, i, op }))));
}

interface Origin {
  readonly code: Code;
  readonly i: number;
  readonly op: Op;
}

function renumbered(entries: readonly Origin[]): Code {
  const places = new Map<Code, Map<number, number>>();
  const out = new Code();
  for (const { code, i, op } of entries) {
    const place = places.get(code) ?? new Map<number, number>();
    places.set(code, place);
    place.set(i, out.ops.length);
    out.ops.push({ ...op, args: op.args.map((arg) => ('value' in arg ? { value: place.get(arg.value) as number } : arg)) });
  }
  return out;
}

/** The same code with unpacks and stores right after the last of what they read, so that results need a register for a short time only. */
export function soon(code: Code): Code {
  const position: number[] = [];
  code.ops.forEach((op, i) => {
    const after = op.args.reduce((latest, arg) => ('value' in arg ? Math.max(latest, position[arg.value] as number) : latest), -1);
    const ends = op.kind === 'store' || op.kind.startsWith('unpack');
    position.push(ends ? after : i);
  });
  const order = position.map((_, i) => i).sort((x, y) => (position[x] as number) - (position[y] as number) || x - y);
  return renumbered(order.map((i) => ({ code, i, op: code.ops[i] as Op })));
}
