/** `rigbrain hunt pause`, `stop` and `steer`: for the hunt of a running daemon. */
import { setTimeout as wait } from 'node:timers/promises';
import { RigError } from '../../../protocol/common/errors.ts';
import type { HuntStatus, RigState } from '../../telemetry/state.ts';
import { EXIT } from '../exit-codes.ts';
import type { Globals } from '../globals.ts';
import type { CliIo } from '../io.ts';
import { openHuntContext, type HuntContext } from '../hunt/hunt-context.ts';
import type { HubClient } from '../hunt/hub-client.ts';
import { steeringOf, type SteerFlags } from '../hunt/start-options.ts';
import type { ModeFlags } from './run-mode.ts';

const STOP_MS = 15_000;
const POLL_MS = 100;
const RUNS: ReadonlySet<HuntStatus> = new Set(['running', 'pausing', 'paused', 'stopping']);

export type HuntSteerFlags = SteerFlags & ModeFlags;

const DONE = { pause: 'no more jobs are begun; `rigbrain hunt resume` goes on', stop: 'stopped; `rigbrain hunt resume` goes on with the same jobs' } as const;

/** @throws RigError E_HUNT_SETTINGS when no hunt runs */
export async function huntTell(io: CliIo, globals: Globals, word: keyof typeof DONE, flags: ModeFlags): Promise<number> {
  const hub = await daemonOf(await openHuntContext(io, globals, flags), word);
  await hub.call({ method: 'POST', path: `/api/hunt/${word}`, body: {} });
  if (word === 'stop') await untilStopped(hub);
  return say(io, globals, hub, DONE[word]);
}

/** @throws RigError E_HUNT_SETTINGS that names the field, or when no hunt runs */
export async function huntSteer(io: CliIo, globals: Globals, flags: HuntSteerFlags): Promise<number> {
  const steering = steeringOf(flags);
  const hub = await daemonOf(await openHuntContext(io, globals, flags), 'steer');
  await hub.call({ method: 'POST', path: '/api/hunt/steer', body: steering });
  return say(io, globals, hub, 'counts from the next generation on');
}

/** The answer comes before the jobs have ended. @throws RigError E_HUNT_BUSY when they do not */
async function untilStopped(hub: HubClient): Promise<void> {
  for (let left = STOP_MS; RUNS.has((await hub.call<RigState>({ method: 'GET', path: '/api/state' })).hunt?.status ?? 'idle'); left -= POLL_MS) {
    if (left <= 0) throw new RigError('E_HUNT_BUSY', `the hunt has not ended within ${STOP_MS / 1000} s; it still does`);
    await wait(POLL_MS);
  }
}

async function daemonOf({ hub, lock, archive }: HuntContext, word: string): Promise<HubClient> {
  if (hub !== null) return hub;
  if (await lock.isHeld()) throw new RigError('E_HUNT_SETTINGS', `the hunt in ${archive.folder} runs in another process, which takes no commands`, { hint: word === 'stop' ? 'Press Ctrl-C where it runs, or send that process SIGTERM: `rigbrain hunt resume` goes on.' : 'Only the hunt of a daemon can be paused or steered; Ctrl-C stops this one, and `rigbrain hunt resume` goes on.' });
  throw new RigError('E_HUNT_SETTINGS', `no hunt runs in ${archive.folder}`, { hint: '`rigbrain hunt start` begins one, `rigbrain hunt resume` goes on with the last.' });
}

async function say(io: CliIo, globals: Globals, hub: HubClient, words: string): Promise<number> {
  const { hunt } = await hub.call<RigState>({ method: 'GET', path: '/api/state' });
  if (globals.json) io.out(JSON.stringify({ hunt_id: hunt?.hunt_id ?? null, status: hunt?.status ?? null }));
  else io.out(`hunt ${hunt?.hunt_id ?? ''}: ${words}`);
  return EXIT.ok;
}
