/**
 * The SHA-NI half of the hybrid: rounds 4 to `to - 1` of the first hash, lane by lane, four lanes side by side so that one
 * chain's latency hides behind the others. W + K comes from memory in pairs, two rounds an instruction, so no message
 * instruction is needed.
 *
 * SHA instructions have no VEX form. On Intel any write to ymm0-15 or zmm0-15 between them costs a transition of hundreds
 * of cycles, so this half uses xmm0-8 in legacy form and the vector half registers 16 to 31 only.
 */
import { LANES } from './machine.ts';

/** Lanes in flight: two registers each, and xmm0 is the implicit W + K operand. */
const GROUP = 4;

export interface ShaMemory {
  /** Start state of a version after round 3 without the nonce: 16 bytes F E B A, then 16 bytes H G D C. */
  readonly start: (offset: number) => string;
  /** 16 bytes a lane: what the nonce adds to F E B A (0, n, 0, n). */
  readonly nonce: (lane: number) => string;
  /** 8 bytes: W[t] + K[t] and W[t + 1] + K[t + 1], the same in all lanes (rounds 4 to 17). */
  readonly fixedPair: (t: number) => string;
  /** The same where the words depend on the nonce. */
  readonly lanePair: (t: number, lane: number) => string;
  /** Where the state of a lane goes: half 0 is F E B A, half 1 H G D C. */
  readonly out: (lane: number, half: number) => string;
}

/** Small pieces that must stay together, in order. */
export type Piece = readonly string[];

/** The instructions of all lanes for rounds 4 to `to - 1`. */
export function shaStream(to: number, memory: ShaMemory): Piece[] {
  const pieces: Piece[] = [];
  for (let first = 0; first < LANES; first += GROUP) {
    const lanes = Array.from({ length: GROUP }, (_, i) => first + i);
    const abef = (lane: number): string => `%xmm${1 + 2 * (lane - first)}`;
    const cdgh = (lane: number): string => `%xmm${2 + 2 * (lane - first)}`;
    for (const lane of lanes) {
      pieces.push([`movdqa ${memory.start(0)}, ${abef(lane)}`, `paddd ${memory.nonce(lane)}, ${abef(lane)}`, `movdqa ${memory.start(16)}, ${cdgh(lane)}`]);
    }
    for (let t = 4; t < to; t += 2) {
      // After two rounds the old F E B A is the new H G D C: the registers change places.
      const isSwapped = t % 4 !== 0;
      const rounds = (lane: number): string => (isSwapped ? `sha256rnds2 ${cdgh(lane)}, ${abef(lane)}` : `sha256rnds2 ${abef(lane)}, ${cdgh(lane)}`);
      if (t < 18) {
        const [one, ...others] = lanes;
        pieces.push([`movq ${memory.fixedPair(t)}, %xmm0`, rounds(one as number)]);
        for (const lane of others) pieces.push([rounds(lane)]);
      } else for (const lane of lanes) pieces.push([`movq ${memory.lanePair(t, lane)}, %xmm0`, rounds(lane)]);
    }
    const isSwapped = (to - 4) % 4 !== 0;
    for (const lane of lanes) {
      pieces.push([`movdqa ${isSwapped ? cdgh(lane) : abef(lane)}, ${memory.out(lane, 0)}`]);
      pieces.push([`movdqa ${isSwapped ? abef(lane) : cdgh(lane)}, ${memory.out(lane, 1)}`]);
    }
  }
  return pieces;
}
