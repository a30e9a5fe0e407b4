import { expect, test } from 'vitest';
import type { Reevaluation } from './golden.ts';
import { verdictOf } from './verdict.ts';

const reevaluation = (p_value: number | null, is_significant: boolean): Reevaluation => ({ seeds: Array.from({ length: 5 }, (_, i) => ({ job_uuid: String(i), global_seed: i, sentinel_code: 0, fitness: 1, log_prime_sse: 1, sdg_h_norm_l2: 0.1, p_value })), log_prime_sse: 1, sdg_h_norm_l2: 0.1, p_value, is_stable: true, is_significant });

test('the chance of the best of many is that of one run, as often as there are runs', () => {
  expect(verdictOf({ p_value_target_shuffle: 0.03, p_value: 0.03, runs: 1, reevaluation: null }).p_best_of_many).toBeCloseTo(0.03, 12);
  expect(verdictOf({ p_value_target_shuffle: 0.03, p_value: 0.03, runs: 100, reevaluation: null }).p_best_of_many).toBeCloseTo(1 - 0.97 ** 100, 12);
  expect(verdictOf({ p_value_target_shuffle: 0.03, p_value: 1, runs: 3, reevaluation: null }).p_best_of_many).toBeCloseTo(1, 12);
});

test('the best of a hundred runs at p = 0.03 is what noise gives', () => {
  expect(verdictOf({ p_value_target_shuffle: 0.03, p_value: 1 / 33, runs: 100, reevaluation: null })).toMatchObject({ kind: 'noise', words: 'this is what noise gives: of 100 runs without any structure the best has such a p-value or a lower one with a chance of 0.95' });
  expect(verdictOf({ p_value_target_shuffle: 0.03, p_value: 0.001, runs: 10, reevaluation: null }).kind).toBe('undecided');
});

test('fresh seeds decide, either way', () => {
  expect(verdictOf({ p_value_target_shuffle: 0.03, p_value: 0.0001, runs: 10, reevaluation: reevaluation(0.5, false) })).toMatchObject({ kind: 'noise', words: expect.stringContaining('on 5 fresh seeds it scores no better') });
  expect(verdictOf({ p_value_target_shuffle: 0.03, p_value: 0.9, runs: 1000, reevaluation: reevaluation(0.03, true) })).toMatchObject({ kind: 'better_than_noise', words: expect.stringContaining('more than noise gives') });
});

test('structure is no find as long as random targets fit it as well', () => {
  expect(verdictOf({ p_value: 0.03, p_value_target_shuffle: 0.4, runs: 10, reevaluation: reevaluation(0.03, true) })).toMatchObject({ kind: 'not_primes', words: expect.stringContaining('random targets fit it as well as the primes do (p-value 0.40)') });
});

test('without a score there is nothing to judge', () => {
  expect(verdictOf({ p_value_target_shuffle: 0.03, p_value: null, runs: 0, reevaluation: null }).kind).toBe('no_score');
});
