import type { AlarmsConfig } from '../../config/schema.ts';
import type { Clock, Timer } from '../../protocol/common/clock.ts';
import { messageOf } from '../../protocol/common/errors.ts';
import type { Log } from '../../protocol/common/log.ts';
import type { StateSource } from '../telemetry/state.ts';
import { AllPoolsDead } from './all-pools-dead.ts';
import type { AlarmBook } from './book.ts';
import { NoShare } from './no-share.ts';
import { PayeeChanged } from './payee-changed.ts';
import { PoolAuth } from './pool-auth.ts';
import { PoolSilent } from './pool-silent.ts';
import { RejectRate } from './reject-rate.ts';
import type { AlarmRule } from './rule.ts';

const LOOK_MS = 1000;
/** A look that comes so late says that this process stood still: what pools sent meanwhile has not been read yet. */
const STOOD_STILL_MS = 3000;
/** Longest time that trouble must have been gone before that is told. */
const HEAL_MS = 30_000;

export interface AlarmFacts {
  /** Longest silence a pool's own client lets pass before it gives the connection up, ms. */
  readonly silenceMs: (poolId: string) => number;
  /** Whether shares may be sent at all: where they may not, none can be accepted. */
  readonly submits: boolean;
}

/** The rules for what is configured. */
export function alarmRules(config: Pick<AlarmsConfig, 'pool_silent_seconds' | 'reject_percent' | 'no_share_factor' | 'all_pools_dead_seconds'>, { silenceMs, submits }: AlarmFacts): AlarmRule[] {
  const silentMs = config.pool_silent_seconds * 1000;
  const deadMs = config.all_pools_dead_seconds * 1000;
  return [
    // The client ends a silent connection by itself: the alarm comes before that in any case.
    new PoolSilent((poolId) => Math.min(silentMs, silenceMs(poolId) * 0.9), Math.min(HEAL_MS, silentMs / 2)),
    new PoolAuth(),
    new RejectRate(config.reject_percent),
    ...(submits ? [new NoShare(config.no_share_factor)] : []),
    new PayeeChanged(),
    new AllPoolsDead(deadMs, Math.min(HEAL_MS, Math.max(1000, deadMs))),
  ];
}

/** Looks at the state once a second and puts what the rules see in the book. */
export class AlarmWatch {
  readonly #state: StateSource;
  readonly #book: AlarmBook;
  readonly #rules: readonly AlarmRule[];
  readonly #clock: Clock;
  readonly #log: Log;
  #timer: Timer | null = null;
  #complained = false;
  #lookedAt: number | null = null;

  constructor(rules: readonly AlarmRule[], deps: { readonly state: StateSource; readonly book: AlarmBook; readonly clock: Clock; readonly log: Log }) {
    this.#rules = rules;
    this.#state = deps.state;
    this.#book = deps.book;
    this.#clock = deps.clock;
    this.#log = deps.log;
  }

  start(): void {
    this.#timer ??= this.#clock.every(LOOK_MS, () => this.#look());
  }

  /** What a stop does to pools is no alarm. */
  stop(): void {
    this.#timer?.cancel();
    this.#timer = null;
  }

  /** Never throws: it runs on a timer. */
  #look(): void {
    const late = this.#lookedAt !== null && this.#clock.monotonic() - this.#lookedAt > STOOD_STILL_MS;
    // One is left out, not more: a host that is always late must hear of its pools as well.
    this.#lookedAt = late ? null : this.#clock.monotonic();
    if (late) return;
    try {
      const state = this.#state.snapshot();
      if (state.mining.status === 'stopping' || state.mining.status === 'stopped') return;
      const now = this.#clock.monotonic();
      for (const rule of this.#rules) this.#book.note(rule, rule.look(state, now));
    } catch (error) {
      if (!this.#complained) this.#log.error({ err: messageOf(error) }, 'alarms could not be looked at');
      this.#complained = true;
    }
  }
}
