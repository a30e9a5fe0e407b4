/** Seeded random numbers: xoshiro128** (Blackman and Vigna 2018), its state filled by splitmix32 from the seed. The same seed gives the same numbers on every machine. */
export class SeededRandom {
  readonly #s = new Uint32Array(4);
  #spare: number | null = null;

  /** @param seed any finite number; its lowest 32 bits and the rest count */
  constructor(seed: number) {
    // The upper part is mixed first: folded as it is, small numbers in it and in the lower part would stand for each other.
    let state = (Math.trunc(seed) ^ mixed(Math.trunc(seed / 2 ** 32))) >>> 0;
    for (let i = 0; i < 4; i++) {
      state = (state + 0x9e3779b9) >>> 0;
      this.#s[i] = mixed(state);
    }
  }

  /** The next 32 bits. */
  bits(): number {
    const s = this.#s;
    const x = Math.imul(s[1]!, 5);
    const result = Math.imul((x << 7) | (x >>> 25), 9) >>> 0;
    const t = s[1]! << 9;
    s[2]! ^= s[0]!;
    s[3]! ^= s[1]!;
    s[1]! ^= s[2]!;
    s[0]! ^= s[3]!;
    s[2]! ^= t;
    s[3] = (s[3]! << 11) | (s[3]! >>> 21);
    return result;
  }

  /** Uniform in [0, 1), 53 bits. */
  uniform(): number {
    return ((this.bits() >>> 5) * 2 ** 26 + (this.bits() >>> 6)) / 2 ** 53;
  }

  /** Standard normal (Box and Muller). */
  normal(): number {
    if (this.#spare !== null) {
      const value = this.#spare;
      this.#spare = null;
      return value;
    }
    const radius = Math.sqrt(-2 * Math.log(1 - this.uniform()));
    const angle = 2 * Math.PI * this.uniform();
    this.#spare = radius * Math.sin(angle);
    return radius * Math.cos(angle);
  }
}

/** Each of 2^32 numbers to another; 0 to itself. */
function mixed(value: number): number {
  const z = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  const y = Math.imul(z ^ (z >>> 13), 0xc2b2ae35);
  return y ^ (y >>> 16);
}
