/**
 * Asks running chips for a register that does no harm, one after the other, each every two seconds: nonces may be minutes
 * apart, and whether a chip is alive must be known sooner. The register is the one that counts hashes, where there is one.
 */
import { commandAddress } from '../../protocol/bm13xx/addressing.ts';
import type { Bm13xxChip } from '../../protocol/bm13xx/chips.ts';
import { encodeRead } from '../../protocol/bm13xx/command.ts';
import { hashRateOfCounters, hashRateOfRegister } from '../../protocol/bm13xx/counters.ts';
import { REGISTER } from '../../protocol/bm13xx/registers.ts';
import type { RegisterReply } from '../../protocol/bm13xx/reply.ts';

/** Every chip is asked this often, ms. */
export const POLL_MS = 2000;
/** Questions a living chip may leave open one after the other: a byte lost on the line costs one. */
const MOST_MISSED = 3;

interface ChipRecord {
  missed: number;
  counter: number | null;
  counterAt: number;
  rateHs: number | null;
}

/** Longest time without an answer of a healthy chain, ms. */
export const ANSWER_WITHIN_MS = POLL_MS * MOST_MISSED + 1000;

export class ChipPolls {
  readonly #chip: Bm13xxChip;
  readonly #addresses: readonly number[];
  readonly #register: number;
  readonly #chips: ChipRecord[];
  #next = 0;
  /** One of them has: so all of their kind can. */
  #everAnswered = false;
  /** Questions since anything came from any of them. */
  #askedInVain = 0;

  /** @param addresses that were set, in chain order */
  constructor(chip: Bm13xxChip, addresses: readonly number[]) {
    this.#chip = chip;
    this.#addresses = addresses;
    this.#register = chip.name === 'BM1397' ? REGISTER.hashRate : chip.name === 'BM1362' ? REGISTER.chipId : REGISTER.totalHashCounter;
    this.#chips = addresses.map(() => ({ missed: 0, counter: null, counterAt: 0, rateHs: null }));
  }

  /** Time between two questions, ms. */
  get everyMs(): number {
    return POLL_MS / this.#chips.length;
  }

  /** The next question. It counts as missed until `heard`. */
  ask(): Uint8Array {
    const index = this.#next;
    this.#next = (index + 1) % this.#chips.length;
    this.#chips[index]!.missed += 1;
    this.#askedInVain += 1;
    return encodeRead({ chipAddress: commandAddress(this.#chip, this.#addresses[index]!) }, this.#register);
  }

  /** Something came that only this chip can have said; null: one of them, nobody knows which. */
  heard(index: number | null): void {
    this.#askedInVain = 0;
    const chip = index === null ? undefined : this.#chips[index];
    if (chip !== undefined) chip.missed = 0;
  }

  /** Takes a register reply. @returns false when no chip of this chain was asked that */
  answer(reply: RegisterReply, now: number): boolean {
    const index = this.#addresses.indexOf(reply.chipAddress);
    if (index < 0 || (reply.register !== this.#register && reply.register !== REGISTER.chipId)) return false;
    const chip = this.#chips[index]!;
    this.heard(index);
    this.#everAnswered = true;
    if (reply.register === REGISTER.hashRate) chip.rateHs = hashRateOfRegister(reply.value);
    if (reply.register !== REGISTER.totalHashCounter) return true;
    // Twice within a moment is an answer that was held up, not a rate.
    if (chip.counter !== null && now - chip.counterAt < POLL_MS / 4) return true;
    if (chip.counter !== null) chip.rateHs = hashRateOfCounters(chip.counter, reply.value, (now - chip.counterAt) / 1000);
    chip.counter = reply.value;
    chip.counterAt = now;
    return true;
  }

  /** Indices of chips that have left too many questions open; told before a new round begins, when all have been asked as often. */
  silent(): number[] {
    if (this.#next !== 0) return [];
    const quiet = this.#chips.flatMap((chip, index) => (chip.missed >= MOST_MISSED ? [index] : []));
    if (quiet.length === this.#chips.length) return this.#askedInVain >= MOST_MISSED * this.#chips.length ? quiet : [];
    // Of chips that answer no question at all some are heard by their nonces, and those of the others may be far apart.
    return this.#everAnswered ? quiet : [];
  }

  /** What the chips say they hash, H/s; null until each has told, or when they cannot. */
  claimedHs(): number | null {
    let sum = 0;
    for (const { rateHs } of this.#chips) {
      if (rateHs === null) return null;
      sum += rateHs;
    }
    return sum;
  }
}
