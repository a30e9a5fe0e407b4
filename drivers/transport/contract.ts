/**
 * A line to a piece of hardware: bytes in, bytes out, and the news that it has gone. One contract suite runs on every
 * implementation (`contract.fixture.ts`). Whoever opened it closes it.
 */
import type { EventEmitter } from 'node:events';
import type { PortRole } from '../../protocol/usb/device.ts';

export interface TransportEvents {
  /** Bytes as they came, in any cut. The array is the listener's to keep. */
  data: [Uint8Array];
  /** The line is dead and stays dead: unplugged, an error of the system, too much unsent. At most once, never after `close`. */
  gone: [reason: string];
}

export interface Transport {
  /** What a person calls it: the path of a port. */
  readonly name: string;
  readonly events: EventEmitter<TransportEvents>;
  /** False before `open`, after `gone` and after `close`. True is no proof of life: only answers are. */
  readonly isOpen: boolean;
  /**
   * Opens it. May be called once.
   * @throws RigError E_DEVICE_PORT: not there, no permission, held by another program, not open within the deadline
   */
  open(): Promise<void>;
  /**
   * Sends bytes, after those of earlier calls and in one piece (one call of the system where it takes them). Never throws
   * and never waits: what cannot be sent ends in `gone`. At most `MAX_UNSENT_BYTES` may be under way.
   * @returns resolves when the system has taken the last byte; also when the line has gone
   */
  write(bytes: Uint8Array): Promise<void>;
  /** Resolves when everything written has left the machine, or after a deadline of its own. Never rejects. */
  drain(): Promise<void>;
  /** Throws away what has come in and was not yet told. Never rejects. */
  flushInput(): Promise<void>;
  /** Changes the speed of a serial line; drain first. No effect where there is no speed. @throws RigError E_DEVICE_PORT */
  setBaud(baud: number): Promise<void>;
  /** Sets the modem lines; a line left out stays. No effect where there are none. @throws RigError E_DEVICE_PORT */
  setLines(lines: { readonly rts?: boolean; readonly dtr?: boolean }): Promise<void>;
  /** Closes it: no event comes afterwards. Idempotent, never rejects, has a deadline. */
  close(): Promise<void>;
}

/** Bytes that may wait to be sent before the line counts as dead: a second and a half of 115,200 baud. */
export const MAX_UNSENT_BYTES = 16_384;

/** Where a device sits on USB; null = not told. */
export interface UsbPlace {
  readonly vendorId: string;
  readonly productId: string;
  readonly manufacturer: string | null;
  readonly product: string | null;
  readonly serial: string | null;
  /** bcdDevice as a number, e.g. 0x0110. */
  readonly bcdDevice: number | null;
  /** Place in the tree of hubs, such as `1-1.2`: the same after replugging into the same socket. */
  readonly busPath: string | null;
}

/** Where a device's ports are at this moment. */
export type Located =
  | { readonly found: true; readonly ports: Readonly<Partial<Record<PortRole, string>>>; readonly usb: UsbPlace | null }
  /** `reason` is a whole sentence for a person. `there`: it is plugged in, and cannot be opened as things are. */
  | { readonly found: false; readonly reason: string; readonly there?: boolean };

/** How a device gets at its ports. Made for it by `drivers/discovery`, or by a test. */
export interface PortAccess {
  /** Cheap enough to ask every second. Never rejects. */
  locate(): Promise<Located>;
  /** A transport on a path that `locate` gave; opens nothing yet. */
  transport(path: string, baud: number): Transport;
}
