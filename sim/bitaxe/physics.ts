/**
 * Heat, air and voltage, as simply as it can be and still be honest: power goes with V^2 f, temperature follows power over what
 * the air takes away, the fan follows what it is told, and chips need more voltage the faster they run.
 */
import type { BoardModel } from './models.ts';

export const AMBIENT_C = 25;
/** At full air the chips are this much warmer than the room when they run as meant; with no air, nearly six times that. */
const NOMINAL_RISE_C = 22;
const STILL_AIR = 5.5;
/** Of chips with their cooler at full air; slower with less. */
const HEAT_SECONDS = 12;
const FAN_SECONDS = 1.2;
export const FULL_RPM = 6000;
/** Taken by clocked chips without a job, and by powered ones whatever they do. */
const IDLE_SHARE = 0.35;
const LEAK_SHARE = 0.06;
/** Above these chips make mistakes, and stop. */
export const TOO_HOT_C = { errors: 105, dead: 125 } as const;
/** A little too slow for the clock: mistakes. More: nothing. */
const STARVED_DEAD_SHARE = 0.93;

export interface Load {
  readonly coreV: number;
  /** Mean clock of the chips, MHz; 0 when they are in reset. */
  readonly mhz: number;
  readonly hashing: boolean;
}

/** What gets warm. */
export type Heater = Pick<BoardModel, 'nominal' | 'chips'>;

export class Physics {
  readonly #model: Heater;
  chipC = AMBIENT_C;
  fanRpm = 0;
  watts = 0;

  constructor(model: Heater) {
    this.#model = model;
  }

  /** Voltage the chips need for a clock, of one domain: their nominal one has a margin of 7 %. */
  needV(mhz: number): number {
    const { mhz: nominal, volts } = this.#model.nominal;
    return volts * Math.max(0.78, 0.93 + 0.4 * (mhz / nominal - 1));
  }

  /** What a clock at a voltage does to chips. */
  strain({ coreV, mhz }: Load): 'none' | 'errors' | 'dead' {
    if (coreV <= 0 || mhz <= 0) return 'none';
    const share = coreV / this.needV(mhz);
    if (share < STARVED_DEAD_SHARE || this.chipC > TOO_HOT_C.dead) return 'dead';
    return share < 1 || this.chipC > TOO_HOT_C.errors ? 'errors' : 'none';
  }

  /** @param seconds of heat and of air, which may run faster than the chips' own time */
  run(seconds: number, load: Load, fanPercent: number): void {
    const { nominal, chips } = this.#model;
    const square = (load.coreV / nominal.volts) ** 2;
    const busy = (load.mhz / nominal.mhz) * (load.hashing ? 1 : IDLE_SHARE);
    this.watts = chips * nominal.watts * square * (LEAK_SHARE + (1 - LEAK_SHARE) * busy);
    const rpm = (fanPercent / 100) * FULL_RPM;
    this.fanRpm += (rpm - this.fanRpm) * (1 - Math.exp(-seconds / FAN_SECONDS));
    const still = 1 - Math.min(1, this.fanRpm / FULL_RPM);
    const resistance = 1 + (STILL_AIR - 1) * still ** 2;
    const target = AMBIENT_C + (this.watts / (chips * nominal.watts)) * NOMINAL_RISE_C * resistance;
    this.chipC += (target - this.chipC) * (1 - Math.exp(-seconds / (HEAT_SECONDS * resistance)));
  }
}
