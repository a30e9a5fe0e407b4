import { describe, expect, test } from 'vitest';
import { SeededRandom } from '../solver/random.ts';
import { breed, elitesOf, randomOf, type Parent } from './breeding.ts';
import { fitnessOf } from './fitness.ts';
import { checkBounds, cross, DEFAULT_BOUNDS, fromUnit, geneNames, genesKey, mutate, reflect, toUnit, uniformGenes, type BoundsTable, type Genes } from './genes.ts';
import { DEFAULT_HUNT } from './settings.ts';

const isWithin = (genes: Genes, table: BoundsTable = DEFAULT_BOUNDS): boolean => geneNames(table).every((gene) => genes[gene]! >= table[gene]!.min && genes[gene]! <= table[gene]!.max);

describe('genes', () => {
  test('go to a place in their range and back', () => {
    for (const gene of geneNames(DEFAULT_BOUNDS)) {
      const bounds = DEFAULT_BOUNDS[gene]!;
      expect(toUnit(bounds.min, bounds)).toBeCloseTo(0, 12);
      expect(toUnit(bounds.max, bounds)).toBeCloseTo(1, 12);
      for (const unit of [0, 0.25, 0.5, 1]) expect(toUnit(fromUnit(unit, bounds), bounds)).toBeCloseTo(unit, 12);
    }
    expect(fromUnit(0.5, { min: 0.01, max: 1, scale: 'log' })).toBeCloseTo(0.1, 12);
  });

  test('are reflected at the ends', () => {
    for (const [from, to] of [[0.3, 0.3], [-0.2, 0.2], [1.3, 0.7], [2.4, 0.4], [-1.1, 0.9]] as const) expect(reflect(from)).toBeCloseTo(to, 12);
  });

  test('stay within their bounds through drawing, crossing and the wildest mutation', () => {
    const random = new SeededRandom(1);
    for (let i = 0; i < 500; i++) {
      const [a, b] = [uniformGenes(DEFAULT_BOUNDS, random), uniformGenes(DEFAULT_BOUNDS, random)];
      for (const genes of [a, cross(a, b, DEFAULT_BOUNDS, random), mutate(a, DEFAULT_BOUNDS, { rate: 1, strength: 5 }, random)]) expect(isWithin(genes)).toBe(true);
    }
  });

  test('a child of a crossing lies between its parents or 0.3 beyond, and both happen', () => {
    const table: BoundsTable = { sncgl_epsilon: { min: 0.1, max: 1.1, scale: 'linear' } };
    const random = new SeededRandom(2);
    const children = Array.from({ length: 500 }, () => cross({ sncgl_epsilon: 0.5 }, { sncgl_epsilon: 0.7 }, table, random).sncgl_epsilon!);
    expect(Math.min(...children)).toBeGreaterThanOrEqual(0.44 - 1e-12);
    expect(Math.max(...children)).toBeLessThanOrEqual(0.76 + 1e-12);
    expect(children.filter((value) => value < 0.5 || value > 0.7).length).toBeGreaterThan(100);
  });

  test('mutation moves by a fraction of the range, as far on a scale of logarithms', () => {
    const random = new SeededRandom(3);
    const bounds = DEFAULT_BOUNDS.sncgl_g_nonlocal!;
    const start = fromUnit(0.5, bounds);
    const moved = Array.from({ length: 2000 }, () => toUnit(mutate({ sncgl_g_nonlocal: start }, { sncgl_g_nonlocal: bounds }, { rate: 1, strength: 0.1 }, random).sncgl_g_nonlocal!, bounds) - 0.5);
    expect(Math.sqrt(moved.reduce((sum, step) => sum + step * step, 0) / moved.length)).toBeCloseTo(0.1, 2);
    expect(mutate({ sncgl_g_nonlocal: start }, { sncgl_g_nonlocal: bounds }, { rate: 0, strength: 1 }, random)).toEqual({ sncgl_g_nonlocal: start });
  });

  test.each([
    [{}, /no parameter/],
    [{ sncgl_epsilon: { min: 0.5, max: 0.1, scale: 'linear' } }, /sncgl_epsilon/],
    [{ sncgl_epsilon: { min: 0.1, max: 99, scale: 'linear' } }, /within/],
    [{ sncgl_c3: { min: -1, max: 1, scale: 'log' } }, /logarithmic/],
    [{ N_grid: { min: 16, max: 32, scale: 'linear' } }, /no such parameter/],
  ])('refuses the bounds %j', (table, words) => {
    expect(() => checkBounds(table as BoundsTable)).toThrow(words);
  });
});

describe('breeding', () => {
  const random = new SeededRandom(4);
  const pool: Parent[] = Array.from({ length: 10 }, (_, i) => ({ job_uuid: `job ${i}`, genes: uniformGenes(DEFAULT_BOUNDS, random), fitness: i }));

  test('comes out the same for the same seed and generation, and different for another', () => {
    const of = (generation: number): string => JSON.stringify(breed(10, pool, DEFAULT_HUNT, randomOf(1, generation), new Set()));
    expect(of(3)).toBe(of(3));
    expect(of(3)).not.toBe(of(4));
  });

  test('has nothing in common with a hunt of the next seed: repeating a hunt with seeds 1, 2, 3 is no repetition else', () => {
    const first = Array.from({ length: 20 }, (_, seed) => Array.from({ length: 20 }, (__, generation) => randomOf(seed, generation).bits())).flat();
    expect(new Set(first).size).toBe(400);
  });

  test('prefers the fit, and never the one without a score', () => {
    const children = breed(1000, pool, DEFAULT_HUNT, randomOf(1, 1), new Set());
    const times = (i: number): number => children.filter(({ parent_1 }) => parent_1 === `job ${i}`).length;
    expect(times(0)).toBe(0);
    expect(times(9)).toBeGreaterThan(times(5));
    expect(times(5)).toBeGreaterThan(times(1));
    expect(children.filter(({ origin }) => origin === 'crossover').length).toBeGreaterThan(600);
    expect(children.every(({ parent_2, origin }) => (parent_2 !== null) === (origin === 'crossover'))).toBe(true);
  });

  test('gives nobody the parameters of another, also when nothing mutates', () => {
    const known = new Set(pool.map(({ genes }) => genesKey(genes)));
    const children = breed(200, pool, { ...DEFAULT_HUNT, crossover_rate: 0, mutation_rate: 0 }, randomOf(1, 1), known);
    expect(new Set([...children, ...pool].map(({ genes }) => genesKey(genes))).size).toBe(210);
    expect(children.every(({ genes }) => isWithin(genes))).toBe(true);
  });

  test('draws from everywhere while nobody has a score', () => {
    expect(breed(5, pool.map((parent) => ({ ...parent, fitness: 0 })), DEFAULT_HUNT, randomOf(1, 1), new Set()).every(({ origin }) => origin === 'uniform')).toBe(true);
  });

  test('keeps a tenth as the elite, one at least', () => {
    expect(elitesOf(pool, 30).map(({ fitness }) => fitness)).toEqual([9, 8, 7]);
    expect(elitesOf(pool, 4)).toHaveLength(1);
  });
});

describe('fitness', () => {
  const good = { sentinel_code: 0, log_prime_sse: 0.19, sdg_h_norm_l2: 0.1, sse_null_phase_scramble: 0.19 };

  test('is 1 / (sse + 0.01) / (1 + 10 h) and the falsifiability term', () => {
    expect(fitnessOf(good)).toBeCloseTo(2.5, 12);
    expect(fitnessOf({ ...good, sse_null_phase_scramble: 1.19 })).toBeCloseTo(2.6, 12);
    expect(fitnessOf({ ...good, sse_null_phase_scramble: null })).toBeCloseTo(2.5, 12);
  });

  test('gives no bonus for odd nulls and no malus', () => {
    expect(fitnessOf({ ...good, sse_null_phase_scramble: 999 })).toBeCloseTo(3, 12);
    expect(fitnessOf({ ...good, sse_null_phase_scramble: 0 })).toBeCloseTo(2.5, 12);
  });

  test('is nothing without a score', () => {
    for (const over of [{ sentinel_code: 997 }, { log_prime_sse: null }, { sdg_h_norm_l2: null }]) expect(fitnessOf({ ...good, ...over })).toBe(0);
  });
});
