/** What the score would be if there were nothing to find: fields with the same power in every mode and random phases, and random targets. */
import { GridFft } from '../../solver/fft.ts';
import type { Peak } from './peaks.ts';
import { PeakFinder } from './peaks.ts';
import { SeededRandom } from '../../solver/random.ts';
import { median, peaksOfRays, scoreRays } from './log-prime.ts';
import { PRIME_LOG_TARGETS } from './prime-match.ts';
import type { RealField } from './rays.ts';

export const SURROGATES = 32;
const SHUFFLED_RANGE = [Math.log(2), Math.log(23)] as const;

export interface NullTests {
  /** Median score of the phase-scrambled fields. */
  readonly sse_null_phase_scramble: number;
  /** Median score of the field itself against targets drawn at random. */
  readonly sse_null_target_shuffle: number;
  /** (1 + scrambled fields that score as well or better) / (n + 1): the chance of such a score without any structure in the phases. */
  readonly p_value: number;
  /** The same for the random targets. */
  readonly p_value_target_shuffle: number;
  readonly n_surrogates: number;
}

/** @param seed the same seed, the same surrogates @param sse the score they are held against */
export function nullTests(field: RealField, dx: number, rays: readonly (readonly Peak[])[], sse: number, seed: number, n = SURROGATES, onSurrogate: () => void = () => {}): NullTests {
  // Not the seed itself: the run drew its first field from that, and a null must know nothing of the field it is held against.
  const random = new SeededRandom(new SeededRandom(seed).bits());
  const scrambler = new PhaseScrambler(field);
  const finder = new PeakFinder(field.n);
  const scrambled = Array.from({ length: n }, () => {
    const { log_prime_sse } = scoreRays(peaksOfRays({ ...field, values: scrambler.next(random) }, dx, finder));
    onSurrogate();
    return log_prime_sse;
  });
  const shuffled = Array.from({ length: n }, () => scoreRays(rays, randomTargets(random)).log_prime_sse);
  const chance = (nulls: readonly number[]): number => (1 + nulls.filter((value) => value <= sse).length) / (n + 1);
  return { sse_null_phase_scramble: median(scrambled), sse_null_target_shuffle: median(shuffled), p_value: chance(scrambled), p_value_target_shuffle: chance(shuffled), n_surrogates: n };
}

/** As many as there are primes, uniform from ln 2 to ln 23, increasing. */
function randomTargets(random: SeededRandom): number[] {
  const [low, high] = SHUFFLED_RANGE;
  return PRIME_LOG_TARGETS.map(() => low + (high - low) * random.uniform()).sort((a, b) => a - b);
}

/** Real fields with the power spectrum of a given one and random phases. */
export class PhaseScrambler {
  readonly #fft: GridFft;
  readonly #magnitude: Float64Array;
  readonly #re: Float64Array;
  readonly #im: Float64Array;

  constructor({ values, n, dim }: RealField) {
    this.#fft = new GridFft(n, dim);
    this.#re = values.slice();
    this.#im = new Float64Array(values.length);
    this.#fft.forward(this.#re, this.#im);
    this.#magnitude = this.#re.map((re, i) => Math.hypot(re, this.#im[i]!));
    // The mean is no mode of the structure; the rays take theirs off anyway.
    this.#magnitude[0] = 0;
  }

  /** A copy. Phases of white noise are those a real field may have: each mode's is the opposite of its mirror's. */
  next(random: SeededRandom): Float64Array {
    for (let i = 0; i < this.#re.length; i++) this.#re[i] = random.normal();
    this.#im.fill(0);
    this.#fft.forward(this.#re, this.#im);
    for (let i = 0; i < this.#re.length; i++) {
      const length = Math.hypot(this.#re[i]!, this.#im[i]!);
      const factor = length > 0 ? this.#magnitude[i]! / length : 0;
      this.#re[i]! *= factor;
      this.#im[i]! *= factor;
    }
    this.#fft.inverse(this.#re, this.#im);
    return this.#re.slice();
  }
}
