/** SHA-256 (FIPS 180-4 section 6.2) written against the symbolic machine. search.ts makes the nonce search of it. */
import type { Program, Value } from './program.ts';

/** FIPS 180-4 section 4.2.2. */
export const ROUND_CONSTANTS: readonly number[] = fractions(64, 1 / 3);
/** FIPS 180-4 section 5.3.3. */
export const INITIAL_STATE: readonly number[] = fractions(8, 1 / 2);

/** First 32 bits of the fractional parts of roots of the first primes; a double carries 52 bits, enough for the largest (311). */
function fractions(count: number, exponent: number): number[] {
  const words: number[] = [];
  for (let n = 2; words.length < count; n++) {
    let prime = true;
    for (let d = 2; d * d <= n; d++) if (n % d === 0) prime = false;
    if (prime) words.push(Math.floor((n ** exponent % 1) * 2 ** 32) >>> 0);
  }
  return words;
}

/** The working variables a to h. */
export type State = [Value, Value, Value, Value, Value, Value, Value, Value];

/** A word per round, made when its round asks for it, so that code stands near its use. */
export type Words = (t: number) => Value;

/** The message schedule W that goes on from 16 words, W[first] and up; the block itself is words 0 to 15 (FIPS 180-4 section 6.2.2, step 1). */
export function schedule(p: Program, block: readonly Value[], first = 0): Words {
  const w: Value[] = [];
  block.forEach((word, i) => (w[first + i] = word));
  const word: Words = (t) => (w[t] ??= p.add(word(t - 16), smallSigma(p, word(t - 15), 7, 18, 3), word(t - 7), smallSigma(p, word(t - 2), 17, 19, 10)));
  return word;
}

/** W[t] + K[t], what a round really adds. */
export function withConstants(p: Program, words: Words): Words {
  return (t) => p.add(words(t), p.constant(ROUND_CONSTANTS[t] as number));
}

/**
 * Rounds `from` to `to - 1` on the state before round `from`; `keys` gives W[t] + K[t]. With `addToE`, only `e` of the last
 * round is wanted, with that value added: the sum is then made in one go, and `a` of the last four rounds, which nothing
 * reads, is never emitted.
 */
export function rounds(p: Program, start: State, keys: Words, from: number, to: number, addToE?: Value): State {
  let [a, b, c, d, e, f, g, h] = start;
  for (let t = from; t < to; t++) {
    const parts = [h, keys(t), p.ch(e, f, g), bigSigma(p, e, 6, 11, 25)];
    const last = addToE !== undefined && t === to - 1;
    const onlyE = addToE !== undefined && t >= to - 4;
    let nextE: Value;
    let nextA: Value = a;
    if (onlyE) nextE = p.add(d, ...(last ? [addToE] : []), ...parts);
    else {
      const t1 = p.add(...parts);
      nextE = p.add(d, t1);
      nextA = p.add(p.maj(a, b, c), bigSigma(p, a, 2, 13, 22), t1);
    }
    [h, g, f, e, d, c, b, a] = [g, f, e, nextE, c, b, a, nextA];
  }
  return [a, b, c, d, e, f, g, h];
}

function bigSigma(p: Program, x: Value, r1: number, r2: number, r3: number): Value {
  return p.xor3(p.rotr(x, r1), p.rotr(x, r2), p.rotr(x, r3));
}

function smallSigma(p: Program, x: Value, r1: number, r2: number, s: number): Value {
  return p.xor3(p.rotr(x, r1), p.rotr(x, r2), p.shr(x, s));
}
