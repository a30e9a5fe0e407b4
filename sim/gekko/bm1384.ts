/**
 * BM1384 (Compac, 2Pac): commands of 4 bytes, tasks of 64, replies of 5, no preamble (reference 1.2, 3, 9).
 * The reference does not say what a reply to a read holds. The clock is told as the makers' driver reads it: `80`, multiplier less one,
 * divider less one, and the low two bits of the word. Chosen here: chip id `13 84 00 address`.
 */
import { concatBytes } from '../../protocol/common/bytes.ts';
import { shiftCrc5 } from '../chips/crc.ts';
import { bytesOf, trailer } from '../chips/wire.ts';
import { readWork, WORK_BYTES } from '../icarus/work.ts';
import { OldChain, type OldChainOptions } from './old-chain.ts';

const CORES = 55;
const POWER_ON_MHZ = 100;
const COMMANDS: readonly number[] = [0x01, 0x02, 0x04, 0x82, 0x84, 0x85, 0x86];
/** A task whose end does not come is forgotten. */
const SILENCE_MS = 100;

/** Clock in MHz of a word: multiplier less one from bit 7 up, bits 1-0 halve, bit 2 halves once more [fits every published word]. */
export function bm1384Mhz(word: number): number {
  return (25 * ((word >> 7) + 1)) / (2 ** ((word & 3) - 1) * ((word & 4) !== 0 ? 2 : 1));
}

/** Checksum of a command: over its first 27 bits. */
function commandCrc(bytes: Uint8Array): number {
  let crc = 0x1f;
  for (let i = 0; i < 3; i++) crc = shiftCrc5(crc, bytes[i] as number, 8);
  return shiftCrc5(crc, (bytes[3] as number) >> 5, 3);
}

const zero = (bytes: Uint8Array): boolean => bytes.every((byte) => byte === 0);
const isCommand = (bytes: Uint8Array): boolean => bytes.length >= 4 && COMMANDS.includes(bytes[0] as number) && ((bytes[3] as number) & 0x1f) === commandCrc(bytes);
/** Whether the fields of zeros are where a task has them, as far as it is there. */
const likeTask = (bytes: Uint8Array): boolean => zero(bytes.subarray(32, 39)) && zero(bytes.subarray(44, 51));

export class Bm1384Chain extends OldChain {
  #held: Uint8Array = new Uint8Array(0);
  #heardAt = 0;
  #word = 0x0783;
  /** Hash counting number of the last task. What it does is not published; kept for a person to see. */
  countingNumber = 0;

  constructor(options: OldChainOptions, send: (bytes: Uint8Array) => void) {
    super(options, CORES, POWER_ON_MHZ, send);
  }

  override get baud(): number {
    return 115_200;
  }

  override reset(): void {
    super.reset();
    this.#held = new Uint8Array(0);
    this.#word = 0x0783;
  }

  /** Takes bytes of the host. @param now ms, of a clock that only goes forward */
  receive(chunk: Uint8Array, now: number): void {
    if (!this.agrees) return;
    if (this.#held.length > 0 && now - this.#heardAt > SILENCE_MS) {
      this.counts.bytes_ignored += this.#held.length;
      this.#held = new Uint8Array(0);
    }
    this.#heardAt = now;
    let bytes = concatBytes(this.#held, chunk);
    while (bytes.length >= 4) {
      // A task may begin like a command, and a command with a ramp task behind it has the zeros of a task: what follows decides.
      if (isCommand(bytes) && !(bytes.length >= WORK_BYTES && likeTask(bytes) && !isCommand(bytes.subarray(4)) && !likeTask(bytes.subarray(4)))) {
        this.counts.frames++;
        this.#obey(bytes[0] as number, bytes[1] as number, bytes[2] as number);
        bytes = bytes.slice(4);
      } else if (bytes.length < WORK_BYTES) break;
      else {
        this.counts.frames++;
        this.#task(bytes.subarray(0, WORK_BYTES));
        bytes = bytes.slice(WORK_BYTES);
      }
    }
    this.#held = bytes;
  }

  protected override nonceReply(nonce: number, jobId: number): Uint8Array {
    return Uint8Array.of(...bytesOf(nonce), (jobId & 0x1f) ^ 0x80);
  }

  #obey(code: number, first: number, second: number): void {
    const chips = this.alive();
    if (code === 0x85) for (const chip of chips) chip.addressed = false;
    if (code === 0x01) this.address(first);
    if (code === 0x82) {
      this.#word = (first << 8) | second;
      for (const chip of chips) this.clock(chip, bm1384Mhz(this.#word));
    }
    if (code === 0x84 || code === 0x04) {
      for (const chip of chips) {
        if (code === 0x04 && chip.address !== first) continue;
        const body = second === 0 ? [0x13, 0x84, 0x00, chip.address] : second === 4 ? [0x80, (this.#word >> 7) & 0xff, (this.#word >> 2) & 0x1f, this.#word & 3] : [0, 0, 0, 0];
        this.say(Uint8Array.of(...body, trailer(0, body)), false);
      }
    }
  }

  /** Midstate 32, [39] ticket mask, [40:44] hash counting number, [51] job id, [52:64] end of the header. */
  #task(bytes: Uint8Array): void {
    const { midstate, tail, between } = readWork(bytes);
    this.countingNumber = new DataView(between.buffer).getUint32(8);
    this.job(between[19] as number, [midstate], tail, reversed(between[7] as number));
  }
}

/** Difficulty less one, to the mask of the bits that follow the first 32. */
function reversed(mask: number): number {
  let out = 0;
  for (let bit = 0; bit < 8; bit++) if (((mask >> bit) & 1) === 1) out |= 0x80 >> bit;
  return out;
}
