import { configSchema } from '../../config/schema.ts';
import { ManualClock } from '../../protocol/common/manual-clock.ts';
import { silentLog } from '../../protocol/common/log.ts';
import { RigError } from '../../protocol/common/errors.ts';
import { SimDisk } from '../ledger/disk/sim-disk.fixture.ts';
import { HuntArchive } from './archive.ts';
import { counting, instantSteps } from './hunt.fixture.ts';
import type { HuntsLock } from './hunts-lock.ts';
import { localRunner } from './runner.ts';
import { HuntService, type HuntServiceOptions } from './service.ts';
import type { HuntSteps } from './steps.ts';

export const HUNTS = '/data/Hunts';

/** A lock in memory; give the same to two services that share a folder. */
export function memoryLock(): HuntsLock & { isTaken: boolean } {
  return {
    isTaken: false,
    take() {
      if (this.isTaken) return Promise.reject(new RigError('E_HUNT_BUSY', 'another rigbrain runs a hunt'));
      this.isTaken = true;
      return Promise.resolve({ release: () => Promise.resolve(void (this.isTaken = false)) });
    },
    isHeld() {
      return Promise.resolve(this.isTaken);
    },
  };
}

interface Memory {
  readonly service: HuntService;
  readonly archive: HuntArchive;
  readonly disk: SimDisk;
  readonly clock: ManualClock;
  readonly lock: ReturnType<typeof memoryLock>;
}

/** A service over a disk in memory: 2 generations of 3 at the smallest size, one fresh seed. */
export function memoryService({ disk = new SimDisk(), clock = new ManualClock(), lock = memoryLock(), steps = instantSteps(), first = 0, hunt = {}, ...over }: Partial<Pick<Memory, 'disk' | 'clock' | 'lock'>> & { readonly steps?: HuntSteps; readonly first?: number; readonly hunt?: object } & Partial<HuntServiceOptions> = {}): Memory {
  const config = configSchema.parse({ simulation: { N_grid: 16, T_steps: 20 }, hunt: { generations: 2, population: 3, golden_seeds: 1, surrogates: 3, ...hunt } });
  const archive: HuntArchive = new HuntArchive({ folder: HUNTS, disk, live: () => service.live(), isHeld: () => lock.isHeld() });
  const service: HuntService = new HuntService({ config, archive, nameOf: (_, huntId) => `hunt-${huntId.slice(-4)}`, lock, openRunner: () => Promise.resolve(localRunner({ steps, disk, clock })), owner: 'daemon', disk, clock, log: silentLog, newUuid: counting(first), newSeed: () => 7, ...over });
  return { service, archive, disk, clock, lock };
}
