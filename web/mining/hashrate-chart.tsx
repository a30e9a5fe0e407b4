import { si } from '../format/numbers.ts';
import { clockTime, duration } from '../format/time.ts';
import { live } from '../live/live.ts';
import { useStore } from '../live/store.ts';
import { Chart } from '../parts/chart.tsx';

/** Local, the day does not matter. */
const formatX = (seconds: number): string => clockTime(seconds * 1000, seconds * 1000);
const formatY = (ticks: readonly number[]): string[] => ticks.map((value) => si(value, 'H/s'));

/** The rate since the page was opened, 15 minutes at most. */
export function HashrateChart() {
  const { times, values } = useStore(live, (now) => now.hashrate);
  const first = times[0];
  const last = times.at(-1);
  const span = first === undefined || last === undefined ? 0 : last - first;
  return (
    <figure class="answer-chart">
      {times.length < 2 ? <p class="chart chart-empty quiet">The chart begins when this page is opened.</p> : <Chart label={`Hash rate of the last ${duration(span)}, now ${si(values.at(-1), 'H/s')}`} xs={times} lines={[{ name: 'hash rate', values, colour: '--accent', filled: true }]} height={150} time formatX={formatX} formatY={formatY} fromZero />}
      <figcaption class="quiet">{span > 0 ? `Hash rate, last ${duration(span)}` : 'Hash rate'}</figcaption>
    </figure>
  );
}
