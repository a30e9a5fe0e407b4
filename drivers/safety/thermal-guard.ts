/**
 * Whether a temperature may be believed, and what it means. Pure: readings come in with the time (monotonic ms), a verdict
 * comes out; who asks decides what to switch off.
 *
 * A sensor that lies is as dangerous as heat. What is known to lie: an open or shorted diode reads 127 degC; a read that failed
 * on the bus comes back as 0 or -1; a dead converter repeats its last value for ever.
 */

/** Outside is no chip, and no room: the sensor is at fault, at once. */
const PLAUSIBLE_C = { min: -20, max: 125 } as const;
/** Reads that may fail in a row; the last good value is in force meanwhile. */
const FAILED_READS = 3;
/** 0 and -1 are believed of a board that was as cold as this just before: a rig in a shed in winter. */
const COLD_C = 5;
const HOT_HYSTERESIS_C = 5;
const CRITICAL_HYSTERESIS_C = 10;
/**
 * A good sensor of 1 degC (or 0.125 degC) resolution may repeat itself for an hour while a fan holds the temperature. So a value
 * counts as stuck only where physics must move it: chips that have been cold for a minute and then hash for five minutes get
 * tens of degrees warmer; and a fan that goes from 40 to 70 %, or back, changes what chips at work are warmer than the room by a
 * fifth and more.
 */
const COLD_BEFORE_MS = 60_000;
const STUCK_MS = 5 * 60_000;
const FAN_MOVED_PERCENT = 30;
const FAN_MOVED_MS = 2 * 60_000;

export interface ThermalLimits {
  /** From here on the fan must do all it can. */
  readonly hotC: number;
  /** From here on chips are switched off. */
  readonly criticalC: number;
}

/**
 * unknown: no good reading yet; do not power the chips. ok, hot, critical: as the limits say, leaving hot 5 and critical 10 degC
 * below them. sensor_fault: the temperature is not known any more; stays until `reset`.
 */
export type ThermalState = 'unknown' | 'ok' | 'hot' | 'critical' | 'sensor_fault';

export interface ThermalVerdict {
  readonly state: ThermalState;
  /** The last good reading; null before one, and after a fault. */
  readonly temp_c: number | null;
  /** Plain words for a person; null when all is well. */
  readonly reason: string | null;
}

export class ThermalGuard {
  readonly #limits: ThermalLimits;
  #verdict: ThermalVerdict = { state: 'unknown', temp_c: null, reason: 'no reading yet' };
  #failed = 0;
  /** Since when the chips heat, or do not; null = never told. */
  #heating: { readonly on: boolean; readonly since: number } | null = null;
  /** Set while the reading must move: the value it must leave. */
  #mustMove: { readonly since: number; readonly from: number } | null = null;

  #fan: number | null = null;
  /** The reading that came again and again while chips heat: speed of the fan at the first, and since when it has been quite another. */
  #still: { readonly reading: number; readonly fan: number; readonly since: number; movedAt: number | null } | null = null;

  /** @throws RangeError when the limits are not in order, or above what a good sensor can read */
  constructor(limits: ThermalLimits) {
    if (!(limits.hotC <= limits.criticalC && limits.criticalC < PLAUSIBLE_C.max && limits.hotC > COLD_C)) throw new RangeError(`limits of ${limits.hotC} and ${limits.criticalC} degC are not in order`);
    this.#limits = limits;
  }

  get verdict(): ThermalVerdict {
    return this.#verdict;
  }

  /**
   * A reading has been made.
   * @param reading degC; null or an error = it failed (a bus error, a diode known to be open)
   */
  read(now: number, reading: number | null | Error): ThermalVerdict {
    if (this.#verdict.state === 'sensor_fault') return this.#verdict;
    if (typeof reading === 'number' && !Number.isNaN(reading) && (reading < PLAUSIBLE_C.min || reading > PLAUSIBLE_C.max)) {
      return this.#fault(`it reads ${reading} degC, which cannot be`);
    }
    if (reading === null || typeof reading !== 'number' || Number.isNaN(reading) || this.#looksLikeBusError(reading)) {
      this.#failed++;
      if (this.#failed < FAILED_READS) return this.#verdict;
      const why = reading instanceof Error ? `: ${reading.message}` : typeof reading === 'number' ? `: it reads ${reading} degC` : '';
      return this.#fault(`${this.#failed} reads in a row failed${why}`);
    }
    this.#failed = 0;
    if (this.#mustMove && reading !== this.#mustMove.from) this.#mustMove = null;
    if (this.#mustMove && now - this.#mustMove.since >= STUCK_MS) return this.#fault(`it has read ${reading} degC since before the chips began to work ${Math.round((now - this.#mustMove.since) / 60_000)} min ago`);
    const unmoved = this.#unmoved(now, reading);
    return unmoved === null ? (this.#verdict = this.#judge(reading)) : this.#fault(unmoved);
  }

  /** The fan has been set. Without being told, or where there is none, nothing follows from it. */
  fan(percent: number): void {
    this.#fan = percent;
  }

  /** The chips have begun to hash under full power, or have been switched off. Without being told, no value counts as stuck. */
  heating(now: number, on: boolean): void {
    if (this.#heating?.on === on) return;
    const coldFor = this.#heating === null ? Infinity : now - this.#heating.since;
    this.#heating = { on, since: now };
    const from = this.#verdict.temp_c;
    this.#mustMove = on && coldFor >= COLD_BEFORE_MS && from !== null ? { since: now, from } : null;
  }

  /** Forgets everything, a fault too: the board is being started anew. */
  reset(): void {
    this.#verdict = { state: 'unknown', temp_c: null, reason: 'no reading yet' };
    this.#failed = 0;
    this.#heating = null;
    this.#mustMove = null;
    this.#fan = null;
    this.#still = null;
  }

  /** Why a reading that has not moved with the fan is not believed; null = it is. */
  #unmoved(now: number, reading: number): string | null {
    const fan = this.#fan;
    if (fan === null || this.#heating?.on !== true || this.#still?.reading !== reading) {
      this.#still = fan === null || this.#heating?.on !== true ? null : { reading, fan, since: now, movedAt: null };
      return null;
    }
    const still = this.#still;
    still.movedAt = Math.abs(fan - still.fan) < FAN_MOVED_PERCENT ? null : (still.movedAt ?? now);
    if (still.movedAt === null || now - still.movedAt < FAN_MOVED_MS) return null;
    return `it has read ${reading} degC for ${Math.round((now - still.since) / 60_000)} min, while the fan went from ${Math.round(still.fan)} to ${Math.round(fan)} %`;
  }

  #looksLikeBusError(reading: number): boolean {
    if (reading !== 0 && reading !== -1) return false;
    const before = this.#verdict.temp_c;
    return before === null || before > COLD_C;
  }

  #judge(temp: number): ThermalVerdict {
    const { hotC, criticalC } = this.#limits;
    const was = this.#verdict.state;
    if (temp >= criticalC || (was === 'critical' && temp > criticalC - CRITICAL_HYSTERESIS_C)) {
      return { state: 'critical', temp_c: temp, reason: temp >= criticalC ? `${temp} degC, the limit is ${criticalC}` : `${temp} degC, waits for ${criticalC - CRITICAL_HYSTERESIS_C}` };
    }
    if (temp >= hotC || ((was === 'hot' || was === 'critical') && temp > hotC - HOT_HYSTERESIS_C)) return { state: 'hot', temp_c: temp, reason: `${temp} degC` };
    return { state: 'ok', temp_c: temp, reason: null };
  }

  #fault(why: string): ThermalVerdict {
    return (this.#verdict = { state: 'sensor_fault', temp_c: null, reason: `temperature sensor: ${why}` });
  }
}
