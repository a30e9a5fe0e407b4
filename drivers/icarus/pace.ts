/** How fast a device of the family hashes, and how often it needs work: known for some models, measured for the others. */
import { hashrateOfHashTime, ICARUS_LONGEST_WORK_MS, ICARUS_MODELS, nextWorkAfterMs } from '../../protocol/icarus/timing.ts';
import type { IcarusModelName } from '../../protocol/icarus/timing.ts';

/**
 * Hash rates, in H/s, between which devices of a model lie whose clock is not known: what is expected until it has been measured,
 * and what work must come fast enough for. U1 at its 200 MHz, U3 at 250 MHz; a Rockminer has several chips.
 */
const UNKNOWN: Partial<Record<IcarusModelName, readonly [slowest: number, fastest: number]>> = { 'antminer-u': [1.6e9, 80e9], rockminer: [8e9, 120e9] };

/** Nonces between two looks at the rate: it is then known to 13 %. */
const NONCES_A_LOOK = 64;
/** A rate that differs by less is the same. */
const SAME = 0.2;
/** Part of the range that is used while the rate is only measured. */
const MARGIN = 0.6;
/**
 * Nonces in the range of one work, and hashes to a nonce: of silicon. Simulated chips with easier nonces hash so much slower
 * that they come as often.
 */
const RANGE = 2 ** 32;

export class IcarusPace {
  readonly #hashTimeNs: number | null;
  #hashrateHs: number;
  #jobIntervalMs: number;
  #from: { readonly at: number; nonces: number } | null = null;

  /** @param hashTimeNs as configured; null = as the model has it */
  constructor(model: IcarusModelName, hashTimeNs: number | null) {
    this.#hashTimeNs = hashTimeNs ?? ICARUS_MODELS[model].hashTimeNs;
    const [slowest, fastest] = UNKNOWN[model] ?? [0, 0];
    this.#hashrateHs = this.#hashTimeNs === null ? slowest : hashrateOfHashTime(this.#hashTimeNs);
    this.#jobIntervalMs = nextWorkAfterMs(this.#hashTimeNs ?? 1e9 / fastest);
  }

  get hashrateHs(): number {
    return this.#hashrateHs;
  }

  get jobIntervalMs(): number {
    return this.#jobIntervalMs;
  }

  /** Work has begun after a pause. */
  restart(): void {
    this.#from = null;
  }

  /** A right nonce came. @param at monotonic ms @returns true when the pace has changed */
  nonce(at: number): boolean {
    if (this.#hashTimeNs !== null) return false;
    this.#from ??= { at, nonces: -1 };
    if (++this.#from.nonces < NONCES_A_LOOK) return false;
    const rate = (this.#from.nonces * RANGE * 1000) / Math.max(1, at - this.#from.at);
    this.#from = { at, nonces: 0 };
    if (Math.abs(rate / this.#hashrateHs - 1) < SAME) return false;
    this.#hashrateHs = rate;
    this.#jobIntervalMs = Math.min(ICARUS_LONGEST_WORK_MS, (MARGIN * RANGE * 1000) / rate);
    return true;
  }
}
