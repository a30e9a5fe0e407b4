/**
 * The search for a nonce, cut into parts that kernels put together: SHA-256(SHA-256(header)) up to the last word of the hash.
 *
 * The header is 80 bytes, so the first hash has two blocks. The first block holds the version; what it leaves behind is the
 * midstate. The second block starts with the tail: W0 to W2 are the same for the whole job (merkle tail, time, bits), W3 is
 * the nonce, and the rest is padding. Hence
 *
 *   schedule   W18 to W63 of the first hash depend on tail and nonce only. A miner that may roll the version has many
 *              midstates for one tail, so these 46 words are made once per nonce and read again for every midstate.
 *   first      rounds 0 to 63 of the second block, from the midstate.
 *   second     rounds 0 to 60 of the hash of that hash.
 *
 * Plain kernels run `first` with its schedule and `second`; rolled kernels run `schedule` once, then `first` with stored
 * words and `second` for every midstate. What needs no nonce is made once per job by the symbolic machine (program.ts): the
 * steps below say where that happens, and generator.test.ts counts what is left of each.
 */
import { Program, type Operand, type Value } from './program.ts';
import { INITIAL_STATE, rounds, schedule, withConstants, type State, type Words } from './sha256d.ts';

/** A straight-line program and what it leaves behind. */
export interface Part {
  readonly program: Program;
  readonly results: readonly Operand[];
}

/** Words the job gives, in order: the 8 words of the midstate, then words 16, 17, 18 of the header (merkle tail, time, bits). */
export const INPUT_WORDS = 11;
/** First round of the first hash whose schedule word depends on the nonce, after W3, which is the nonce. */
export const FIRST_STORED_ROUND = 18;
/** W18 + K18 to W63 + K63. */
export const STORED_WORDS = 64 - FIRST_STORED_ROUND;

/** `schedule`: reads the tail and the nonce, leaves W[t] + K[t] of rounds 18 to 63. */
export function sharedSchedule(): Part {
  const p = new Program();
  const keys = firstKeys(p);
  return { program: p, results: Array.from({ length: STORED_WORDS }, (_, i) => p.whole(keys(FIRST_STORED_ROUND + i))) };
}

/** `first` of a plain kernel: reads midstate, tail and nonce, leaves the eight words of the state after round 63. */
export function firstHash(): Part {
  const p = new Program();
  return { program: p, results: firstRounds(p, firstKeys(p)).map((word) => p.whole(word)) };
}

/** `first` of a rolled kernel: reads rounds 18 to 63 of the schedule from memory, else as `firstHash`. */
export function rolledFirstHash(): Part {
  const p = new Program();
  const own = firstKeys(p);
  const keys: Words = (t) => (t < FIRST_STORED_ROUND ? own(t) : p.stored(t - FIRST_STORED_ROUND));
  return { program: p, results: firstRounds(p, keys).map((word) => p.whole(word)) };
}

/**
 * `first` from round `from` (18 to 64) on, for a kernel that runs the rounds before by other means, and `second`. Reads the
 * state a to h before round `from`, then W[t] + K[t] of rounds `from` to 63, from memory; leaves H7.
 */
export function hashFrom(from: number): Part {
  const p = new Program();
  return { program: p, results: [topWord(p, initialState(p), secondWords(p, lastRounds(p, from)), 0)] };
}

/**
 * `hashFrom` only up to round `cut` - 1 (16 to 60) of the second hash; leaves the state before round `cut` and the words that
 * `restOfHash` reads.
 */
export function hashUntil(from: number, cut: number): Part {
  const p = new Program();
  const words = secondWords(p, lastRounds(p, from));
  const middle = rounds(p, initialState(p), withConstants(p, words), 0, cut);
  return { program: p, results: [...middle, ...wordsAcross(cut).map(words)].map((word) => p.whole(word)) };
}

/** The rest of `second` after `hashUntil`, from what that left in memory; leaves H7. */
export function restOfHash(cut: number): Part {
  const p = new Program();
  const stored = wordsAcross(cut);
  const block = Array.from({ length: 16 }, (_, i) => (stored.includes(cut - 16 + i) ? p.stored(8 + stored.indexOf(cut - 16 + i)) : paddingWord(p, cut - 16 + i)));
  const state = Array.from({ length: 8 }, (_, i) => p.stored(i)) as State;
  return { program: p, results: [topWord(p, state, schedule(p, block, cut - 16), cut)] };
}

function lastRounds(p: Program, from: number): State {
  const state = Array.from({ length: 8 }, (_, i) => p.stored(i)) as State;
  return rounds(p, state, (t) => p.stored(8 + t - from), from, 64);
}

/** The schedule words before round `cut` of the second hash that later ones are made of, without padding. */
function wordsAcross(cut: number): number[] {
  return Array.from({ length: 16 }, (_, i) => cut - 16 + i).filter((t) => t < 8 || t > 15);
}

/** Words 8 to 15 of a digest's block. */
function paddingWord(p: Program, t: number): Value {
  return p.constant(t === 8 ? 0x80000000 : t === 15 ? 256 : 0);
}

/**
 * The state after round 3 of the first hash as a plain word, a to h, for a nonce of 0. The nonce (as SHA-256 reads it) only
 * adds itself to a and e.
 */
export function startState(): Part {
  const p = new Program();
  const midstate = Array.from({ length: 8 }, (_, i) => p.input(i)) as State;
  const words = [p.input(8), p.input(9), p.input(10), p.constant(0)];
  return { program: p, results: rounds(p, midstate, withConstants(p, (t) => words[t] as Value), 0, 4).map((word) => p.whole(word)) };
}

/** W[t] + K[t] of rounds 4 to 17 of the first hash: words of the job. */
export function fixedKeys(): Part {
  const p = new Program();
  const keys = firstKeys(p);
  return { program: p, results: Array.from({ length: FIRST_STORED_ROUND - 4 }, (_, i) => p.whole(keys(4 + i))) };
}

/**
 * W[t] + K[t] of the first hash. W4 to W15 are padding, and W16, W17 read none of the nonce: constants of the job, as are the
 * parts of W18 to W33 that do not (W18 is constant + sigma0(nonce), W19 is constant + nonce).
 */
function firstKeys(p: Program): Words {
  return withConstants(p, schedule(p, padded(p, [p.input(8), p.input(9), p.input(10), p.lane()], 640)));
}

/** Rounds 0 to 63 of the first hash, without the midstate that is added at the end: that goes into `secondKeys`. */
function firstRounds(p: Program, keys: Words): State {
  const midstate = Array.from({ length: 8 }, (_, i) => p.input(i)) as State;
  // Rounds 0 to 2 read W0 to W2, which hold no nonce: no vector operation at all.
  const beforeNonce = rounds(p, midstate, keys, 0, 3);
  // Round 3 adds the nonce to what is else constant: a = constant + nonce, e = constant + nonce, one addition each.
  const withNonce = rounds(p, beforeNonce, keys, 3, 4);
  // Rounds 4 to 6: d, h, W and K are still constants of the job and become one addition; from 7 on only W + K may be one.
  const early = rounds(p, withNonce, keys, 4, 7);
  // Rounds 7 to 17: W + K is constant. Rounds 18 to 63 have nothing left to fold.
  return rounds(p, early, keys, 7, 64);
}

/**
 * `second`: reads the midstate and the stored state after round 63 of the first hash, leaves H7, the last word of the hash,
 * which holds the top 32 bits of the number that is compared with the target.
 *
 * H7 is e of round 60 (it moves on to h by round 63) plus its initial value. So rounds 61 to 63 and W61 to W63 do not exist,
 * a of rounds 57 to 60 is read by nobody, and the initial value is folded into K60, which makes the result H7 itself.
 */
export function secondHash(): Part {
  const p = new Program();
  const end = Array.from({ length: 8 }, (_, i) => p.stored(i)) as State;
  return { program: p, results: [topWord(p, initialState(p), secondWords(p, end), 0)] };
}

function initialState(p: Program): State {
  return INITIAL_STATE.map((word) => p.constant(word)) as State;
}

/** Rounds `from` to 60 of the second hash: H7. */
function topWord(p: Program, state: State, words: Words, from: number): Operand {
  // Round 0 starts from constants: one addition for a and one for e. In rounds 1 to 3 part of the state still is constant.
  const [, , , , e] = rounds(p, state, withConstants(p, words), from, 61, p.constant(INITIAL_STATE[7] as number));
  return p.whole(e);
}

/**
 * W[t] of the second hash. W0 to W7 are the words of the first hash: `end`, the state after its round 63, plus the midstate,
 * which goes into K0 to K7. W8 to W15 are padding: constants, which also shortens W16 to W30.
 */
function secondWords(p: Program, end: State): Words {
  const digest = end.map((word, i): Value => p.add(word, p.input(i)));
  return schedule(p, padded(p, digest, 256));
}

/** The last block of a message of `bits` bits: its words, a one bit, zeros, the length (FIPS 180-4 section 5.1.1). */
function padded(p: Program, message: readonly Value[], bits: number): Value[] {
  const block = [...message, p.constant(0x80000000)];
  while (block.length < 15) block.push(p.constant(0));
  return [...block, p.constant(bits)];
}
