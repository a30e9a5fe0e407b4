import { messageOf } from '../../protocol/common/errors.ts';
import type { Log } from '../../protocol/common/log.ts';
import { readCpuTemperature } from './cpu-temperature.ts';
import type { CpuOptions } from './options.ts';
import { readPackageEnergy } from './package-energy.ts';
import { onBattery } from './power-supply.ts';

/** Degrees below the limit at which hashing resumes. */
const HYSTERESIS_C = 5;
const TEMPERATURE_EVERY_MS = 2000;
const BATTERY_EVERY_MS = 10_000;

export interface GuardSensors {
  readonly temperature: () => Promise<number | null>;
  readonly onBattery: () => Promise<boolean | null>;
  readonly energy: typeof readPackageEnergy;
}

export const systemSensors: GuardSensors = { temperature: () => readCpuTemperature(), onBattery: () => onBattery(), energy: () => readPackageEnergy() };

/** Looks at temperature, battery and power, and says whether hashing must wait. */
export class Guards {
  temp_c: number | null = null;
  power_w: number | null = null;
  readonly #options: CpuOptions;
  readonly #sensors: GuardSensors;
  readonly #log: Log;
  #hot = false;
  #battery = false;
  #nextTemperature = -Infinity;
  #nextBattery = -Infinity;
  #energy: { readonly at: number; readonly joules: number } | null = null;
  #polling = false;
  #warned = false;

  constructor(options: CpuOptions, sensors: GuardSensors, log: Log) {
    this.#options = options;
    this.#sensors = sensors;
    this.#log = log;
  }

  /** Why hashing must wait, in plain words; null = it may go on. */
  get reason(): string | null {
    if (this.#hot) return `CPU at ${this.temp_c ?? '?'} C, waiting for ${(this.#options.max_temp_c ?? 0) - HYSTERESIS_C} C`;
    return this.#battery ? 'running on battery' : null;
  }

  /** Reads the sensors that are due. Never throws; a slow sensor is not asked twice at once. @param now monotonic milliseconds */
  async poll(now: number): Promise<void> {
    if (this.#polling) return;
    this.#polling = true;
    try {
      if (now >= this.#nextTemperature) {
        this.#nextTemperature = now + TEMPERATURE_EVERY_MS;
        this.#onTemperature(await this.#sensors.temperature());
        this.#onEnergy(now, await this.#sensors.energy());
      }
      if (this.#options.pause_on_battery && now >= this.#nextBattery) {
        this.#nextBattery = now + BATTERY_EVERY_MS;
        this.#battery = (await this.#sensors.onBattery()) === true;
      }
    } catch (error) {
      this.#log.debug({ err: messageOf(error) }, 'a sensor of the CPU could not be read');
    } finally {
      this.#polling = false;
    }
  }

  #onTemperature(temp: number | null): void {
    this.temp_c = temp;
    const limit = this.#options.max_temp_c;
    if (limit === undefined) return;
    if (temp === null) {
      // Unknown is not cool: what was paused for heat stays paused.
      if (!this.#warned) this.#log.warn({ max_temp_c: limit }, 'max_temp_c is set but this machine has no CPU temperature sensor that can be read');
      this.#warned = true;
    } else if (temp >= limit) this.#hot = true;
    else if (temp <= limit - HYSTERESIS_C) this.#hot = false;
  }

  #onEnergy(now: number, energy: Awaited<ReturnType<typeof readPackageEnergy>>): void {
    const before = this.#energy;
    this.#energy = energy && { at: now, joules: energy.joules };
    this.power_w = null;
    if (!energy || !before || now <= before.at) return;
    const used = energy.joules - before.joules;
    // The counter starts again at its limit.
    this.power_w = ((used < 0 ? used + energy.wraps_at_j : used) * 1000) / (now - before.at);
  }
}
