/** The last values of a figure over time, for a chart; kept in the page, so it begins when the page is opened. */
export interface Series {
  /** Seconds since the epoch. */
  readonly times: readonly number[];
  /** `null` = was unknown: a gap in the line. */
  readonly values: readonly (number | null)[];
}

export const NO_SERIES: Series = { times: [], values: [] };

/**
 * Adds a point and lets go of those older than `keepSecs`. A point of the same time replaces the last one; after a silence of more
 * than `gapSecs` a gap is put in, so that no line is drawn over what nobody saw.
 */
export function appended({ times, values }: Series, time: number, value: number | null, { keepSecs, gapSecs }: { readonly keepSecs: number; readonly gapSecs: number }): Series {
  const last = times.at(-1);
  // A clock that was set back: what stands after the new time never was.
  if (last !== undefined && time <= last) return last - time > keepSecs ? { times: [time], values: [value] } : time === last ? { times, values: [...values.slice(0, -1), value] } : { times, values };
  const from = times.findIndex((at) => at >= time - keepSecs);
  const kept = from < 0 ? NO_SERIES : { times: times.slice(from), values: values.slice(from) };
  const gap = last !== undefined && time - last > gapSecs && kept.times.length > 0 ? [last + gapSecs / 2] : [];
  return { times: [...kept.times, ...gap, time], values: [...kept.values, ...gap.map(() => null), value] };
}
