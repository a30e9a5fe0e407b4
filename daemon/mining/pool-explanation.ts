import { HASHES_AT_DIFFICULTY_ONE } from '../../protocol/bitcoin/target.ts';
import { countInterval95, sumInterval95 } from '../../protocol/common/poisson.ts';
import { formatDuration, formatSi } from '../telemetry/units.ts';
import type { AccountSums } from './account-window.ts';

/** With fewer shares the pool's figure is off by a third or more by chance alone. */
const FEW_SHARES = 30;
/** Part of the time that is called the whole of it. */
const NEARLY_ALL = 0.98;

/**
 * Whether the rate a pool can see differs from what the rig computed by more than chance, and why, in a sentence or two. Says only
 * what the figures show.
 * @param counted whether the devices tell how many hashes they make
 * @param difficulty of the newest job; null = there was none
 */
export function explainRates(sums: AccountSums, spanMs: number, counted: boolean, difficulty: number | null): string | null {
  if (spanMs < 60_000) return null;
  const time = formatDuration(spanMs / 1000);
  const sent = sums.found - sums.withheld;
  if (!counted) return `The devices do not tell how many hashes they make: there is nothing to compare the ${plural(sums.accepted, 'accepted share')} of the last ${time} with.`;
  if (sums.hashes === 0) return `Nothing was hashed for this pool in the last ${time}.`;
  if (sums.found > 0 && sent === 0) return `All ${sums.found} shares of the last ${time} were kept back on purpose: the pool sees nothing of this rig.`;

  const hs = (work: number): number => (work * HASHES_AT_DIFFICULTY_ONE * 1000) / spanMs;
  const [low, high] = sumInterval95(sums.ownWork, sums.ownSquares, difficulty ?? 0);
  const local = (sums.hashes * 1000) / spanMs;
  const range = `${formatSi(hs(low), 'H/s')} to ${formatSi(hs(high), 'H/s')}`;
  const figures = `In the last ${time} the rig computed ${formatSi(local, 'H/s')}; the ${plural(sums.accepted, 'accepted share')} of its devices stand for ${formatSi(hs(sums.ownWork), 'H/s')}`;
  return [`${figures}: ${verdictOn(sums, local, hs(low), hs(high), range)}`, ...besides(sums, spanMs)].join(' ');
}

function verdictOn(sums: AccountSums, local: number, low: number, high: number, range: string): string {
  if (local >= low && local <= high) {
    const few = sums.accepted < FEW_SHARES ? ' So few shares tell little: the range narrows as more are found.' : '';
    return `no more apart than chance explains (so many shares mean ${range}).${few}`;
  }
  if (local < low) return `more than chance explains (so many shares mean ${range}). Luck does that one hour in 40; if it stays, the devices make more hashes than they count.`;
  return `less than chance explains (so many shares mean ${range}). ${reasonsFor(sums)}`;
}

/** Why fewer shares were accepted than hashed for: those that were found and lost, or those that were never found. */
function reasonsFor(sums: AccountSums): string {
  const lost = [
    [sums.stale, 'too late'],
    [sums.rejected, 'rejected'],
    [sums.unknown, 'never answered'],
    [sums.withheld, 'not sent'],
  ] as const;
  const named = lost.filter(([count]) => count > 0).map(([count, what]) => `${count} ${what}`);
  const [, mostFound] = countInterval95(sums.found);
  const parts: string[] = [];
  if (named.length > 0) parts.push(`Of ${plural(sums.found, 'share')} found, ${named.join(', ')}.`);
  if (mostFound < sums.expected) {
    const errors = sums.hardwareErrors > 0 ? `; ${plural(sums.hardwareErrors, 'wrong nonce')} in that time ${sums.hardwareErrors === 1 ? 'is' : 'are'} the likely cause` : '';
    parts.push(`${sums.expected.toFixed(sums.expected < 10 ? 1 : 0)} shares were to be expected and ${sums.found} were found${errors}.`);
  }
  return parts.length > 0 ? parts.join(' ') : 'Nothing else in the figures explains it: luck does that one hour in 40.';
}

function besides(sums: AccountSums, spanMs: number): string[] {
  const said: string[] = [];
  if (sums.activeMs < NEARLY_ALL * spanMs) said.push(`It was mined for in ${Math.round((sums.activeMs / spanMs) * 100)} % of that time; what it shows is the mean over all of it.`);
  if (sums.foreign > 0) said.push(`${plural(sums.foreign, 'accepted share')} of other miners in the house add to what it shows.`);
  return said;
}

function plural(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}
