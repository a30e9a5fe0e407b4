/** One round of reading a board: every number that fails is null and counted, and a board that does not answer is not asked everything. */
import type { TemperatureReading } from '../../protocol/board-chips/reading.ts';
import type { Clock } from '../../protocol/common/clock.ts';
import type { BoardChips } from './board-chips.ts';
import { controlFailure } from './control-client.ts';

/** A round ends here, whatever has not been asked by then. */
export const ROUND_MS = 1500;
/** A chip answers within a few ms: what takes so long will not come. */
export const READ_MS = 400;
/** Questions that may stay unanswered before a round is given up. */
const MOST_UNANSWERED = 2;

/** `null` = unknown, never 0. */
export interface RoundReadings {
  /** The hottest sensor; null when any of them failed. */
  readonly temp_c: number | null;
  /** A diode that is open or short; null = none. */
  readonly sensorFault: string | null;
  /** Of each fan; stopped null = unknown. */
  readonly fans: readonly { readonly rpm: number | null; readonly stopped: boolean | null }[];
  readonly regulatorFault: string | null;
  /** Whether the regulator has told of its faults. */
  readonly regulatorAnswered: boolean;
  readonly core_v: number | null;
  readonly vin_v: number | null;
  readonly iout_a: number | null;
  readonly regulator_temp_c: number | null;
  /** Of the board where there is a meter, else of the chips alone. */
  readonly power_w: number | null;
  readonly failed: number;
  /** Nothing at all was answered, not even with a refusal. */
  readonly mute: boolean;
}

/** Never rejects for want of an answer. @param inReset the diodes of the chips hang in the air */
export async function readRound(chips: BoardChips, clock: Clock, inReset = false): Promise<RoundReadings> {
  const until = clock.monotonic() + ROUND_MS;
  let failed = 0;
  let answers = 0;
  let unanswered = 0;
  /** @param again asks a second time: a single fault on the bus or the line is no reason to count */
  async function ask<T>(read: () => Promise<T>, again = false): Promise<T | null> {
    try {
      if (unanswered < MOST_UNANSWERED && clock.monotonic() < until) {
        const value = await read();
        answers++;
        return value;
      }
    } catch (error) {
      const failure = controlFailure(error);
      if (failure === null) throw error;
      if (failure === 'refused') answers++;
      else unanswered += failure === 'timeout' ? 1 : MOST_UNANSWERED;
      if (again && (failure === 'refused' || failure === 'timeout')) return ask(read);
    }
    failed++;
    return null;
  }

  // What decides about safety comes first.
  const temperatures: { readonly name: string; readonly reading: TemperatureReading | null }[] = [];
  for (const sensor of chips.sensors) temperatures.push({ name: sensor.name, reading: await ask(() => sensor.read(), true) });
  const silent = temperatures.some(({ reading }) => reading?.kind !== 'ok');
  if (inReset && silent && chips.standIn !== null) temperatures.splice(0, Infinity, { name: chips.standIn.name, reading: await ask(() => chips.standIn!.read()) });
  const { regulator, fan, meter } = chips;
  const faults = regulator === null ? null : await ask(async () => ({ text: await regulator.faults() }), true);
  const number = async (what: 'core_v' | 'vin_v' | 'iout_a' | 'temp_c'): Promise<number | null> => (regulator === null ? null : ask(() => regulator.reading(what)));
  const regulatorTemp = await number('temp_c');
  const fans: { rpm: number | null; stopped: boolean | null }[] = [];
  for (let i = 0; i < (fan?.fans ?? 0); i++) {
    const tach = await ask(() => fan!.tach(i));
    fans.push({ rpm: tach?.rpm ?? null, stopped: tach?.stopped ?? null });
  }
  const [core, iout] = [await number('core_v'), await number('iout_a')];
  const vin = meter === null ? await number('vin_v') : await ask(() => meter('vin_v'));
  const power = meter === null ? (core === null || iout === null ? null : core * regulator!.coresInSeries * iout) : await ask(() => meter('power_w'));

  const celsius = temperatures.map(({ reading }) => (reading?.kind === 'ok' ? reading.celsius : null));
  const broken = temperatures.find(({ reading }) => reading?.kind === 'fault');
  return {
    temp_c: celsius.length === 0 || celsius.includes(null) ? null : Math.max(...(celsius as number[])),
    sensorFault: broken?.reading?.kind === 'fault' ? `the temperature diode (${broken.name}) is ${broken.reading.fault}` : null,
    fans,
    regulatorFault: faults?.text ?? null,
    regulatorAnswered: faults !== null || regulator === null,
    core_v: core,
    vin_v: vin,
    iout_a: iout,
    regulator_temp_c: regulatorTemp,
    power_w: power,
    failed,
    mute: answers === 0,
  };
}

export const NO_READINGS: RoundReadings = {
  temp_c: null,
  sensorFault: null,
  fans: [],
  regulatorFault: null,
  regulatorAnswered: true,
  core_v: null,
  vin_v: null,
  iout_a: null,
  regulator_temp_c: null,
  power_w: null,
  failed: 0,
  mute: false,
};
