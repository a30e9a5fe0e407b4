/** A row of BM1384 or BM1387 on a line: what is the same for both. */
import { FaultyLine, type ChipFaults } from '../chips/faults.ts';
import type { SweepFound } from '../icarus/sweep.ts';
import { OldChip } from './old-chip.ts';

export interface OldChainOptions {
  readonly chips: number;
  /** As `ChainOptions.zeroBits`; 4 to 32, default 12. */
  readonly zeroBits?: number;
  /** Most hashes per second of all chips, really computed. Default: no limit but their clock. */
  readonly rate_hs?: number | null;
}

/** Difference between host and chip that a UART still reads right. */
const BAUD_TOLERANCE = 0.05;

export abstract class OldChain {
  readonly chips: readonly OldChip[];
  /** Speed the host has set, baud; null = unknown, taken as right. */
  hostBaud: number | null = null;
  readonly zeroBits: number;
  /** Greatest raise of a clock in one step, MHz. */
  largestRaiseMhz = 0;
  protected readonly line = new FaultyLine();
  protected counts = { frames: 0, jobs: 0, ramp_jobs: 0, nonces: 0, bytes_ignored: 0 };
  readonly #send: (bytes: Uint8Array) => void;
  readonly #rate: number;
  #turn = 0;

  protected constructor(options: OldChainOptions, cores: number, powerOnMhz: number, send: (bytes: Uint8Array) => void) {
    this.zeroBits = options.zeroBits ?? 12;
    if (!Number.isInteger(this.zeroBits) || this.zeroBits < 4 || this.zeroBits > 32) throw new RangeError('zeroBits is 4 to 32');
    if (!Number.isInteger(options.chips) || options.chips < 1 || options.chips > 128) throw new RangeError('a chain has 1 to 128 chips');
    this.chips = Array.from({ length: options.chips }, (_, position) => new OldChip(position, cores, powerOnMhz));
    this.#rate = (options.rate_hs ?? Infinity) * 2 ** (32 - this.zeroBits);
    this.#send = send;
  }

  abstract get baud(): number;
  /** The reply for a nonce. */
  protected abstract nonceReply(nonce: number, jobId: number, slot: number): Uint8Array;

  /** Change its fields at any time. */
  get faults(): ChipFaults {
    return this.line.faults;
  }

  get agrees(): boolean {
    return this.hostBaud === null || Math.abs(this.hostBaud / this.baud - 1) <= BAUD_TOLERANCE;
  }

  reset(): void {
    for (const chip of this.chips) chip.reset();
  }

  stats(): Readonly<Record<string, number>> {
    const sum = (of: (chip: OldChip) => number): number => this.chips.reduce((total, chip) => total + of(chip), 0);
    return { ...this.counts, hashes: sum((chip) => chip.hashes), open_cores: sum((chip) => chip.openCores), mhz: sum((chip) => chip.mhz) / this.chips.length, largest_raise_mhz: this.largestRaiseMhz };
  }

  /** Lets time pass, as `VirtualChain.run`. */
  run(ms: number, budgetMs: number): void {
    const { chips } = this;
    const total = chips.reduce((sum, chip) => sum + chip.rate_hs, 0);
    if (total === 0) return;
    const share = Math.min(1, this.#rate / total);
    const start = performance.now();
    const first = this.#turn++ % chips.length;
    for (let i = 0; i < chips.length; i++) {
      const chip = chips[(first + i) % chips.length] as OldChip;
      this.#tell(chip, chip.run(ms, chip.rate_hs * share, start + (budgetMs * (i + 1)) / chips.length));
    }
  }

  protected alive(): readonly OldChip[] {
    const { deadDomain } = this.faults;
    return deadDomain === null ? this.chips : this.chips.slice(0, deadDomain);
  }

  protected address(address: number): void {
    const next = this.alive().find((chip) => !chip.addressed);
    if (!next) return;
    next.address = address;
    next.addressed = true;
  }

  protected clock(chip: OldChip, mhz: number): void {
    this.largestRaiseMhz = Math.max(this.largestRaiseMhz, mhz - chip.mhz);
    chip.mhz = mhz;
  }

  protected job(jobId: number, midstates: readonly Int32Array[], tail: Uint8Array, ticketMask: number): void {
    this.counts.jobs++;
    if (midstates.every((midstate) => midstate.every((word) => word === 0))) this.counts.ramp_jobs++;
    for (const chip of this.alive()) this.#tell(chip, chip.take(jobId, midstates, tail, Math.floor(256 / this.chips.length) / 256, ticketMask, this.zeroBits));
  }

  protected say(reply: Uint8Array, isNonce: boolean): void {
    const bytes = this.line.spoil(reply, isNonce);
    if (bytes.length === 0) return;
    this.#send(this.agrees ? bytes : this.line.noise(bytes.length));
  }

  #tell(chip: OldChip, found: readonly SweepFound[]): void {
    for (const { nonce, slot } of found) {
      this.counts.nonces++;
      this.say(this.nonceReply(this.line.nonce(nonce), chip.jobId, slot), true);
    }
  }
}
