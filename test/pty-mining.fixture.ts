/** A driver on the real ttys of a simulated device, in real time, given work and believed nothing. */
import { afterEach } from 'vitest';
import type { Device, Nonce, Work } from '../drivers/contract.ts';
import { loadDriver } from '../drivers/registry.ts';
import type { PortAccess } from '../drivers/transport/contract.ts';
import { SerialTransport } from '../drivers/transport/serial.ts';
import { writeU32LE } from '../protocol/common/bytes.ts';
import { systemClock } from '../protocol/common/clock.ts';
import { silentLog } from '../protocol/common/log.ts';
import type { SimRig } from '../sim/tty/rig.ts';
import { workOf, zeroBitsOf } from './simulated-chain.fixture.ts';

export const ZERO_BITS = 10;

/** What a test has opened; closed after it, the last first. */
export const open: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close();
});

/** @throws Error when it does not come to that in time */
export async function until(so: () => boolean, ms: number): Promise<void> {
  for (const end = Date.now() + ms; !so(); await new Promise((resolve) => setTimeout(resolve, 10))) if (Date.now() > end) throw new Error('it did not come to that in time');
}

export interface Mining {
  readonly device: Device;
  readonly works: ReadonlyMap<number, Work>;
  readonly nonces: Nonce[];
  readonly errors: string[];
  readonly ports: PortAccess;
  /** Whether every nonce hashes to what chips may report. */
  right(): boolean;
  makeSafe(): Promise<unknown>;
}

/** Mines with a simulated device; it is stopped after the test. */
export async function minePty(rig: SimRig, driver: string, id: string, options: Record<string, unknown>): Promise<Mining> {
  const ports: PortAccess = {
    locate: async () => (rig.path === null ? { found: false, reason: 'not plugged in: no such port' } : { found: true, ports: { ...rig.paths, asic: rig.path }, usb: null }),
    transport: (path, baud) => new SerialTransport(path, baud),
  };
  const descriptor = await loadDriver(driver);
  const context = { id, options: descriptor.options.parse({ nonce_zero_bits: ZERO_BITS, ...options }) as never, clock: systemClock, log: silentLog, ports };
  const device = await descriptor.create(context);
  const works = new Map<number, Work>();
  const nonces: Nonce[] = [];
  const errors: string[] = [];
  let next = 1;
  const assign = (): void => {
    const work = workOf(next);
    writeU32LE(work.header, next++, 40);
    works.set(work.id, work);
    device.assign(work);
  };
  device.events.on('exhausted', assign);
  device.events.on('nonce', (nonce) => nonces.push(nonce));
  device.events.on('hardware_error', (reason) => errors.push(reason));
  assign();
  await device.start(new AbortController().signal);
  open.push(() => device.stop());
  return {
    device, works, nonces, errors, ports,
    right: () => nonces.every((nonce) => zeroBitsOf(works.get(nonce.workId)!, { ...nonce, chip: null, core: null, receivedMono: 0 }) >= ZERO_BITS),
    makeSafe: () => descriptor.makeSafe!(context),
  };
}
