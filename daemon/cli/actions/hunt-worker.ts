/** `rigbrain hunt worker`: this host's hands for hunts that run elsewhere. */
import os from 'node:os';
import { systemClock } from '../../../protocol/common/clock.ts';
import { RigError } from '../../../protocol/common/errors.ts';
import { processSteps } from '../../hunt/process-steps.ts';
import { createLog } from '../../main/log.ts';
import { EXIT } from '../exit-codes.ts';
import type { Globals } from '../globals.ts';
import type { CliIo } from '../io.ts';
import { openContext } from './context.ts';

/** Options of `rigbrain hunt worker`. */
export interface HuntWorkerFlags {
  readonly concurrency?: number;
  readonly redis?: string;
}

/** @param stop resolves when the worker is to end; Ctrl-C and SIGTERM when left out @throws RigError E_HUNT_QUEUE, E_CONFIG_INVALID, E_SECRET_MISSING */
export async function huntWorker(io: CliIo, globals: Globals, flags: HuntWorkerFlags, stop: Promise<void> = stopSignal()): Promise<number> {
  const { loaded, secrets } = openContext(io, globals, flags.redis === undefined ? [] : [{ flag: '--redis', path: ['hunt', 'redis', 'url'], value: flags.redis }]);
  for (const warning of [...loaded.warnings, ...secrets.warnings()]) io.err(`rigbrain: warning: ${warning}`);
  const { hunt } = loaded.config;
  if (hunt.redis === undefined) throw new RigError('E_HUNT_QUEUE', 'there is no hunt.redis in the configuration, and no --redis was given', { hint: 'Say where the queue is, e.g. --redis redis://rig.lan:6379.', context: { field: 'hunt.redis' } });
  const { HuntWorker } = await import('../../hunt/queue/worker.ts');
  const worker = await HuntWorker.start({
    config: hunt.redis,
    password: secrets.resolve(hunt.redis.password),
    steps: processSteps({ nice: hunt.nice, cpuPercent: hunt.cpu_percent }),
    clock: systemClock,
    log: createLog({ config: loaded.config, quiet: false, envLevel: io.env.RIGBRAIN_LOG }).child({ module: 'hunt-worker' }),
    concurrency: flags.concurrency ?? os.availableParallelism(),
  });
  await stop;
  await worker.close();
  return EXIT.ok;
}

function stopSignal(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve());
  });
}
