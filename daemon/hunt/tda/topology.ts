/** `topology` of a provenance file: what shape the bright places of a field have. Definitions and caveats: docs/tda.md. */
import { z } from 'zod';
import type { ComplexField } from '../../solver/complex-field.ts';
import { bettiNumbers } from './betti.ts';
import { clustersOf } from './clusters.ts';
import { sublevelPersistence } from './cubical.ts';
import { densityOf, eventsOf, pointOf, type FieldEvent } from './events.ts';
import { MOST_POINTS, ripsPersistence, type Bar, type RipsResult } from './rips.ts';
import { distanceMatrix, farthestPoints, type Point } from './torus.ts';

const count = z.int().min(0);
/** Dimension, birth, death; death null = it never ends. */
const bar = z.tuple([z.int(), z.number(), z.number().nullable()]);

export const topologySchema = z.object({
  method: z.literal('rips-events-v1'),
  /** Of the diagram: grid cells, the distance across the box the shorter way round. */
  units: z.literal('grid_cells'),
  /** Length of the periodic box in grid cells; null = open space. */
  period: z.number().nullable(),
  /** Density above which a point is an event. */
  threshold: z.number().nullable(),
  /** The same in standard deviations of the density above its mean. */
  threshold_sigmas: z.number().nullable(),
  n_events: count,
  /** Events of the diagram: all of them, or as many as are analysed, spread as far as they go. */
  n_analysed: count,
  /** Greatest distance of an event left out from one that was not; the length of a bar may be off by four times that. */
  decimation_radius: z.number(),
  /** Of the set of points above the threshold: pieces, loops, hollows. Exact. */
  betti_0: count.nullable(),
  betti_1: count.nullable(),
  betti_2: count.nullable(),
  /** Bars longer than that count as persistent: 0.5, and where events were left out as much more as a bar may be off. */
  persistence_cut: z.number(),
  /** Only bars that end. */
  persistent_h0: count,
  persistent_h1: count.nullable(),
  persistent_h2: count.nullable(),
  /** Clusters of events by type, and events in none. Null = not computed. */
  q_counts: z.object({ Q_nu: count.nullable(), Q_theta: count.nullable(), transient: count.nullable(), unclustered: count.nullable() }),
  diagram: z.array(bar),
  /** Of the density itself, from the top down, in two dimensions; heights in standard deviations above the mean. */
  superlevel: z.object({ units: z.literal('sigma_rho'), persistence_cut: z.number(), persistent_h0: count, persistent_h1: count, diagram: z.array(bar) }).nullable(),
});
export type Topology = z.infer<typeof topologySchema>;

export const PERSISTENCE_CUT = 0.5;
const SUPERLEVEL_CUT = 1;
const MOST_SUPERLEVEL_BARS = 200;
const CLUSTER_EPS = 2;
const CLUSTER_LEAST = 4;

export interface FieldTopology {
  readonly topology: Topology;
  /** Brightest first, all of them. */
  readonly events: readonly FieldEvent[];
}

export interface TopologyOptions {
  /** Density; default: mean + 3 standard deviations. */
  readonly threshold?: number;
  readonly maxPoints?: number;
  readonly tStep?: number | null;
}

/**
 * Topology of a field on a periodic grid. The same for a field shifted by whole points or turned in phase, but for rounding.
 * @throws RigError E_TDA_INPUT for more than 300 points to analyse
 */
export function fieldTopology(psi: ComplexField, n: number, dim: 2 | 3, { threshold, maxPoints, tStep = null }: TopologyOptions = {}): FieldTopology {
  const found = eventsOf(psi, n, dim, tStep, threshold);
  const rho = densityOf(psi);
  const inside = Uint8Array.from(rho, (value) => (value > found.threshold ? 1 : 0));
  return {
    events: found.events,
    topology: {
      ...eventTopology(found.events, n, maxPoints),
      threshold: found.threshold,
      threshold_sigmas: found.sigmas,
      ...bettiNumbers(inside, n, dim),
      superlevel: dim === 2 && found.sigmas !== null ? superlevelOf(rho, n, found.mean, found.sigma) : null,
    },
  };
}

/** Topology of events alone: what needs the field is null. @param events brightest first @param period of the box in the events' unit; null = open space */
export function eventTopology(events: readonly FieldEvent[], period: number | null, maxPoints = MOST_POINTS): Topology {
  const points = events.map(pointOf);
  const { rips, radius, cut } = thinned(points, maxPoints, period);
  return {
    method: 'rips-events-v1',
    units: 'grid_cells',
    period,
    threshold: null,
    threshold_sigmas: null,
    n_events: events.length,
    n_analysed: Math.min(points.length, maxPoints),
    decimation_radius: radius,
    betti_0: null,
    betti_1: null,
    betti_2: null,
    persistence_cut: cut,
    persistent_h0: persistent(rips.bars, 0, cut),
    persistent_h1: rips.hasH1 ? persistent(rips.bars, 1, cut) : null,
    persistent_h2: null,
    q_counts: taxonomy(points, period, maxPoints),
    diagram: rips.bars.map(({ dim, birth, death }) => [dim, rounded(birth), death === null ? null : rounded(death)]),
    superlevel: null,
  };
}

interface Thinned {
  readonly rips: RipsResult;
  readonly radius: number;
  /** A longer bar of the thinned cloud is one of the whole cloud longer than PERSISTENCE_CUT. */
  readonly cut: number;
}

function thinned(points: readonly Point[], most: number, period: number | null): Thinned {
  const { kept, radius } = farthestPoints(points, most, period);
  return { rips: ripsPersistence(distanceMatrix(kept.map((i) => points[i]!), period), kept.length), radius, cut: PERSISTENCE_CUT + 4 * radius };
}

/** Bars that end, longer than the cut. */
const persistent = (bars: readonly Bar[], dim: number, cut: number): number => bars.filter((b) => b.dim === dim && b.death !== null && b.death - b.birth > cut).length;

/**
 * The public tools' types of clusters (DBSCAN, radius 2 cells, 4 events): Q_nu has a persistent loop, `transient` has none. Theirs with
 * a persistent hollow, Q_theta, is not computed. The names are theirs; that they mean anything physical is not claimed here.
 */
function taxonomy(points: readonly Point[], period: number | null, maxPoints: number): Topology['q_counts'] {
  const clusters = clustersOf(points, CLUSTER_EPS, CLUSTER_LEAST, period);
  if (clusters === null) return { Q_nu: null, Q_theta: null, transient: null, unclustered: null };
  const unclustered = points.length - clusters.reduce((sum, members) => sum + members.length, 0);
  let loops = 0;
  for (const members of clusters) {
    const { rips, cut } = thinned(members.map((i) => points[i]!), maxPoints, period);
    if (!rips.hasH1) return { Q_nu: null, Q_theta: null, transient: null, unclustered };
    if (persistent(rips.bars, 1, cut) > 0) loops++;
  }
  return { Q_nu: loops, Q_theta: null, transient: clusters.length - loops, unclustered };
}

/** Long bars only: a noisy field has thousands of short ones. */
function superlevelOf(rho: Float64Array, n: number, mean: number, sigma: number): NonNullable<Topology['superlevel']> {
  const bars = sublevelPersistence(rho.map((value) => (mean - value) / sigma), n);
  const long = bars.filter(({ birth, death }) => death === null || death - birth > SUPERLEVEL_CUT).sort((a, b) => a.dim - b.dim || span(b) - span(a) || a.birth - b.birth);
  return {
    units: 'sigma_rho',
    persistence_cut: SUPERLEVEL_CUT,
    persistent_h0: persistent(bars, 0, SUPERLEVEL_CUT),
    persistent_h1: persistent(bars, 1, SUPERLEVEL_CUT),
    diagram: long.slice(0, MOST_SUPERLEVEL_BARS).map(({ dim, birth, death }) => [dim, rounded(-birth), death === null ? null : rounded(-death)]),
  };
}

const span = ({ birth, death }: Bar): number => (death ?? Infinity) - birth;

/** Six decimals: enough for a chart, and the same bytes for a field turned in phase. */
const rounded = (value: number): number => Math.round(value * 1e6) / 1e6 + 0;
