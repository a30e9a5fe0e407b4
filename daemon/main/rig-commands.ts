import type { Device } from '../../drivers/contract.ts';
import { within } from '../../drivers/transport/deadline.ts';
import type { Clock } from '../../protocol/common/clock.ts';
import { messageOf, RigError } from '../../protocol/common/errors.ts';
import type { Log } from '../../protocol/common/log.ts';
import type { MiningEngine } from '../mining/engine.ts';
import type { HuntControl } from '../hunt/control.ts';
import type { CommandHandler, HuntCommand } from '../telemetry/commands.ts';

/** The answer to a command is due after 5 s. */
const ANSWER_MS = 4000;
/** The drivers' number for a fan that looks after itself. */
const FAN_AUTO = -1;

/** Carries out the commands that come in over MQTT, checked against what each device can do. */
export class RigCommands implements CommandHandler {
  readonly #engine: MiningEngine;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #hunts: HuntControl | null;

  /** @param hunts null = hunts are off */
  constructor(engine: MiningEngine, { clock, log }: { readonly clock: Clock; readonly log: Log }, hunts: HuntControl | null = null) {
    this.#engine = engine;
    this.#hunts = hunts;
    this.#clock = clock;
    this.#log = log;
  }

  async pause(deviceId: string | null, by: string): Promise<unknown> {
    return await this.#forEach(deviceId, (device) => device.command({ type: 'pause', reason: `paused by ${by}` }));
  }

  async resume(deviceId: string | null): Promise<unknown> {
    return await this.#forEach(deviceId, (device) => device.command({ type: 'resume' }));
  }

  async restart(deviceId: string): Promise<unknown> {
    const device = this.#find(deviceId);
    return this.#soon(device, device.command({ type: 'restart' }));
  }

  async identify(deviceId: string): Promise<unknown> {
    const device = this.#find(deviceId);
    return this.#soon(device, device.command({ type: 'identify' }));
  }

  async set(deviceId: string, values: Record<string, unknown>): Promise<unknown> {
    const device = this.#find(deviceId);
    const numbers: Record<string, number> = {};
    for (const [key, given] of Object.entries(values)) {
      const value = key === 'fan_percent' && given === 'auto' ? FAN_AUTO : given;
      if (typeof value !== 'number' || !Number.isFinite(value)) throw new RigError('E_COMMAND_INVALID', `${key} must be a number`);
      numbers[key] = value;
    }
    return this.#soon(device, device.command({ type: 'set', values: numbers }));
  }

  /** Said twice it means the same: a hunt that is paused stays paused, and one that runs goes on. */
  async hunt(command: HuntCommand, by: string): Promise<unknown> {
    const hunts = this.#hunts;
    if (hunts === null) throw new RigError('E_COMMAND_INVALID', 'hunts are off (hunt.enabled)');
    const status = (): object => {
      const { status, hunt_id, generations, jobs_done, jobs_total } = hunts.state();
      return { status, hunt_id, generations, jobs_done, jobs_total };
    };
    switch (command.verb) {
      case 'start':
        await hunts.start(command.request);
        break;
      case 'resume': {
        const { verb: _verb, ...request } = command;
        if (hunts.state().status !== 'running' || Object.keys(request).length > 0) await hunts.resume(request);
        break;
      }
      case 'pause':
        hunts.pause();
        break;
      case 'stop': {
        const work = hunts.stop();
        if ((await within(this.#clock, ANSWER_MS, work)) === 'late') work.catch((error: unknown) => this.#log.warn({ by, err: messageOf(error) }, 'a hunt did not stop well'));
        break;
      }
    }
    return status();
  }

  /** Chips are ramped in steps, which takes longer than an answer may: then the answer says that it is under way. */
  async #soon(device: Device, work: Promise<void>): Promise<unknown> {
    const outcome = await within(this.#clock, ANSWER_MS, work);
    if (outcome === 'late') work.catch((error: unknown) => this.#log.warn({ device: device.id, err: messageOf(error) }, 'a command did not end well'));
    return { device: device.id, pending: outcome === 'late', ...device.state() };
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
