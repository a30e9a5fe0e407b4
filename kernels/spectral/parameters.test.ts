import { describe, expect, it } from 'vitest';
import { RigError } from '../../protocol/common/errors.ts';
import { checkParameters, DEFAULT_PARAMETERS, PARAMETER_RANGES, referenceDensity, type SolverParameters } from './parameters.ts';

function errorOf(change: Partial<SolverParameters>): RigError | null {
  try {
    checkParameters({ ...DEFAULT_PARAMETERS, ...change });
    return null;
  } catch (error) {
    return error as RigError;
  }
}

describe('checkParameters', () => {
  it('passes the defaults, and both ends of every range by itself', () => {
    expect(errorOf({})).toBeNull();
    for (const [field, [low, high]] of Object.entries(PARAMETER_RANGES)) {
      expect(errorOf({ [field]: high })).toBeNull();
      // These two would leave nothing that ends the growth.
      if (field === 'sncgl_b3') continue;
      expect(errorOf({ [field]: low })).toBeNull();
    }
  });

  it.each(Object.entries(PARAMETER_RANGES))('names %s when it is outside %j or no number', (field, [low, high]) => {
    for (const value of [low - 1e-9 - Math.abs(low) * 1e-9, high * 1.001, NaN, Infinity, '1', undefined, null]) {
      const error = errorOf({ [field]: value });
      expect(error).toMatchObject({ code: 'E_SOLVER_ARGUMENT', context: { field } });
      expect(error?.message).toContain(`${field}: must be a number from ${low} to ${high}`);
    }
  });

  it('names what no range can say', () => {
    const wrong: [Partial<SolverParameters>, string][] = [
      [{ N_grid: 48 }, 'N_grid: must be a power of two from 16 to 256 in 2 dimensions'],
      [{ N_grid: 512 }, 'N_grid: must be'],
      [{ N_grid: 8 }, 'N_grid: must be'],
      [{ N_grid: 128, dim: 3 }, 'from 16 to 64 in 3 dimensions'],
      [{ dim: 4 as 3 }, 'dim: must be 2 or 3'],
      [{ T_steps: 1.5 }, 'T_steps: must be a whole number'],
      [{ initial: 'flat' as 'noise' }, 'initial: must be one of noise, gaussian (it is flat)'],
      [{ sdg_solver: 'jacobi' as 'poisson' }, 'sdg_solver: must be one of helmholtz, poisson, algebraic'],
      [{ sncgl_b3: -1 }, 'nothing would end the growth'],
      [{ sncgl_lambda: 0, sncgl_g_nonlocal: 0 }, 'nothing would end the growth'],
    ];
    for (const [change, words] of wrong) expect(errorOf(change)?.message).toContain(words);
  });
});

describe('referenceDensity', () => {
  it('is where growth and saturation balance', () => {
    expect(referenceDensity({ ...DEFAULT_PARAMETERS, sncgl_epsilon: 0.3, sncgl_lambda: 0.05, sncgl_b3: 2, sncgl_g_nonlocal: 0.02 })).toBeCloseTo(2.5, 12);
  });
});
