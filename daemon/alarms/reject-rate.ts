import { countInterval95 } from '../../protocol/common/poisson.ts';
import type { PoolTelemetry, RigState } from '../telemetry/state.ts';
import type { AlarmRule, Finding } from './rule.ts';

/** One look kept for so long: the windows below are made of these. */
const SAMPLE_MS = 10_000;
/** Ten minutes when they hold enough shares, else an hour. */
const SHORT_MS = 600_000;
const LONG_MS = 3_600_000;
const ENOUGH_SHARES = 50;
/** Fewer rejected shares are no pattern. */
const LEAST_REJECTED = 3;

interface Counts {
  readonly at: number;
  readonly sent: number;
  readonly rejected: number;
}

/**
 * More rejected shares than the limit, and not by chance: the lower end of the 95 % interval of the rate is above it. Ended when
 * the rate itself is not above the limit any more.
 */
export class RejectRate implements AlarmRule {
  readonly kind = 'reject_rate';
  /** Looking every second finds every moment of bad luck: it must last. */
  readonly raiseAfterMs = 120_000;
  readonly healAfterMs = 600_000;
  readonly #limit: number;
  readonly #samples = new Map<string, Counts[]>();

  /** @param limitPercent of the shares that were sent */
  constructor(limitPercent: number) {
    this.#limit = limitPercent / 100;
  }

  look(state: RigState, now: number): Finding[] {
    return state.pools.flatMap((pool): Finding[] => {
      const { sent, rejected, ms } = this.#window(pool, now);
      if (sent === 0) return [];
      const rate = rejected / sent;
      const percent = `${(rate * 100).toFixed(1)} % of the ${sent} shares of the last ${Math.ceil(ms / 60_000)} min were rejected or too late`;
      // The interval of a Poisson count is a little wider than that of a part of a whole: it errs on the side of silence.
      if (rejected >= LEAST_REJECTED && countInterval95(rejected)[0] / sent > this.#limit) {
        const [reason] = Object.keys(pool.account.reject_reasons);
        return [{ subject: pool.id, trouble: true, message: `${pool.id}: ${percent}${reason === undefined ? '' : `; most frequent since start: ${reason}`}` }];
      }
      return rate <= this.#limit ? [{ subject: pool.id, trouble: false, message: `${pool.id}: ${percent}` }] : [];
    });
  }

  #window({ id, account }: PoolTelemetry, now: number): { readonly sent: number; readonly rejected: number; readonly ms: number } {
    const present: Counts = { at: now, sent: account.sent, rejected: account.rejected + account.stale };
    const samples = this.#samples.get(id) ?? [present];
    this.#samples.set(id, samples);
    if (now - samples.at(-1)!.at >= SAMPLE_MS) samples.push(present);
    // The newest that is older than the longest window stays: the window begins with it.
    while (samples.length > 1 && now - samples[1]!.at >= LONG_MS) samples.shift();
    const since = (ms: number): { readonly sent: number; readonly rejected: number; readonly ms: number } => {
      const from = samples.findLast((sample) => now - sample.at >= ms) ?? samples[0]!;
      return { sent: present.sent - from.sent, rejected: present.rejected - from.rejected, ms: now - from.at };
    };
    const short = since(SHORT_MS);
    return short.sent >= ENOUGH_SHARES ? short : since(LONG_MS);
  }
}
