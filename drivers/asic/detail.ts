/** What an ASIC board tells of itself beyond the common state: JSON values, units in the names, null = unknown. */
import type { BoardFacts, BoardReadings } from './board.ts';
import type { LadderState } from './ladder.ts';
import { type Rate, WINDOWS_S } from './rate-meter.ts';
import type { Truth } from './truth.ts';

export interface DetailSources {
  readonly now: number;
  readonly facts: BoardFacts | null;
  readonly readings: BoardReadings | null;
  /** Null unless it hashes. */
  readonly best: Rate | null;
  readonly hashing: boolean;
  readonly truth: Truth;
  readonly ticket: number;
  readonly starts: number;
  readonly ladder: LadderState;
  readonly sharesTrouble: string | null;
}

export function detailOf(from: DetailSources): Readonly<Record<string, unknown>> {
  const { facts, readings, best, truth, now } = from;
  const { counts } = truth;
  const total = truth.rate.total(now);
  const expected = truth.interval.expectedNonces;
  return {
    // Of the family; what all have in common goes before it.
    ...(readings?.detail ?? {}),
    chip: facts?.chip ?? null,
    chips: facts?.chips ?? null,
    chips_expected: facts?.chipsExpected ?? null,
    frequency_mhz: facts?.frequencyMhz ?? null,
    voltage_v: readings?.voltage_v ?? null,
    fan_percent: readings?.fan_percent ?? null,
    fan_rpm: readings?.fan_rpm ?? null,
    // The 95 % interval of hashrate_hs, and the time it was measured over.
    hashrate_low_hs: best?.low_hs ?? null,
    hashrate_high_hs: best?.high_hs ?? null,
    window_s: best ? Math.round(best.window_s) : null,
    ...windowRates(from),
    // Over all the time it has spent hashing.
    hashrate_mean_hs: total.hashing_s >= 1 && total.nonces > 0 ? total.hashes / total.hashing_s : null,
    // Simulated chips have the clock of silicon and make far fewer hashes: no figure to compare with.
    hashrate_nominal_hs: facts?.zeroBits === 32 ? facts.hashrateNominalHs : null,
    hashrate_claimed_hs: readings?.hashrate_claimed_hs ?? null,
    nonces: counts.all.nonces,
    nonces_expected: expected === null ? null : Math.round(expected),
    // Of the nonces that healthy chips would have found in the time spent hashing, the part that came and verified.
    nonces_ratio: expected !== null && expected >= 1 ? Math.round((1000 * total.nonces) / expected) / 1000 : null,
    hashing_s: Math.round(total.hashing_s),
    ticket: facts ? facts.hashesPerNonce / 2 ** facts.zeroBits : from.ticket,
    zero_bits: facts?.zeroBits ?? null,
    hardware_errors: counts.all.hardware_errors,
    duplicates: counts.all.duplicates,
    late: truth.late,
    per_chip: counts.chips(facts?.chips ?? 0),
    chips_silent: facts ? counts.silent(facts.chips) : null,
    cores_with_errors: counts.cores(),
    bytes_skipped: readings?.bytes_skipped ?? null,
    crc_errors: readings?.crc_errors ?? null,
    restarts: Math.max(0, from.starts - 1),
    ladder: from.ladder,
    ...truth.clocks.ages(now),
    shares_trouble: from.sharesTrouble,
  };
}

function windowRates({ truth, hashing, now, facts }: DetailSources): Record<string, number | null> {
  const rates: Record<string, number | null> = {};
  for (const seconds of WINDOWS_S) {
    const rate = hashing ? truth.rate.window(now, seconds, facts?.hashesPerNonce ?? 0) : null;
    rates[`hashrate_${seconds}s_hs`] = rate && rate.nonces > 0 ? rate.hashrate_hs : null;
  }
  return rates;
}
