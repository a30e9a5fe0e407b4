/**
 * The contract between the daemon and anything that can hash. A driver knows chips and wires; it knows nothing of
 * pools, shares or ledgers. See ARCHITECTURE.md, "How data flows".
 */
import type { EventEmitter } from 'node:events';
import type { z } from 'zod';
import type { Clock } from '../protocol/common/clock.ts';
import type { Log } from '../protocol/common/log.ts';
import type { Service } from '../protocol/common/service.ts';
import type { PortAccess } from './transport/contract.ts';

/**
 * A piece of search space that nobody else is searching: one 80-byte header (so one extranonce2), the version bits
 * that may be rolled, and a nonce window. Immutable. A newer Work always replaces an older one.
 */
export interface Work {
  /** Unique in this process, increasing. */
  readonly id: number;
  /** Bytes of the block header with nonce 0: version LE | prevhash | merkle root | ntime LE | nbits LE | nonce LE. */
  readonly header: Uint8Array;
  /** Version bits the device may change (BIP310 mask); 0 = leave the version alone. */
  readonly versionMask: number;
  /** First and last nonce of the window, inclusive, unsigned 32 bit. */
  readonly nonceFrom: number;
  readonly nonceTo: number;
  /** A hash counts when, read as a little-endian 256-bit number, it is <= target. 32 bytes, little-endian. */
  readonly target: Uint8Array;
  /**
   * What pool or network take, same form; never easier than `target`. Hashes between the two are welcome as a sign of life. A
   * device that reports seldom (an ASIC with a ticket mask) must report every hash at or below this one.
   */
  readonly shareTarget: Uint8Array;
}

/** A candidate a device found. The daemon re-hashes it before believing it. */
export interface Nonce {
  readonly workId: number;
  /** Unsigned 32 bit, as the number whose little-endian bytes stand in the header. */
  readonly nonce: number;
  /** The full header version the device hashed with. */
  readonly version: number;
  /** When it came in from the wire, `Clock.monotonic()`; absent where there is no wire. */
  readonly receivedMono?: number;
}

export type Capability = 'pause' | 'restart' | 'identify' | 'set_threads' | 'set_limit_percent' | 'set_frequency_mhz' | 'set_voltage_v' | 'set_fan_percent';

export type DeviceStatus = 'init' | 'idle' | 'hashing' | 'paused' | 'fault' | 'stopped';

/** What a device measures about itself. `null` = unknown, never 0. */
export interface DeviceState {
  readonly status: DeviceStatus;
  /** Plain words for a person: why it is in this status. */
  readonly reason: string | null;
  /** Hashes really computed per second, averaged over the last ~10 s. */
  readonly hashrate_hs: number | null;
  /** Hashes since start. */
  readonly hashes_total: number | null;
  /** True when `hashes_total` is an estimate from nonces: it then stands still between two, however well the device hashes. */
  readonly hashes_estimated?: boolean;
  readonly temp_c: number | null;
  readonly power_w: number | null;
  /** Driver-specific facts (kernel, threads, chips ...); JSON values only. */
  readonly detail: Readonly<Record<string, unknown>>;
}

export type DeviceCommand =
  | { readonly type: 'pause'; readonly reason: string }
  | { readonly type: 'resume' }
  | { readonly type: 'restart' }
  | { readonly type: 'identify' }
  | { readonly type: 'set'; readonly values: Readonly<Record<string, number>> };

export interface DeviceEvents {
  nonce: [Nonce];
  /** The window of this Work has been searched: the device wants another. */
  exhausted: [workId: number];
  /** The last byte of this Work has been handed to the wire. Not told by devices without a wire. */
  sent: [workId: number];
  /** The device has hashed a nonce of its chips itself and found it wrong; it is not told as a nonce. */
  hardware_error: [reason: string];
  /** Its chips reported a nonce again; it is not told a second time. */
  duplicate: [];
  /** Something in `state()` that a person cares about changed (status, reason). */
  change: [];
}

/** Something that hashes. `start` opens it and makes it safe; `stop` leaves it safe and closes it. */
export interface Device extends Service {
  /** Stable id, `[a-z0-9-]+` (serial number or configured name, never a port name). */
  readonly id: string;
  readonly title: string;
  readonly driver: string;
  readonly capabilities: ReadonlySet<Capability>;
  readonly events: EventEmitter<DeviceEvents>;
  /** Gives the device new work at once; the old work is dropped. `null` = stop hashing until the next. Never throws. */
  assign(work: Work | null): void;
  state(): DeviceState;
  /** Carries out a command. @throws RigError E_DEVICE_COMMAND when it cannot. */
  command(command: DeviceCommand): Promise<void>;
  /** What became of a share of this device, for those that keep an eye on it. Never throws. */
  noteShare?(outcome: ShareOutcome): void;
}

/** accepted and rejected by the pool; other: never judged by it (stale, withheld, unanswered). */
export type ShareOutcome = 'accepted' | 'rejected' | 'other';

export interface DriverContext<Options> {
  readonly id: string;
  readonly options: Options;
  readonly clock: Clock;
  /** Every line of it tells the device. */
  readonly log: Log;
  /** Folder for files that may be lost at any time; may not exist yet. Undefined = keep nothing. */
  readonly cacheDir?: string | undefined;
  /** Its serial ports; absent for devices without any. */
  readonly ports?: PortAccess | undefined;
}

/** What making a board safe came to. */
export interface SafeReport {
  readonly safe: boolean;
  /** Plain words: what was done, or why it could not be. */
  readonly words: string;
}

/** A family of hardware: how to recognise it, which options it takes, how to make a device of it. */
export interface DriverDescriptor<Schema extends z.ZodType = z.ZodType> {
  readonly id: string;
  readonly title: string;
  /** Options a person may write under this device in config/rig.yaml. */
  readonly options: Schema;
  readonly capabilities: readonly Capability[];
  /** Makes the device; opens nothing. The heavy part of the driver is imported here, lazily. */
  create(context: DriverContext<z.output<Schema>>): Promise<Device>;
  /**
   * Makes the hardware safe without driving it: for the start of the daemon, and for after a kill -9. Opens and closes the
   * ports itself, needs nothing of what ran before, takes 2 s at most, never rejects. Absent = there is nothing to make safe.
   */
  makeSafe?(context: DriverContext<z.output<Schema>>): Promise<SafeReport>;
}
