import type { Clock } from '../../protocol/common/clock.ts';
import type { StateSource } from '../telemetry/state.ts';

/** The state as JSON, made once for all who ask within a while. */
export class StateText {
  readonly #source: StateSource;
  readonly #clock: Clock;
  #text = '';
  #at = -Infinity;

  constructor(source: StateSource, clock: Clock) {
    this.#source = source;
    this.#clock = clock;
  }

  /** What was made before something changed that its cause wants to see is not given to anybody any more. */
  expire(): void {
    this.#at = -Infinity;
  }

  /**
   * @param maxAgeMs how old it may be; 0 = made anew
   * @returns `comparable` is the same text when nothing but the uptime has changed
   */
  read(maxAgeMs: number): { readonly text: string; readonly comparable: string } {
    const now = this.#clock.monotonic();
    if (maxAgeMs <= 0 || now - this.#at >= maxAgeMs) {
      this.#text = JSON.stringify(this.#source.snapshot());
      this.#at = now;
    }
    return { text: this.#text, comparable: this.#text.replace(/"uptime_secs":[\d.e+-]+/, '') };
  }
}
