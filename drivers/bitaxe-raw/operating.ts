/** From one operating point to another: the order of the ramp rules, the voltage in small steps. */
import { planOperatingChange, type OperatingPoint } from '../../protocol/bm13xx/ramp.ts';
import type { Clock } from '../../protocol/common/clock.ts';
import { RigError } from '../../protocol/common/errors.ts';
import { wait } from '../../protocol/common/wait.ts';
import type { BoardSettings } from '../asic/board.ts';
import { checkPower } from './bring-up.ts';
import { FAN_RANGE } from './chips/fans.ts';
import type { Regulator } from './chips/regulators.ts';
import type { Envelope } from './plan.ts';

/** A larger step of the voltage would be a jump of the current. */
export const VOLTAGE_STEP_MV = 25;
export const VOLTAGE_STEP_MS = 50;

/** `ramp` is the whole way of the frequency: whoever drives the chips makes the steps of it. */
export type Move = { readonly move: 'ramp'; readonly mhz: number } | { readonly move: 'volts'; readonly volts: number };

function voltageSteps(fromMv: number, toMv: number): Move[] {
  const count = Math.ceil(Math.abs(toMv - fromMv) / VOLTAGE_STEP_MV);
  return Array.from({ length: count }, (_, i) => ({ move: 'volts', volts: (fromMv + ((toMv - fromMv) * (i + 1)) / count) / 1000 }));
}

/** Moves from one point to the other. @throws RangeError when a frequency or voltage is not above 0 */
export function movesBetween(from: OperatingPoint, to: OperatingPoint): Move[] {
  const moves: Move[] = [];
  let ramped = false;
  for (const step of planOperatingChange(from, to)) {
    if (step.set === 'voltage') moves.push(...voltageSteps(from.millivolts, step.millivolts));
    else if (!ramped) moves.push({ move: 'ramp', mhz: to.mhz });
    ramped ||= step.set === 'frequency';
  }
  return moves;
}

export interface Point {
  readonly mhz: number;
  /** null: the board's own. */
  readonly volts: number | null;
}

export interface ChangeParts {
  readonly regulator: Regulator | null;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly ramp: (mhz: number) => Promise<unknown>;
  /** Told after every move. */
  readonly at: (point: Point) => void;
}

/** Takes running chips to another point. @throws as what it uses; E_DEVICE_UNSAFE when the regulator is not where it should be then */
export async function changeOperatingPoint({ regulator, clock, signal, ramp, at }: ChangeParts, from: Point, to: Point): Promise<void> {
  // Where the voltage cannot be set, any will do: it does not change.
  const millivolts = (point: Point): number => (point.volts === null ? 1000 : Math.round(point.volts * 1000));
  let { mhz, volts } = from;
  for (const move of movesBetween({ mhz: from.mhz, millivolts: millivolts(from) }, { mhz: to.mhz, millivolts: millivolts(to) })) {
    signal.throwIfAborted();
    if (move.move === 'ramp') {
      await ramp(move.mhz);
      mhz = move.mhz;
    } else {
      await regulator!.setCoreVolts(move.volts);
      volts = move.volts;
      await wait(clock, VOLTAGE_STEP_MS, signal);
    }
    signal.throwIfAborted();
    at({ mhz, volts });
  }
  if (regulator !== null && volts !== null) await checkPower(regulator, volts);
}

function within(name: string, value: number, range: readonly [number, number] | null, unit: string, hint: string): void {
  if (range === null) throw new RigError('E_DEVICE_COMMAND', `${name} of this board cannot be set`);
  const [min, max] = range.map((limit) => Math.round(limit * 1000) / 1000) as [number, number];
  if (!(value >= min && value <= max)) throw new RigError('E_DEVICE_COMMAND', `${name} is ${min} to ${max} ${unit} on this board, not ${value}`, { hint });
}

const OVERCLOCK_HINT = 'Choose a value in the range, or set allow_overclock: true, which widens it a little.';

/** @throws RigError E_DEVICE_COMMAND when a value is not within the envelope */
export function checkSettings(settings: BoardSettings, envelope: Envelope, hasFan: boolean): void {
  if (settings.frequency_mhz !== undefined) within('frequency_mhz', settings.frequency_mhz, envelope.mhz, 'MHz', OVERCLOCK_HINT);
  if (settings.voltage_v !== undefined) within('voltage_v', settings.voltage_v, envelope.volts, 'V', OVERCLOCK_HINT);
  if (settings.fan_percent !== undefined && settings.fan_percent !== null) within('fan_percent', settings.fan_percent, hasFan ? FAN_RANGE : null, '%', 'Less than 20 % lets some fans stand.');
}
