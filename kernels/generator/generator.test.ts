import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { packageRoot } from '../paths.ts';
import { emitC } from './emit-c.ts';
import { evaluate } from './evaluate.fixture.ts';
import { liveCode } from './live.ts';
import { Program } from './program.ts';
import { INITIAL_STATE, ROUND_CONSTANTS, rounds, schedule, sha256dTopWord, withConstants, type State } from './sha256d.ts';

describe('SHA-256 constants', () => {
  it('are those of FIPS 180-4', () => {
    expect(INITIAL_STATE.map((word) => word.toString(16))).toEqual(['6a09e667', 'bb67ae85', '3c6ef372', 'a54ff53a', '510e527f', '9b05688c', '1f83d9ab', '5be0cd19']);
    expect(ROUND_CONSTANTS[0]).toBe(0x428a2f98);
    expect(ROUND_CONSTANTS[18]).toBe(0x0fc19dc6);
    expect(ROUND_CONSTANTS[63]).toBe(0xc67178f2);
    // The C file for the few hashes outside the kernels has them written out.
    const table = /K\[64\] = \{([^}]*)\}/.exec(readFileSync(path.join(packageRoot(), 'kernels/native/sha256.c'), 'utf8'))?.[1] ?? '';
    expect(table.split(',').map(Number)).toEqual(ROUND_CONSTANTS);
  });
});

describe('the generated search', () => {
  const { program, result } = sha256dTopWord();
  const live = liveCode(program, result);
  const count = (...kinds: string[]): number => live.vectors.filter(({ op }) => kinds.includes(op.kind)).length;

  it('does only what depends on the nonce: 2846 operations on a machine with three-input logic', () => {
    // xor alone is there for machines without it; the nonce itself is no operation.
    expect(live.vectors.length - count('xor', 'lane')).toBe(2846);
    // 61 full rounds of the first hash after the midstate's three, and 60 of the second (its first is constant); `a` of the last four is dropped.
    expect(count('ch')).toBe(120);
    expect(count('maj')).toBe(116);
  });

  it('has no operation that nothing reads', () => {
    const read = new Set(live.vectors.flatMap(({ op }) => op.args.flatMap((arg) => ('vector' in arg ? [arg.vector] : []))));
    const unread = live.vectors.filter(({ id }) => !read.has(id)).map(({ id }) => id);
    expect(unread).toEqual('vector' in result ? [result.vector] : []);
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

  it('writes C that names every value before it is read', () => {
    const { program, result } = sha256dTopWord();
    const seen = new Set<string>(['nonce']);
    for (const line of emitC(program, result).split('\n')) {
      const [, name, text] = /^ {2}const (?:V|uint32_t) (\w+) = (.*);$/.exec(line) ?? [];
      if (!name || !text) continue;
      expect((text.match(/\b[vs]\d+\b/g) ?? []).filter((used) => !seen.has(used))).toEqual([]);
      seen.add(name);
    }
    expect(seen.size).toBeGreaterThan(2900);
  });
});
