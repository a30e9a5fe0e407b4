import type { GenerationSummary } from '../../daemon/hub/api-types.ts';
import { useMemo, useState } from 'preact/hooks';
import { significant } from '../format/numbers.ts';
import { tickTexts } from '../format/ticks.ts';
import { Chart, type Line } from '../parts/chart.tsx';
import { Panel } from '../parts/panel.tsx';
import { Score } from './score.tsx';

const HEIGHT = 170;
const formatX = (value: number): string => (Number.isInteger(value) ? String(value) : '');

/** Score and h-norm of every generation. The level of scrambled fields stands in the chart of the score: below it is better than noise. */
export function GenerationCharts({ generations }: { readonly generations: readonly GenerationSummary[] }) {
  const [hovered, setHovered] = useState<number | null>(null);
  const shown = generations.filter(({ done }) => done > 0);
  const xs = useMemo(() => shown.map(({ generation }) => generation), [generations]);
  const sse = useMemo<Line[]>(
    () => [
      { name: 'lowest', values: shown.map(({ best_sse }) => best_sse), colour: '--accent', points: true },
      { name: 'median', values: shown.map(({ median_sse }) => median_sse), colour: '--second', points: true },
      { name: 'scrambled fields', values: shown.map(({ median_null_sse }) => median_null_sse), colour: '--null', dashed: true, points: true },
    ],
    [generations],
  );
  const norm = useMemo<Line[]>(
    () => [
      { name: 'lowest', values: shown.map(({ best_h_norm }) => best_h_norm), colour: '--accent', points: true },
      { name: 'median', values: shown.map(({ median_h_norm }) => median_h_norm), colour: '--second', points: true },
    ],
    [generations],
  );
  const at = shown[hovered ?? shown.length - 1] ?? shown.at(-1);
  if (at === undefined) {
    return (
      <Panel title="Generations">
        <p class="quiet">The charts begin with the first job that ends.</p>
      </Panel>
    );
  }
  return (
    <Panel title="Generations" aside={<span class="quiet">generation {at.generation}: {at.done} of {at.jobs} jobs{at.failed > 0 && `, ${at.failed} failed`}</span>}>
      <figure>
        <Chart label={`Log-prime SSE by generation. Generation ${at.generation}: lowest ${significant(at.best_sse, 4)}, median ${significant(at.median_sse, 4)}, scrambled fields ${significant(at.median_null_sse, 4)}.`} xs={xs} lines={sse} height={HEIGHT} formatX={formatX} formatY={tickTexts} onPoint={setHovered} />
        <figcaption class="legend">
          <b>Log-prime SSE</b>
          <span class="key key-accent">lowest <Score sse={at.best_sse} p={at.best_sse_p_value} /></span>
          <span class="key key-second">median <Score sse={at.median_sse} p={at.median_p_value} /></span>
          <span class="key key-null">scrambled fields {significant(at.median_null_sse, 4)}</span>
        </figcaption>
      </figure>
      <figure>
        <Chart label={`h-norm by generation. Generation ${at.generation}: lowest ${significant(at.best_h_norm, 3)}, median ${significant(at.median_h_norm, 3)}.`} xs={xs} lines={norm} height={HEIGHT} formatX={formatX} formatY={tickTexts} fromZero onPoint={setHovered} />
        <figcaption class="legend">
          <b>h-norm</b>
          <span class="key key-accent">lowest {significant(at.best_h_norm, 3)}</span>
          <span class="key key-second">median {significant(at.median_h_norm, 3)}</span>
        </figcaption>
      </figure>
    </Panel>
  );
}
