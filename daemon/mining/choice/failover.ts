import { returning, type Pick, type RoleWords, type Standing, type Strategy } from './strategy.ts';

/**
 * The first of the configured pools that has work. When it loses its work the next one that has some is mined for at once;
 * the way back is taken only when the better pool has held work for the return time without a break, so that one that comes and
 * goes does not drag the rig along. A pool that has not failed yet has nothing to prove: a start is no return.
 */
export class Failover implements Strategy {
  pick(pools: readonly Standing[], active: string | null): Pick {
    const working = pools.filter(({ hasWork }) => hasWork);
    const proven = working.find(({ provesUntil }) => provesUntil === null);
    const present = working.find(({ id }) => id === active);
    // A pool that has to prove itself may die again in a moment: it is only better than nothing.
    const chosen = present === undefined ? (proven ?? working[0]) : proven !== undefined && working.indexOf(proven) < working.indexOf(present) ? proven : present;
    if (chosen === undefined) return { id: null, lookAgainAt: null };
    const times = working.slice(0, working.indexOf(chosen)).map(({ provesUntil }) => provesUntil).filter((time) => time !== null);
    return { id: chosen.id, lookAgainAt: times.length === 0 ? null : Math.min(...times) };
  }

  role(pool: Standing, pools: readonly Standing[], active: string | null, now: number): RoleWords {
    const place = pools.indexOf(pool);
    if (pool.id === active) return { role: 'active', reason: place === 0 ? 'the first pool' : pools.slice(0, place).map(betterWords).join(', ') };
    const isBetter = place < pools.findIndex(({ id }) => id === active);
    if (isBetter && pool.provesUntil !== null) return returning(pool.provesUntil, now);
    return { role: 'standby', reason: `ready at once when ${active ?? 'the pool mined for'} fails` };
  }
}

function betterWords({ id, hasWork }: Standing): string {
  return hasWork ? `${id} has to prove itself` : `${id} is down`;
}
