import type { Standing } from './strategy.ts';
import type { TurnOrder } from './turns.ts';

/**
 * Work is split by the weights of the pools: the next turn goes to the pool that is furthest behind, the one with the
 * fewest hashes for its weight. A pool that was away starts level with the others: what it missed is not made up for,
 * because that would leave them without work for as long. (Start-time fair queuing: Goyal, Vin and Cheng, 1996.)
 */
export class Quota implements TurnOrder {
  readonly #hashesFor: (poolId: string) => number;
  /** Hashes that a pool is taken to have had although it was away for them. */
  readonly #missed = new Map<string, number>();
  #present: ReadonlySet<string> = new Set();
  /** Hashes for its weight of the pool that was furthest behind at the last turn: whoever comes back starts from here. It never falls. */
  #level = 0;

  /** @param hashesFor hashes done for a pool so far, up to this moment */
  constructor(hashesFor: (poolId: string) => number) {
    this.#hashesFor = hashesFor;
  }

  present(candidates: readonly Standing[]): void {
    const weighted = candidates.filter(({ quota }) => quota > 0);
    const ids = new Set(weighted.map(({ id }) => id));
    if (ids.size === this.#present.size && weighted.every(({ id }) => this.#present.has(id))) return;
    for (const pool of weighted) {
      if (this.#present.has(pool.id)) continue;
      const behind = (this.#level - this.#progress(pool)) * pool.quota;
      if (behind > 0) this.#missed.set(pool.id, (this.#missed.get(pool.id) ?? 0) + behind);
    }
    this.#present = ids;
  }

  next(candidates: readonly Standing[], pools: readonly Standing[], active: string | null): Standing {
    const weighted = candidates.filter(({ quota }) => quota > 0);
    if (weighted.length === 0) return candidates[0]!;
    this.#level = Math.max(this.#level, Math.min(...weighted.map((pool) => this.#progress(pool))));
    const place = pools.findIndex(({ id }) => id === active);
    const ranked = weighted.map((pool) => ({ pool, progress: this.#progress(pool), turnsAway: (pools.indexOf(pool) - place - 1 + pools.length) % pools.length }));
    // Level pools take turns, so that work goes round even while no device can tell how much it does.
    return ranked.reduce((best, one) => (one.progress < best.progress || (one.progress === best.progress && one.turnsAway < best.turnsAway) ? one : best)).pool;
  }

  yields(pool: Standing, candidates: readonly Standing[]): boolean {
    return pool.quota === 0 && candidates.some(({ quota }) => quota > 0);
  }

  words(pool: Standing, candidates: readonly Standing[]): string {
    if (pool.quota === 0) return 'its quota is 0: only while no pool with a weight has work';
    const sum = candidates.reduce((total, { quota }) => total + quota, 0);
    return candidates.includes(pool) ? `its weight is ${pool.quota} of ${sum}` : '';
  }

  #progress({ id, quota }: Standing): number {
    return (this.#hashesFor(id) + (this.#missed.get(id) ?? 0)) / quota;
  }
}
