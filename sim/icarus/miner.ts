/** Icarus, Block Erupter and their like: work in, nonces out, nothing else. */
import { FaultyLine, type ChipFaults } from '../chips/faults.ts';
import { concatBytes } from '../../protocol/common/bytes.ts';
import { isRealNonce, Sweep } from './sweep.ts';
import { readWork, WORK_BYTES } from './work.ts';

export interface MinerModel {
  readonly title: string;
  /** Hashes per second of the real thing. */
  readonly rate_hs: number;
  /** 5: a work id of the host follows the nonce (Antminer U1 and U2). */
  readonly replyBytes: 4 | 5;
}

/** Rates of the reference; that of the U1 is its maker's. */
export const MINERS = {
  icarus: { title: 'Icarus', rate_hs: 380e6, replyBytes: 4 },
  'block-erupter': { title: 'Block Erupter', rate_hs: 336e6, replyBytes: 4 },
  lancelot: { title: 'Lancelot', rate_hs: 400e6, replyBytes: 4 },
  'antminer-u1': { title: 'Antminer U1', rate_hs: 1.6e9, replyBytes: 5 },
} as const satisfies Readonly<Record<string, MinerModel>>;
export type MinerName = keyof typeof MINERS;

export interface MinerOptions {
  readonly model: MinerName;
  /** As `ChainOptions.zeroBits`; 4 to 32, default 12. */
  readonly zeroBits?: number;
  /** Most hashes per second, really computed. Default: no limit. */
  readonly rate_hs?: number | null;
}

/** A work whose end does not come is forgotten; the reference does not say when, and a line without a length needs something. */
const SILENCE_MS = 100;
/** Work of block 171874, which hosts send to see whether anybody is there, and its nonce. */
const GOLDEN = { work: '4679ba4ec99876bf4bfe086082b400254df6c356451471139a3afa71e48f544a000000000000000000000000000000000000000087320b1a1426674f2fa722ce', nonce: 0x0001_87a2 };

export class VirtualMiner {
  readonly model: MinerModel;
  readonly #send: (bytes: Uint8Array) => void;
  readonly #line = new FaultyLine();
  readonly #zeroBits: number;
  readonly #rate: number;
  #held: Uint8Array = new Uint8Array(0);
  #heardAt = 0;
  #sweep: Sweep | null = null;
  #golden = false;
  #passed = 0;
  #workId = 0;
  #counts = { jobs: 0, nonces: 0, hashes: 0, bytes_ignored: 0, commands: 0 };

  /** @param send takes what it says, within `run` */
  constructor(options: MinerOptions, send: (bytes: Uint8Array) => void) {
    this.model = MINERS[options.model];
    this.#zeroBits = options.zeroBits ?? 12;
    if (!Number.isInteger(this.#zeroBits) || this.#zeroBits < 4 || this.#zeroBits > 32) throw new RangeError('zeroBits is 4 to 32');
    this.#rate = Math.min(this.model.rate_hs, (options.rate_hs ?? Infinity) * 2 ** (32 - this.#zeroBits));
    this.#send = send;
  }

  /** Change its fields at any time. */
  get faults(): ChipFaults {
    return this.#line.faults;
  }

  /** Whether the range of its work has been searched, or there is none. */
  get idle(): boolean {
    return this.#sweep?.finished ?? true;
  }

  stats(): Readonly<Record<string, number>> {
    return { ...this.#counts, hashes: this.#counts.hashes + (this.#sweep?.hashes ?? 0) };
  }

  reset(): void {
    this.#counts.hashes += this.#sweep?.hashes ?? 0;
    this.#sweep = null;
    this.#held = new Uint8Array(0);
  }

  /** Takes bytes of the host. @param now ms, of a clock that only goes forward */
  receive(chunk: Uint8Array, now: number): void {
    if (this.#held.length > 0 && now - this.#heardAt > SILENCE_MS) {
      this.#counts.bytes_ignored += this.#held.length;
      this.#held = new Uint8Array(0);
    }
    this.#heardAt = now;
    let bytes = concatBytes(this.#held, chunk);
    // Four bytes by themselves set or ask a U1's clock. What it answers is not published: nothing here.
    if (this.model.replyBytes === 5 && bytes.length === 4 && [0x82, 0x84].includes(bytes[0] as number)) {
      this.#counts.commands++;
      bytes = new Uint8Array(0);
    }
    for (; bytes.length >= WORK_BYTES; bytes = bytes.slice(WORK_BYTES)) this.#begin(bytes.subarray(0, WORK_BYTES));
    this.#held = bytes;
  }

  /** Lets time pass, as `VirtualChain.run`. */
  run(ms: number, budgetMs: number): void {
    const sweep = this.#sweep;
    if (sweep === null) return;
    const nonces = (this.#rate * ms) / 1000;
    this.#passed += nonces;
    if (this.#golden) {
      if (this.#passed < GOLDEN.nonce) return;
      this.#sweep = null;
      if (isRealNonce(sweep.job.midstates[0] as Int32Array, sweep.job.tail, GOLDEN.nonce)) this.#say(GOLDEN.nonce);
      return;
    }
    for (const { nonce } of sweep.run(nonces, performance.now() + budgetMs)) this.#say(nonce);
  }

  /** New work at once takes the place of the old. It searches from 0 to the end, and then waits. */
  #begin(bytes: Uint8Array): void {
    this.reset();
    this.#counts.jobs++;
    const { midstate, tail, between } = readWork(bytes);
    this.#workId = between[19] as number;
    this.#passed = 0;
    // Easier nonces would come before the golden one, and a host that asks for it expects it first: this work is searched by the real measure.
    this.#golden = Buffer.from(bytes).toString('hex') === GOLDEN.work;
    this.#sweep = new Sweep({ midstates: [midstate], tail, from: 0, length: 2 ** 32, repeats: false, ticketMask: 0 }, this.#zeroBits);
  }

  #say(nonce: number): void {
    this.#counts.nonces++;
    const shown = this.#line.nonce(nonce);
    const bytes = [shown >>> 24, (shown >>> 16) & 0xff, (shown >>> 8) & 0xff, shown & 0xff, ...(this.model.replyBytes === 5 ? [this.#workId] : [])];
    const said = this.#line.spoil(Uint8Array.from(bytes), true);
    if (said.length > 0) this.#send(said);
  }
}
