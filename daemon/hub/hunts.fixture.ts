/** Real hunts of the smallest size in a folder of their own, for tests of what shows and steers them. */
import path from 'node:path';
import { configSchema } from '../../config/schema.ts';
import { systemClock } from '../../protocol/common/clock.ts';
import { silentLog } from '../../protocol/common/log.ts';
import { HuntArchive } from '../hunt/archive.ts';
import { huntsLock } from '../hunt/hunts-lock.ts';
import { localRunner } from '../hunt/runner.ts';
import { HuntService } from '../hunt/service.ts';
import { localSteps, type HuntSteps } from '../hunt/steps.ts';
import { nodeDisk } from '../ledger/disk/node-disk.ts';

export interface TestHunts {
  readonly control: HuntService;
  readonly archive: HuntArchive;
}

/** @param steps real simulations in this thread when left out */
export function testHunts(dataDir: string, steps: HuntSteps = localSteps(nodeDisk, 'typescript')): TestHunts {
  const config = configSchema.parse({ simulation: { N_grid: 16, T_steps: 20 }, hunt: { generations: 2, population: 3, golden_seeds: 1, surrogates: 3 } });
  const folder = path.join(dataDir, 'Hunts');
  const lock = huntsLock(folder, systemClock);
  const archive: HuntArchive = new HuntArchive({ folder, live: () => control.live(), isHeld: () => lock.isHeld() });
  const control: HuntService = new HuntService({ config, archive, nameOf: (_, huntId) => `hunt-${huntId.slice(0, 8)}`, lock, openRunner: async () => localRunner({ steps, disk: nodeDisk, clock: systemClock }), owner: 'daemon', disk: nodeDisk, clock: systemClock, log: silentLog });
  return { control, archive };
}
