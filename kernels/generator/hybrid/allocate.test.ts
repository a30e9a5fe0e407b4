import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { allocate } from './allocate.ts';
import { BYTES, Code, LANES, vectorAt, wordAt, type Op, type OpKind, type Source } from './machine.ts';
import { Simulator } from './simulator.fixture.ts';

const INPUT = 0x1000;
const OUTPUT = 0x4000;
const STACK = 0x9000;
const INPUT_VECTORS = 4;
const STORES = 24;
const input = (i: number): string => `${i * BYTES}(%rsi)`;
const output = (i: number): string => `${i * BYTES}(%rdi)`;

type Words = readonly number[];

/** Word by word, by the definition of each operation; memory is only what the tests name. */
function evaluate(ops: readonly Op[], memory: readonly Words[]): { stored: Map<string, Words>; mask: number } {
  const values: Words[] = [];
  const stored = new Map<string, Words>();
  let mask = 0;
  const read = (source: Source): Words => {
    if ('value' in source) return values[source.value] as Words;
    const vector = memory[Number.parseInt(source.memory, 10) / BYTES] as Words;
    return source.spread ? vector.map(() => vector[0] as number) : vector;
  };
  const rotr = (x: number, n: number): number => (x >>> n) | (x << (32 - n));
  const lanewise: Partial<Record<OpKind, (x: number, y: number, z: number, n: number) => number>> = {
    load: (x) => x,
    add: (x, y) => x + y,
    rotr: (x, _y, _z, n) => rotr(x, n),
    shr: (x, _y, _z, n) => x >>> n,
    xor3: (x, y, z) => x ^ y ^ z,
    ch: (x, y, z) => (x & y) | (~x & z),
    maj: (x, y, z) => (x & y) | (x & z) | (y & z),
  };
  /** Which operand and which word of its 128-bit block each word of a result comes from. */
  const unpacked: Partial<Record<OpKind, readonly [number, number][]>> = {
    unpack32low: [[0, 0], [1, 0], [0, 1], [1, 1]],
    unpack32high: [[0, 2], [1, 2], [0, 3], [1, 3]],
    unpack64low: [[0, 0], [0, 1], [1, 0], [1, 1]],
    unpack64high: [[0, 2], [0, 3], [1, 2], [1, 3]],
  };
  for (const { kind, args, n, to } of ops) {
    const given = args.map(read);
    const at = (operand: number, lane: number): number => given[operand]?.[lane] ?? 0;
    const one = lanewise[kind];
    const block = unpacked[kind];
    const lanes = Array.from({ length: LANES }, (_, lane) => lane);
    if (kind === 'store') stored.set(to as string, given[0] as Words);
    if (kind === 'test') mask = lanes.reduce((bits, lane) => ((at(0, lane) & at(1, lane)) === 0 ? bits | (1 << lane) : bits), 0);
    values.push(
      lanes.map((lane) => {
        if (one) return one(at(0, lane), at(1, lane), at(2, lane), n) >>> 0;
        const [operand, word] = block?.[lane % 4] ?? [0, 0];
        return at(operand, lane - (lane % 4) + word);
      }),
    );
  }
  return { stored, mask };
}

/** One operation yet without its operands: each is a number that picks among what is there by then. */
interface Draft {
  readonly kind: OpKind;
  readonly picks: readonly number[];
  readonly n: number;
}

const ARITY: readonly (readonly [OpKind, number])[] = [
  ['load', 1], ['add', 2], ['rotr', 1], ['shr', 1], ['xor3', 3], ['ch', 3], ['maj', 3],
  ['unpack32low', 2], ['unpack32high', 2], ['unpack64low', 2], ['unpack64high', 2], ['store', 1], ['test', 2],
];

/** @param far how far back operands may reach: more than there are registers makes values wait in memory */
function built(drafts: readonly Draft[], far: number): Code {
  const code = new Code();
  const made: Source[] = [];
  let stores = 0;
  const pick = (number: number, mayBeWord: boolean): Source => {
    if (number % 8 === 0 || made.length === 0) return mayBeWord && number % 16 === 0 ? wordAt(input((number >> 4) % INPUT_VECTORS)) : vectorAt(input((number >> 4) % INPUT_VECTORS));
    return made[made.length - 1 - ((number >> 3) % Math.min(far, made.length))] as Source;
  };
  for (const { kind, picks, n } of drafts) {
    // Words are spread in every operand of 32 bits; unpacking pairs has operands of 64.
    const args = picks.map((number) => pick(number, !kind.startsWith('unpack')));
    if (kind === 'store') {
      if (stores < STORES) code.store(args[0] as Source, output(stores++));
    } else if (kind === 'test') code.test(args[0] as Source, args[1] as Source, 1);
    else made.push(code.emit(kind, args, n));
  }
  // Every value is read again at the end, the oldest first.
  made.slice(-STORES).forEach((value, i) => code.store(value, output(STORES + i)));
  return code;
}

const drafts = fc.array(
  fc.constantFrom(...ARITY).chain(([kind, arity]) => fc.record({ kind: fc.constant(kind), picks: fc.array(fc.nat(1 << 12), { minLength: arity, maxLength: arity }), n: fc.integer({ min: 1, max: 31 }) })),
  { minLength: 1, maxLength: 120, size: 'max' },
);
const vectors = fc.array(fc.array(fc.nat(0xffffffff), { minLength: LANES, maxLength: LANES }), { minLength: INPUT_VECTORS, maxLength: INPUT_VECTORS });

function simulate(ops: readonly Op[], memory: readonly Words[]): { machine: Simulator; lines: readonly string[]; spillBytes: number } {
  const { lines, spillBytes } = allocate(ops);
  const machine = new Simulator();
  for (const [register, at] of [['%rsi', INPUT], ['%rdi', OUTPUT], ['%rsp', STACK]] as const) machine.pointers.set(register, at);
  memory.forEach((words, i) => machine.write(INPUT + i * BYTES, words));
  // What is above the memory asked for belongs to somebody else.
  machine.write(STACK + spillBytes, Array.from({ length: 64 }, () => 0xdeadbeef));
  machine.run(lines);
  expect(machine.words(STACK + spillBytes, 64)).toEqual(Array.from({ length: 64 }, () => 0xdeadbeef));
  return { machine, lines, spillBytes };
}

function agrees(ops: readonly Op[], memory: readonly Words[]): ReturnType<typeof simulate> {
  const run = simulate(ops, memory);
  const { stored, mask } = evaluate(ops, memory);
  for (const [to, words] of stored) expect(run.machine.words(OUTPUT + Number.parseInt(to, 10), LANES), to).toEqual(words);
  expect(run.machine.mask).toBe(mask);
  return run;
}

describe('allocate', () => {
  it.each([3, 12, 18, 60])('computes what the operations say, with operands from as far back as %i values', { timeout: 30_000 }, (far) => {
    let spills = 0;
    // Making a failure smaller may take minutes: what has been found by then is told.
    fc.assert(fc.property(drafts, vectors, (given, memory) => void (spills += agrees(built(given, far).ops, memory).spillBytes)), { numRuns: 150, interruptAfterTimeLimit: 10_000 });
    // Values did wait in memory, or this would have tried less than it says.
    expect(spills).toBeGreaterThan(0);
  });

  const memory = Array.from({ length: INPUT_VECTORS }, (_, i) => Array.from({ length: LANES }, (__, lane) => ((i + 1) * 0x9e3779b9 + lane * 0x01234567) >>> 0));

  it.each(['xor3', 'ch', 'maj', 'add'] as const)('computes %s whose operands are the same value, in a register and in memory', (kind) => {
    const arity = kind === 'add' ? 2 : 3;
    // Which of two values, or the word in memory, each operand is.
    for (let choice = 0; choice < 3 ** arity; choice++) {
      for (const between of [0, 20]) {
        for (const readAgain of [false, true]) {
          const code = new Code();
          const [x, y] = [code.emit('load', [vectorAt(input(0))]), code.emit('load', [vectorAt(input(1))])];
          // So many others that x and y have to wait in memory.
          const others = Array.from({ length: between }, (_, i) => code.emit('rotr', [vectorAt(input(2))], i + 1));
          others.forEach((other, i) => i > 0 && code.emit('add', [others[0] as Source, other]));
          const args = Array.from({ length: arity }, (_, i) => [x, y, wordAt(input(3))][Math.floor(choice / 3 ** i) % 3] as Source);
          code.store(code.emit(kind, args), output(0));
          if (readAgain) [x, y].forEach((value, i) => code.store(value, output(1 + i)));
          others.forEach((other, i) => code.store(other, output(3 + i)));
          agrees(code.ops, memory);
        }
      }
    }
  });

  it('uses no memory while sixteen registers are enough, and each slot again when its value is dead', () => {
    const sum = (count: number): Code => {
      const code = new Code();
      for (let round = 0; round < 5; round++) {
        const values = Array.from({ length: count }, (_, i) => code.emit('rotr', [vectorAt(input(i % INPUT_VECTORS))], i + 1));
        code.store(values.reduce((x, y) => code.emit('add', [x, y])), output(round));
      }
      return code;
    };
    expect(agrees(sum(16).ops, memory).spillBytes).toBe(0);
    // Three too many each time, in the same places.
    expect(agrees(sum(19).ops, memory).spillBytes).toBe(3 * BYTES);
  });

  it('has at most one operand in memory an instruction', () => {
    fc.assert(fc.property(drafts, (given) => allocate(built(given, 40).ops).lines.every((line) => (line.match(/\(/g) ?? []).length <= 1)));
  });
});
