/** The reset of the chips on a modem line, where it is wired to one. */
import { RESET_LOW_MS, RESET_SETTLE_MS } from '../../protocol/bm13xx/init/plan.ts';
import type { Clock } from '../../protocol/common/clock.ts';
import { wait } from '../../protocol/common/wait.ts';
import type { Transport } from '../transport/contract.ts';
import type { SerialOptions } from './options.ts';

export class ResetLine {
  readonly #line: 'rts' | 'dtr';
  readonly #held: boolean;

  constructor(line: 'rts' | 'dtr', held: boolean) {
    this.#line = line;
    this.#held = held;
  }

  /** Holds the chips in reset. @throws RigError E_DEVICE_PORT */
  hold(transport: Transport): Promise<void> {
    return transport.setLines({ [this.#line]: this.#held });
  }

  /** Holds them for the time a reset takes, lets them go and waits until they listen. @throws RigError E_DEVICE_PORT, and the reason of the signal */
  async pulse(transport: Transport, clock: Clock, signal: AbortSignal): Promise<void> {
    await this.hold(transport);
    await wait(clock, RESET_LOW_MS, signal);
    await transport.setLines({ [this.#line]: !this.#held });
    await wait(clock, RESET_SETTLE_MS, signal);
  }
}

/** Null when no line is wired to it. */
export function resetLineOf({ reset, reset_held }: Pick<SerialOptions, 'reset' | 'reset_held'>): ResetLine | null {
  return reset === 'none' ? null : new ResetLine(reset, reset_held === 'on');
}
