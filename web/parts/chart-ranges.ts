/** What the axes of a chart span. */

export type Range = [low: number, high: number];

/** Room above and below, also for a line that does not move. */
export function yRange(low: number | null, high: number | null, fromZero: boolean): Range {
  if (low === null || high === null || !Number.isFinite(low) || !Number.isFinite(high)) return [0, 1];
  const room = Math.max((high - low) * 0.12, Math.abs(high) * 0.02, 1e-9);
  return [fromZero ? 0 : low - room, high + room];
}

/** Of whole numbers in their order. A single one stands in the middle: left to itself the chart would show a hundred that are not there. */
export function xRange(xs: ArrayLike<number>): Range {
  const [low, high] = [xs[0], xs[xs.length - 1]];
  if (low === undefined || high === undefined) return [0, 1];
  return low === high ? [low - 0.5, high + 0.5] : [low, high];
}
