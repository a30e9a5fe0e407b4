/** The daemon under measurement: the real one, with somebody listening to its engine. */
import type { RunOptions } from '../../run-options.ts';
import { configSchema, type RigConfigInput } from '../../../../config/schema.ts';
import { messageOf } from '../../../../protocol/common/errors.ts';
import { runDaemon } from '../../../main/run.ts';
import type { Rig } from '../../../main/rig.ts';
import { Observer, type DaemonFigures } from './observer.ts';

export type DaemonOrder = { readonly do: 'run'; readonly config: RigConfigInput; readonly dataDir: string } | { readonly do: 'hunt' } | { readonly do: 'look' } | { readonly do: 'heap' } | { readonly do: 'stop' };
export interface DaemonLook {
  readonly hashing: readonly string[];
  readonly figures: DaemonFigures;
  /** Jobs of the hunt that have ended; null = there is none. */
  readonly huntJobs: number | null;
}
/** After a collection of garbage, so that two can be compared. Of the main thread; the ledger's is not in it. */
export interface DaemonHeap {
  readonly heap_bytes: number;
}
export type DaemonAnswer = DaemonLook | DaemonHeap | { readonly done: true } | { readonly error: string };

let rig: Rig | null = null;
let observer: Observer | null = null;
let ended: Promise<unknown> = Promise.resolve();

function optionsOf(config: RigConfigInput, dataDir: string): RunOptions {
  return {
    mode: 'live', config: configSchema.parse(config), configOrigins: new Map(), configFile: null, dataDir, cacheDir: null,
    maxAttempts: null, rounds: null, kernel: null, threads: null, versionRolling: true, json: true, quiet: true, captureDir: null, resolveSecret: () => null,
  } as RunOptions;
}

function huntJobs(): number | null {
  const hunt = rig?.hunts?.service.state();
  return hunt === undefined || hunt.status === 'idle' ? null : hunt.jobs_done;
}

function look(): DaemonLook {
  if (!rig || !observer) throw new Error('the daemon does not run');
  return { hashing: rig.engine.devices.filter((device) => device.state().status === 'hashing').map(({ id }) => id), figures: observer.figures(rig.engine), huntJobs: huntJobs() };
}

async function obey(order: DaemonOrder): Promise<DaemonAnswer> {
  if (order.do === 'look') return look();
  if (order.do === 'heap') {
    globalThis.gc?.();
    const { heapUsed, arrayBuffers } = process.memoryUsage();
    return { heap_bytes: heapUsed + arrayBuffers };
  }
  if (order.do === 'run') {
    await new Promise<void>((resolve, reject) => {
      ended = runDaemon(optionsOf(order.config, order.dataDir), (made) => {
        rig = made;
        observer = new Observer(made.engine);
        resolve();
      });
      ended.catch(reject);
    });
    return { done: true };
  }
  if (order.do === 'hunt') {
    await rig?.hunts?.service.start();
    return { done: true };
  }
  // Every share has its verdict by the time the daemon has stopped: these are the last figures.
  process.emit('SIGTERM', 'SIGTERM');
  await ended.catch(() => {});
  return look();
}

process.on('message', ({ number, body }: { number: number; body: DaemonOrder }) => {
  void obey(body)
    .catch((error: unknown): DaemonAnswer => ({ error: messageOf(error) }))
    .then((answer) => process.send?.({ number, body: answer }, () => body.do === 'stop' && process.exit(0)));
});
process.on('disconnect', () => process.emit('SIGTERM', 'SIGTERM'));
