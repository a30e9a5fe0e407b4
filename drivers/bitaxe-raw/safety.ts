/** What is known of a board's safety: whether it may have power, what takes it away, and what came of that the last time. */
import type { Clock } from '../../protocol/common/clock.ts';
import type { Log } from '../../protocol/common/log.ts';
import { wait } from '../../protocol/common/wait.ts';
import { armLastWill, disarmLastWill } from '../safety/last-will.ts';
import type { DrivenFirmware } from './control-side.ts';
import type { BoardLink } from './link.ts';
import type { BoardPlan } from './plan.ts';
import { describeOutcome, FAN_FULL_PERCENT, FAN_IDLE_PERCENT, isSafe, runSafeSteps, safePackets, setFans, targetOf, unknownTarget, type SafeOutcome, type SafeTarget } from './safe-steps.ts';

/** For the slowest clock of chips whose reset line does not obey. */
const QUIET_MS = 200;

export interface SafetyParts {
  readonly deviceId: string;
  readonly firmware: DrivenFirmware;
  readonly controlPath: string;
  readonly clock: Clock;
  readonly log: Log;
}

export class Safety {
  readonly #parts: SafetyParts;
  #target: SafeTarget;
  #outcome: SafeOutcome | null = null;
  /** Power was given and has not been taken away for certain. */
  #live = false;

  constructor(parts: SafetyParts) {
    this.#parts = parts;
    this.#target = unknownTarget(parts.firmware);
  }

  /** The board is known to be in reset and without power (or with the least it can be given). */
  get isSafe(): boolean {
    return this.#outcome !== null && isSafe(this.#outcome);
  }

  /** The last try failed. */
  get failed(): boolean {
    return this.#outcome !== null && !isSafe(this.#outcome);
  }

  /** Which parts there are. */
  know(plan: BoardPlan): void {
    this.#target = targetOf(plan);
  }

  /** Its port has been opened; what the board does is not known. */
  opened(): void {
    this.#outcome = null;
    this.#arm();
  }

  /** From now on it may have power: what takes it away is written down first. */
  powering(plan: BoardPlan): void {
    this.know(plan);
    this.#live = true;
    this.#outcome = null;
    this.#arm();
  }

  /** Reset, power off, fan on, whatever else goes wrong. Nobody but this gets a word through meanwhile. Never rejects. */
  async carry(link: BoardLink): Promise<SafeOutcome> {
    const { clock, log } = this.#parts;
    const { client, chain } = link;
    client.lock('the board is being made safe');
    const told = this.failed;
    let slowing: Promise<void> | null = null;
    // Chips that cannot be held in reset can at least be slowed down.
    const outcome = await runSafeSteps(client, clock, this.#target, FAN_FULL_PERCENT, () => (slowing = chain?.quiet().catch(() => {}) ?? null));
    client.unlock();
    this.#outcome = outcome;
    if (isSafe(outcome)) this.#live = false;
    else if (!link.controlIsOpen) {
      if (this.#live && !told) log.warn({}, 'the board went away with its chips running: with a supply of its own they may run on until it is back, and are switched off first thing then');
    } else if (!told) log.error({ failures: outcome.failures }, `the board could not be made safe: ${describeOutcome(outcome)}`);
    if (slowing !== null) await Promise.race([slowing, wait(clock, QUIET_MS)]);
    return outcome;
  }

  /** Before the ports are closed for good: the fan left at a bearable speed, the will laid aside when it is not needed. Never rejects. */
  async leave(link: BoardLink | null): Promise<void> {
    const { deviceId, controlPath } = this.#parts;
    if (link !== null && !this.#live && this.#outcome?.power === 'off') await setFans(link.client, this.#outcome.fans, FAN_IDLE_PERCENT);
    // A name that the system gives to the next device plugged in is none to leave a will for, once the board has gone.
    const lost = link?.controlIsOpen !== true && /^\/dev\/tty[A-Z]+\d+$/.test(controlPath);
    if (!this.#live || lost) disarmLastWill(deviceId);
  }

  #arm(): void {
    armLastWill(this.#parts.deviceId, { path: this.#parts.controlPath, packets: safePackets(this.#target) });
  }
}
