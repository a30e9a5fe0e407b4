/** Jobs as the chips take them apart (reference 5.1, 5.2). */
import type { ChipModel } from './models.ts';

export type ChipJob =
  /** `header` has the base version and a nonce of zero. */
  | { readonly kind: 'header'; readonly id: number; readonly header: Uint8Array; readonly baseVersion: number }
  /** `midstates` are the SHA-256 states after 64 bytes, one a slot; `tail` is header bytes 64 to 75. */
  | { readonly kind: 'midstates'; readonly id: number; readonly midstates: readonly Int32Array[]; readonly tail: Uint8Array };

/** @param data what stands between length byte and CRC */
export function readJob(model: ChipModel, data: Uint8Array): ChipJob {
  return model.job === 'header' ? fullHeader(data) : withMidstates(data);
}

/** id, count, start nonce 4, bits 4, time 4, merkle root 32, previous hash 32, version 4: hashes by words from the last to the first. */
function fullHeader(data: Uint8Array): ChipJob {
  const header = new Uint8Array(80);
  header.set(data.subarray(78, 82), 0);
  header.set(wordsBackwards(data.subarray(46, 78)), 4);
  header.set(wordsBackwards(data.subarray(14, 46)), 36);
  header.set(data.subarray(10, 14), 68);
  header.set(data.subarray(6, 10), 72);
  return { kind: 'header', id: data[0] as number, header, baseVersion: new DataView(header.buffer).getUint32(0, true) };
}

/** id, count, start nonce 4, bits 4, time 4, end of the merkle root 4, then midstates of 32: their words from the last to the first. */
function withMidstates(data: Uint8Array): ChipJob {
  const slots = (data.length - 18) / 32;
  const used = Math.max(1, Math.min(slots, data[1] as number));
  const midstates = Array.from({ length: used }, (_, slot) => {
    const words = wordsBackwards(data.subarray(18 + 32 * slot, 50 + 32 * slot));
    const view = new DataView(words.buffer);
    return Int32Array.from({ length: 8 }, (__, word) => view.getInt32(4 * word));
  });
  const tail = new Uint8Array(12);
  tail.set(data.subarray(14, 18), 0);
  tail.set(data.subarray(10, 14), 4);
  tail.set(data.subarray(6, 10), 8);
  return { kind: 'midstates', id: data[0] as number, midstates, tail };
}

function wordsBackwards(bytes: Uint8Array): Uint8Array {
  const out = new Uint8Array(bytes.length);
  for (let at = 0; at < bytes.length; at += 4) out.set(bytes.subarray(at, at + 4), bytes.length - 4 - at);
  return out;
}
