/** Keeps the record of a board (history.ts) as things happen to it. */
import { newHistory, type BoardHistory } from './history.ts';
import type { Load, Physics } from './physics.ts';

/** Steps of a ramp are 6.25 MHz; a divider cannot always make that exactly. */
const SAFE_RAISE_MHZ = 6.25 + 0.9;
const HOT_C = 80;

export class Recorder {
  readonly history: BoardHistory = newHistory();
  readonly #physics: Physics;
  #unattendedMs = 0;
  #wasOn = false;

  constructor(physics: Physics) {
    this.#physics = physics;
  }

  /** The record stays; what is counted from now on begins anew. */
  powerUp(): void {
    this.#unattendedMs = 0;
    this.#wasOn = false;
  }

  /** Somebody has asked the control port something. */
  asked(): void {
    this.#unattendedMs = 0;
  }

  /** Whether the chips can take power, whenever that may have changed. */
  power(on: boolean, fanPercent: number): void {
    if (on && !this.#wasOn) {
      this.history.power_ons++;
      if (fanPercent <= 0) this.history.power_on_without_fan++;
    }
    this.#wasOn = on;
  }

  clockSet(before: number, after: number, coreV: number): void {
    const { history } = this;
    const raise = after - before;
    history.highest_mhz = Math.max(history.highest_mhz, after);
    if (raise <= 0) return;
    history.largest_raise_mhz = Math.max(history.largest_raise_mhz, raise);
    if (raise > SAFE_RAISE_MHZ) history.raises_too_large++;
    if (coreV < this.#physics.needV(after)) history.raises_above_voltage++;
  }

  /** @param ms that have passed like this */
  lived(ms: number, load: Load, on: boolean, fanPercent: number): void {
    const history = this.history;
    const { chipC } = this.#physics;
    history.hottest_c = Math.max(history.hottest_c, chipC);
    history.highest_core_v = Math.max(history.highest_core_v, load.coreV);
    this.power(on, fanPercent);
    this.#unattendedMs = on ? this.#unattendedMs + ms : 0;
    if (!on) return;
    history.power_ms += ms;
    history.unattended_ms = Math.max(history.unattended_ms, this.#unattendedMs);
    if (fanPercent <= 0) history.power_without_fan_ms += ms;
    if (chipC >= HOT_C) history.power_above_80c_ms += ms;
    if (this.#physics.strain(load) !== 'none') history.starved_ms += ms;
  }
}
