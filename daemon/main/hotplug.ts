/** Makes devices of miners that are plugged in and say what they are. One that is pulled out stays, and waits for its return. */
import type { Device } from '../../drivers/contract.ts';
import { DeviceWatcher } from '../../drivers/discovery/watcher.ts';
import type { FoundDevice } from '../../drivers/discovery/found.ts';
import type { Clock } from '../../protocol/common/clock.ts';
import { messageOf } from '../../protocol/common/errors.ts';
import type { Log } from '../../protocol/common/log.ts';
import type { Service } from '../../protocol/common/service.ts';
import type { MiningEngine } from '../mining/engine.ts';
import type { DeviceConfig } from '../../config/schema.ts';
import type { Hardware } from './hardware.ts';

export interface HotplugParts {
  readonly hardware: Hardware;
  readonly engine: Pick<MiningEngine, 'addDevice' | 'device'>;
  readonly intervalMs: number;
  /** Makes the device of an entry; opens nothing. */
  create(entry: Pick<DeviceConfig, 'id' | 'driver' | 'options'>, found: FoundDevice): Promise<Device>;
  readonly clock: Clock;
  readonly log: Log;
}

export class Hotplug implements Service {
  readonly #parts: HotplugParts;
  readonly #watcher: DeviceWatcher;

  constructor(parts: HotplugParts) {
    this.#parts = parts;
    this.#watcher = new DeviceWatcher({ finder: parts.hardware.finder, clock: parts.clock, log: parts.log, intervalMs: parts.intervalMs });
    this.#watcher.events.on('added', (found) => void this.#onAdded(found));
    this.#watcher.events.on('removed', (found) => parts.log.info({ device: found.id, socket: found.place.busPath }, 'unplugged'));
  }

  async start(signal: AbortSignal): Promise<void> {
    await this.#watcher.start(signal);
  }

  async stop(): Promise<void> {
    await this.#watcher.stop();
  }

  async #onAdded(found: FoundDevice): Promise<void> {
    const { hardware, engine, log } = this.#parts;
    const fields = { device: found.id, socket: found.place.busPath };
    try {
      if (found.match.kind === 'unknown') return;
      if (hardware.isListed(found, this.#watcher.devices())) return log.info(fields, 'plugged in');
      if (found.driver === null) return log.info({ ...fields, reason: whyNot(found) }, 'plugged in, but not driven');
      if (engine.device(found.id)) return log.info(fields, 'plugged in again');
      const device = await this.#parts.create({ id: found.id, driver: found.driver, options: {} }, found);
      log.info({ ...fields, driver: found.driver, title: device.title }, 'plugged in: starting to mine with it');
      await engine.addDevice(device);
    } catch (error) {
      log.error({ ...fields, err: messageOf(error) }, 'a device that was plugged in cannot be used');
    }
  }
}

function whyNot({ match }: FoundDevice): string {
  if (match.kind !== 'identified') return match.reason;
  return match.device.note ?? `there is no driver for ${match.device.title}`;
}
