/**
 * Fan speed from temperature: a PI controller that never lets go. Pure: asked every second or two with the time (monotonic ms),
 * it says the percent to set. Full speed whenever the temperature is not known to be fine, or the fan does not turn.
 */
import type { ThermalVerdict } from './thermal-guard.ts';

/** Percent per degC above the target, and the time after which a lasting error has given as much again. */
const GAIN = 4;
const INTEGRAL_MS = 30_000;
/** Longer gaps between updates are counted as this: a stalled event loop is no reason to swing. */
const STEP_AT_MOST_MS = 5000;
/** A fan takes a moment to spin up. */
const SPIN_UP_MS = 10_000;
/** Below this share of full speed some fans rightly stand still. */
const MUST_TURN_PERCENT = 30;
const RAISE_PERCENT = 10;

export interface FanOptions {
  /** Temperature to hold. */
  readonly targetC: number;
  /** Least percent at any time. Default 30. */
  readonly minPercent?: number;
}

export interface FanDemand {
  /** 0 .. 100, whole. */
  readonly percent: number;
  /** The fan stands still though it is driven: switch the chips off. */
  readonly stalled: boolean;
  /** Why it runs at full speed, for a person; null when it simply holds the temperature. */
  readonly reason: string | null;
}

export class FanLoop {
  readonly #targetC: number;
  #min: number;
  #integral: number;
  #at: number | null = null;
  #demand: FanDemand = { percent: 100, stalled: false, reason: 'no reading yet' };
  /** Since when the tachometer has read 0. */
  #stillSince: number | null = null;
  /** A person's wish; null = automatic. */
  #manual: number | null = null;

  /** @throws RangeError when the least percent is not 0 .. 100 */
  constructor(options: FanOptions) {
    const { minPercent = 30 } = options;
    if (!(minPercent >= 0 && minPercent <= 100)) throw new RangeError(`a fan runs at 0 to 100 %, not ${minPercent}`);
    this.#targetC = options.targetC;
    this.#min = minPercent;
    this.#integral = minPercent;
  }

  get demand(): FanDemand {
    return this.#demand;
  }

  /** A fixed speed, within what is safe: heat, faults and the least percent go before it. @param percent null = automatic */
  setManual(percent: number | null): void {
    this.#manual = percent;
  }

  /**
   * The speed to set now.
   * @param thermal of the sensor that counts @param rpm of the tachometer; null = it has none, or the read failed
   */
  update(now: number, thermal: ThermalVerdict, rpm: number | null): FanDemand {
    const elapsed = this.#at === null ? 0 : Math.min(STEP_AT_MOST_MS, Math.max(0, now - this.#at));
    this.#at = now;
    const stillMs = this.#watch(now, rpm);
    const held = this.#hold(thermal.temp_c, elapsed);
    if (stillMs >= SPIN_UP_MS) {
      // First full speed, to see whether it starts; a fan that stands still even then is broken.
      const stalled = stillMs >= 2 * SPIN_UP_MS || this.#demand.stalled;
      this.#demand = { percent: 100, stalled, reason: 'the fan does not turn' };
    } else if (thermal.state !== 'ok' || held === null) {
      this.#demand = { percent: 100, stalled: false, reason: thermal.reason ?? 'temperature unknown' };
    } else {
      this.#demand = { percent: Math.ceil(Math.max(this.#min, this.#manual ?? held)), stalled: false, reason: null };
    }
    return this.#demand;
  }

  /** Time for which the fan has stood still though it is driven. */
  #watch(now: number, rpm: number | null): number {
    if (rpm === null) return this.#stillSince === null ? 0 : now - this.#stillSince;
    if (rpm > 0) {
      // It needed a push: next time it is not let down so far.
      if (this.#stillSince !== null && now - this.#stillSince >= SPIN_UP_MS) this.#min = Math.min(100, Math.max(this.#min, MUST_TURN_PERCENT) + RAISE_PERCENT);
      this.#stillSince = null;
      return 0;
    }
    this.#stillSince ??= now;
    return now - this.#stillSince;
  }

  /** PI with the integral held inside what the fan can do, so that it does not wind up. */
  #hold(temp: number | null, elapsedMs: number): number | null {
    if (temp === null) return null;
    const error = GAIN * (temp - this.#targetC);
    this.#integral = clamp(this.#integral + (error * elapsedMs) / INTEGRAL_MS, this.#min, 100);
    return clamp(this.#integral + error, this.#min, 100);
  }
}

function clamp(value: number, min: number, max: number): number {
  return Math.min(max, Math.max(min, value));
}
