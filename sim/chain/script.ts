/** The few scripts the demo chain writes. */
import { sha256 } from './bytes.ts';

/** One push of 1..75 bytes. */
export function push(data: Uint8Array): Buffer {
  if (data.length < 1 || data.length > 75) throw new RangeError(`push of ${data.length} bytes`);
  return Buffer.concat([Buffer.from([data.length]), data]);
}

/**
 * The height as the first item of the coinbase script (BIP34): OP_1..OP_16 below 17, else the shortest little-endian
 * push whose top bit is clear.
 */
export function heightScript(height: number): Buffer {
  if (height >= 1 && height <= 16) return Buffer.from([0x50 + height]);
  const bytes: number[] = [];
  for (let rest = height; rest > 0; rest = Math.floor(rest / 256)) bytes.push(rest % 256);
  if (((bytes.at(-1) ?? 0) & 0x80) !== 0) bytes.push(0);
  return push(Buffer.from(bytes));
}

/** The one-byte witness script OP_TRUE: anybody may spend what is paid to it. */
export const OP_TRUE = Buffer.from([0x51]);
/** P2WSH output script of OP_TRUE. */
export const ANYONE_SCRIPT = Buffer.concat([Buffer.from([0x00, 0x20]), sha256(OP_TRUE)]);

const COMMITMENT_HEADER = Buffer.from('6a24aa21a9ed', 'hex');

/** Output script that carries the witness commitment (BIP141). */
export function commitmentScript(commitment: Uint8Array): Buffer {
  return Buffer.concat([COMMITMENT_HEADER, commitment]);
}

/** The 32-byte commitment of an output script, or null when it is another kind of script. */
export function commitmentIn(script: Buffer): Buffer | null {
  return script.length >= 38 && script.subarray(0, 6).equals(COMMITMENT_HEADER) ? script.subarray(6, 38) : null;
}
