/** Many simulated devices in one process, whatever they are, with one allowance for hashing (tty/pace.ts). */
import { BOARD_FAULTS } from './bitaxe/faults.ts';
import { startBoardRig, type BoardRigOptions } from './bitaxe/rig.ts';
import { CHIP_FAULTS } from './chips/faults.ts';
import { startChipRig, type ChipRigOptions } from './chips/rig.ts';
import { startStickRig, type StickRigOptions } from './gekko/rig.ts';
import { STICKS, type StickModel } from './gekko/sticks.ts';
import { TELEMETRY_FAULTS } from './gekko/telemetry.ts';
import { PLAIN_FAULTS } from './icarus/faults.ts';
import { startMinerRig, type MinerRigOptions } from './icarus/rig.ts';
import type { FaultName } from './tty/fault-names.ts';
import { DEFAULT_HASHING_PERCENT, limitHashing } from './tty/pace.ts';
import type { SimRig } from './tty/rig.ts';

export type DeviceSpec = ({ readonly kind: 'chips' } & ChipRigOptions) | ({ readonly kind: 'bitaxe' } & BoardRigOptions) | ({ readonly kind: 'stick' } & StickRigOptions) | ({ readonly kind: 'icarus' } & MinerRigOptions);

/** @throws RigError E_SIM_TTY when there is neither perl nor socat; RangeError when an option is out of range */
export function startDevice(spec: DeviceSpec): Promise<SimRig> {
  switch (spec.kind) {
    case 'chips':
      return startChipRig(spec);
    case 'bitaxe':
      return startBoardRig(spec);
    case 'stick':
      return startStickRig(spec);
    case 'icarus':
      return startMinerRig(spec);
  }
}

/** The faults such a device can have, by name. */
export function faultsOf(spec: DeviceSpec): Readonly<Record<string, Pick<FaultName<object>, 'usage' | 'help'>>> {
  if (spec.kind === 'bitaxe') return BOARD_FAULTS.names;
  if (spec.kind === 'icarus') return PLAIN_FAULTS.names;
  if (spec.kind === 'chips') return CHIP_FAULTS.names;
  const stick: StickModel = STICKS[spec.stick];
  return stick.telemetry ? TELEMETRY_FAULTS.names : stick.chip === 'bm1384' ? PLAIN_FAULTS.names : CHIP_FAULTS.names;
}

export interface FleetOptions {
  /** Share of one processor that all of them may hash with; default 60. */
  readonly hashingPercent?: number;
}

export interface Fleet {
  /** By the names they were given, in that order. */
  readonly rigs: ReadonlyMap<string, SimRig>;
  close(): Promise<void>;
}

/** Starts all of them, or none. @throws as `startDevice` */
export async function startFleet(specs: Readonly<Record<string, DeviceSpec>>, options: FleetOptions = {}): Promise<Fleet> {
  limitHashing(options.hashingPercent ?? DEFAULT_HASHING_PERCENT);
  const rigs = new Map<string, SimRig>();
  const close = async (): Promise<void> => {
    await Promise.all([...rigs.values()].map((rig) => rig.close()));
    limitHashing(DEFAULT_HASHING_PERCENT);
  };
  const started = await Promise.allSettled(Object.entries(specs).map(async ([name, spec]) => [name, await startDevice(spec)] as const));
  for (const result of started) if (result.status === 'fulfilled') rigs.set(...result.value);
  const failed = started.find((result) => result.status === 'rejected');
  if (failed !== undefined) {
    await close();
    throw failed.reason;
  }
  return { rigs, close };
}
