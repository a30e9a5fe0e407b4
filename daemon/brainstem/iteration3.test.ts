import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { packageRoot } from '../version.ts';
import { loadBlueprint } from './blueprint.ts';
import { knuth, loadMathParameters, MATH_GROUPS, parseMathParameters } from './iteration3.ts';

const FILE = path.join(packageRoot(), 'Iteration 3.yaml');

describe('knuth', () => {
  it.each([
    [1_600_000, 3, 161, 1_744_830_625],
    [870_000, 3, 161, 1_451_716_769],
    [850_000, 3, 161, 145_739_937],
    [999_999, 3, 161, 698_521_440],
  ])('K(%i, %i, %i) = %i', (n, k, m, expected) => {
    expect(knuth(n, k, m)).toBe(expected);
  });

  it('agrees with plain BigInt arithmetic', () => {
    for (const [n, k, m] of [[2n, 81n, 0n], [0n, 0n, 5n], [4294967295n, 7n, 4294967295n], [10n ** 40n + 7n, 13n, 10n ** 20n]] as const) {
      expect(knuth(n, k, m)).toBe(Number((n ** k + m) % 2n ** 32n));
    }
  });
});

describe('Iteration 3.yaml as shipped', () => {
  const shipped = loadMathParameters(FILE);

  it("holds the seeds' parameters", () => {
    expect(shipped.knuth).toEqual({ n: 1_600_000, k: 3, m: 161 });
    expect(shipped.entropyScaling).toEqual({ base: 256, depth: 3, iterations: 1000 });
  });

  it('makes up no BitLoad', () => {
    for (const name of MATH_GROUPS) expect(shipped.groups[name]?.bitload).toBeNull();
  });

  it('agrees with base + modifier of Brain.QTL', () => {
    const { base_parameters: base, modifier_parameters: modifiers } = loadBlueprint(path.join(packageRoot(), 'Brain.QTL')).data.mathematical_framework;
    expect(Object.keys(modifiers)).toEqual([...MATH_GROUPS]);
    for (const name of MATH_GROUPS) {
      const modifier = modifiers[name];
      expect(shipped.groups[name], name).toMatchObject({
        concept: modifier?.concept,
        levels: base.levels + (modifier?.levels ?? NaN),
        iterations: base.iterations + (modifier?.iterations ?? NaN),
        cycles: base.cycles + (modifier?.cycles ?? NaN),
      });
    }
  });
});

describe('parseMathParameters', () => {
  const digits = `${'1234567890'.repeat(11)}1`;

  it('reads the original form and keeps every digit of the BitLoad', () => {
    const text = `
families:
  pre:
    - DriftCheck: { level: ${digits}, phase: start }
  main:
    - Knuth-Sorrellian-Class(${digits}, 95, 425000)
    - BitLoad: ${digits}
    - Cycles: 225
  post:
    - ForkSyne: true
`;
    const { groups, knuth: none } = parseMathParameters(text, 'x.yaml');
    expect(none).toBeNull();
    expect(groups.families?.bitload).toBe(BigInt(digits));
    expect(String(groups.families?.bitload)).toHaveLength(111);
    expect(groups.families?.cycles).toBe(225);
    expect(groups.families?.notation).toBe(`Knuth-Sorrellian-Class(${digits}, 95, 425000)`);
  });

  it('reads a BitLoad of the short form, also in quotes and under groups', () => {
    expect(parseMathParameters(`lanes: { levels: 100, bitload: ${digits} }`, 'x').groups.lanes).toMatchObject({ levels: 100, bitload: BigInt(digits) });
    expect(parseMathParameters(`groups: { lanes: { bitload: "${digits}" } }`, 'x').groups.lanes?.bitload).toBe(BigInt(digits));
  });

  it.each([
    ['knuth_params: { n: 1, k: 2 }', 'x.yaml: knuth_params.m'],
    ['knuth_params: { n: -1, k: 2, m: 3 }', 'x.yaml: knuth_params.n: must be a whole number from 0'],
    ['families: { levels: many }', 'x.yaml: families.levels: must be a whole number'],
    ['families: { level: 3 }', 'x.yaml: families'],
    ['families:\n  main: [{ BitLoad: 1.5 }]', 'x.yaml: families.main.BitLoad: must be a whole number'],
    ['a: [', 'x.yaml: '],
  ])('refuses %j with file and field', (text, message) => {
    expect(() => parseMathParameters(text, 'x.yaml')).toThrow(message);
  });
});
