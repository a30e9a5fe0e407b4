import type { VectorKind } from './program.ts';

/** An operation in a list: what it is, and the places in the list of those it reads, all before it. */
export interface Step {
  readonly kind: VectorKind;
  readonly reads: readonly number[];
}

/** Cycles from an operation to its result, the longer of what 512-bit units of today need. Inputs, and `xor` for machines that have `maj`, take none. */
const LATENCY: Readonly<Record<VectorKind, number>> = { lane: 0, stored: 0, xor: 0, add: 1, rotr: 2, shr: 2, xor3: 2, ch: 2, maj: 2 };

/**
 * When each step is needed, from 0 at the start to 1 at the end: how far it is from the end along the longest chain of
 * operations that wait for each other.
 */
export function needed(steps: readonly Step[]): number[] {
  const toEnd = new Array<number>(steps.length).fill(0);
  for (let i = steps.length - 1; i >= 0; i--) {
    const { kind, reads } = steps[i] as Step;
    toEnd[i] = (toEnd[i] as number) + LATENCY[kind];
    for (const read of reads) toEnd[read] = Math.max(toEnd[read] as number, toEnd[i] as number);
  }
  const longest = toEnd.reduce((most, cycles) => Math.max(most, cycles), 1);
  return toEnd.map((cycles) => 1 - cycles / longest);
}

/**
 * Lists that need nothing of each other as one, in the order in which results are needed, each list spread over the whole:
 * then neither the processor nor a compiler has to look far ahead for work, and no result waits long in a register.
 */
export function mixByNeed<T>(...lists: readonly { readonly steps: readonly Step[]; readonly entries: readonly T[] }[]): T[] {
  const all = lists.flatMap(({ steps, entries }) => needed(steps).map((at, i): [number, T] => [at, entries[i] as T]));
  // Sorting is stable, so what is needed at once stays in the order of its list.
  return all.sort(([x], [y]) => x - y).map(([, entry]) => entry);
}

/** Both lists in one, each in its own order and spread evenly over the whole. */
export function mergeEvenly<T>(one: readonly T[], two: readonly T[]): T[] {
  const at = (list: readonly T[]): [number, T][] => list.map((entry, i) => [(i + 0.5) / list.length, entry]);
  return [...at(one), ...at(two)].sort(([x], [y]) => x - y).map(([, entry]) => entry);
}
