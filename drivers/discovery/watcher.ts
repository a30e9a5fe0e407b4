/** Tells when devices come and go. */
import { EventEmitter } from 'node:events';
import type { Clock, Timer } from '../../protocol/common/clock.ts';
import { messageOf } from '../../protocol/common/errors.ts';
import type { Log } from '../../protocol/common/log.ts';
import type { Service } from '../../protocol/common/service.ts';
import { notReady, SETTLE_MS, SETTLE_TRIES, type DeviceFinder } from './finder.ts';
import type { FoundDevice } from './found.ts';

export interface WatcherEvents {
  /** Plugged in, and its ports can be opened; or they still cannot after 2 s, and `notReady` says why. */
  added: [FoundDevice];
  /** Not there any more. */
  removed: [FoundDevice];
}

export interface WatcherParts {
  readonly finder: DeviceFinder;
  readonly clock: Clock;
  readonly log: Log;
  /** Time between two looks, ms. Default 1000. */
  readonly intervalMs?: number;
}

/** As many as the configuration takes. */
const MAX_DEVICES = 256;

/**
 * Looks at sysfs each second; there is one event a device and look at most, so a device with a loose plug cannot flood anybody.
 * One that was out and back in between two looks is told neither gone nor new: whoever has its port open notices by itself.
 */
export class DeviceWatcher implements Service {
  readonly events = new EventEmitter<WatcherEvents>();
  readonly #parts: WatcherParts;
  readonly #told = new Map<string, FoundDevice>();
  /** New devices whose ports are not ready: how often they were looked at. */
  readonly #settling = new Map<string, number>();
  #timer: Timer | null = null;
  #state: 'new' | 'running' | 'stopped' = 'new';
  #full = false;

  constructor(parts: WatcherParts) {
    this.#parts = parts;
  }

  /** The devices told `added` and not `removed`, as they are now. */
  devices(): FoundDevice[] {
    return [...this.#told.values()];
  }

  /** Resolves after the first look, with its devices told. Add listeners before. */
  async start(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (this.#state !== 'new') return;
    this.#state = 'running';
    await this.#look();
  }

  stop(): Promise<void> {
    this.#state = 'stopped';
    this.#timer?.cancel();
    this.#timer = null;
    return Promise.resolve();
  }

  async #look(): Promise<void> {
    try {
      const { devices } = await this.#parts.finder.find(0);
      if (this.#state === 'running') this.#compare(devices);
    } catch (error) {
      this.#parts.log.error({ reason: messageOf(error) }, 'looking for devices failed');
    }
    if (this.#state !== 'running') return;
    const { clock, intervalMs = 1000 } = this.#parts;
    // The next look is planned when this one is over, so that slow ones cannot pile up.
    this.#timer = clock.after(this.#settling.size > 0 ? Math.min(SETTLE_MS, intervalMs) : intervalMs, () => void this.#look());
  }

  #compare(devices: readonly FoundDevice[]): void {
    const present = new Map(devices.map((device) => [device.id, device]));
    for (const id of this.#settling.keys()) if (!present.has(id)) this.#settling.delete(id);
    for (const [id, device] of this.#told) {
      if (present.has(id)) continue;
      this.#told.delete(id);
      this.#tell('removed', device);
    }
    for (const [id, device] of present) {
      if (this.#told.has(id)) this.#told.set(id, device);
      else if (this.#ready(device)) {
        this.#settling.delete(id);
        this.#told.set(id, device);
        this.#tell('added', device);
      }
    }
  }

  #ready(device: FoundDevice): boolean {
    if (this.#told.size >= MAX_DEVICES) {
      if (!this.#full) this.#parts.log.warn({ devices: MAX_DEVICES }, 'more devices are plugged in than can be looked after: the others are left alone');
      this.#full = true;
      return false;
    }
    const tries = (this.#settling.get(device.id) ?? 0) + 1;
    if (tries > SETTLE_TRIES || device.driver === null || notReady(device) === null) return true;
    this.#settling.set(device.id, tries);
    return false;
  }

  #tell(event: 'added' | 'removed', device: FoundDevice): void {
    try {
      this.events.emit(event, device);
    } catch (error) {
      this.#parts.log.error({ device: device.id, reason: messageOf(error) }, `a listener failed on ${event}`);
    }
  }
}
