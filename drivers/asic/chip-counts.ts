/** Nonces, hardware errors and duplicates of each chip, and the cores that miscalculate. Bounded whatever the chips say. */

/** More than any chain has. */
const CHIPS = 256;
const CORES = 64;
/** Nonces due from each chip in the mean before one without any is called silent: chance alone does that once in ten million times. */
const DUE = 16;

export interface ChipCount {
  nonces: number;
  hardware_errors: number;
  duplicates: number;
}

export interface CoreErrors {
  readonly chip: number;
  readonly core: number;
  readonly hardware_errors: number;
}

export class ChipCounts {
  readonly all: ChipCount = { nonces: 0, hardware_errors: 0, duplicates: 0 };
  readonly #chips: ChipCount[] = [];
  readonly #cores = new Map<number, number>();
  /** Nonces of each chip in the window that is being filled, and how many in all. */
  #window: number[] = [];
  #inWindow = 0;
  #silent: readonly number[] = [];

  /** Counts a nonce under its chip, when the family tells which. */
  count(what: keyof ChipCount, chip: number | null, core: number | null): void {
    this.all[what]++;
    if (chip === null || !Number.isInteger(chip) || chip < 0 || chip >= CHIPS) return;
    while (this.#chips.length <= chip) this.#chips.push({ nonces: 0, hardware_errors: 0, duplicates: 0 });
    this.#chips[chip]![what]++;
    if (what === 'nonces') {
      this.#window[chip] = (this.#window[chip] ?? 0) + 1;
      this.#inWindow++;
    }
    if (what !== 'hardware_errors' || core === null) return;
    const key = chip * 65_536 + (core & 0xffff);
    if (this.#cores.has(key) || this.#cores.size < CORES) this.#cores.set(key, (this.#cores.get(key) ?? 0) + 1);
  }

  /** One entry a chip, by its place in the chain; at least `chips` of them. Empty when the family does not tell chips apart. */
  chips(chips: number): readonly ChipCount[] {
    if (this.#chips.length === 0) return [];
    const silent = Math.max(0, Math.min(chips, CHIPS) - this.#chips.length);
    return [...this.#chips, ...Array.from({ length: silent }, () => ({ nonces: 0, hardware_errors: 0, duplicates: 0 }))].map((count) => ({ ...count }));
  }

  /**
   * Places of chips that have given no nonce where 16 were due, in the last window of as many as that takes; null when the family
   * does not tell chips apart. For a person to know: a broken chip shows here long before the rate does.
   */
  silent(chips: number): readonly number[] | null {
    if (chips === 1 || this.#chips.length === 0) return null;
    if (this.#inWindow >= DUE * chips) {
      this.#silent = Array.from({ length: Math.min(chips, CHIPS) }, (_, chip) => chip).filter((chip) => (this.#window[chip] ?? 0) === 0);
      this.#restart();
    }
    return this.#silent;
  }

  /** The board has been started: what was silent before may have come back. */
  restart(): void {
    this.#silent = [];
    this.#restart();
  }

  #restart(): void {
    this.#window = [];
    this.#inWindow = 0;
  }

  /** Cores with hardware errors, the worst first; of the first 64 that had any. */
  cores(): readonly CoreErrors[] {
    return [...this.#cores]
      .map(([key, errors]) => ({ chip: Math.floor(key / 65_536), core: key % 65_536, hardware_errors: errors }))
      .sort((a, b) => b.hardware_errors - a.hardware_errors || a.chip - b.chip || a.core - b.core);
  }
}
