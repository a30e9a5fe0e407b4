/**
 * Enumeration and chip addresses. Chips answer a broadcast read of register 00 in the order of the chain; then all forget
 * their address (chain inactive) and take the next set-address frame one after the other. Reference 1.5, 1.6.
 */
import { checkChipCount } from './bytes-check.ts';
import { type Bm13xxChip, chipById } from './chips.ts';
import type { RegisterReply } from './reply.ts';

/** Stride of factory firmware on S19/S21 boards (which sends 128 set-address frames whatever the number of chips). */
export const FACTORY_STRIDE = 2;

/**
 * Distance between the addresses of neighbours: what the chip demands, else 256 / chips, rounded down.
 * @throws RangeError unless there are 1 to 256 chips
 */
export function addressInterval(chip: Bm13xxChip, chips: number): number {
  checkChipCount(chips);
  return chip.addressStride ?? Math.floor(256 / chips);
}

/**
 * Addresses to give out, in chain order.
 * @param stride another distance than `addressInterval`, e.g. `FACTORY_STRIDE`
 * @throws RangeError when they do not fit one byte
 */
export function chipAddresses(chip: Bm13xxChip, chips: number, stride: number = addressInterval(chip, chips)): number[] {
  checkChipCount(chips);
  if (!Number.isInteger(stride) || stride < 1 || (chips - 1) * stride > 255) throw new RangeError(`${chips} chips do not fit one address byte at a distance of ${stride}`);
  return Array.from({ length: chips }, (_, i) => i * stride);
}

/** The address that stands in commands to the chip with this set address (BM1372/73 use a quarter of it). */
export function commandAddress(chip: Bm13xxChip, setAddress: number): number {
  return setAddress >> chip.commandAddressShift;
}

export interface ChipIdentity {
  /** null: an id no descriptor has. */
  readonly chip: Bm13xxChip | null;
  readonly chipId: number;
  /** Differs between batches of the same chip: never match on it. */
  readonly coreNumberByte: number;
  /** Address in the value, and address in the reply: equal, or both 0 before addresses are given. */
  readonly assignedAddress: number;
  readonly respondingAddress: number;
}

/** A reply to a read of register 00; null when it is the reply of another register. */
export function identifyChip(reply: RegisterReply): ChipIdentity | null {
  if (reply.register !== 0) return null;
  const chipId = reply.value >>> 16;
  return { chip: chipById(chipId), chipId, coreNumberByte: (reply.value >>> 8) & 0xff, assignedAddress: reply.value & 0xff, respondingAddress: reply.chipAddress };
}

export interface ChainSurvey {
  /** Chips that answered with the expected id, in chain order. */
  readonly chips: number;
  /** Ids that answered and are not the expected one. */
  readonly foreignIds: readonly number[];
}

/** Counts the answers to one broadcast read of register 00; replies of other registers may come at any time and are left. */
export function surveyChain(expected: Bm13xxChip, replies: readonly RegisterReply[]): ChainSurvey {
  const ids = replies.flatMap((reply) => identifyChip(reply)?.chipId ?? []);
  return { chips: ids.filter((id) => id === expected.chipId).length, foreignIds: ids.filter((id) => id !== expected.chipId) };
}
