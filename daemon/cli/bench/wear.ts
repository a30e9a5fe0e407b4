import { rmSync, mkdirSync } from 'node:fs';
import path from 'node:path';
import type { Report, Wear } from '../../../bench/ledger-kit.ts';
import { nodeDisk } from '../../ledger/disk/node-disk.ts';
import { PRESETS, type PresetName } from '../../ledger/presets.ts';
import { withLoopDevice } from './loop-device.ts';
import { MeteredDisk } from './metered-disk.ts';
import { SimulatedLedger } from './simulated-ledger.ts';

export interface WearOptions {
  /** Empty folder; what is written there is removed. */
  readonly folder: string;
  readonly preset: PresetName;
  /** Seconds between two entries. */
  readonly entryEveryS: number;
  readonly maxViewBytes: number;
  readonly method: Wear['method'];
  /** How much of a day is simulated. Default: 2 hours with two changes of the hour; a quarter without one where so much is written that a change does not show. */
  readonly hours?: number;
  readonly report: (n: number) => Report;
}

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** Half past an hour, in the middle of a day, a week and a month. */
const START_AT = Date.UTC(2026, 10, 18, 15, 30);
/** The first files of a tree are not what a day is made of. */
const WARM_UP_MS = 900_000;

/**
 * What a preset writes in a day: some simulated hours of the daemon's own ledger, written to the real disk, scaled up.
 * @throws the disk's error; RigError E_DATA_DIR when a block device is asked for and cannot be had
 */
export async function measureWear(options: WearOptions): Promise<Wear> {
  const { folder, method } = options;
  mkdirSync(folder, { recursive: true });
  try {
    return method === 'counted' ? await run(options, folder, null) : await withLoopDevice(folder, (mounted, bytesWritten) => run(options, mounted, bytesWritten));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function run({ preset, entryEveryS, maxViewBytes, hours = PRESETS[preset].coarseFlushMs < 60_000 ? 0.25 : 2, report, method }: WearOptions, folder: string, deviceBytes: (() => Promise<number>) | null): Promise<Wear> {
  const disk = new MeteredDisk(nodeDisk, deviceBytes === null);
  const ledger = new SimulatedLedger({ dataDir: path.join(folder, 'data'), disk, settings: { ...PRESETS[preset], maxViewBytes }, startAt: START_AT });
  const everyMs = entryEveryS * 1000;
  let next = 0;
  const reports = function* (ms: number): Generator<Report> {
    for (const end = next + Math.round(ms / everyMs); next < end; next += 1) yield report(next);
  };
  await ledger.run(reports(WARM_UP_MS), everyMs);
  const before = disk.total();
  const deviceBefore = (await deviceBytes?.()) ?? 0;
  await ledger.run(reports(hours * HOUR_MS), everyMs);
  const after = disk.total();
  const deviceAfter = (await deviceBytes?.()) ?? 0;
  await ledger.close();
  const aDay = (amount: number): number => Math.round((amount * DAY_MS) / (hours * HOUR_MS));
  return {
    preset,
    entry_every_s: entryEveryS,
    method,
    device_bytes_per_day: aDay(deviceBytes === null ? after.blockBytes - before.blockBytes : deviceAfter - deviceBefore),
    written_bytes_per_day: aDay(after.bytes - before.bytes),
    fsyncs_per_day: aDay(after.fsyncs - before.fsyncs),
    simulated_hours: hours,
  };
}
