import type { HuntConfig } from '../../config/schema.ts';
import type { SecretRef } from '../../config/secret-ref.ts';
import type { Clock } from '../../protocol/common/clock.ts';
import { RigError } from '../../protocol/common/errors.ts';
import type { Log } from '../../protocol/common/log.ts';
import type { Disk } from '../ledger/disk/disk.ts';
import { localRunner, type JobRunner } from './runner.ts';
import type { HuntSteps } from './steps.ts';

export interface CreateRunnerDeps {
  /** Of this machine; not used with `engine: bullmq`. */
  readonly steps: HuntSteps;
  readonly disk: Disk;
  readonly clock: Clock;
  readonly log: Log;
  resolveSecret(ref: SecretRef | undefined): string | null;
}

/**
 * Who runs the jobs of hunts, by the configuration. Redis need not be there yet. Whoever calls it closes the runner.
 * @throws RigError E_HUNT_QUEUE when `engine: bullmq` has no Redis, or a file of it cannot be read; E_SECRET_MISSING
 */
export async function createRunner(hunt: HuntConfig, { steps, disk, clock, log, resolveSecret }: CreateRunnerDeps): Promise<JobRunner> {
  const deadlines = { simulateDeadlineMs: hunt.simulate_timeout_seconds * 1000, validateDeadlineMs: hunt.validate_timeout_seconds * 1000 };
  if (hunt.engine === 'local') return localRunner({ steps, disk, clock, ...deadlines });
  if (hunt.redis === undefined) throw new RigError('E_HUNT_QUEUE', 'hunt.engine is bullmq, but hunt.redis is not there', { hint: 'Give hunt.redis.url, e.g. redis://127.0.0.1:6379, or set hunt.engine to local.', context: { field: 'hunt.redis' } });
  // BullMQ and its Redis client are loaded by those who use them.
  const { QueueRunner } = await import('./queue/queue-runner.ts');
  return await QueueRunner.open({ config: hunt.redis, password: resolveSecret(hunt.redis.password), disk, clock, log: log.child({ module: 'hunt-queue' }), ...deadlines });
}
