/** Texts of an axis: as many decimals as tell its ticks apart, and one power of ten for all of them where they are small or large. */
export function tickTexts(ticks: readonly number[]): string[] {
  const largest = Math.max(...ticks.map(Math.abs));
  if (!(largest > 0)) return ticks.map(String);
  const power = largest < 1e-3 || largest >= 1e6 ? Math.floor(Math.log10(largest)) : 0;
  const scaled = ticks.map((tick) => tick / 10 ** power);
  const steps = scaled.slice(1).map((tick, i) => Math.abs(tick - scaled[i]!)).filter((step) => step > 0);
  const step = steps.length === 0 ? largest / 10 ** power : Math.min(...steps);
  let digits = Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
  // A step of 0.25 needs two decimals, one of 0.2 only one.
  if (digits < 8 && Math.abs(step * 10 ** digits - Math.round(step * 10 ** digits)) > 1e-6) digits++;
  return scaled.map((tick) => (tick === 0 ? '0' : `${tick.toFixed(digits).replace('-', '\u2212')}${power === 0 ? '' : `e${String(power).replace('-', '\u2212')}`}`));
}
