/** Nonces, hardware errors and duplicates of each chip, and the cores that miscalculate. Bounded whatever the chips say. */

/** More than any chain has. */
const CHIPS = 256;
const CORES = 64;

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

  /** Counts a nonce under its chip, when the family tells which. */
  count(what: keyof ChipCount, chip: number | null, core: number | null): void {
    this.all[what]++;
    if (chip === null || !Number.isInteger(chip) || chip < 0 || chip >= CHIPS) return;
    while (this.#chips.length <= chip) this.#chips.push({ nonces: 0, hardware_errors: 0, duplicates: 0 });
    this.#chips[chip]![what]++;
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

  /** Cores with hardware errors, the worst first; of the first 64 that had any. */
  cores(): readonly CoreErrors[] {
    return [...this.#cores]
      .map(([key, errors]) => ({ chip: Math.floor(key / 65_536), core: key % 65_536, hardware_errors: errors }))
      .sort((a, b) => b.hardware_errors - a.hardware_errors || a.chip - b.chip || a.core - b.core);
  }
}
