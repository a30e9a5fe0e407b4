/**
 * What leaves a board safe, as requests in the order to send them: reset first, so that chips do not run while their supply
 * falls, then power, then the fan. The same list is sent on a stop, on a fault, at the end of the process and before the start.
 */
import { gpioSet, i2cWrite } from '../../protocol/bitaxe-raw/commands.ts';
import { BITAXE_RAW_FIRMWARE, type BitaxeRawFirmwareName } from '../../protocol/bitaxe-raw/firmware.ts';
import { encodeRequest, type Command } from '../../protocol/bitaxe-raw/request.ts';
import type { Clock } from '../../protocol/common/clock.ts';
import { messageOf } from '../../protocol/common/errors.ts';
import { fanWrites, type FanChipName } from './chips/fans.ts';
import { regulatorOffWrites, type Regulator } from './chips/regulators.ts';
import type { ControlClient } from './control-client.ts';
import type { BoardPlan } from './plan.ts';

export const FAN_FULL_PERCENT = 100;
/** Enough for a board whose chips have no power, and bearable in a room. */
export const FAN_IDLE_PERCENT = 50;

/** Whose chips are meant; of a board that is not known yet, all that there may be. */
export interface SafeTarget {
  readonly firmware: BitaxeRawFirmwareName;
  readonly regulators: readonly Regulator['name'][];
  readonly fans: readonly FanChipName[];
}

/** Before anything is known of a Bitaxe. A chip that is not there does not answer, and nothing else sits at its address. */
export function unknownTarget(firmware: BitaxeRawFirmwareName): SafeTarget {
  return firmware === 'emberone' ? { firmware, regulators: [], fans: [] } : { firmware, regulators: ['TPS546', 'DS4432U'], fans: ['EMC2101', 'EMC2103', 'EMC2302'] };
}

export function targetOf({ firmware, regulator, fan }: BoardPlan): SafeTarget {
  return { firmware, regulators: regulator === null ? [] : [regulator.chip], fans: fan === null ? [] : [fan] };
}

export interface SafeStep {
  readonly kind: 'reset' | 'power-pin' | 'TPS546' | 'DS4432U' | 'fan';
  readonly what: string;
  readonly command: Command;
  /** Which controller a fan hangs on. */
  readonly fan?: FanChipName;
}

export function safeSteps(target: SafeTarget, fanPercent: number): SafeStep[] {
  const { resetPin, powerPins } = BITAXE_RAW_FIRMWARE[target.firmware];
  const steps: SafeStep[] = [];
  if (resetPin !== null) steps.push({ kind: 'reset', what: 'holding the chips in reset', command: gpioSet(resetPin.pin, resetPin.safeHigh) });
  for (const { pin, safeHigh } of powerPins) steps.push({ kind: 'power-pin', what: 'switching power off', command: gpioSet(pin, safeHigh) });
  for (const name of target.regulators) {
    for (const { address, bytes } of regulatorOffWrites(name)) steps.push({ kind: name, what: name === 'TPS546' ? 'switching the regulator off' : 'setting the lowest core voltage', command: i2cWrite(address, bytes) });
  }
  for (const name of target.fans) for (const { address, bytes } of fanWrites(name, fanPercent)) steps.push({ kind: 'fan', fan: name, what: 'setting the fan', command: i2cWrite(address, bytes) });
  return steps;
}

/** Ids of packets that nobody waits for: far from where a client begins to count. */
const FIRST_WILL_ID = 0xe0;

/** The packets of the steps, for the last will. */
export function safePackets(target: SafeTarget): Uint8Array[] {
  return safeSteps(target, FAN_FULL_PERCENT).map(({ command }, i) => encodeRequest(FIRST_WILL_ID + i, command));
}

export interface SafeOutcome {
  readonly reset: boolean;
  /** off: no power on the chips. lowest: it cannot be switched off, the voltage is the lowest there is. */
  readonly power: 'off' | 'lowest' | 'failed';
  /** Controllers that have taken the speed of their fans. */
  readonly fans: readonly FanChipName[];
  /** Plain words: what failed. */
  readonly failures: readonly string[];
}

/** Chips do not run and have as little power as the board lets one give them. */
export function isSafe(outcome: SafeOutcome): boolean {
  return outcome.reset && outcome.power !== 'failed';
}

const STEP_MS = 120;
/** After so long the steps that are left are sent all the same, but hardly waited for. */
const PATIENCE_MS = 200;
const IMPATIENT_MS = 40;

/**
 * Sends every step, also when others fail. Never rejects; with a mute board it takes `PATIENCE_MS` and a little.
 * @param onNoReset called at once when the chips could not be put in reset
 */
export async function runSafeSteps(client: ControlClient, clock: Clock, target: SafeTarget, fanPercent: number, onNoReset: () => void = () => {}): Promise<SafeOutcome> {
  const done = new Set<SafeStep['kind']>();
  const failed = new Set<SafeStep['kind']>();
  const failures: string[] = [];
  const fans = new Set<FanChipName>();
  const from = clock.monotonic();
  for (const step of safeSteps(target, fanPercent)) {
    try {
      await client.request(step.command, step.what, { urgent: true, timeoutMs: clock.monotonic() - from < PATIENCE_MS ? STEP_MS : IMPATIENT_MS });
      done.add(step.kind);
      if (step.fan !== undefined) fans.add(step.fan);
    } catch (error) {
      failed.add(step.kind);
      failures.push(messageOf(error));
      if (step.kind === 'reset') onNoReset();
    }
  }
  const off = done.has('TPS546') || (done.has('power-pin') && !failed.has('power-pin'));
  return {
    reset: done.has('reset'),
    power: off ? 'off' : done.has('DS4432U') ? 'lowest' : 'failed',
    fans: [...fans],
    failures,
  };
}

/** Sets fans alone. Never rejects. */
export async function setFans(client: ControlClient, fans: readonly FanChipName[], percent: number): Promise<void> {
  const writes = fans.flatMap((name) => fanWrites(name, percent));
  await Promise.allSettled(writes.map(({ address, bytes }) => client.request(i2cWrite(address, bytes), 'setting the fan', { urgent: true, timeoutMs: STEP_MS })));
}

/** What was done, in plain words. */
export function describeOutcome(outcome: SafeOutcome): string {
  const reset = outcome.reset ? 'chips held in reset' : 'the chips could not be put in reset';
  const power = {
    off: 'core power off',
    lowest: 'core voltage at its lowest (the regulator of this board cannot be switched off)',
    failed: 'core power could not be switched off',
  }[outcome.power];
  const words = `${reset}, ${power}`;
  return isSafe(outcome) || outcome.failures.length === 0 ? words : `${words}: ${outcome.failures[0]}`;
}
