/** Chips in a row on one serial line. Bytes go in and come out; time is given to it, so that tests need no clock. */
import { VirtualChip } from './chip.ts';
import { FaultyLine, type ChipFaults } from './faults.ts';
import { batchHasher, type BatchHasher } from './hash.ts';
import { readJob } from './job.ts';
import { MODELS, type ChipModel, type ModelName } from './models.ts';
import { ChipSearch } from './search.ts';
import { HostFrames, nonceReply, registerReply, type HostFrame } from './wire.ts';

export interface ChainOptions {
  readonly model: ModelName;
  /** 1 to 128. Default 1. */
  readonly chips?: number;
  /** Most hashes per second of the whole chain, really computed. Default: no limit but the chips' clock. */
  readonly rate_hs?: number | null;
  /**
   * Leading zero bits of every nonce, before the ticket mask asks for more. 32 in silicon; less makes nonces easier by
   * 2^(32 - zeroBits) and slows the hashing by the same, so that nonces come as often as from real chips. 4 to 32, default 12.
   */
  readonly zeroBits?: number;
  /** Steps of the silicon's search for each one that is hashed, see search.ts. Default: 2^(32 - zeroBits). Less leaves more to find in a job. */
  readonly thinning?: number;
  /** Chips that share a voltage domain. Default: about 11 domains, at least one chip each. */
  readonly chipsPerDomain?: number;
}

export interface ChainStats {
  /** Frames understood, and jobs among them. */
  readonly frames: number;
  readonly jobs: number;
  readonly bytes_ignored: number;
  readonly nonces: number;
  /** Really computed. */
  readonly hashes: number;
}

/** Difference between host and chip that a UART still reads right: the documented 1,041,667 against 1,000,000 baud works. */
const BAUD_TOLERANCE = 0.05;

export class VirtualChain {
  readonly chips: readonly VirtualChip[];
  readonly model: ChipModel;
  readonly zeroBits: number;
  /** Speed the host has set, baud; null = unknown, taken as right. */
  hostBaud: number | null = null;
  /** Without power, or held in reset by whatever they are mounted on: they hear and say nothing. */
  asleep = false;
  /** Too little voltage for their clock: every third nonce is wrong. */
  starved = false;
  /** Told after a chip's clock was set, MHz. */
  onClock: ((before: number, after: number) => void) | null = null;
  readonly #send: (bytes: Uint8Array) => void;
  readonly #thinning: number;
  readonly #rate: number | null;
  readonly #chipsPerDomain: number;
  readonly #frames: HostFrames;
  readonly #line = new FaultyLine();
  readonly #searches = new Map<VirtualChip, ChipSearch>();
  /** Hashes a chip has had the time for and not done. */
  readonly #owed = new Map<VirtualChip, number>();
  #hasher: BatchHasher | null = null;
  #counts = { frames: 0, jobs: 0, nonces: 0, hashes: 0 };
  #turn = 0;

  /** @param send takes what the chips say, called within `receive`, `run` and `hash` */
  constructor(options: ChainOptions, send: (bytes: Uint8Array) => void) {
    const count = options.chips ?? 1;
    this.model = MODELS[options.model];
    this.zeroBits = options.zeroBits ?? 12;
    if (!Number.isInteger(count) || count < 1 || count > 128) throw new RangeError('a chain has 1 to 128 chips');
    if (!Number.isInteger(this.zeroBits) || this.zeroBits < 4 || this.zeroBits > 32) throw new RangeError('zeroBits is 4 to 32');
    this.#thinning = options.thinning ?? 2 ** (32 - this.zeroBits);
    this.chips = Array.from({ length: count }, (_, position) => new VirtualChip(this.model, position));
    this.#chipsPerDomain = options.chipsPerDomain ?? Math.max(1, Math.round(count / 11));
    this.#rate = options.rate_hs ?? null;
    this.#frames = new HostFrames(this.model);
    this.#send = send;
  }

  /** Change its fields at any time. `disappear` is for what holds the tty, not for the chips. */
  get faults(): ChipFaults {
    return this.#line.faults;
  }

  stats(): ChainStats {
    return { ...this.#counts, bytes_ignored: this.#frames.bytesIgnored };
  }

  /** What the NRST line does: everything as after power-on. */
  reset(): void {
    for (const chip of this.chips) chip.reset();
    this.#searches.clear();
    this.#owed.clear();
    this.#frames.clear();
  }

  /** Takes bytes of the host. */
  receive(chunk: Uint8Array): void {
    // Bytes at a speed that no chip listens at are noise to all of them.
    if (!this.#alive().some((chip) => this.understands(chip))) {
      this.#frames.clear();
      return;
    }
    for (const frame of this.#frames.push(chunk)) {
      this.#counts.frames++;
      this.#obey(frame, this.#alive().filter((chip) => this.understands(chip)));
    }
  }

  /**
   * Lets time pass.
   * @param ms time since the last call
   * @param budgetMs time that may be spent on hashing; what does not fit is lost, as in a chip that runs slower
   */
  run(ms: number, budgetMs: number): void {
    const chips = this.#busy();
    const wanted = chips.map((chip) => chip.nominalHashRate() / 2 ** (32 - this.zeroBits));
    const total = wanted.reduce((sum, rate) => sum + rate, 0);
    const share = this.#rate === null || total <= this.#rate ? 1 : this.#rate / total;
    chips.forEach((chip, i) => {
      const owed = (this.#owed.get(chip) ?? 0) + ((wanted[i] as number) * share * ms) / 1000;
      this.#owed.set(chip, owed);
    });
    const until = performance.now() + budgetMs;
    let left = chips.length;
    while (left > 0 && performance.now() < until) {
      const chip = chips[this.#turn++ % chips.length] as VirtualChip;
      const owed = this.#owed.get(chip) ?? 0;
      left = owed > 0 ? chips.length : left - 1;
      if (owed > 0) this.#owed.set(chip, owed - this.#batch(chip));
    }
    for (const chip of chips) this.#owed.set(chip, Math.min(this.#owed.get(chip) ?? 0, 0));
  }

  /** Lets every chip that has a job do `batches` batches (one counter value on all its cores), whatever the time. */
  hash(batches: number): void {
    for (let i = 0; i < batches; i++) for (const chip of this.#busy()) this.#batch(chip);
  }

  /** Chips with power, and with power all the way to the host. */
  #alive(): readonly VirtualChip[] {
    const { deadDomain } = this.faults;
    if (this.asleep) return [];
    return deadDomain === null ? this.chips : this.chips.slice(0, deadDomain * this.#chipsPerDomain);
  }

  #busy(): VirtualChip[] {
    return this.#alive().filter((chip) => chip.hashing && this.#searches.has(chip));
  }

  /** Whether host and chip have the same speed. */
  understands(chip: VirtualChip): boolean {
    return this.hostBaud === null || Math.abs(this.hostBaud / chip.baud - 1) <= BAUD_TOLERANCE;
  }

  #obey(frame: HostFrame, chips: readonly VirtualChip[]): void {
    switch (frame.kind) {
      case 'inactive':
        for (const chip of chips) chip.addressed = false;
        return;
      case 'set address': {
        const next = chips.find((chip) => !chip.addressed);
        if (!next) return;
        next.address = frame.address;
        next.addressed = true;
        return;
      }
      case 'write':
        for (const chip of chips) {
          if (!frame.all && chip.address !== frame.address) continue;
          const before = chip.frequencyMhz;
          chip.write(frame.register, frame.value);
          if (chip.frequencyMhz !== before) this.onClock?.(before, chip.frequencyMhz);
        }
        return;
      case 'read':
        for (const chip of chips) {
          if (frame.all || chip.address === frame.address) this.#say(chip, registerReply(chip.read(frame.register), chip.address, frame.register, chip.longReplies), false);
        }
        return;
      case 'job': {
        this.#counts.jobs++;
        const job = readJob(this.model, frame.data);
        for (const chip of chips) {
          this.#searches.set(chip, new ChipSearch(chip, job, this.#thinning));
          this.#owed.set(chip, 0);
        }
      }
    }
  }

  /** @returns the hashes it did */
  #batch(chip: VirtualChip): number {
    const search = this.#searches.get(chip) as ChipSearch;
    const { model } = this;
    const batch = search.next();
    this.#hasher ??= batchHasher();
    const found = this.#hasher(search.job, batch, { cores: model.cores, zeroBits: this.zeroBits, ticketMask: chip.ticketMask });
    const hashes = model.cores * batch.versions.length;
    chip.hashes += hashes * 2 ** (32 - this.zeroBits);
    this.#counts.hashes += hashes;
    for (const { core, nonce, version, excess } of found) {
      if (!chip.reports(core)) continue;
      this.#counts.nonces++;
      // The lowest bit of half bits is not reliable in real chips either.
      const byte6 = model.excess === 'bits' ? excess : 2 * excess + (nonce & 1);
      this.#say(chip, nonceReply(this.#line.nonce(nonce, this.starved), byte6, model.jobByte(search.job.id, version), chip.longReplies ? version : null), true);
    }
    return hashes;
  }

  #say(chip: VirtualChip, reply: Uint8Array, isNonce: boolean): void {
    const bytes = this.#line.spoil(reply, isNonce);
    if (bytes.length === 0) return;
    const heard = this.understands(chip) ? bytes : this.#line.noise(Math.max(1, Math.round((bytes.length * (this.hostBaud as number)) / chip.baud)));
    this.#send(heard);
  }
}
