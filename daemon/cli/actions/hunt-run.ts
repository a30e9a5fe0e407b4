/** `rigbrain hunt start` and `resume`: in the daemon that runs on the data folder, or in this process until the hunt ends. */
import type { FlagOverride } from '../../../config/load.ts';
import { RigError } from '../../../protocol/common/errors.ts';
import type { StartHunt } from '../../hunt/control.ts';
import { finalResult } from '../../hunt/final-result.ts';
import type { HuntTelemetry, RigState } from '../../telemetry/state.ts';
import { EXIT } from '../exit-codes.ts';
import type { Globals } from '../globals.ts';
import type { CliIo } from '../io.ts';
import { follow, type Watched } from '../hunt/follow.ts';
import type { HubClient } from '../hunt/hub-client.ts';
import { chosenHunt, openHuntContext, type HuntContext } from '../hunt/hunt-context.ts';
import { localHunts } from '../hunt/local-hunts.ts';
import { startRequest, type StartFlags } from '../hunt/start-options.ts';
import { bestLines, causes, figure } from '../hunt/words.ts';
import { prepareDataDir } from './data-dir.ts';
import type { ModeFlags } from './run-mode.ts';

/** Of a long hunt without any score the newest jobs are enough to say why. */
const CAUSES_OF = 1000;

interface RunFlags extends ModeFlags {
  readonly workers?: number;
  readonly follow?: boolean;
  readonly wait?: boolean;
}
export type HuntStartFlags = RunFlags & StartFlags;
export interface HuntResumeFlags extends RunFlags {
  readonly more?: number;
}

/** What is asked of whoever runs hunts. */
interface Begin {
  readonly word: 'started' | 'resumed';
  /** Asked over the API. */
  readonly call: { readonly path: string; readonly body: unknown };
  /** The same in this process. */
  here(hunts: { start(request: StartHunt): Promise<{ hunt_id: string }>; resume(request: { hunt_id?: string; more_generations?: number }): Promise<{ hunt_id: string }> }): Promise<{ hunt_id: string }>;
  /** Generations that had ended before. */
  readonly from: number;
}

/** @param stop ends the hunt that runs here, or the watching of the daemon's; Ctrl-C and SIGTERM when left out */
export async function huntStart(io: CliIo, globals: Globals, flags: HuntStartFlags, stop?: AbortSignal): Promise<number> {
  const request = startRequest(flags, io.cwd);
  const hunts = await openHuntContext(io, globals, flags, overridesOf(flags));
  const { generations: num_generations, population: population_size, ...rest } = request;
  const body = { ...rest, ...(num_generations !== undefined && { num_generations }), ...(population_size !== undefined && { population_size }) };
  return run(io, globals, hunts, flags, { word: 'started', call: { path: '/api/start-hunt', body }, here: (service) => service.start(request), from: 0 }, stop);
}

/** @param given null: the one that is paused, else the newest */
export async function huntResume(io: CliIo, globals: Globals, given: string | null, flags: HuntResumeFlags, stop?: AbortSignal): Promise<number> {
  const hunts = await openHuntContext(io, globals, flags, overridesOf(flags));
  const { hunt_id, generations_done } = await chosenHunt(hunts.archive, given);
  const request = { hunt_id, ...(flags.more !== undefined && { more_generations: flags.more }) };
  return run(io, globals, hunts, flags, { word: 'resumed', call: { path: '/api/hunt/resume', body: request }, here: (service) => service.resume(request), from: generations_done }, stop);
}

function overridesOf({ workers }: RunFlags): FlagOverride[] {
  return workers === undefined ? [] : [{ flag: '--workers', path: ['hunt', 'workers'], value: workers }];
}

async function run(io: CliIo, globals: Globals, hunts: HuntContext, flags: RunFlags, begin: Begin, stop: AbortSignal | undefined): Promise<number> {
  const interrupt = stop === undefined ? onInterrupt() : { signal: stop, release: () => {} };
  try {
    return hunts.hub === null ? await runHere(io, globals, hunts, begin, interrupt.signal) : await runInDaemon(io, globals, hunts, hunts.hub, flags, begin, interrupt.signal);
  } finally {
    interrupt.release();
  }
}

async function runInDaemon(io: CliIo, globals: Globals, { archive }: HuntContext, hub: HubClient, flags: RunFlags, begin: Begin, signal: AbortSignal): Promise<number> {
  if (flags.workers !== undefined) throw new RigError('E_HUNT_SETTINGS', '--workers: the hunt runs in the daemon, and how many jobs it runs at a time is hunt.workers of its configuration', { context: { field: '--workers' } });
  const { hunt_id } = await hub.call<{ hunt_id: string }>({ method: 'POST', ...begin.call });
  const isFollowed = flags.follow === true || flags.wait === true;
  tellBegun(io, globals, begin, hunt_id, `in the daemon (process ${hub.address.pid})`, await archive.folderOf(hunt_id));
  if (!isFollowed) {
    if (!globals.json) io.err(`${again('status', globals)} shows how it goes, ${again('stop', globals)} ends it`);
    return EXIT.ok;
  }
  const state = async (): Promise<HuntTelemetry | null> => (await hub.call<RigState>({ method: 'GET', path: '/api/state' })).hunt;
  const last = await follow(io, { state, detail: (id) => archive.detail(id) }, { huntId: hunt_id, json: globals.json, from: begin.from, signal, pollMs: 1000 });
  if (last === null && signal.aborted) {
    io.err(`the hunt goes on in the daemon; ${again('stop', globals)} ends it`);
    return EXIT.ok;
  }
  return end(io, globals, archive, hunt_id, last);
}

async function runHere(io: CliIo, globals: Globals, hunts: HuntContext, begin: Begin, signal: AbortSignal): Promise<number> {
  prepareDataDir(hunts.context.dataDir);
  const { archive, service } = localHunts(io, hunts);
  // Every timer of the clock lets the process end; this one keeps it while jobs run.
  const keepAlive = setInterval(() => {}, 60_000);
  try {
    const { hunt_id } = await begin.here(service);
    tellBegun(io, globals, begin, hunt_id, 'here; Ctrl-C stops it', await archive.folderOf(hunt_id));
    const onAbort = (): void => void service.stop().catch(() => {});
    signal.addEventListener('abort', onAbort, { once: true });
    if (signal.aborted) onAbort();
    const watched: Watched = { state: () => Promise.resolve(service.state()), detail: (id) => archive.detail(id) };
    // To the end also when it is stopped: the end is what has to be told.
    const last = await follow(io, watched, { huntId: hunt_id, json: globals.json, from: begin.from, signal: new AbortController().signal, pollMs: 250 });
    await service.idle();
    return await end(io, globals, archive, hunt_id, last);
  } finally {
    await service.close();
    clearInterval(keepAlive);
  }
}

function tellBegun(io: CliIo, globals: Globals, { word }: Begin, huntId: string, where: string, folder: string): void {
  if (globals.json) io.out(JSON.stringify({ type: word, hunt_id: huntId, folder }));
  else io.out(`hunt ${huntId} ${word} ${where}: ${folder}`);
}

/** What came of it; a hunt that was stopped on request has done what it was asked to. */
async function end(io: CliIo, globals: Globals, archive: HuntContext['archive'], huntId: string, last: HuntTelemetry | null): Promise<number> {
  const status = last?.status ?? 'stopped';
  const detail = await archive.detail(huntId);
  const best = await finalResult(archive, detail);
  if (globals.json) io.out(JSON.stringify({ type: 'end', hunt_id: huntId, status, reason: last?.reason ?? null, best }));
  else if (status === 'completed' && best !== null) for (const line of bestLines(io, detail, best, await archive.folderOf(huntId))) io.out(line);
  else if (status === 'completed') io.out(`the hunt is complete, and no run has a score: ${causes((await archive.rows(huntId, { offset: 0, limit: CAUSES_OF, order: 'newest' })).rows)}`);
  else if (status === 'stopped') io.err(`stopped after ${detail.summary.jobs_done} jobs; ${again('resume', globals)} goes on with the same ones${best === null ? '' : ` (best so far: SSE ${figure(best.log_prime_sse)}, p ${figure(best.p_value, 2)})`}`);
  if (status === 'failed') throw new RigError('E_HUNT_STEP', `the hunt failed: ${last?.reason ?? 'unknown'}`, { hint: `What has ended is kept; ${again('resume', globals)} goes on with the rest once the cause is gone.` });
  return EXIT.ok;
}

/** The command as this person has to type it. */
const again = (word: string, { data, config }: Globals): string => `\`rigbrain hunt ${word}${data === null ? '' : ` --data ${data}`}${config === null ? '' : ` --config ${config}`}\``;

function onInterrupt(): { readonly signal: AbortSignal; release(): void } {
  const stop = new AbortController();
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  const onSignal = (): void => stop.abort();
  for (const signal of signals) process.on(signal, onSignal);
  return {
    signal: stop.signal,
    release: () => {
      for (const signal of signals) process.off(signal, onSignal);
    },
  };
}
