import type { Clock } from '../../protocol/common/clock.ts';
import { RigError } from '../../protocol/common/errors.ts';
import { decodeGekkoMeasurement, GEKKO_TELEMETRY_BYTES, GEKKO_TELEMETRY_COMMAND, type GekkoMeasurement, gekkoSetCoreMillivolts, gekkoSetFanPercent } from '../../protocol/gekko/telemetry.ts';
import { StickPort } from '../stick/port.ts';
import type { Transport } from '../transport/contract.ts';

/** The controller answers within it, and takes the next command after it. */
const ANSWER_MS = 100;
const TRIES = 2;
const NO_BYTES = new Uint8Array(0);
/** Versions whose bytes are known, by the upper half. */
const KNOWN_VERSIONS: readonly number[] = [1, 2];

/** Second port of an A1 or A2: the controller of regulator, fan and lamp. One command at a time, except for switching off. */
export class TelemetryPort {
  readonly #port: StickPort;
  #version: number | null = null;
  #turn: Promise<unknown> = Promise.resolve();

  /** @param gone told when the port dies */
  constructor(transport: Transport, clock: Clock, gone: (reason: string) => void) {
    this.#port = new StickPort(transport, clock, ANSWER_MS, { data: () => {}, gap: () => {}, gone });
  }

  get name(): string {
    return this.#port.name;
  }

  /** The byte the controller told; null = none. */
  get version(): number | null {
    return this.#version;
  }

  /** @throws RigError E_DEVICE_PORT */
  open(): Promise<void> {
    return this.#port.open();
  }

  /**
   * Asks who is there. A controller that keeps its version to itself is one when it measures.
   * @throws RigError E_DEVICE_CONTROL when nobody known answers, E_DEVICE_PORT; the signal's reason
   */
  async hello(signal: AbortSignal): Promise<void> {
    for (let i = 0; i < TRIES; i++) {
      const answer = await this.#ask(GEKKO_TELEMETRY_COMMAND.version, signal);
      const version = answer.length === 1 ? answer[0]! : null;
      if (version !== null && !KNOWN_VERSIONS.includes(version >> 4)) {
        throw new RigError('E_DEVICE_CONTROL', `${this.name}: the controller of the stick has version ${version.toString(16)}, whose measurements are not known`, { context: { port: this.name, version } });
      }
      this.#version = version;
      if (version !== null || (await this.measure(signal)) !== null) return;
    }
    throw new RigError('E_DEVICE_CONTROL', `${this.name}: the controller of the stick does not answer`, {
      context: { port: this.name },
      hint: 'Check `telemetry_port`: it is the second port of the stick. Without it the stick is driven without temperature and voltage.',
    });
  }

  /** What it measures now; null when the answer cannot be one. @throws RigError E_DEVICE_PORT; the signal's reason */
  async measure(signal: AbortSignal): Promise<GekkoMeasurement | null> {
    const answer = await this.#ask(GEKKO_TELEMETRY_COMMAND.get, signal);
    return answer.length === GEKKO_TELEMETRY_BYTES ? decodeGekkoMeasurement(this.#version, answer) : null;
  }

  /** Core voltage, mV, in steps of 5. @throws as `measure` */
  async setMillivolts(millivolts: number, signal: AbortSignal): Promise<void> {
    await this.#ask(gekkoSetCoreMillivolts(millivolts), signal);
  }

  /** @throws as `measure` */
  async setFanPercent(percent: number, signal: AbortSignal): Promise<void> {
    await this.#ask(gekkoSetFanPercent(percent), signal);
  }

  /** @throws as `measure` */
  async regulatorOn(signal: AbortSignal): Promise<void> {
    await this.#ask(GEKKO_TELEMETRY_COMMAND.regulatorOn, signal);
  }

  /** Waits for nothing that is under way: it is for emergencies too. Never rejects. */
  async regulatorOff(): Promise<void> {
    void this.#port.send(GEKKO_TELEMETRY_COMMAND.regulatorOff);
    await this.#port.drain();
  }

  /** H beats once a second, N follows the work, O is on, - is off. @throws as `measure` */
  async lamp(how: 'H' | 'N' | 'O' | '-', signal: AbortSignal): Promise<void> {
    const { lampH, lampN, lampO, lampOff } = GEKKO_TELEMETRY_COMMAND;
    await this.#ask({ H: lampH, N: lampN, O: lampO, '-': lampOff }[how], signal);
  }

  /** Idempotent, never rejects. */
  close(): Promise<void> {
    return this.#port.close();
  }

  #ask(command: Uint8Array, signal: AbortSignal): Promise<Uint8Array> {
    const asked = this.#turn.then(async () => {
      const answer = await this.#port.collect(command, ANSWER_MS, signal);
      // A late byte of this answer must not be taken for the beginning of the next.
      await this.#port.collect(NO_BYTES, ANSWER_MS / 2, signal);
      return answer;
    });
    this.#turn = asked.catch(() => {});
    return asked;
  }
}
