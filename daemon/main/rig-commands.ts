import type { Device } from '../../drivers/contract.ts';
import { RigError } from '../../protocol/common/errors.ts';
import type { MiningEngine } from '../mining/engine.ts';
import type { CommandHandler } from '../telemetry/commands.ts';

/** Carries out the commands that come in over MQTT, checked against what each device can do. */
export class RigCommands implements CommandHandler {
  readonly #engine: MiningEngine;

  constructor(engine: MiningEngine) {
    this.#engine = engine;
  }

  async pause(deviceId: string | null, by: string): Promise<unknown> {
    return await this.#forEach(deviceId, (device) => device.command({ type: 'pause', reason: `paused by ${by}` }));
  }

  async resume(deviceId: string | null): Promise<unknown> {
    return await this.#forEach(deviceId, (device) => device.command({ type: 'resume' }));
  }

  async set(deviceId: string, values: Record<string, unknown>): Promise<unknown> {
    const device = this.#find(deviceId);
    const numbers: Record<string, number> = {};
    for (const [key, value] of Object.entries(values)) {
      if (typeof value !== 'number' || !Number.isFinite(value)) throw new RigError('E_COMMAND_INVALID', `${key} must be a number`);
      numbers[key] = value;
    }
    await device.command({ type: 'set', values: numbers });
    return { device: device.id, ...device.state() };
  }

  async #forEach(deviceId: string | null, act: (device: Device) => Promise<void>): Promise<unknown> {
    const devices = deviceId === null ? this.#engine.devices.filter((device) => device.capabilities.has('pause')) : [this.#find(deviceId)];
    await Promise.all(devices.map(act));
    return { devices: devices.map((device) => ({ id: device.id, status: device.state().status })) };
  }

  #find(deviceId: string): Device {
    const device = this.#engine.device(deviceId);
    if (!device) throw new RigError('E_COMMAND_INVALID', `there is no device "${deviceId}"`, { context: { devices: this.#engine.devices.map((known) => known.id) } });
    return device;
  }
}
