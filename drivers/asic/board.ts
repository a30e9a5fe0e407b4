/**
 * The contract between `AsicDevice` (which knows work, truth and recovery, and no chip) and the families of hardware (which
 * know chips, and nothing of pools). A Board is one plugged-in piece of hardware from the moment its ports are found until
 * they are closed; after that a new one is made.
 */
import type { EventEmitter } from 'node:events';
import type { Work } from '../contract.ts';

/** A nonce as the chips reported it, before anybody has hashed it. */
export interface BoardNonce {
  /** The Work whose job it answers; null = an id that was never sent, or so long ago that it is not known any more. */
  readonly workId: number | null;
  /** Unsigned 32 bit, as the number whose little-endian bytes stand in the header. */
  readonly nonce: number;
  /** The full header version it was found with. */
  readonly version: number;
  /** Index in the chain, and core in the chip; null = this family does not tell. */
  readonly chip: number | null;
  readonly core: number | null;
  /** When its last byte was read, `Clock.monotonic()`. */
  readonly receivedMono: number;
}

/**
 * Why a board does not hash any more. It has made itself safe before it says so, as far as it could.
 * gone: the port went. silent: chips do not answer, or fewer than there are. overheat: at or over the limit. sensor: a
 * temperature cannot be believed. power: the regulator reports a fault or refuses. control: the controller of the board refuses.
 */
export interface BoardTrouble {
  readonly kind: 'gone' | 'silent' | 'overheat' | 'sensor' | 'power' | 'control';
  /** Plain words for a person. */
  readonly reason: string;
}

export interface BoardEvents {
  /** Something came in that only living chips (or a living controller of theirs) say. */
  answer: [];
  nonce: [BoardNonce];
  /** The chips have stopped searching their work before its time (Icarus stops at its first nonce): new work is due at once. */
  idle: [];
  /** The system has taken the last byte of this Work's job; not told of a job that a newer one has replaced before it went out. */
  sent: [workId: number];
  trouble: [BoardTrouble];
}

/** What is known once it runs. Changes with frequency and ticket. */
export interface BoardFacts {
  /** Chips that answered, and that there should be; null = not known. */
  readonly chips: number;
  readonly chipsExpected: number | null;
  readonly chip: string;
  /** Hashes per second the chips should make at their present clock; of simulated chips as of silicon. */
  readonly hashrateNominalHs: number;
  /** Mean number of hashes really made for each nonce reported: 2^zero_bits x ticket difficulty. */
  readonly hashesPerNonce: number;
  /** Leading zero bits that a reported nonce has at the very least: 32 in silicon, fewer in simulated chips. */
  readonly zeroBits: number;
  /** Mean time between two nonces of healthy chips, ms. */
  readonly nonceIntervalMs: number;
  /** New work is due this long after the last, ms: before the chips begin to repeat themselves. */
  readonly jobIntervalMs: number;
  /** Longest time without an `answer` while healthy, ms; null = chips of this family answer with nonces only. */
  readonly answerWithinMs: number | null;
  /** null = nobody can ask for it. */
  readonly frequencyMhz: number | null;
}

/** What sensors and chips say; `null` = unknown, never 0. */
export interface BoardReadings {
  /** The hottest that counts. */
  readonly temp_c: number | null;
  readonly power_w: number | null;
  /** Core voltage, measured where that can be done. */
  readonly voltage_v: number | null;
  readonly fan_percent: number | null;
  readonly fan_rpm: number | null;
  /** What the chips claim to hash, H/s. */
  readonly hashrate_claimed_hs: number | null;
  /** Bytes that belonged to no reply, and replies with a wrong check, since start. */
  readonly bytes_skipped: number;
  readonly crc_errors: number;
  /** More of this family (regulator temperature, input voltage, firmware ...); JSON values, units in the names. */
  readonly detail: Readonly<Record<string, unknown>>;
}

/** Of boards without a sensor, and before the first reading. */
export const NOTHING_MEASURED = { temp_c: null, power_w: null, voltage_v: null, fan_percent: null, fan_rpm: null, hashrate_claimed_hs: null } as const;

/** What may be set at run time; each within the limits of `BoardLimits`. */
export interface BoardSettings {
  readonly frequency_mhz?: number;
  readonly voltage_v?: number;
  /** null = back to the automatic fan. */
  readonly fan_percent?: number | null;
}

/** Least and greatest value that may be asked for; null = cannot be set. Known before start. */
export interface BoardLimits {
  readonly frequency_mhz: readonly [min: number, max: number] | null;
  readonly voltage_v: readonly [min: number, max: number] | null;
  readonly fan_percent: readonly [min: number, max: number] | null;
}

export interface Board {
  readonly events: EventEmitter<BoardEvents>;
  /** Null until it runs. */
  readonly facts: BoardFacts | null;
  readonly limits: BoardLimits;
  /**
   * From any state to chips that wait for work: opens the ports when they are not, makes everything safe first, then power,
   * reset, enumeration, initialisation and ramp. Called again while it runs it is the reset of the chips.
   * @throws RigError E_DEVICE_PORT, E_DEVICE_SILENT (no or too few chips), E_DEVICE_UNSAFE, E_DEVICE_CONTROL; it is then safe.
   * E_DEVICE_UNSAFE says in `context.trouble` which it is: 'overheat', 'sensor' or 'power' (which is assumed without it)
   */
  start(signal: AbortSignal): Promise<BoardFacts>;
  /** Sends work at once; a newer one replaces it. Only while it runs. Never throws. */
  send(work: Work): void;
  /**
   * Least difficulty (2^32 hashes each, or 2^zero_bits of simulated chips) the chips should report; a power of two. Families
   * without a ticket mask ignore it. May be called at any time. Never throws.
   */
  setTicket(difficulty: number): void;
  /** Sets values while it runs, voltage and frequency in the safe order, in steps. @throws RigError E_DEVICE_COMMAND, and as `start` */
  apply(settings: BoardSettings): Promise<void>;
  /** Shows a person which one it is (lamp). @throws RigError E_DEVICE_COMMAND when it has nothing to show */
  identify(): Promise<void>;
  readings(): BoardReadings;
  /** Chips to their safest state (reset held and power off where that can be done, else the slowest clock); sensors and fan go on. Never rejects. */
  halt(): Promise<void>;
  /** Safe, then closed. Idempotent, never rejects, within 1 s; also while a start or an `apply` is under way, which then ends too. */
  stop(): Promise<void>;
}
