/**
 * BM1387 (NewPac, R606): frames without a preamble, replies of 7 bytes, jobs with one or four midstates (reference 3, 5.2, 7, 9).
 * The reference does not say what stands between nonce and job id, nor behind the value of a register: zero here.
 */
import { concatBytes } from '../../protocol/common/bytes.ts';
import { crc16Of, crc5Of } from '../chips/crc.ts';
import { readJob } from '../chips/job.ts';
import { MODELS } from '../chips/models.ts';
import { bytesOf, trailer } from '../chips/wire.ts';
import { OldChain, type OldChainOptions } from './old-chain.ts';

const CORES = 114;
/** 25 MHz x 32 / (2 x 4 x 1). */
const PLL_100_MHZ = 0x0020_0241;
const REG = { chipId: 0x00, pll: 0x0c, misc: 0x1c } as const;
const MISC_POWER_ON = 0x0020_1a00;
/** Header, length byte: the frames there are. */
const COMMANDS: Readonly<Record<number, 5 | 9>> = { 0x55: 5, 0x41: 5, 0x54: 5, 0x44: 5, 0x58: 9, 0x48: 9 };
const JOB = 0x21;
const LONGEST = 150;

/** Clock in MHz of register 0C: `00 fb ref post`. */
export function bm1387Mhz(word: number): number {
  const divider = ((word >>> 8) & 0xff) * ((word >>> 4) & 0xf) * (word & 0xf);
  return divider === 0 ? 0 : (25 * ((word >>> 16) & 0xff)) / divider;
}

export class Bm1387Chain extends OldChain {
  #held: Uint8Array = new Uint8Array(0);
  /** By chip. */
  #registers: Map<number, number>[];

  constructor(options: OldChainOptions, send: (bytes: Uint8Array) => void) {
    super(options, CORES, bm1387Mhz(PLL_100_MHZ), send);
    this.#registers = this.chips.map(() => new Map());
  }

  /** Of the first chip; all of them are told the same. Divider in bits 12 to 8, 25 MHz over 8 times one more. */
  override get baud(): number {
    const divider = ((this.#registers[0]?.get(REG.misc) ?? MISC_POWER_ON) >>> 8) & 0x1f;
    return 25e6 / ((divider + 1) * 8);
  }

  override reset(): void {
    super.reset();
    this.#held = new Uint8Array(0);
    this.#registers = this.chips.map(() => new Map());
  }

  /** Takes bytes of the host. */
  receive(chunk: Uint8Array): void {
    if (!this.agrees) {
      this.#held = new Uint8Array(0);
      return;
    }
    const bytes = concatBytes(this.#held, chunk);
    let at = 0;
    while (at < bytes.length) {
      const rest = bytes.subarray(at);
      const length = lengthOf(rest);
      if (length === null) break;
      const taken = length > 0 && this.#obey(rest.subarray(0, length));
      if (taken) this.counts.frames++;
      else this.counts.bytes_ignored++;
      at += taken ? length : 1;
    }
    this.#held = bytes.slice(Math.max(at, bytes.length - LONGEST));
  }

  protected override nonceReply(nonce: number, jobId: number, slot: number): Uint8Array {
    const body = [...bytesOf(nonce), 0, (jobId + slot) & 0xff];
    return Uint8Array.of(...body, trailer(4, body));
  }

  #obey(frame: Uint8Array): boolean {
    const [header, , address, register] = frame as unknown as [number, number, number, number];
    if (header === JOB) {
      const end = frame.length - 2;
      if (crc16Of(frame.subarray(0, end)) !== (((frame[end] as number) << 8) | (frame[end + 1] as number))) return false;
      const job = readJob(MODELS.bm1397, frame.slice(2, end));
      if (job.kind === 'midstates') this.job(job.id, job.midstates, job.tail, 0);
      return true;
    }
    if (crc5Of(frame.subarray(0, -1)) !== frame[frame.length - 1]) return false;
    const all = header === 0x58 || header === 0x54;
    const chosen = this.alive().filter((chip) => all || chip.address === address);
    if (header === 0x55) for (const chip of this.alive()) chip.addressed = false;
    else if (header === 0x41) this.address(address);
    else if (header === 0x58 || header === 0x48) {
      const value = new DataView(frame.buffer, frame.byteOffset).getUint32(4);
      for (const chip of chosen) {
        this.#registers[chip.position]?.set(register, value);
        if (register === REG.pll) this.clock(chip, bm1387Mhz(value));
      }
    } else {
      for (const chip of chosen) {
        const kept = this.#registers[chip.position]?.get(register);
        const value = register === REG.chipId ? 0x1387_9000 | chip.address : register === REG.pll ? (0x8000_0000 | (kept ?? PLL_100_MHZ)) >>> 0 : (kept ?? (register === REG.misc ? MISC_POWER_ON : 0));
        const body = [...bytesOf(value), 0, 0];
        this.say(Uint8Array.of(...body, trailer(0, body)), false);
      }
    }
    return true;
  }
}

/** Length of the frame that may begin here: 0 when none does, null when more bytes have to come. */
function lengthOf(rest: Uint8Array): number | null {
  const header = rest[0] as number;
  if (header !== JOB && COMMANDS[header] === undefined) return 0;
  if (rest.length < 2) return null;
  const said = rest[1] as number;
  const length = header === JOB ? ((said - 22) % 32 === 0 && said >= 54 && said <= LONGEST ? said : 0) : COMMANDS[header] === said ? said : 0;
  return length > rest.length ? null : length;
}
