import { expect, test } from 'vitest';
import { HUNT_SENTINEL, sentinelWords } from '../../daemon/hunt/sentinels.ts';
import { verdictOf } from '../../daemon/hunt/verdict.ts';
import { bestOfMany, codeWords, judgementOf, pText, pWord, pWordOfBest } from './score-words.ts';

const reevaluation = (p_value: number, is_significant: boolean) => ({ seeds: [{ job_uuid: 'a', global_seed: 1, sentinel_code: 0, fitness: 1, log_prime_sse: 3, sdg_h_norm_l2: 0.01, p_value }], log_prime_sse: 3, sdg_h_norm_l2: 0.01, p_value, is_stable: true, is_significant });

test('a p-value is shown with the digits that tell it from 0, and in words', () => {
  expect([0.424242, 1, 0.0303, 0.00012, null].map(pText).map((text) => text.replaceAll('\u00a0', ' '))).toEqual(['p 0.42', 'p 1.0', 'p 0.030', 'p 1e\u22124', 'p unknown']);
  expect([0.5, 0.05, null].map(pWord)).toEqual(['noise does this', 'rare in noise', 'not tested']);
});

test('the best of many is not taken for a find', () => {
  expect(bestOfMany(0.03, 1)).toBeCloseTo(0.03);
  expect(bestOfMany(0.0303, 100)).toBeGreaterThan(0.95);
  expect(judgementOf({ p_value: 0.0303, p_value_target_shuffle: null, runs: 100, reevaluation: null }).text).toMatch(/what noise gives.*of 100 runs.*in 95 of 100 hunts/);
  expect(judgementOf({ p_value: null, p_value_target_shuffle: null, runs: 0, reevaluation: null }).text).toContain('nothing to judge');
});

test('what is rare for one run is not called so of the best of a hundred', () => {
  expect([pWordOfBest(0.03, 100), pWordOfBest(0.03, 1), pWordOfBest(0.5, 100), pWordOfBest(null, 100)]).toEqual(['rare for one run, not for the best of 100', 'rare in noise', 'noise does this', 'not tested']);
});

test('one run is not the best of runs', () => {
  const one = { p_value_target_shuffle: null, runs: 1, reevaluation: null };
  expect(judgementOf({ ...one, p_value: 0.61 }).text).toBe('This is what noise gives: a run without any structure has such a p-value, or a lower one, in 61 of 100 cases.');
  expect(judgementOf({ ...one, p_value: 0.03 }).text).toMatch(/^One run /);
  for (const p_value of [0.61, 0.03]) expect(verdictOf({ ...one, p_value }).words).not.toMatch(/of 1 runs/);
});

test('the page judges as the daemon does', () => {
  const tones = { no_score: 'plain', noise: 'warn', not_primes: 'warn', undecided: 'plain', better_than_noise: 'good' } as const;
  for (const p_value of [null, 0.001, 0.0303, 0.4, 1]) {
    for (const runs of [1, 10, 1000]) {
      for (const judged of [null, reevaluation(0.02, true), reevaluation(0.6, false)]) {
        for (const p_value_target_shuffle of [null, 0.01, 0.7]) {
          const of = { p_value, p_value_target_shuffle, runs, reevaluation: judged };
          expect(judgementOf(of).tone).toBe(tones[verdictOf(of).kind]);
        }
      }
    }
  }
});

test('every code of the daemon has its words', () => {
  expect(Object.values(HUNT_SENTINEL).map(codeWords).filter((words) => words.startsWith('code'))).toEqual([]);
  for (const code of Object.values(HUNT_SENTINEL)) expect(sentinelWords(code)).toBe(`${codeWords(code)} (code ${code})`);
  expect([codeWords(123), sentinelWords(123)]).toEqual(['code 123', 'code 123']);
  expect(codeWords(null)).toBe('pending');
});
