/** What a score amounts to, in words: nobody is shown one without. */
import type { Golden, HuntStatus } from '../../daemon/hub/api-types.ts';
import { significant } from '../format/numbers.ts';
import type { Tone } from '../parts/facts.tsx';

/** Level below which a p-value is worth a second look; the same as the daemon's. */
export const SIGNIFICANT = 0.05;

/** `p 0.42`; never less digits than tell it from 0. */
export const pText = (p: number | null): string => (p === null ? 'p unknown' : `p\u00a0${p < 0.001 ? p.toExponential(0).replace('e-', 'e\u2212') : significant(p, 2)}`);

/** In a word, beside a score of one run. */
export function pWord(p: number | null): string {
  if (p === null) return 'not tested';
  return p > SIGNIFICANT ? 'noise does this' : 'rare in noise';
}

/** The same of the best of many runs, which is rarer than it deserves. */
export const pWordOfBest = (p: number | null, runs: number): string => (p !== null && p <= SIGNIFICANT && bestOfMany(p, runs) > SIGNIFICANT ? `rare for one run, not for the best of ${runs}` : pWord(p));

export interface Judgement {
  readonly text: string;
  readonly tone: Tone;
}

/** 1 - (1 - p)^runs: how likely the best of as many runs without any structure has a p-value as low. */
export const bestOfMany = (p: number, runs: number): number => -Math.expm1(Math.max(1, runs) * Math.log1p(-Math.min(p, 1 - Number.EPSILON)));

/**
 * Of a hunt's best run. Fresh seeds decide where there are any: the p-value of a run that was chosen for its score is too good by the choice.
 * @param runs with a score that it was chosen from
 * @param p_value_target_shuffle of the same run against random targets; null = not known
 */
export function judgementOf({ p_value, p_value_target_shuffle: pTargets, runs, reevaluation }: { readonly p_value: number | null; readonly p_value_target_shuffle: number | null; readonly runs: number; readonly reevaluation: Golden['reevaluation'] | null }): Judgement {
  if (p_value === null) return { text: 'No run was held against scrambled fields yet: there is nothing to judge.', tone: 'plain' };
  if (reevaluation !== null) {
    const seeds = `${reevaluation.seeds.length} fresh ${reevaluation.seeds.length === 1 ? 'seed' : 'seeds'}`;
    if (reevaluation.is_significant && pTargets !== null && pTargets > SIGNIFICANT) return { text: `On ${seeds} it scores better than scrambled fields do (median ${pText(reevaluation.p_value)}), so the field has structure. But random targets fit it as well as the primes do (${pText(pTargets)}).`, tone: 'warn' };
    return reevaluation.is_significant
      ? { text: `On ${seeds} it scores better than scrambled fields do (median ${pText(reevaluation.p_value)}). That is more than noise gives, and no more than that.`, tone: 'good' }
      : { text: `This is what noise gives: on ${seeds} it scores no better than scrambled fields do (median ${pText(reevaluation.p_value)}).`, tone: 'warn' };
  }
  const chance = bestOfMany(p_value, runs);
  if (chance > SIGNIFICANT && runs <= 1) return { text: `This is what noise gives: a run without any structure has such a p-value, or a lower one, in ${Math.max(1, Math.round(100 * chance))} of 100 cases.`, tone: 'warn' };
  if (runs <= 1) return { text: 'One run can look better than it is. Only fresh seeds can tell, and it was not run on any yet.', tone: 'plain' };
  if (chance > SIGNIFICANT) return { text: `This is what noise gives: the best of ${runs} runs without any structure has such a p-value, or a lower one, in ${Math.max(1, Math.round(100 * chance))} of 100 hunts.`, tone: 'warn' };
  return { text: `The best of ${runs} runs looks better than it is. Only fresh seeds can tell, and it was not run on any yet.`, tone: 'plain' };
}

const STATUS: Readonly<Record<HuntStatus, Judgement>> = {
  idle: { text: 'idle', tone: 'plain' },
  running: { text: 'running', tone: 'good' },
  pausing: { text: 'pausing', tone: 'warn' },
  paused: { text: 'paused', tone: 'warn' },
  stopping: { text: 'stopping', tone: 'warn' },
  stopped: { text: 'stopped', tone: 'plain' },
  completed: { text: 'completed', tone: 'good' },
  failed: { text: 'failed', tone: 'bad' },
};
export const statusOf = (status: HuntStatus): Judgement => STATUS[status];

/** Why a job has no score. */
const CODES: Readonly<Record<number, string>> = {
  500: 'geometry took no part',
  996: 'no peaks that fit',
  997: 'no structure',
  998: 'a file is missing',
  999: 'no peaks',
  1000: 'error',
  1002: 'ran away (not finite)',
  1003: 'nothing is left of the field',
  1004: 'timed out',
  1005: 'geometry at its bounds',
};
export const codeWords = (code: number | null): string => (code === null ? 'pending' : code === 0 ? 'ok' : (CODES[code] ?? `code ${code}`));
