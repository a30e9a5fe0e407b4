/** The filter options that `ledger show`, `export` and `tail` share. */
import { kindNamed, type Filter } from '../../ledger/query/filter.ts';
import { parseBound } from '../../ledger/query/when.ts';

/** As commander delivers them. */
export interface FilterFlags {
  readonly kind?: readonly string[];
  readonly component?: string;
  readonly since?: string;
  readonly until?: string;
  readonly status?: string;
  readonly pool?: string;
  readonly miner?: string;
  readonly id?: string;
  readonly blocks?: boolean;
}

/** @param now ms since the epoch @throws RigError E_FLAG_INVALID */
export function filterOf({ kind, since, until, component, status, pool, miner, id, blocks }: FilterFlags, now: number): Filter {
  return {
    ...(kind === undefined ? {} : { kinds: kind.map((word) => kindNamed('--kind', word)) }),
    ...(since === undefined ? {} : { since: parseBound('--since', since, now) }),
    ...(until === undefined ? {} : { until: parseBound('--until', until, now) }),
    ...defined({ component, status, pool, miner, id, blocks }),
  };
}

function defined<T extends object>(values: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as { [K in keyof T]?: Exclude<T[K], undefined> };
}
