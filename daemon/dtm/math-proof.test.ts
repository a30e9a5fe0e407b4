import path from 'node:path';
import { expect, it } from 'vitest';
import { loadMathParameters, parseMathParameters } from '../brainstem/iteration3.ts';
import { packageRoot } from '../version.ts';
import { mathematicsOf } from './math-proof.ts';

it('cites the five groups of Iteration 3.yaml in the notation of the file', () => {
  expect(mathematicsOf(loadMathParameters(path.join(packageRoot(), 'Iteration 3.yaml')))).toEqual({
    categories_applied: {
      families: 'Knuth-Sorrellian-Class(95, 425000, 225)',
      lanes: 'Knuth-Sorrellian-Class(100, 650000, 275)',
      strides: 'Knuth-Sorrellian-Class(92, 512000, 320)',
      palette: 'Knuth-Sorrellian-Class(80, 156912, 161)',
      sandbox: 'Knuth-Sorrellian-Class(80, 156912, 161)',
    },
    bitload: null,
  });
});

it('keeps every digit of a BitLoad and leaves out a group that says nothing', () => {
  const digits = '1234567890'.repeat(11) + '1';
  const parameters = parseMathParameters(`lanes:\n  main: [{ BitLoad: ${digits} }, { Cycles: 275 }]\n`, 'x.yaml');
  expect(mathematicsOf(parameters)).toEqual({ categories_applied: {}, bitload: digits });
});
