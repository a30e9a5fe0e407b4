import { describe, expect, it } from 'vitest';
import { tailOf, midstateOf, swap } from '../../js/sha256.ts';
import { hashHeader } from '../../header.ts';
import { GENESIS } from '../../kernels.fixture.ts';
import { evaluate } from '../evaluate.fixture.ts';
import { liveCode } from '../live.ts';
import { fixedKeys, hashFrom, hashUntil, sharedSchedule, startState, type Part } from '../search.ts';
import { Constants } from './constants.ts';
import { batchBody, stepBody } from './functions.ts';
import { hybridAssembly, VARIANTS } from './index.ts';
import { layoutOf } from './layout.ts';
import { Simulator } from './simulator.fixture.ts';

/** The words a part reads, by slot. */
function uniformsOf(part: Part, input: ArrayLike<number>): number[] {
  const slots = [...liveCode(part.program, part.results).slots.keys()];
  return evaluate(part.program, slots.map((uniform) => ({ uniform })), { input, lane: 0, stored: new Uint32Array(64) });
}

/** The lines of a function that the simulator runs: without what loads pointers, which the test has set. */
const computing = (lines: readonly string[]): string[] => lines.filter((line) => !/^(mov|lea|kmovw) /.test(line));

describe.each(VARIANTS)('the hybrid kernel with its halves meeting at round $split', ({ split, cut, cluster }) => {
  it('computes H7 of sixteen nonces, run instruction by instruction', () => {
    const first = 0x7c2bac1d - 5;
    const version = 1;
    const layout = layoutOf(split);
    const constants = new Constants('%rbx', 'constants');
    const batch = batchBody(layout, constants);
    const step = stepBody(layout, cut, cluster, constants, false);
    const machine = new Simulator();
    const at = { table: 0x1000, start: 0x3000, state: 0x3100, uniforms: 0x3400, middle: 0x4000, tail: 0x5000, fields: 0x5800, constants: 0x6000, stack: 0x8000 };
    const pointers = { '%rdi': at.fields, '%rsi': at.table, '%rdx': at.start, '%r8': at.state, '%r9': at.state, '%r10': at.table + layout.keys, '%r11': at.uniforms, '%r12': at.middle, '%r13': at.middle, '%rcx': at.table, '%rax': at.tail, '%rbx': at.constants + Constants.BIAS, '%rsp': at.stack };
    for (const [register, address] of Object.entries(pointers)) machine.pointers.set(register, address);

    const input = [...midstateOf(GENESIS, version), ...tailOf(GENESIS)];
    const state = evaluate(startState().program, startState().results, { input });
    machine.write(at.start, [5, 4, 1, 0, 7, 6, 3, 2].map((i) => state[i] as number));
    machine.write(at.uniforms, uniformsOf(cut === null ? hashFrom(split) : hashUntil(split, cut), input));
    machine.write(at.tail, uniformsOf(sharedSchedule(), input));
    machine.write(at.constants, constants.data().flatMap((line) => (line.startsWith('.long') ? [Number(line.slice(6))] : [])));
    machine.write(at.table + layout.fixed, evaluate(fixedKeys().program, fixedKeys().results, { input, lane: 0 }));
    const nonces = Array.from({ length: 16 }, (_, lane) => swap(first + lane));
    machine.write(at.table + layout.words, nonces);
    machine.write(at.table + layout.nonces, nonces.flatMap((nonce) => [0, nonce, 0, nonce]));

    const top = Array.from({ length: 16 }, (_, lane) => Buffer.from(hashHeader(GENESIS, version, first + lane)).readUInt32BE(28));
    machine.run(computing(batch.lines));
    // One call each for the SHA half, the beginning and the end of the vector half; the buffers are the same here.
    for (let call = 0; call < 3; call++) machine.run(computing(step.lines));
    for (const mask of [0xffffffff, 1, 0x80, 0x00ff0000]) {
      machine.write(at.fields + 80, [mask]);
      machine.run(computing(step.lines));
      expect(machine.mask).toBe(top.reduce((bits, word, lane) => ((word & mask) === 0 ? bits | (1 << lane) : bits), 0));
    }
    expect(top[5]).toBe(0);
  });
});

describe('the text of the hybrid kernel', () => {
  const lines = hybridAssembly().split('\n');

  it('keeps the two halves apart: vectors in zmm16 to zmm31, SHA instructions on xmm0 to xmm8', () => {
    const vector = lines.filter((line) => line.startsWith('v'));
    const sha = lines.filter((line) => /^(sha256|mov(dqa|q) |paddd)/.test(line));
    expect(vector.length).toBeGreaterThan(8000);
    expect(sha.length).toBeGreaterThan(3000);
    expect(vector.filter((line) => /%[xy]mm/.test(line) || [...line.matchAll(/%zmm(\d+)/g)].some(([, n]) => Number(n) < 16))).toEqual([]);
    expect(sha.filter((line) => /%[yz]mm/.test(line) || [...line.matchAll(/%xmm(\d+)/g)].some(([, n]) => Number(n) > 8))).toEqual([]);
  });

  it('has at most one operand in memory an instruction', () => {
    expect(lines.filter((line) => line.startsWith('v') && (line.match(/\(/g) ?? []).length > 1)).toEqual([]);
  });
});
