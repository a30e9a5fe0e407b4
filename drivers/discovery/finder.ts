/** One picture of what is plugged in, for all who ask. */
import type { Clock, Timer } from '../../protocol/common/clock.ts';
import { identify, type Found, type FoundDevice } from './found.ts';
import { StableIds } from './ids.ts';
import { Places } from './places.ts';
import { scan, signature, type Scan } from './scan.ts';
import { portProblem, type Roots } from './sysfs.ts';

export interface FinderParts {
  readonly roots: Roots;
  readonly clock: Clock;
}

/** How long udev is given to make the nodes of a new device and to open them to us: 20 x 100 ms. */
export const SETTLE_MS = 100;
export const SETTLE_TRIES = 20;

/** A picture this young is good enough for whoever does not say otherwise. */
const FRESH_MS = 500;
/** Longest wait for the names of a new device: whoever asks for another one is not to wait for a sick one. */
const PATIENCE_STEP_MS = 30;
const PATIENCE_STEPS = 10;

export class DeviceFinder {
  readonly roots: Roots;
  readonly #clock: Clock;
  readonly #places = new Places();
  readonly #ids = new StableIds();
  #last: { readonly signature: string; readonly found: Found; at: number } | null = null;
  #running: Promise<Found> | null = null;

  constructor({ roots, clock }: FinderParts) {
    this.roots = roots;
    this.#clock = clock;
  }

  /**
   * What is plugged in. Those who ask at once share one look; while nothing was plugged in or out a look is a few lists.
   * Never rejects: without sysfs nothing is found.
   * @param maxAgeMs how old the answer may be
   */
  find(maxAgeMs = FRESH_MS): Promise<Found> {
    const now = this.#clock.monotonic();
    if (this.#last !== null && now - this.#last.at < maxAgeMs) return Promise.resolve(this.#last.found);
    this.#running ??= this.#look().finally(() => {
      this.#running = null;
    });
    return this.#running;
  }

  async #look(): Promise<Found> {
    const at = this.#clock.monotonic();
    const now = signature(this.roots);
    if (this.#last?.signature === now) {
      this.#last.at = at;
      return this.#last.found;
    }
    const seen = await this.#scan();
    const found = identify(seen, this.roots, this.#ids);
    // After an incomplete look the next one reads again, whether anything is plugged in or out or not.
    this.#last = { signature: seen.complete ? now : '', found, at };
    return found;
  }

  async #scan(): Promise<Scan> {
    const waiting: { timer: Timer | null; over: boolean } = { timer: null, over: false };
    // In steps: after a moment in which the event loop was held up, what has been read meanwhile gets its turn before time is up.
    const patience = async (): Promise<void> => {
      for (let step = 0; step < PATIENCE_STEPS && !waiting.over; step++) await new Promise<void>((resolve) => (waiting.timer = this.#clock.after(PATIENCE_STEP_MS, resolve)));
    };
    try {
      return await scan(this.roots, this.#places, patience);
    } finally {
      waiting.over = true;
      waiting.timer?.cancel();
    }
  }

  /** As `find`, after devices have had their time to tell their names and udev its own for the ports of those with a driver: for who looks once. */
  async findSettled(): Promise<Found> {
    for (let tries = 0; ; tries++) {
      const found = await this.find(0);
      const ready = this.#last?.signature !== '' && found.devices.every((device) => device.driver === null || notReady(device) === null);
      if (ready || tries >= SETTLE_TRIES) return found;
      await new Promise<void>((resolve) => this.#clock.after(SETTLE_MS, resolve));
    }
  }
}

/**
 * Why the ports of a device cannot be used yet, or at all; null when they can. Opens nothing.
 * @param problemOf why a port cannot be opened; null when it can
 */
export function notReady(device: FoundDevice, problemOf: (path: string) => string | null = portProblem): string | null {
  if (device.match.kind === 'identified') {
    const missing = device.match.device.ports.find(({ role }) => !device.ports.some((port) => port.role === role));
    if (missing !== undefined) {
      if (device.kernelDrivers.includes('usbfs')) return 'another program has taken the device through libusb, so it has no serial port: stop that program (cgminer, bfgminer)';
      return `the system has made no serial port for it (${missing.role} port, interface ${missing.interfaceNumber})`;
    }
  }
  for (const { path } of device.ports) {
    const problem = problemOf(path);
    if (problem !== null) return problem;
  }
  return null;
}
