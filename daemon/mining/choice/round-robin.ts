import type { Standing } from './strategy.ts';
import type { TurnOrder } from './turns.ts';

/** Each pool in turn, in the configured order. */
export class RoundRobin implements TurnOrder {
  next(candidates: readonly Standing[], pools: readonly Standing[], active: string | null): Standing {
    const place = pools.findIndex(({ id }) => id === active);
    const after = [...pools.slice(place + 1), ...pools.slice(0, place + 1)];
    return after.find((pool) => candidates.includes(pool)) ?? candidates[0]!;
  }

  present(): void {}

  yields(): boolean {
    return false;
  }

  words(): string {
    return '';
  }
}
