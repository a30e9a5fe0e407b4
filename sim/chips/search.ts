/**
 * Where a chip is in its search. A core counts nonces through its range, then takes the next versions; when it has had all of
 * them it begins again and repeats its results, as real chips do until a new job comes.
 *
 * Real chips hash 2^20 times and more what a computer can. So the search is thinned out: of the silicon's path only every Nth
 * step is hashed, evenly, and the path takes as long as it would. N (the thinning) is 2^(32 - zeroBits), as nonces are easier by that.
 */
import type { ChipJob } from './job.ts';
import type { VirtualChip } from './chip.ts';

export interface Batch {
  /** The low 25 bits of the nonces to try; each core puts its number above them. */
  readonly counter: number;
  /** Version values (16 bits, from bit 13 of the header's version up), or midstate slots: tried side by side. */
  readonly versions: readonly number[];
}

export class ChipSearch {
  readonly job: ChipJob;
  readonly #chip: VirtualChip;
  readonly #thinning: number;
  #step = 0;

  constructor(chip: VirtualChip, job: ChipJob, thinning: number) {
    this.#chip = chip;
    this.job = job;
    this.#thinning = thinning;
  }

  next(): Batch {
    const chip = this.#chip;
    const mask = this.job.kind === 'header' ? chip.versionMask : 0;
    const bits = countBits(mask);
    const side = Math.min(bits, chip.model.sideBySideBits);
    const length = chip.rangeLength;
    const path = 2 ** (bits - side) * length;
    const steps = Math.max(1, Math.round(path / this.#thinning));
    const step = this.#step++ % steps;
    // Somewhere within the step, not always at its start: the low bits of nonces are to differ.
    const at = Math.floor(((step + ((step * 0.6180339887) % 1)) * path) / steps);
    const counter = (chip.rangeStart + (at % length)) % 2 ** 25;
    const group = Math.floor(at / length);
    const versions = this.job.kind === 'midstates' ? this.job.midstates.map((_, slot) => slot) : Array.from({ length: 2 ** side }, (_, sub) => deposit(group * 2 ** side + sub, mask));
    return { counter, versions };
  }
}

function countBits(mask: number): number {
  let bits = 0;
  for (let rest = mask; rest !== 0; rest &= rest - 1) bits++;
  return bits;
}

/** Puts the bits of `value` into the places of `mask`, lowest first. */
function deposit(value: number, mask: number): number {
  let out = 0;
  let rest = value;
  for (let place = 1; place <= mask; place <<= 1) {
    if ((mask & place) === 0) continue;
    if ((rest & 1) === 1) out |= place;
    rest >>>= 1;
  }
  return out;
}
