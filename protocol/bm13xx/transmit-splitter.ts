/**
 * Cuts what a host sent to a chain into commands and jobs: for captures, whose chunks need not be frames. A frame is
 * known by its CRC; bytes that belong to none are skipped one by one, as on the receiving side.
 */
import { concatBytes } from '../common/bytes.ts';
import { COMMAND_PREAMBLE, LONG_COMMAND_BYTES, SHORT_COMMAND_BYTES } from './command.ts';
import { crc5 } from './crc5.ts';
import { FULL_HEADER_FRAME_BYTES } from './job-full-header.ts';
import { JOB_HEADER, jobFrameProblem } from './job-frame.ts';
import { midstateFrameBytes } from './job-midstate.ts';

/** Sizes a job can have, whatever its length byte says. */
const JOB_SIZES: readonly number[] = [FULL_HEADER_FRAME_BYTES, midstateFrameBytes(1), midstateFrameBytes(3), midstateFrameBytes(4)];
const COMMAND_SIZES = [SHORT_COMMAND_BYTES, LONG_COMMAND_BYTES] as const;

export interface SplitFrames {
  readonly frames: Uint8Array[];
  readonly skippedBytes: number;
  readonly crcErrors: number;
}

export class TransmitSplitter {
  #held: Uint8Array = new Uint8Array(0);

  /** Bytes kept for the next call, never more than the longest job. */
  get heldBytes(): number {
    return this.#held.length;
  }

  push(chunk: Uint8Array): SplitFrames {
    const bytes = concatBytes(this.#held, chunk);
    const frames: Uint8Array[] = [];
    let skippedBytes = 0;
    let crcErrors = 0;
    let at = 0;
    while (at < bytes.length) {
      const found = frameAt(bytes, at);
      if (found === 'more') break;
      if (typeof found === 'number') {
        frames.push(bytes.slice(at, at + found));
        at += found;
        continue;
      }
      at += 1;
      skippedBytes += 1;
      if (found === 'bad-crc') crcErrors += 1;
    }
    this.#held = bytes.slice(at);
    return { frames, skippedBytes, crcErrors };
  }
}

function frameAt(bytes: Uint8Array, at: number): number | 'more' | 'none' | 'bad-crc' {
  const available = bytes.length - at;
  for (let i = 0; i < 2; i++) {
    if (i >= available) return 'more';
    if (bytes[at + i] !== COMMAND_PREAMBLE[i]) return 'none';
  }
  if (available < 3) return 'more';
  const isJob = bytes[at + 2] === JOB_HEADER;
  if (!isJob && (bytes[at + 2]! & 0xe0) !== 0x40) return 'none';
  const named = isJob && available > 3 ? namedSize(bytes[at + 3]!) : null;
  // Once in 65,536 the beginning of a job looks like a shorter one: the size that its length byte names goes first.
  const sizes: readonly number[] = !isJob ? COMMAND_SIZES : named === null ? JOB_SIZES : [named, ...JOB_SIZES.filter((size) => size !== named)];
  for (const size of sizes) {
    if (available < size) {
      if (size === named) return 'more';
      continue;
    }
    const frame = bytes.subarray(at, at + size);
    // A five-bit CRC holds by accident: for commands the length byte has to agree where it is a known one.
    if (isJob ? jobFrameProblem(frame) === null : frame[3] === size - 2 && frame[size - 1] === crc5(frame, 2, size - 1)) return size;
  }
  return available < longestOf(bytes, at, isJob) ? 'more' : 'bad-crc';
}

/** The size a job should have by its length byte; null when it tells none. 36 stands for one midstate and, in factory firmware, for a whole header. */
function namedSize(lengthByte: number): number | null {
  const size = lengthByte + 2;
  return size !== midstateFrameBytes(1) && JOB_SIZES.includes(size) ? size : null;
}

/** How many bytes must be there before nothing more can be hoped for. */
function longestOf(bytes: Uint8Array, at: number, isJob: boolean): number {
  if (isJob) return midstateFrameBytes(4);
  return at + 3 < bytes.length && bytes[at + 3] === SHORT_COMMAND_BYTES - 2 ? SHORT_COMMAND_BYTES : LONG_COMMAND_BYTES;
}
