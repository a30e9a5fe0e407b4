import type { RigConfig } from '../../config/schema.ts';
import type { SecretRef } from '../../config/secret-ref.ts';
import type { Clock } from '../../protocol/common/clock.ts';
import type { Log } from '../../protocol/common/log.ts';
import type { HuntPlaces } from '../brainstem/hunts.ts';
import { nodeDisk } from '../ledger/disk/node-disk.ts';
import { HuntArchive } from './archive.ts';
import { createRunner } from './create-runner.ts';
import type { HuntMarker } from './hunt-marker.ts';
import { huntsLock } from './hunts-lock.ts';
import { processSteps } from './process-steps.ts';
import { HuntService } from './service.ts';

export interface OpenHuntsOptions {
  readonly places: HuntPlaces;
  readonly config: Pick<RigConfig, 'hunt' | 'simulation'>;
  readonly owner: HuntMarker['owner'];
  readonly clock: Clock;
  readonly log: Log;
  resolveSecret(ref: SecretRef | undefined): string | null;
}

export interface Hunts {
  /** Reads, also what another process runs. */
  readonly archive: HuntArchive;
  /** Runs. Whoever opened it closes it. */
  readonly service: HuntService;
}

/** The hunts of a mode on the real disk, for a daemon or the command line. Nothing runs and nothing is made on the disk yet. */
export function openHunts({ places: { folder, nameOf }, config, owner, clock, log, resolveSecret }: OpenHuntsOptions): Hunts {
  const lock = huntsLock(folder, clock);
  const archive: HuntArchive = new HuntArchive({ folder, live: () => service.live(), isHeld: () => lock.isHeld() });
  const openRunner = (): ReturnType<typeof createRunner> => createRunner(config.hunt, { steps: processSteps({ nice: config.hunt.nice, cpuPercent: config.hunt.cpu_percent }), disk: nodeDisk, clock, log, resolveSecret });
  const service: HuntService = new HuntService({ config, archive, nameOf, lock, openRunner, owner, disk: nodeDisk, clock, log });
  return { archive, service };
}
