import { persistenceSvg, type ChartBar, type ChartSection } from './chart.ts';
import type { Topology } from './topology.ts';

export const topologySvgName = (id: string): string => `tda_taxonomy_${id}.svg`;

/** Diagram and barcode of the events, and below those of the density where there are any. @param id of the job, or the name of the file */
export function topologySvg(id: string, topology: Topology): string {
  const { period, n_events, n_analysed, superlevel } = topology;
  const space = period === null ? 'open space' : `a periodic box of ${period} cells`;
  const sections: ChartSection[] = [
    {
      title: `Events: ${n_analysed === n_events ? n_events : `${n_analysed} of ${n_events}`} in ${space}`,
      bars: barsOf(topology.diagram),
      isDown: false,
      birthLabel: 'birth (distance, grid cells)',
      deathLabel: 'death (distance, grid cells)',
      scaleLabel: 'distance (grid cells)',
      emptyNote: 'There are no events.',
    },
  ];
  if (superlevel !== null) {
    sections.push({
      title: `Density, from the top down: bars above ${superlevel.persistence_cut} sigma`,
      bars: barsOf(superlevel.diagram),
      isDown: true,
      birthLabel: 'birth (sigma above the mean)',
      deathLabel: 'death (sigma above the mean)',
      scaleLabel: 'height (sigma above the mean)',
      emptyNote: 'There are no bars as long as that.',
    });
  }
  return persistenceSvg(`Persistent homology of ${id}`, `Persistence diagrams and barcodes of ${n_events} events in ${space}.`, sections);
}

const barsOf = (rows: Topology['diagram']): ChartBar[] => rows.map(([dim, birth, death]) => ({ dim, birth, death }));
