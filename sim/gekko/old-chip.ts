/**
 * What BM1384 and BM1387 have in common: cores that are closed after power-on and opened one by one by ramp jobs (a midstate
 * of zeros), a part of the nonces for each by its address, and a search that begins again at its end.
 */
import { isRealNonce, Sweep, type SweepFound } from '../icarus/sweep.ts';

/** Nonces of the ramp job whose header ends in twelve bytes FF, known from hosts that count them to see healthy chips. */
const RAMP_NONCES = [0x7203_ea83, 0xe16b_f809];

export class OldChip {
  readonly cores: number;
  /** Position in the row. */
  readonly position: number;
  address = 0;
  addressed = false;
  mhz: number;
  openCores = 0;
  readonly #powerOnMhz: number;
  #sweep: Sweep | null = null;
  #jobId = 0;
  #hashes = 0;

  constructor(position: number, cores: number, powerOnMhz: number) {
    this.position = position;
    this.cores = cores;
    this.mhz = this.#powerOnMhz = powerOnMhz;
  }

  reset(): void {
    this.#drop();
    this.address = 0;
    this.addressed = false;
    this.mhz = this.#powerOnMhz;
    this.openCores = 0;
  }

  get jobId(): number {
    return this.#jobId;
  }

  /** Really computed. */
  get hashes(): number {
    return this.#hashes + (this.#sweep?.hashes ?? 0);
  }

  /** H/s of the silicon at this clock with the cores that are open. */
  get rate_hs(): number {
    return this.openCores * this.mhz * 1e6;
  }

  /**
   * Takes a job in place of the one before.
   * @param share of all nonces this chip has, from its address on: as many as lie between two addresses
   * @returns nonces of a ramp job
   */
  take(jobId: number, midstates: readonly Int32Array[], tail: Uint8Array, share: number, ticketMask: number, zeroBits: number): SweepFound[] {
    this.#drop();
    this.#jobId = jobId;
    const from = this.address * 2 ** 24;
    const length = 2 ** 32 * share;
    if (midstates.every((midstate) => midstate.every((word) => word === 0))) return this.#ramp(midstates[0] as Int32Array, tail, from, length);
    this.#sweep = new Sweep({ midstates, tail, from, length, repeats: true, ticketMask }, zeroBits);
    return [];
  }

  /** @param rate of the silicon, after whatever slows it down */
  run(ms: number, rate: number, until: number): SweepFound[] {
    const sweep = this.#sweep;
    return sweep === null ? [] : sweep.run((rate * ms) / 1000 / sweep.job.midstates.length, until);
  }

  #ramp(midstate: Int32Array, tail: Uint8Array, from: number, length: number): SweepFound[] {
    const found = RAMP_NONCES.filter((nonce) => {
      const place = (nonce - from) / length;
      return place >= 0 && place < 1 && Math.floor(place * this.cores) < this.openCores && isRealNonce(midstate, tail, nonce);
    });
    this.openCores = Math.min(this.cores, this.openCores + 1);
    return found.map((nonce) => ({ nonce, slot: 0 }));
  }

  #drop(): void {
    this.#hashes = this.hashes;
    this.#sweep = null;
  }
}
