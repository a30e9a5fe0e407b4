/** What is on a board, whatever told it: a version of the table, or what is known of an EmberOne. */
import { bitaxeBoard, bitaxeBoardVersions, type BitaxeBoard } from '../../protocol/bitaxe-raw/boards.ts';
import type { BitaxeRawFirmwareName } from '../../protocol/bitaxe-raw/firmware.ts';
import { TPS546_PROFILES, type Tps546ProfileName } from '../../protocol/pmbus/tps546.ts';
import { DS4432U_CORE_VOLTS } from '../../protocol/board-chips/ds4432u.ts';
import { BM13XX_CHIPS, type Bm13xxName } from '../../protocol/bm13xx/chips.ts';
import type { FanChipName } from './chips/fans.ts';
import { TMP1075_ADDRESSES, type SensorPlan } from './chips/temperatures.ts';

export type RegulatorPlan = { readonly chip: 'TPS546'; readonly profile: Tps546ProfileName } | { readonly chip: 'DS4432U' };

export interface BoardPlan {
  /** As in the configuration: 602, emberone ... */
  readonly version: string;
  readonly title: string;
  readonly firmware: Extract<BitaxeRawFirmwareName, 'bitaxe' | 'emberone'>;
  readonly asic: Bm13xxName;
  readonly asics: number;
  /** null: it has none that is known. */
  readonly fan: FanChipName | null;
  readonly sensors: SensorPlan;
  /** null: not known; the voltage is what the board gives by itself. */
  readonly regulator: RegulatorPlan | null;
  /** INA260 on board. */
  readonly meter: boolean;
  /** For the log: what is not watched or driven for want of knowledge. */
  readonly notKnown: string | null;
}

export const EMBERONE = 'emberone';

/** Board temperature only, and where it is measured: source mujina emberone00. */
const EMBERONE_PLAN: BoardPlan = {
  version: EMBERONE,
  title: 'EmberOne 00',
  firmware: 'emberone',
  asic: 'BM1362',
  asics: 12,
  fan: null,
  sensors: { kind: 'tmp1075', offsetC: 0, addresses: [0x4a] },
  regulator: null,
  meter: false,
  notKnown: 'its core regulator and fan are not known: the voltage stays what the board gives, faults of the regulator are not seen, and only the temperature of the board is watched',
};

function sensorsOf(board: BitaxeBoard): SensorPlan {
  const { sensor, offsetC } = board.temperature;
  if (sensor === 'TMP1075') return { kind: 'tmp1075', offsetC, addresses: TMP1075_ADDRESSES };
  if (board.fan === 'EMC2103') return { kind: 'emc2103', offsetC, swapped: board.swappedSensors };
  return { kind: sensor === 'internal' ? 'emc2101-internal' : 'emc2101-external', offsetC, swapped: false };
}

function planOf(version: string, board: BitaxeBoard): BoardPlan {
  return {
    version,
    title: `Bitaxe ${board.family[0]!.toUpperCase()}${board.family.slice(1)} ${version}`,
    firmware: 'bitaxe',
    asic: board.asic,
    asics: board.asics,
    fan: board.fan,
    sensors: sensorsOf(board),
    regulator: board.regulator,
    meter: board.meter,
    notKnown: null,
  };
}

/** The plan of a version as written in the configuration; null when it is not known. */
export function boardPlan(version: string): BoardPlan | null {
  if (version.trim().toLowerCase() === EMBERONE) return EMBERONE_PLAN;
  const board = bitaxeBoard(version);
  return board === null ? null : planOf(version.trim(), board);
}

/** Every Bitaxe known. */
export function bitaxePlans(): BoardPlan[] {
  return bitaxeBoardVersions().map((version) => boardPlan(version)!);
}

/** What may be written as `board`. */
export const BOARD_VERSIONS: readonly string[] = [...bitaxeBoardVersions(), EMBERONE];

/** What a wrong choice between two boards would do harm to: everything but their names. */
export function differsInWhatMatters(a: BoardPlan, b: BoardPlan): boolean {
  const matter = ({ firmware, asic, asics, fan, sensors, regulator, meter }: BoardPlan): string => JSON.stringify({ firmware, asic, asics, fan, sensors, regulator, meter });
  return matter(a) !== matter(b);
}

export interface Envelope {
  readonly mhz: readonly [min: number, max: number];
  readonly defaultMhz: number;
  /** null: the voltage cannot be set. */
  readonly volts: readonly [min: number, max: number] | null;
  readonly defaultVolts: number | null;
}

/** BM1362: no source gives settings for small boards. Upper end: the S19j Pro; default: half of it, because nobody can see the regulator. */
const NO_RANGE = { mhz: [50, 525], defaultMhz: 262.5 } as const;
/** With `allow_overclock`: this much above the highest setting in use, and never more. */
export const OVERCLOCK = { mhzFactor: 1.4, volts: 0.1 } as const;

/** Frequencies and voltages a board may be set to. */
export function envelopeOf(plan: BoardPlan, overclock: boolean): Envelope {
  const operating = BM13XX_CHIPS[plan.asic].operating;
  if (operating === null) return { ...NO_RANGE, volts: null, defaultVolts: null };
  const [least, most] = operating.mhz;
  const mhz = [least, overclock ? most * OVERCLOCK.mhzFactor : most] as const;
  if (plan.regulator === null) return { mhz, defaultMhz: operating.defaultMhz, volts: null, defaultVolts: null };
  const can = outputOf(plan.regulator);
  const volts = [Math.max(operating.millivolts[0] / 1000, can[0]), Math.min(operating.millivolts[1] / 1000 + (overclock ? OVERCLOCK.volts : 0), can[1])] as const;
  return { mhz, defaultMhz: operating.defaultMhz, volts, defaultVolts: operating.defaultMillivolts / 1000 };
}

/** Core volts a regulator can give. */
function outputOf(regulator: RegulatorPlan): readonly [min: number, max: number] {
  if (regulator.chip === 'DS4432U') return [DS4432U_CORE_VOLTS.min, DS4432U_CORE_VOLTS.max];
  const { voutMinV, voutMaxV, coresInSeries } = TPS546_PROFILES[regulator.profile];
  return [voutMinV / coresInSeries, voutMaxV / coresInSeries];
}

/** What any of them may be set to: for as long as nobody knows which it is. */
export function widestEnvelope(plans: readonly BoardPlan[], overclock: boolean): Envelope {
  const all = plans.map((plan) => envelopeOf(plan, overclock));
  const span = (ranges: readonly (readonly [number, number])[]): readonly [number, number] => [Math.min(...ranges.map(([min]) => min)), Math.max(...ranges.map(([, max]) => max))];
  return { ...all[0]!, mhz: span(all.map(({ mhz }) => mhz)), volts: span(all.flatMap(({ volts }) => (volts === null ? [] : [volts]))) };
}
