/** The line to a chain while nobody mines on it: carries out what start-up sequences say, and asks who is there. */
import { ALL_CHIPS, encodeRead } from '../../protocol/bm13xx/command.ts';
import type { InitAction } from '../../protocol/bm13xx/init/plan.ts';
import { REGISTER } from '../../protocol/bm13xx/registers.ts';
import { BAUD_SETTLE_MS, type BaudChangeStep, RESET_BAUD } from '../../protocol/bm13xx/uart.ts';
import { messageOf, RigError } from '../../protocol/common/errors.ts';
import type { Clock } from '../../protocol/common/clock.ts';
import type { Transport } from '../transport/contract.ts';
import { Listener } from './listener.ts';
import { wait } from '../../protocol/common/wait.ts';
import { surveyUntilSilent, type Survey } from './survey.ts';
import { TxLine } from './tx-line.ts';

/** Time in which a bridge sends what it holds of a few short frames. */
const BRIDGE_MS = 40;

/** Silence after which no late answer is on its way. */
const LATE_MS = 75;

export class ChipLine {
  readonly transport: Transport;
  readonly clock: Clock;
  readonly listener: Listener;
  readonly tx: TxLine;
  #baud = RESET_BAUD;
  /** The chips have been told to go there, and the host has not followed yet. */
  #chipsAt: number | null = null;

  constructor(transport: Transport, clock: Clock) {
    this.transport = transport;
    this.clock = clock;
    this.listener = new Listener(transport, clock);
    this.tx = new TxLine(transport, clock, RESET_BAUD);
  }

  /** Speed of the host. */
  get baud(): number {
    return this.#baud;
  }

  /** @throws RigError E_DEVICE_PORT */
  async setBaud(baud: number): Promise<void> {
    await this.transport.setBaud(baud);
    this.#baud = baud;
    this.#chipsAt = null;
    this.tx.setBaud(baud);
  }

  /** Ends a change of speed that was broken off half-way. @throws as `setBaud` */
  async followChips(signal: AbortSignal): Promise<void> {
    if (this.#chipsAt === null) return;
    await this.transport.drain();
    await wait(this.clock, BRIDGE_MS, signal);
    await this.setBaud(this.#chipsAt);
  }

  /** Goes to another speed to look who is there: settled, and with nothing of the speed before. @throws RigError E_DEVICE_PORT, and the reason of the signal */
  async listenAt(baud: number, signal: AbortSignal): Promise<void> {
    await this.setBaud(baud);
    await wait(this.clock, BAUD_SETTLE_MS, signal);
    await this.listener.flush();
  }

  /** Sends a frame and waits. @throws the reason of the signal */
  async tell(frame: Uint8Array, waitMs: number, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    void this.transport.write(frame);
    if (waitMs > 0) await wait(this.clock, waitMs, signal);
  }

  /**
   * Carries out a plan; counting is left to the caller.
   * @param onMhz is told the frequency after each frame that sets one
   * @throws RigError E_DEVICE_PORT, and the reason of the signal
   */
  async carryOut(actions: readonly (InitAction | BaudChangeStep)[], signal: AbortSignal, onMhz: (mhz: number) => void = () => {}): Promise<void> {
    for (const [index, action] of actions.entries()) {
      signal.throwIfAborted();
      switch (action.do) {
        case 'send':
          this.#chipsAt = speedAfter(actions.slice(index + 1)) ?? this.#chipsAt;
          if ('mhz' in action && action.mhz !== undefined) onMhz(action.mhz);
          await this.tell(action.frame, 'waitMs' in action ? action.waitMs : 0, signal);
          break;
        case 'reply-bytes':
          this.listener.expect(action.bytes);
          break;
        case 'wait':
          await wait(this.clock, action.ms, signal);
          break;
        case 'drain':
          await this.transport.drain();
          // The system has given it all away; a USB bridge may still hold some of it, and would send it at the new speed.
          await wait(this.clock, BRIDGE_MS, signal);
          break;
        case 'host-baud':
          await this.setBaud(action.baud);
          break;
        case 'flush-input':
          await this.listener.flush();
          break;
        case 'count-chips':
          break;
      }
    }
  }

  /** Asks all chips for their id, once, at the present speed. @throws the reason of the signal */
  async ask(silenceMs: number, expected: number | null, signal: AbortSignal): Promise<Survey> {
    const question = encodeRead(ALL_CHIPS, REGISTER.chipId);
    return await surveyUntilSilent(this.listener, this.clock, () => void this.transport.write(question), silenceMs, expected, signal);
  }

  /** Throws away what has come in, and answers that are still on their way. @throws the reason of the signal */
  async silence(signal: AbortSignal): Promise<void> {
    await this.listener.flush();
    await surveyUntilSilent(this.listener, this.clock, () => {}, LATE_MS, null, signal);
  }

  /** What a plan makes of the options. @throws RigError E_DEVICE_COMMAND when the chip cannot do what they ask */
  planned<T>(plan: () => T): T {
    try {
      return plan();
    } catch (error) {
      throw new RigError('E_DEVICE_COMMAND', `the chips on ${this.transport.name} cannot be set so: ${messageOf(error)}`, { cause: error, hint: 'Correct frequency_mhz, baud or the hash board in the options of this device.' });
    }
  }

  /** An error E_DEVICE_SILENT that names the port. */
  silent(what: string, hint?: string): RigError {
    const { name } = this.transport;
    return new RigError('E_DEVICE_SILENT', `${what} on ${name}`, { context: { port: name }, ...(hint === undefined ? {} : { hint }) });
  }
}

/** The speed the host goes to before it says anything more; null = the one it has. */
function speedAfter(rest: readonly (InitAction | BaudChangeStep)[]): number | null {
  for (const action of rest) {
    if (action.do === 'host-baud') return action.baud;
    if (action.do === 'send') return null;
  }
  return null;
}
