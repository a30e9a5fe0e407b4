/** The nonce search of Bitcoin, SHA-256(SHA-256(header)), written against the symbolic machine (FIPS 180-4 section 6.2). */
import { Program, type Operand, type Value } from './program.ts';

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

/** Words the job gives, in order: the 8 words of the midstate, then words 16, 17, 18 of the header (merkle tail, time, bits). */
export const INPUT_WORDS = 11;

type State = [Value, Value, Value, Value, Value, Value, Value, Value];

/**
 * The whole search for one vector of nonces, up to the last word of the hash (H7), which holds the top 32 bits of the
 * number that is compared with the target. Stops at round 60: H7 only needs `e` of that round.
 */
export function sha256dTopWord(): { program: Program; result: Operand } {
  const p = new Program();
  const midstate = Array.from({ length: 8 }, (_, i) => p.input(i)) as State;
  const first: Value[] = [p.input(8), p.input(9), p.input(10), p.lane(), p.constant(0x80000000)];
  while (first.length < 15) first.push(p.constant(0));
  first.push(p.constant(640));
  const end = rounds(p, midstate, first, 64);

  const second: Value[] = end.map((word, i) => p.add(word, midstate[i] as Value));
  second.push(p.constant(0x80000000));
  while (second.length < 15) second.push(p.constant(0));
  second.push(p.constant(256));
  const state = INITIAL_STATE.map((word) => p.constant(word)) as State;
  const [, , , , e] = rounds(p, state, second, 61, p.constant(INITIAL_STATE[7] as number));
  return { program: p, result: p.whole(e) };
}

/**
 * Runs `count` rounds. With `addToE`, only `e` of the last round is wanted, with that value added: the sum is then
 * made in one go, and `a` of the last four rounds, which nothing reads, is never emitted.
 */
function rounds(p: Program, start: State, words: Value[], count: number, addToE?: Value): State {
  let [a, b, c, d, e, f, g, h] = start;
  const w = words.slice();
  for (let t = 0; t < count; t++) {
    if (t >= 16) {
      const at = (back: number): Value => w[t - back] as Value;
      w.push(p.add(at(16), smallSigma(p, at(15), 7, 18, 3), at(7), smallSigma(p, at(2), 17, 19, 10)));
    }
    const parts = [h, w[t] as Value, p.constant(ROUND_CONSTANTS[t] as number), p.ch(e, f, g), bigSigma(p, e, 6, 11, 25)];
    const last = addToE !== undefined && t === count - 1;
    const onlyE = addToE !== undefined && t >= count - 4;
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
