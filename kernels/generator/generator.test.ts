import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hashHeader } from '../header.ts';
import { midstateOf, swap, tailOf } from '../js/sha256.ts';
import { packageRoot } from '../paths.ts';
import { emitAssemblyScript } from './emit-assemblyscript.ts';
import { evaluate } from './evaluate.fixture.ts';
import { liveCode } from './live.ts';
import { Program } from './program.ts';
import { nativeSource } from './index.ts';
import { mixByNeed, needed, type Step } from './order.ts';
import { firstHash, rolledFirstHash, secondHash, sharedSchedule, STORED_WORDS, type Part } from './search.ts';
import { INITIAL_STATE, ROUND_CONSTANTS, rounds, schedule, withConstants, type State } from './sha256d.ts';

describe('SHA-256 constants', () => {
  it('are those of FIPS 180-4', () => {
    expect(INITIAL_STATE.map((word) => word.toString(16))).toEqual(['6a09e667', 'bb67ae85', '3c6ef372', 'a54ff53a', '510e527f', '9b05688c', '1f83d9ab', '5be0cd19']);
    expect(ROUND_CONSTANTS[0]).toBe(0x428a2f98);
    expect(ROUND_CONSTANTS[18]).toBe(0x0fc19dc6);
    expect(ROUND_CONSTANTS[63]).toBe(0xc67178f2);
    // The C code that is not generated has them written out.
    const table = /\[64\] = \{([^}]*)\}/.exec(readFileSync(path.join(packageRoot(), 'kernels/native/sha256_constants.h'), 'utf8'))?.[1] ?? '';
    expect(table.split(',').map(Number)).toEqual(ROUND_CONSTANTS);
  });
});

/** Operations on a machine with three-input logic: `xor` is there for others, and inputs are no operations. */
function operations(part: Part, ...kinds: string[]): number {
  const counted = kinds.length > 0 ? kinds : ['add', 'rotr', 'shr', 'xor3', 'ch', 'maj'];
  return liveCode(part.program, part.results).vectors.filter(({ op }) => counted.includes(op.kind)).length;
}

describe('the parts of the search', () => {
  const [first, second, shared, rolled] = [firstHash(), secondHash(), sharedSchedule(), rolledFirstHash()];

  it('do only what depends on the nonce: 2846 operations a hash, 2386 when 460 are shared between versions', () => {
    expect(operations(first) + operations(second)).toBe(2846);
    expect(operations(rolled) + operations(second)).toBe(2386);
    expect(operations(shared)).toBe(460);
  });

  it('leave out the rounds without the nonce, those that reach H7 no more, and the constant first round of the second hash', () => {
    // The first hash has rounds 3 to 63, round 3 only additions.
    for (const part of [first, rolled]) expect([operations(part, 'ch'), operations(part, 'maj')]).toEqual([60, 60]);
    // The second has rounds 1 to 60, and `a` of the last four is not made.
    expect([operations(second, 'ch'), operations(second, 'maj')]).toEqual([60, 56]);
    // Six rotates a round, three for `e` alone in the last four.
    expect(operations(rolled, 'rotr')).toBe(6 * 60);
  });

  it('read every word of the shared schedule, once each', () => {
    const reads = liveCode(rolled.program, rolled.results).vectors.flatMap(({ op }) => (op.kind === 'stored' ? [op.n] : []));
    expect(reads).toEqual(Array.from({ length: STORED_WORDS }, (_, i) => i));
    expect(shared.results).toHaveLength(STORED_WORDS);
  });

  it.each(Object.entries({ first, second, shared, rolled }))('have no operation that nothing reads: %s', (_name, part) => {
    const { vectors } = liveCode(part.program, part.results);
    const read = new Set([...vectors.flatMap(({ op }) => op.args), ...part.results].flatMap((arg) => ('vector' in arg ? [arg.vector] : [])));
    expect(vectors.filter(({ id }) => !read.has(id))).toEqual([]);
  });

  it('give the last word of SHA-256d of any header, version and nonce, plain and with the schedule of another run', () => {
    const header = fc.uint8Array({ minLength: 80, maxLength: 80 });
    const word = fc.integer({ min: 0, max: 0xffffffff });
    fc.assert(
      fc.property(header, word, word, (bytes, version, nonce) => {
        const tail = [...tailOf(bytes)];
        const input = [...midstateOf(bytes, version), ...tail];
        const run = (part: Part, stored: readonly number[] = []): number[] => evaluate(part.program, part.results, { input, lane: swap(nonce), stored });
        const expected = Buffer.from(hashHeader(bytes, version, nonce)).readUInt32BE(28);
        expect(run(second, run(first))).toEqual([expected]);
        // The schedule must not look at the midstate.
        const keys = evaluate(shared.program, shared.results, { input: [...new Array<number>(8).fill(7), ...tail], lane: swap(nonce) });
        expect(run(second, run(rolled, keys))).toEqual([expected]);
      }),
      { numRuns: 40 },
    );
  });
});

describe('mixByNeed', () => {
  const chain: Step[] = [{ kind: 'lane', reads: [] }, { kind: 'add', reads: [0] }, { kind: 'rotr', reads: [1] }, { kind: 'add', reads: [0] }, { kind: 'add', reads: [2, 3] }];

  it('wants first what the longest chain waits for', () => {
    // Four cycles: add 1, rotate 2, add 1. The other addition is needed a cycle before the end only.
    expect(needed(chain)).toEqual([0, 0, 0.25, 0.5, 0.75]);
  });

  it('spreads lists over the whole and keeps every operation behind those it reads', () => {
    const mixed = mixByNeed({ steps: chain, entries: ['a0', 'a1', 'a2', 'a3', 'a4'] }, { steps: chain.slice(0, 2), entries: ['b0', 'b1'] });
    expect(mixed).toEqual(['a0', 'a1', 'b0', 'b1', 'a2', 'a3', 'a4']);
  });
});

describe('rounds', () => {
  const word = fc.integer({ min: 0, max: 0xffffffff });

  it('make SHA-256, also when a second program goes on in the middle with stored words', () => {
    fc.assert(
      fc.property(fc.array(word, { minLength: 13, maxLength: 13 }), fc.integer({ min: 0, max: 64 }), (message, middle) => {
        // A message of 13 words, padded by hand.
        const block = [...message, 0x80000000, 0, 32 * 13];
        const head = new Program();
        const keys = withConstants(head, schedule(head, block.map((_, i) => (i === 0 ? head.lane() : head.input(i)))));
        const state = rounds(head, INITIAL_STATE.map((constant) => head.constant(constant)) as State, keys, 0, middle).map((value) => head.whole(value));
        const rest = Array.from({ length: 64 }, (_, t) => head.whole(keys(t)));
        const stored = evaluate(head, [...state, ...rest], { lane: block[0] as number, input: block });

        const tail = new Program();
        const start = Array.from({ length: 8 }, (_, i) => tail.stored(i)) as State;
        const end = rounds(tail, start, (t) => tail.stored(8 + t), middle, 64).map((value, i) => tail.whole(tail.add(value, tail.constant(INITIAL_STATE[i] as number))));
        const digest = Buffer.alloc(32);
        evaluate(tail, end, { stored }).forEach((value, i) => digest.writeUInt32BE(value, 4 * i));
        const bytes = Buffer.alloc(52);
        message.forEach((value, i) => bytes.writeUInt32BE(value, 4 * i));
        expect(digest.toString('hex')).toBe(createHash('sha256').update(bytes).digest('hex'));
      }),
      { numRuns: 30 },
    );
  });
});

describe('Program', () => {
  it('folds constants, shares equal operations, and adds what is the same for all lanes once', () => {
    const p = new Program();
    const sum = p.add(p.constant(0xffffffff), p.constant(2));
    expect(sum.uniform).toEqual({ constant: 1 });
    const nonce = p.lane();
    const a = p.add(nonce, p.input(0), p.constant(5));
    const b = p.add(a, p.constant(7));
    p.whole(p.rotr(b, 3));
    p.whole(p.rotr(b, 3));
    // One addition and one rotate: input + 5 + 7 is worked out once per job.
    expect(p.vectors.map((op) => op.kind)).toEqual(['lane', 'add', 'rotr']);
  });

  it.each(Object.entries({ C: nativeSource(), AssemblyScript: emitAssemblyScript() }))('writes %s that names every value before it is read', (_language, text) => {
    let seen = new Set<string>();
    let names = 0;
    for (const line of text.split('\n')) {
      if (/^(?:export |static inline .*)?(?:function|void) /.test(line)) seen = new Set(['nonce']);
      const [, name, value] = /^ +const (?:V )?([svx]\d+\w*)(?:: u32)? = (.*);$/.exec(line) ?? [];
      if (!name || !value) continue;
      expect((value.match(/\b[svx]\d+(?:_\w)?\b(?!\.)/g) ?? []).filter((used) => !seen.has(used))).toEqual([]);
      seen.add(name);
      names++;
    }
    expect(names).toBeGreaterThan(6000);
  });
});
