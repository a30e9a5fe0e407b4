/** The server under measurement: the whole daemon, as `rigbrain run` starts it, with a LAN pool and no device of its own. */
import type { ServerState } from '../../../telemetry/state.ts';
import type { RunOptions } from '../../run-options.ts';
import { configSchema, type RigConfigInput } from '../../../../config/schema.ts';
import { messageOf } from '../../../../protocol/common/errors.ts';
import { runDaemon } from '../../../main/run.ts';
import type { Rig } from '../../../main/rig.ts';

export type ServerOrder = { readonly do: 'run'; readonly config: RigConfigInput; readonly dataDir: string } | { readonly do: 'look' } | { readonly do: 'stop' };
export interface ServerLook {
  /** Null while there is none. Without the single workers. */
  readonly server: Omit<ServerState, 'workers'> | null;
  /** Shares that went on to the pool. */
  readonly forwarded: number;
}
export type ServerAnswer = ServerLook | { readonly done: true } | { readonly error: string };

let rig: Rig | null = null;
let ended: Promise<unknown> = Promise.resolve();

function optionsOf(config: RigConfigInput, dataDir: string): RunOptions {
  return {
    mode: 'live', config: configSchema.parse(config), configOrigins: new Map(), configFile: null, dataDir, cacheDir: null,
    maxAttempts: null, rounds: null, kernel: null, threads: null, versionRolling: true, json: true, quiet: true, captureDir: null, resolveSecret: () => null,
  };
}

function look(): ServerLook {
  const server = rig?.state.snapshot().server ?? null;
  if (server === null) return { server, forwarded: 0 };
  const { workers, ...rest } = server;
  return { server: rest, forwarded: workers.reduce((sum, { forwarded }) => sum + forwarded, 0) };
}

async function obey(order: ServerOrder): Promise<ServerAnswer> {
  if (order.do === 'look') return look();
  if (order.do === 'run') {
    await new Promise<void>((resolve, reject) => {
      ended = runDaemon(optionsOf(order.config, order.dataDir), (made) => {
        rig = made;
        resolve();
      });
      ended.catch(reject);
    });
    return { done: true };
  }
  process.emit('SIGTERM', 'SIGTERM');
  await ended.catch(() => {});
  return { done: true };
}

process.on('message', ({ number, body }: { number: number; body: ServerOrder }) => {
  void obey(body)
    .catch((error: unknown): ServerAnswer => ({ error: messageOf(error) }))
    .then((answer) => process.send?.({ number, body: answer }, () => body.do === 'stop' && process.exit(0)));
});
process.on('disconnect', () => process.emit('SIGTERM', 'SIGTERM'));
