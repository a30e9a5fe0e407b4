import { ledRgb } from '../../protocol/bitaxe-raw/commands.ts';
import type { Clock, Timer } from '../../protocol/common/clock.ts';
import { messageOf, RigError } from '../../protocol/common/errors.ts';
import type { ControlClient } from './control-client.ts';

const BLINK_MS = 500;
const BLINKS = 20;

/** The lamp of a board, for a person who looks for it among others. */
export class Lamp {
  readonly #client: ControlClient;
  readonly #clock: Clock;
  #timer: Timer | null = null;
  #closed = false;

  constructor(client: ControlClient, clock: Clock) {
    this.#client = client;
    this.#clock = clock;
  }

  /** Blinks white for ten seconds, and is dark then. @throws RigError E_DEVICE_COMMAND when the board has no lamp that obeys */
  async blink(): Promise<void> {
    this.stop();
    try {
      await this.#set(true);
    } catch (error) {
      throw new RigError('E_DEVICE_COMMAND', `its lamp cannot be switched on: ${messageOf(error)}`, { cause: error });
    }
    // Meanwhile it may have been asked for again, or closed.
    this.stop();
    if (this.#closed) return;
    let count = 1;
    this.#timer = this.#clock.every(BLINK_MS, () => {
      void this.#set(count % 2 === 0).catch(() => {});
      if (++count >= BLINKS) this.stop();
    });
  }

  stop(): void {
    this.#timer?.cancel();
    this.#timer = null;
  }

  close(): void {
    this.#closed = true;
    this.stop();
  }

  async #set(on: boolean): Promise<void> {
    const level = on ? 0xff : 0;
    await this.#client.request(ledRgb(level, level, level), 'setting the lamp');
  }
}
