/**
 * What is still written to the ports when the process ends without having stopped its boards: a defect, or a stop that took
 * too long. Synchronous, because nothing else runs then. A kill -9 cannot be caught: `rigbrain safe` is for that.
 */
import { closeSync, constants, openSync, writeSync } from 'node:fs';

export interface LastWill {
  /** Port that the bytes are for. */
  readonly path: string;
  /** Each is written with one call. */
  readonly packets: readonly Uint8Array[];
}

const wills = new Map<string, LastWill>();

/** From now on, until `disarm`, this is written at the end of the process. One a device; a second replaces the first. */
export function armLastWill(deviceId: string, will: LastWill): void {
  wills.set(deviceId, will);
}

/** The board has been made safe in the ordinary way. */
export function disarmLastWill(deviceId: string): void {
  wills.delete(deviceId);
}

/** Writes what is armed, and forgets it. Never throws: a port that has gone cannot be helped. @returns ids of the devices it could be written for */
export function fulfilLastWills(): string[] {
  const done: string[] = [];
  for (const [id, { path, packets }] of wills) {
    wills.delete(id);
    try {
      // Not blocking: a port whose other end hangs must not hold up the end of the process.
      const port = openSync(path, constants.O_RDWR | constants.O_NOCTTY | constants.O_NONBLOCK);
      for (const packet of packets) writeSync(port, packet);
      closeSync(port);
      done.push(id);
    } catch {
      continue;
    }
  }
  return done;
}
