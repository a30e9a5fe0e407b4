import { liveCode } from '../live.ts';
import type { Operand } from '../program.ts';
import type { Part } from '../search.ts';
import { wordAt, type Code, type Source } from './machine.ts';

/** Where the operations of a part find what they read. */
export interface Inputs {
  /** The nonces; needed only by parts that read them. */
  readonly lane?: Source;
  readonly stored: (index: number) => Source;
  /** Address of a word made once per job or version; slots as `liveCode` numbers them. */
  readonly uniform: (slot: number) => string;
  readonly constant: (word: number) => string;
}

/** Appends the operations of a part to the code, in its order. @returns its results */
export function lower(code: Code, part: Part, inputs: Inputs): Source[] {
  const { vectors, slots } = liveCode(part.program, part.results);
  const made = new Map<number, Source>();
  const source = (operand: Operand): Source => {
    if ('constant' in operand) return wordAt(inputs.constant(operand.constant));
    if ('uniform' in operand) return wordAt(inputs.uniform(slots.get(operand.uniform) as number));
    return made.get(operand.vector) as Source;
  };
  for (const { id, op } of vectors) {
    switch (op.kind) {
      case 'lane':
        made.set(id, inputs.lane as Source);
        break;
      case 'stored':
        made.set(id, inputs.stored(op.n));
        break;
      case 'xor':
        // For machines whose majority takes two steps.
        break;
      default:
        made.set(id, code.emit(op.kind, op.args.slice(0, 3).map(source), op.n));
    }
  }
  return part.results.map(source);
}

/**
 * Turns vectors of four-word groups into vectors of one word. `row(j)` has the groups of lanes j, j + 4, j + 8, j + 12.
 * @returns word 0, 1, 2, 3 of the groups, with the lanes in order
 */
export function transpose(code: Code, row: (j: number) => Source): [Source, Source, Source, Source] {
  const [row0, row2] = [code.emit('load', [row(0)]), code.emit('load', [row(2)])];
  const low = [code.emit('unpack32low', [row0, row(1)]), code.emit('unpack32low', [row2, row(3)])];
  const high = [code.emit('unpack32high', [row0, row(1)]), code.emit('unpack32high', [row2, row(3)])];
  return [code.emit('unpack64low', low), code.emit('unpack64high', low), code.emit('unpack64low', high), code.emit('unpack64high', high)];
}
