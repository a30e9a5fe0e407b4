/** Bitaxe boards by version: which chips are on them. Hardware reference 12. A version comes from the configuration: USB does not tell it. */
import type { Tps546ProfileName } from '../pmbus/tps546.ts';

export interface BitaxeBoard {
  readonly family: 'max' | 'ultra' | 'hex' | 'supra' | 'gamma' | 'duo' | 'suprahex' | 'turbo';
  readonly asic: 'BM1397' | 'BM1366' | 'BM1368' | 'BM1370';
  readonly asics: number;
  readonly fan: 'EMC2101' | 'EMC2103' | 'EMC2302';
  /** What tells the temperature. internal: the fan chip's own, which is that much cooler than the ASIC. */
  readonly temperature: { readonly sensor: 'external' | 'internal' | 'TMP1075'; readonly offsetC: number };
  /** Whether the two external sensors of an EMC2103 are swapped. */
  readonly swappedSensors: boolean;
  readonly regulator: { readonly chip: 'TPS546'; readonly profile: Tps546ProfileName } | { readonly chip: 'DS4432U' };
  /** INA260 meter; elsewhere the regulator measures. */
  readonly meter: boolean;
}

const EXTERNAL = { sensor: 'external', offsetC: 0 } as const;
const INTERNAL = { sensor: 'internal', offsetC: 5 } as const;
const SINGLE = { fan: 'EMC2101', asics: 1, swappedSensors: false } as const;
const DAC = { regulator: { chip: 'DS4432U' }, meter: true } as const;
const PMBUS = { regulator: { chip: 'TPS546', profile: 'single-5v' }, meter: false } as const;
const HEX = { fan: 'EMC2302', asics: 6, temperature: { sensor: 'TMP1075', offsetC: 10 }, swappedSensors: false, regulator: { chip: 'TPS546', profile: 'hex-12v' }, meter: false } as const;

function each(versions: readonly string[], board: BitaxeBoard): [string, BitaxeBoard][] {
  return versions.map((version) => [version, board]);
}

const BOARDS: ReadonlyMap<string, BitaxeBoard> = new Map([
  ...each(['2.2', '102'], { family: 'max', asic: 'BM1397', ...SINGLE, temperature: EXTERNAL, ...DAC }),
  ...each(['0.11', '201', '202', '203', '204', '205'], { family: 'ultra', asic: 'BM1366', ...SINGLE, temperature: INTERNAL, ...DAC }),
  ...each(['207'], { family: 'ultra', asic: 'BM1366', ...SINGLE, temperature: EXTERNAL, ...PMBUS }),
  ...each(['302', '303'], { family: 'hex', asic: 'BM1366', ...HEX }),
  ...each(['400', '401'], { family: 'supra', asic: 'BM1368', ...SINGLE, temperature: INTERNAL, ...DAC }),
  ...each(['402', '403'], { family: 'supra', asic: 'BM1368', ...SINGLE, temperature: EXTERNAL, ...PMBUS }),
  ...each(['600', '601', '602', '603'], { family: 'gamma', asic: 'BM1370', ...SINGLE, temperature: EXTERNAL, ...PMBUS }),
  ...each(['650'], { family: 'duo', asic: 'BM1370', ...SINGLE, asics: 2, temperature: EXTERNAL, ...PMBUS }),
  ...each(['701', '702'], { family: 'suprahex', asic: 'BM1368', ...HEX }),
  ...each(['801'], { family: 'turbo', asic: 'BM1370', asics: 2, fan: 'EMC2103', temperature: EXTERNAL, swappedSensors: true, regulator: { chip: 'TPS546', profile: 'turbo-12v' }, meter: false }),
]);

/** The parts of a board version such as `602`; null when it is not known. */
export function bitaxeBoard(version: string): BitaxeBoard | null {
  return BOARDS.get(version.trim()) ?? null;
}

/** Every version known, for documents and messages. */
export function bitaxeBoardVersions(): string[] {
  return [...BOARDS.keys()];
}
