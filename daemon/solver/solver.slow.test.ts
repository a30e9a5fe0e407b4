import { describe, expect, it } from 'vitest';
import { referenceDensity } from './parameters.ts';
import { TypescriptSolver } from './reference.ts';
import { randomParameters } from './solver.fixture.ts';

describe('a long run', () => {
  it('stays finite for 40 random draws of what is searched', { timeout: 120_000 }, () => {
    for (let seed = 1; seed <= 40; seed++) {
      const solver = new TypescriptSolver({ ...randomParameters(seed), N_grid: 16, dt: 0.05 }, { seed });
      solver.step(1000);
      const { re, im } = solver.field();
      expect(re.every(Number.isFinite) && im.every(Number.isFinite)).toBe(true);
      const density = re.reduce((sum, value, i) => sum + value ** 2 + im[i]! ** 2, 0) / re.length;
      expect(density).toBeLessThan(3 * referenceDensity(solver.parameters));
    }
  });
});
