/**
 * The boards a bitaxe-raw bridge sits on, as data (hardware protocol reference, sections 6.4, 11, 12): which chips hash, which
 * chips look after them, and how much heat and voltage there is. Written down apart from the driver's own tables on purpose.
 */
import type { ModelName } from '../chips/models.ts';

export interface BoardModel {
  /** `602`. */
  readonly version: string;
  readonly name: string;
  readonly chip: ModelName;
  readonly chips: number;
  /** Fan and diode chip. `none`: the reference names none, the bus is empty. */
  readonly fan: 'emc2101' | 'emc2103' | 'emc2302' | 'none';
  /** `gpio`: switched by pins of the bridge alone. */
  readonly regulator: 'tps546' | 'ds4432u' | 'gpio';
  readonly tmp1075: boolean;
  /** The diode of the chip is not wired: only the fan chip's own sensor tells, 5 degrees below the chip. */
  readonly internalSensor: boolean;
  /** First and second diode are swapped. */
  readonly swappedDiodes: boolean;
  readonly supplyV: number;
  /** Voltage domains in series: the regulator makes this many times the core voltage. */
  readonly domains: number;
  /** Where one chip is meant to run, and what it takes there. */
  readonly nominal: { readonly mhz: number; readonly volts: number; readonly watts: number };
}

/** Watts: published efficiency (J/TH) of the chip's machines at the default rate. */
const NOMINAL: Readonly<Record<ModelName, BoardModel['nominal']>> = {
  bm1397: { mhz: 425, volts: 1.4, watts: 11.5 },
  bm1366: { mhz: 485, volts: 1.2, watts: 9.5 },
  bm1368: { mhz: 490, volts: 1.166, watts: 11 },
  bm1370: { mhz: 525, volts: 1.15, watts: 17 },
  // No default is published for it outside of a hash board: middle values.
  bm1362: { mhz: 450, volts: 1.2, watts: 7 },
};

function board(version: string, name: string, chip: ModelName, more: Partial<BoardModel>): BoardModel {
  return { version, name, chip, chips: 1, fan: 'emc2101', regulator: 'tps546', tmp1075: false, internalSensor: false, swappedDiodes: false, supplyV: 5, domains: 1, nominal: NOMINAL[chip], ...more };
}

const old = { regulator: 'ds4432u', internalSensor: true } as const;
const hex = { chips: 6, fan: 'emc2302', tmp1075: true, supplyV: 12, domains: 3 } as const;

export const BOARDS: readonly BoardModel[] = [
  ...['102', '2.2'].map((version) => board(version, 'Bitaxe Max', 'bm1397', { regulator: 'ds4432u' })),
  ...['0.11', '201', '202', '203', '204', '205'].map((version) => board(version, 'Bitaxe Ultra', 'bm1366', old)),
  board('207', 'Bitaxe Ultra', 'bm1366', {}),
  ...['302', '303'].map((version) => board(version, 'Bitaxe Hex', 'bm1366', hex)),
  ...['400', '401'].map((version) => board(version, 'Bitaxe Supra', 'bm1368', old)),
  ...['402', '403'].map((version) => board(version, 'Bitaxe Supra', 'bm1368', {})),
  ...['600', '601', '602', '603'].map((version) => board(version, 'Bitaxe Gamma', 'bm1370', {})),
  board('650', 'Bitaxe Gamma Duo', 'bm1370', { chips: 2 }),
  ...['701', '702'].map((version) => board(version, 'Bitaxe SupraHex', 'bm1368', hex)),
  // Both chips share one rail.
  board('801', 'Bitaxe Gamma Turbo', 'bm1370', { chips: 2, fan: 'emc2103', swappedDiodes: true, supplyV: 12 }),
  // Of its I2C bus only the thermometers are published.
  board('ember', 'EmberOne00', 'bm1362', { chips: 12, fan: 'none', regulator: 'gpio', tmp1075: true, supplyV: 12 }),
];

/** @throws RangeError when there is no such board */
export function boardModel(version: string): BoardModel {
  const found = BOARDS.find((model) => model.version === version);
  if (!found) throw new RangeError(`there is no board ${version}: use one of ${BOARDS.map((model) => model.version).join(', ')}`);
  return found;
}
