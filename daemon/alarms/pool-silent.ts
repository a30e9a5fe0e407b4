import type { SourceStatus } from '../mining/job.ts';
import type { RigState } from '../telemetry/state.ts';
import { formatDuration } from '../telemetry/units.ts';
import type { AlarmRule, Finding } from './rule.ts';

/** Connected and expected to speak: every pool is kept connected, mined for or not. */
const CONNECTED: ReadonlySet<SourceStatus> = new Set(['handshaking', 'waiting_for_job', 'mining']);

interface Ear {
  lastHeardAt: number | null;
  connected: boolean;
  /** Since when nothing was heard on this connection, monotonic: the wall clock may be set. */
  since: number;
}

/**
 * A connected pool that says nothing. Ended by a pool that has work and speaks: a new connection to one that says nothing
 * changes nothing.
 */
export class PoolSilent implements AlarmRule {
  readonly kind = 'pool_silent';
  readonly raiseAfterMs = 0;
  readonly healAfterMs: number;
  readonly #limitMs: (poolId: string) => number;
  readonly #ears = new Map<string, Ear>();

  /** @param limitMs how long a pool may be silent @param healAfterMs how long it must speak again */
  constructor(limitMs: (poolId: string) => number, healAfterMs: number) {
    this.#limitMs = limitMs;
    this.healAfterMs = healAfterMs;
  }

  look(state: RigState, now: number): Finding[] {
    return state.pools.flatMap((pool): Finding[] => {
      const connected = CONNECTED.has(pool.status);
      const ear = this.#ears.get(pool.id) ?? { lastHeardAt: pool.last_heard_at, connected: false, since: now };
      this.#ears.set(pool.id, ear);
      if (pool.last_heard_at !== ear.lastHeardAt || (connected && !ear.connected)) ear.since = now;
      ear.lastHeardAt = pool.last_heard_at;
      ear.connected = connected;
      if (!connected) return [];
      const silentMs = now - ear.since;
      if (silentMs >= this.#limitMs(pool.id)) return [{ subject: pool.id, trouble: true, message: `${pool.id} is connected and has said nothing for ${formatDuration(silentMs / 1000)}` }];
      return pool.status === 'mining' ? [{ subject: pool.id, trouble: false, message: `${pool.id} speaks again` }] : [];
    });
  }
}
