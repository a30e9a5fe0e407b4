import { SeededRandom } from '../solver/random.ts';
import type { BoundsTable, Genes } from './genes.ts';
import { cross, genesKey, mutate, uniformGenes } from './genes.ts';
import type { Origin } from './job.ts';

/** One with a result, who may have children. */
export interface Parent {
  readonly job_uuid: string;
  readonly genes: Genes;
  readonly fitness: number;
}

export interface Child {
  readonly genes: Genes;
  readonly origin: Origin;
  readonly parent_1: string | null;
  readonly parent_2: string | null;
}

export interface BreedingSettings {
  readonly bounds: BoundsTable;
  readonly crossover_rate: number;
  readonly mutation_rate: number;
  /** Of a gene's range. */
  readonly mutation_strength: number;
}

const TOURNAMENT = 3;
/** Attempts at a child that was not there before, until one is drawn anew from everywhere. */
const ATTEMPTS = 20;

/** Each generation draws from numbers of its own, so one bred again after a crash comes out the same, with no state of a generator kept. */
export const randomOf = (seed: number, generation: number): SeededRandom => new SeededRandom(seed + (generation + 1) * 2 ** 32);

/** The best `max(1, 10 % of population)` of all: they stay parents for ever, and are not run again for that. */
export function elitesOf<T extends Parent>(all: readonly T[], population: number): T[] {
  return byFitness(all).slice(0, Math.max(1, Math.round(population / 10)));
}

/** Best first; equals in their old order. */
export const byFitness = <T extends { readonly fitness: number }>(rows: readonly T[]): T[] => [...rows].sort((a, b) => b.fitness - a.fitness);

/**
 * `count` children with parameters that nobody had before.
 * @param pool who may be a parent; without any (or with nobody fit) all children are drawn from everywhere
 * @param known `genesKey` of all that was ever run; those of the children are added
 */
export function breed(count: number, pool: readonly Parent[], settings: BreedingSettings, random: SeededRandom, known: Set<string>): Child[] {
  const fit = pool.filter(({ fitness }) => fitness > 0);
  return Array.from({ length: count }, () => {
    for (let attempt = 0; ; attempt++) {
      const child: Child = fit.length === 0 || attempt >= ATTEMPTS ? { genes: uniformGenes(settings.bounds, random), origin: 'uniform', parent_1: null, parent_2: null } : childOf(fit, settings, random);
      const key = genesKey(child.genes);
      // Two of a kind in a continuous range come of no luck: a table that is not one is better run twice than for ever looked for.
      if (known.has(key) && attempt < 2 * ATTEMPTS) continue;
      known.add(key);
      return child;
    }
  });
}

function childOf(pool: readonly Parent[], settings: BreedingSettings, random: SeededRandom): Child {
  const first = tournament(pool, random);
  const second = tournament(pool, random);
  const isCrossed = first !== second && random.uniform() < settings.crossover_rate;
  const genes = isCrossed ? cross(first.genes, second.genes, settings.bounds, random) : first.genes;
  return {
    genes: mutate(genes, settings.bounds, { rate: settings.mutation_rate, strength: settings.mutation_strength }, random),
    origin: isCrossed ? 'crossover' : 'mutation',
    parent_1: first.job_uuid,
    parent_2: isCrossed ? second.job_uuid : null,
  };
}

function tournament(pool: readonly Parent[], random: SeededRandom): Parent {
  const pick = (): Parent => pool[Math.floor(random.uniform() * pool.length)]!;
  let best = pick();
  for (let i = 1; i < TOURNAMENT; i++) {
    const other = pick();
    if (other.fitness > best.fitness) best = other;
  }
  return best;
}
