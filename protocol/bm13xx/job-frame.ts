/**
 * The envelope of every job: `55 AA | 21 | length | data | CRC16`. The length byte does not give the size of the frame:
 * a full-header job of 88 bytes is sent with 36 by factory firmware and with 56 by others, and chips take both.
 */
import { COMMAND_PREAMBLE } from './command.ts';
import { crc16 } from './crc16.ts';

export const JOB_HEADER = 0x21;
/** Preamble, header and length. */
export const JOB_DATA_OFFSET = 4;
const CRC_BYTES = 2;

/** Puts job data into its frame. */
export function wrapJob(lengthByte: number, data: Uint8Array): Uint8Array {
  const frame = new Uint8Array(JOB_DATA_OFFSET + data.length + CRC_BYTES);
  frame.set([...COMMAND_PREAMBLE, JOB_HEADER, lengthByte]);
  frame.set(data, JOB_DATA_OFFSET);
  const crc = crc16(frame, 2, frame.length - CRC_BYTES);
  frame[frame.length - 2] = crc >> 8;
  frame[frame.length - 1] = crc & 0xff;
  return frame;
}

/** Why these bytes are no job frame, or null when envelope and CRC16 hold. */
export function jobFrameProblem(frame: Uint8Array): string | null {
  if (frame.length < JOB_DATA_OFFSET + CRC_BYTES) return `a job has more than ${frame.length} bytes`;
  if (frame[0] !== COMMAND_PREAMBLE[0] || frame[1] !== COMMAND_PREAMBLE[1] || frame[2] !== JOB_HEADER) return 'no preamble 55 AA 21';
  const crc = crc16(frame, 2, frame.length - CRC_BYTES);
  return crc === ((frame[frame.length - 2]! << 8) | frame[frame.length - 1]!) ? null : 'wrong CRC16';
}

/** A copy with the order of the 4-byte words reversed and the bytes inside each word as they were. */
export function reverseWordOrder(bytes: Uint8Array): Uint8Array {
  const reversed = new Uint8Array(bytes.length);
  for (let at = 0; at < bytes.length; at += 4) reversed.set(bytes.subarray(at, at + 4), bytes.length - at - 4);
  return reversed;
}
