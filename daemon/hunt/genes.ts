/** Which parameters a hunt searches, and how their values are drawn, crossed and mutated: always as a place between 0 and 1 in their range. */
import { RigError } from '../../protocol/common/errors.ts';
import type { SeededRandom } from '../solver/random.ts';
import { PARAMETER_RANGES, type NumberParameter } from '../../kernels/spectral/parameters.ts';

export type GeneName = Extract<NumberParameter, `sncgl_${string}` | `sdg_${string}`>;

export interface GeneBounds {
  readonly min: number;
  readonly max: number;
  /** `log`: a tenth more counts the same at either end of the range. */
  readonly scale: 'linear' | 'log';
}

export type BoundsTable = Readonly<Partial<Record<GeneName, GeneBounds>>>;
/** A value for every gene of the table. */
export type Genes = Readonly<Partial<Record<GeneName, number>>>;

/** What is searched by default. Without `diff_im` and `c3` a hunt would meet only quiet states: fronts and frozen vortices. */
export const DEFAULT_BOUNDS: BoundsTable = {
  sncgl_epsilon: { min: 0.1, max: 0.5, scale: 'linear' },
  sncgl_lambda: { min: 0.01, max: 0.1, scale: 'log' },
  sncgl_g_nonlocal: { min: 5e-4, max: 5e-3, scale: 'log' },
  sncgl_c3: { min: -1.5, max: 1.5, scale: 'linear' },
  sncgl_diff_im: { min: 0, max: 1.6, scale: 'linear' },
  sdg_alpha: { min: 1, max: 2, scale: 'linear' },
  sdg_kappa: { min: 0.5, max: 1.5, scale: 'linear' },
  sdg_eta: { min: 0.1, max: 1, scale: 'linear' },
  sdg_mass_sq: { min: 0.1, max: 4, scale: 'log' },
};

const CROSSOVER_MARGIN = 0.3;

/** @throws RigError E_HUNT_SETTINGS that names the gene */
export function checkBounds(table: BoundsTable): void {
  const entries = Object.entries(table) as [GeneName, GeneBounds][];
  if (entries.length === 0) throw new RigError('E_HUNT_SETTINGS', 'bounds: no parameter is to be searched', { context: { field: 'bounds' } });
  for (const [gene, { min, max, scale }] of entries) {
    const wrong = (rule: string): RigError => new RigError('E_HUNT_SETTINGS', `bounds.${gene}: ${rule}`, { context: { field: `bounds.${gene}` } });
    if (!/^(sncgl|sdg)_/.test(gene) || !Object.hasOwn(PARAMETER_RANGES, gene)) throw wrong('there is no such parameter');
    const [low, high] = PARAMETER_RANGES[gene];
    if (!(min >= low && max <= high && min < max)) throw wrong(`must be a range within ${low} to ${high} (it is ${min} to ${max})`);
    if (scale !== 'linear' && scale !== 'log') throw wrong('scale must be linear or log');
    if (scale === 'log' && !(min > 0)) throw wrong('a logarithmic range begins above zero');
  }
}

/** 0 at the least, 1 at the greatest value. */
export const toUnit = (value: number, { min, max, scale }: GeneBounds): number => (scale === 'log' ? Math.log(value / min) / Math.log(max / min) : (value - min) / (max - min));

/** Never outside the range, whatever rounding does. */
export function fromUnit(unit: number, { min, max, scale }: GeneBounds): number {
  return Math.min(max, Math.max(min, scale === 'log' ? min * (max / min) ** unit : min + (max - min) * unit));
}

/** Into 0 to 1 by mirrors at both ends: unlike clamping, it leaves no heap of values at the bounds. */
export function reflect(unit: number): number {
  const inTwo = ((unit % 2) + 2) % 2;
  return inTwo > 1 ? 2 - inTwo : inTwo;
}

export const geneNames = (table: BoundsTable): GeneName[] => (Object.keys(table) as GeneName[]).sort();

const mapGenes = (table: BoundsTable, value: (gene: GeneName, bounds: GeneBounds) => number): Genes => Object.fromEntries(geneNames(table).map((gene) => [gene, value(gene, table[gene]!)]));

export const uniformGenes = (table: BoundsTable, random: SeededRandom): Genes => mapGenes(table, (_, bounds) => fromUnit(random.uniform(), bounds));

/** BLX-0.3: each gene uniform between the parents' and 0.3 of their distance beyond either, reflected at the bounds. */
export function cross(a: Genes, b: Genes, table: BoundsTable, random: SeededRandom): Genes {
  return mapGenes(table, (gene, bounds) => {
    const [low, high] = [toUnit(a[gene]!, bounds), toUnit(b[gene]!, bounds)].sort((x, y) => x - y) as [number, number];
    const margin = CROSSOVER_MARGIN * (high - low);
    return fromUnit(reflect(low - margin + (high - low + 2 * margin) * random.uniform()), bounds);
  });
}

/** Each gene with probability `rate`: moved by N(0, `strength`) of its range, reflected at the bounds. */
export function mutate(genes: Genes, table: BoundsTable, { rate, strength }: { readonly rate: number; readonly strength: number }, random: SeededRandom): Genes {
  return mapGenes(table, (gene, bounds) => (random.uniform() < rate ? fromUnit(reflect(toUnit(genes[gene]!, bounds) + strength * random.normal()), bounds) : genes[gene]!));
}

/** The same text for the same values. */
export const genesKey = (genes: Genes): string => (Object.keys(genes) as GeneName[]).sort().map((gene) => `${gene}=${genes[gene]}`).join(' ');
