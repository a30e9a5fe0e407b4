/** What the score of a hunt's best run amounts to, in words: nobody is shown a score alone. */
import { SIGNIFICANT, type Reevaluation } from './golden.ts';

export interface Verdict {
  /**
   * `noise`: no better than fields without structure. `undecided`: the best of many, not tried on fresh seeds. `not_primes`: the field
   * has structure, but random targets fit it as well as the primes do. `no_score`: there is nothing to judge.
   */
  readonly kind: 'no_score' | 'noise' | 'undecided' | 'not_primes' | 'better_than_noise';
  /** Chance that the best of as many runs without any structure has a p-value as low; null = not known. */
  readonly p_best_of_many: number | null;
  readonly words: string;
}

export interface Judged {
  /** Of the run that was chosen; null = there is none, or it was not tested. */
  readonly p_value: number | null;
  /** Of the same run against random targets; null = not known. */
  readonly p_value_target_shuffle: number | null;
  /** Runs with a score that it was chosen from, itself among them. */
  readonly runs: number;
  /** How it did on fresh seeds; null = nobody has tried. */
  readonly reevaluation: Reevaluation | null;
}

/** Fresh seeds decide where there are any: the p-value of a run that was chosen for its score is too good by the choice. */
export function verdictOf({ p_value, p_value_target_shuffle: pTargets, runs, reevaluation }: Judged): Verdict {
  if (p_value === null) return { kind: 'no_score', p_best_of_many: null, words: 'no run has a score that was held against scrambled fields: there is nothing to judge' };
  const chance = bestOfMany(p_value, runs);
  const seeds = reevaluation === null ? '' : `${reevaluation.seeds.length} fresh seed${reevaluation.seeds.length === 1 ? '' : 's'}`;
  if (reevaluation?.is_significant === true && pTargets !== null && pTargets > SIGNIFICANT) return { kind: 'not_primes', p_best_of_many: chance, words: `on ${seeds} it scores better than scrambled fields do (median p-value ${short(reevaluation.p_value)}), so the field has structure; but random targets fit it as well as the primes do (p-value ${short(pTargets)})` };
  if (reevaluation?.is_significant === true) return { kind: 'better_than_noise', p_best_of_many: chance, words: `on ${seeds} it scores better than scrambled fields do (median p-value ${short(reevaluation.p_value)}): more than noise gives, and no more than that` };
  if (reevaluation !== null) return { kind: 'noise', p_best_of_many: chance, words: `this is what noise gives: on ${seeds} it scores no better than scrambled fields do (median p-value ${short(reevaluation.p_value)})` };
  if (chance > SIGNIFICANT && runs <= 1) return { kind: 'noise', p_best_of_many: chance, words: `this is what noise gives: a run without any structure has such a p-value or a lower one with a chance of ${short(chance)}` };
  if (runs <= 1) return { kind: 'undecided', p_best_of_many: chance, words: 'one run can look better than it is: only fresh seeds can tell, and it was not run on any' };
  if (chance > SIGNIFICANT) return { kind: 'noise', p_best_of_many: chance, words: `this is what noise gives: of ${runs} runs without any structure the best has such a p-value or a lower one with a chance of ${short(chance)}` };
  return { kind: 'undecided', p_best_of_many: chance, words: `the best of ${runs} runs looks better than it is: only fresh seeds can tell, and it was not run on any` };
}

/** 1 - (1 - p)^runs: the runs of a hunt have seeds of their own, so without structure their p-values are independent. */
const bestOfMany = (p: number, runs: number): number => -Math.expm1(Math.max(1, runs) * Math.log1p(-Math.min(p, 1 - Number.EPSILON)));

const short = (value: number | null): string => (value === null ? 'unknown' : value.toPrecision(2));
