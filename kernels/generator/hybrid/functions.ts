/**
 * The functions of a hybrid kernel, as lists of instructions. They take one argument, in %rdi, a `step` of
 * native/kernel_hybrid.c; FIELD below are the offsets of its members.
 */
import { mergeEvenly } from '../order.ts';
import { FIRST_STORED_ROUND, hashFrom, hashUntil, restOfHash, sharedSchedule, type Part } from '../search.ts';
import { allocate } from './allocate.ts';
import type { Constants } from './constants.ts';
import { type Layout, pairAt, rowAt, stateAt } from './layout.ts';
import { lower, transpose } from './lower.ts';
import { BYTES, Code, joined, soon, vectorAt, wordAt, woven, type Source } from './machine.ts';
import { shaStream, type Piece } from './sha-stream.ts';

/** Offsets in a `step`; native/kernel_hybrid.c asserts them. */
export const FIELD = { shaTable: 0, start: 8, stateOut: 16, stateIn: 24, keys: 32, uniforms: 40, middleOut: 48, middleIn: 56, nextTable: 64, tail: 72, mask: 80, hits: 84 } as const;

/** Who holds what. %xmm0-8 are the SHA half's, %zmm16-31 the vector half's. */
const REGISTER = { shaTable: '%rsi', start: '%rdx', stateOut: '%r8', stateIn: '%r9', keys: '%r10', uniforms: '%r11', middleOut: '%r12', middleIn: '%r13', nextTable: '%rcx', tail: '%rax' } as const;

export interface Body {
  readonly lines: readonly string[];
  /** Memory wanted at %rsp. */
  readonly spillBytes: number;
}

const load = (name: keyof typeof REGISTER): string => `mov ${FIELD[name]}(%rdi), ${REGISTER[name]}`;

/** Makes the schedule of a batch of nonces: pairs for the SHA half, vectors for the vector half. */
export function batchBody(layout: Layout, constants: Constants): Body {
  const { lines, spillBytes } = allocate(scheduleCode(layout, constants).ops);
  return { lines: [load('nextTable'), load('tail'), constants.load, ...lines], spillBytes };
}

/**
 * One step: the SHA half of an item (16 nonces under one version) and the vector half of an earlier one, which have nothing
 * to do with each other and run side by side. With `isPlain`, the schedule of the next batch too: without versions to roll,
 * every item is a batch of its own.
 */
export function stepBody(layout: Layout, cut: number | null, cluster: number, constants: Constants, isPlain: boolean): Body {
  const hash = cut === null ? wholeHash(layout, constants) : woven(hashBegin(layout, cut, constants), hashEnd(cut, constants));
  const { lines, spillBytes } = allocate((isPlain ? joined(hash, scheduleCode(layout, constants)) : hash).ops);
  const sha = shaStream(layout.split, {
    start: (offset) => `${offset}(${REGISTER.start})`,
    nonce: (lane) => `${layout.nonces + 16 * lane}(${REGISTER.shaTable})`,
    fixedPair: (t) => `${layout.fixed + 4 * (t - 4)}(${REGISTER.shaTable})`,
    lanePair: (t, lane) => `${pairAt(layout, t, lane)}(${REGISTER.shaTable})`,
    out: (lane, half) => `${stateAt(lane, half)}(${REGISTER.stateOut})`,
  });
  const loads = (['shaTable', 'start', 'stateOut', 'stateIn', 'keys', 'uniforms', 'middleOut', 'middleIn', ...(isPlain ? (['nextTable', 'tail'] as const) : [])] as const).map(load);
  return { lines: [...loads, constants.load, ...merged(lines, sha, cluster), 'kmovw %k1, %eax', `mov %eax, ${FIELD.hits}(%rdi)`], spillBytes };
}

/** From the state the SHA half left to the test of H7. */
function wholeHash(layout: Layout, constants: Constants): Code {
  const code = new Code();
  const [top] = lowerHash(code, hashFrom(layout.split), constants);
  code.test(top as Source, wordAt(`${FIELD.mask}(%rdi)`), 1);
  return code;
}

/** From the state the SHA half left up to round `cut` - 1 of the second hash. */
function hashBegin(layout: Layout, cut: number, constants: Constants): Code {
  const code = new Code();
  lowerHash(code, hashUntil(layout.split, cut), constants).forEach((result, i) => code.store(result, `${i * BYTES}(${REGISTER.middleOut})`));
  return soon(code);
}

function lowerHash(code: Code, part: Part, constants: Constants): Source[] {
  const [f, e, b, a] = transpose(code, (j) => vectorAt(`${rowAt(j, 0)}(${REGISTER.stateIn})`));
  const [h, g, d, c] = transpose(code, (j) => vectorAt(`${rowAt(j, 1)}(${REGISTER.stateIn})`));
  const state = [a, b, c, d, e, f, g, h];
  return lower(code, part, {
    stored: (i) => state[i] ?? vectorAt(`${(i - 8) * BYTES}(${REGISTER.keys})`),
    uniform: (slot) => `${4 * slot}(${REGISTER.uniforms})`,
    constant: constants.at,
  });
}

/** The rest, of the item before. */
function hashEnd(cut: number, constants: Constants): Code {
  const code = new Code();
  const [top] = lower(code, restOfHash(cut), {
    stored: (i) => vectorAt(`${i * BYTES}(${REGISTER.middleIn})`),
    uniform: () => {
      throw new Error('the end of the second hash reads no word of the version');
    },
    constant: constants.at,
  });
  code.test(top as Source, wordAt(`${FIELD.mask}(%rdi)`), 1);
  return code;
}

function scheduleCode(layout: Layout, constants: Constants): Code {
  const code = new Code();
  const at = (offset: number): string => `${offset}(${REGISTER.nextTable})`;
  const keys = lower(code, sharedSchedule(), {
    lane: code.emit('load', [vectorAt(at(layout.words))]),
    stored: () => {
      throw new Error('the schedule reads nothing that is stored');
    },
    uniform: (slot) => `${4 * slot}(${REGISTER.tail})`,
    constant: constants.at,
  });
  for (let t = FIRST_STORED_ROUND; t < 64; t++) {
    const key = keys[t - FIRST_STORED_ROUND] as Source;
    if (t >= layout.split) code.store(key, at(layout.keys + (t - layout.split) * BYTES));
    else if (t % 2 === 1) {
      const pair = [keys[t - 1 - FIRST_STORED_ROUND] as Source, key];
      code.store(code.emit('unpack32low', pair), at(pairAt(layout, t - 1, 0)));
      code.store(code.emit('unpack32high', pair), at(pairAt(layout, t - 1, 2)));
    }
  }
  return soon(code);
}

/** Pieces spread evenly between the lines, `cluster` at a time. */
function merged(lines: readonly string[], pieces: readonly Piece[], cluster: number): string[] {
  const clusters = Array.from({ length: Math.ceil(pieces.length / cluster) }, (_, i) => pieces.slice(i * cluster, (i + 1) * cluster).flat());
  return mergeEvenly<readonly string[]>(lines.map((line) => [line]), clusters).flat();
}
