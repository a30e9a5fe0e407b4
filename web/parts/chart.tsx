/** A line chart over time or over generations (uPlot), in the colours of the page and as wide as its place. */
import { useEffect, useRef } from 'preact/hooks';
import uPlot from 'uplot';
import { xRange, yRange } from './chart-ranges.ts';
import { useTheme } from './theme.ts';

export interface Line {
  readonly name: string;
  readonly values: readonly (number | null)[];
  /** Name of a design token: `--accent`. */
  readonly colour: string;
  readonly dashed?: boolean;
  /** The area below it is tinted. */
  readonly filled?: boolean;
  readonly points?: boolean;
}

interface ChartProps {
  /** What it shows and says, for who cannot see it. */
  readonly label: string;
  readonly xs: readonly number[];
  readonly lines: readonly Line[];
  readonly height: number;
  /** Seconds since the epoch on the x axis; else plain numbers. */
  readonly time?: boolean;
  readonly formatY: (ticks: readonly number[]) => string[];
  readonly formatX: (value: number) => string;
  /** The y axis begins at 0. */
  readonly fromZero?: boolean;
  /** Index of the point under the pointer; null = none is. */
  readonly onPoint?: (index: number | null) => void;
}

export function Chart({ label, xs, lines, height, time = false, formatY, formatX, fromZero = false, onPoint }: ChartProps) {
  const place = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const theme = useTheme();
  const told = useRef(onPoint);
  told.current = onPoint;
  const shape = lines.map(({ name, colour, dashed, filled, points }) => `${name}|${colour}|${dashed}|${filled}|${points}`).join();

  useEffect(() => {
    const element = place.current!;
    const style = getComputedStyle(document.documentElement);
    const token = (name: string): string => style.getPropertyValue(name).trim();
    const font = `12px ${token('--font')}`;
    const axis: uPlot.Axis = { stroke: token('--quiet'), font, grid: { stroke: token('--line'), width: 1 }, ticks: { show: false } };
    const chart = new uPlot(
      {
        width: Math.max(120, element.clientWidth),
        height,
        legend: { show: false },
        cursor: { y: false, points: { size: 7 }, drag: { x: false, y: false } },
        padding: [8, 30, 0, 0],
        scales: {
          x: time ? { time } : { time, range: ({ data: [shown] }) => xRange(shown) },
          y: { range: (_, low, high) => yRange(low, high, fromZero) },
        },
        axes: [
          { ...axis, grid: { show: false }, size: 28, space: 72, values: (_, ticks) => ticks.map(formatX), incrs: time ? [1, 2, 5, 10, 15, 30, 60, 120, 300, 600] : [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 50_000] },
          { ...axis, size: 72, space: 28, values: (_, ticks) => formatY(ticks) },
        ],
        series: [
          {},
          ...lines.map(({ name, colour, dashed, filled, points }): uPlot.Series => ({
            label: name,
            stroke: token(colour),
            width: 1.75,
            ...(dashed && { dash: [5, 4] }),
            ...(filled && { fill: `color-mix(in srgb, ${token(colour)} 14%, transparent)` }),
            points: points ? { show: true, size: 6, fill: token(colour) } : { show: false },
          })),
        ],
        hooks: { setCursor: [(u) => told.current?.(u.cursor.idx ?? null)] },
      },
      [[...xs], ...lines.map(({ values }) => [...values])] as uPlot.AlignedData,
      element,
    );
    plot.current = chart;
    const watcher = new ResizeObserver(() => chart.setSize({ width: Math.max(120, element.clientWidth), height }));
    watcher.observe(element);
    return () => {
      watcher.disconnect();
      chart.destroy();
      plot.current = null;
    };
  }, [shape, height, time, fromZero, theme]);

  useEffect(() => plot.current?.setData([[...xs], ...lines.map(({ values }) => [...values])] as uPlot.AlignedData), [xs, ...lines.map(({ values }) => values)]);

  return <div ref={place} class="chart" role="img" aria-label={label} />;
}
