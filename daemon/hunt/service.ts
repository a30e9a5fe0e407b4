import { randomInt, randomUUID } from 'node:crypto';
import path from 'node:path';
import type { RigConfig } from '../../config/schema.ts';
import { within } from '../../drivers/transport/deadline.ts';
import type { Clock } from '../../protocol/common/clock.ts';
import { messageOf, RigError } from '../../protocol/common/errors.ts';
import type { Log } from '../../protocol/common/log.ts';
import type { Disk } from '../ledger/disk/disk.ts';
import { ensureFolder } from '../ledger/disk/files.ts';
import type { HuntStatus, HuntTelemetry } from '../telemetry/state.ts';
import type { HuntArchive } from './archive.ts';
import type { HuntControl, StartHunt } from './control.ts';
import { planOf, type HuntPlan } from './from-config.ts';
import { readMarker, removeMarker, writeMarker, type HuntMarker } from './hunt-marker.ts';
import { HuntState } from './hunt-state.ts';
import { Hunt, type HuntEvent } from './hunt.ts';
import type { Steering } from './hunter.ts';
import type { HuntsLock } from './hunts-lock.ts';
import { pruneFields } from './prune-fields.ts';
import type { JobRunner } from './runner.ts';
import { whole, MOST_GENERATIONS } from './settings.ts';

/** What a stop may take: steps are killed, so it is the disk that is waited for. */
const STOP_MS = 10_000;
/** Reason of a stop that the next start of the daemon takes back. */
const CLOSING = 'rigbrain is stopping';

export interface HuntServiceOptions {
  readonly config: Pick<RigConfig, 'hunt' | 'simulation'>;
  /** Reads the folder that hunts are kept in. */
  readonly archive: HuntArchive;
  /** Name of a new hunt's folder in it. */
  readonly nameOf: (at: number, huntId: string) => string;
  readonly lock: HuntsLock;
  /** Makes whoever runs the jobs of one hunt. */
  readonly openRunner: () => Promise<JobRunner>;
  /** Who goes on by itself with a hunt that was cut short: a daemon does, the command line does not. */
  readonly owner: HuntMarker['owner'];
  readonly disk: Disk;
  readonly clock: Clock;
  readonly log: Log;
  readonly newUuid?: () => string;
  readonly newSeed?: () => number;
}

/** The hunt that runs, with all that has to be given back when it ends. */
interface Current {
  readonly hunt: Hunt;
  readonly folder: string;
  readonly runner: JobRunner;
  readonly lock: { release(): Promise<void> };
  /** Resolves when all of it has ended. Never rejects. */
  ended: Promise<void>;
  /** Why it is being stopped. */
  stopReason: string | null;
}

/** Runs the hunts of a folder, one at a time. */
export class HuntService implements HuntControl {
  readonly #options: HuntServiceOptions;
  readonly #listeners = new Set<(event: HuntEvent) => void>();
  #state: HuntState;
  #current: Current | null = null;
  /** A hunt is being opened: whoever comes second is turned away at once, not after the disk has answered. */
  #opening: Promise<unknown> | null = null;
  #isClosing = false;
  #marked: string | null = null;
  #marking: Promise<void> = Promise.resolve();

  constructor(options: HuntServiceOptions) {
    this.#options = options;
    this.#state = new HuntState(options.config.hunt.engine, options.clock);
  }

  /** The hunt this process runs; null = it runs none. */
  live(): { readonly hunt_id: string; readonly status: HuntStatus } | null {
    return this.#current === null ? null : { hunt_id: this.#current.hunt.hunter.huntId, status: this.#state.snapshot(null).status };
  }

  state(): HuntTelemetry {
    return this.#state.snapshot(this.#current?.runner.waiting() ?? null);
  }

  /**
   * Knows the newest hunt of the folder from now on, and goes on with the one that was cut short when its daemon ended. Never
   * rejects: what cannot be used is said in the log, and the daemon goes on.
   */
  async begin(): Promise<void> {
    const { archive, disk, log, owner } = this.#options;
    try {
      const marker = await readMarker(disk, archive.folder);
      const [newest] = await archive.list();
      if (newest !== undefined && this.#current === null && this.#opening === null) this.#state = HuntState.ofArchived(await archive.detail(newest.hunt_id), this.#state.engine, this.#options.clock);
      if (marker === null || marker.owner !== owner || marker.status !== 'running') return;
      log.info({ hunt_id: marker.hunt_id }, 'a hunt was cut short when rigbrain ended: going on with it');
      await this.resume({ hunt_id: marker.hunt_id });
    } catch (error) {
      log.warn({ err: messageOf(error) }, 'could not go on with the hunt that was cut short');
    }
  }

  async start(request: StartHunt = {}): Promise<{ readonly hunt_id: string }> {
    return this.#open(async () => {
      const { clock, config, nameOf, newUuid = randomUUID, newSeed = drawSeed } = this.#options;
      const plan = planOf(config, request, newSeed);
      const huntId = newUuid();
      return { folder: nameOf(clock.now(), huntId), plan, huntId, generations: () => plan.generations };
    });
  }

  async resume({ hunt_id, more_generations }: { readonly hunt_id?: string; readonly more_generations?: number } = {}): Promise<{ readonly hunt_id: string }> {
    if (more_generations !== undefined) whole('more_generations', more_generations, 1, MOST_GENERATIONS);
    const current = this.#current;
    if (current !== null && !this.#isClosing) {
      const { status } = this.#state.snapshot(null);
      const { hunter } = current.hunt;
      if ((hunt_id !== undefined && hunt_id !== hunter.huntId) || (status !== 'paused' && status !== 'pausing')) throw busy(hunter.huntId);
      if (more_generations !== undefined) {
        await hunter.setTarget(hunter.targetGenerations + more_generations);
        this.#state.setTarget(hunter);
      }
      current.hunt.resume();
      return { hunt_id: hunter.huntId };
    }
    return this.#open(async () => {
      const { archive } = this.#options;
      const [newest] = hunt_id === undefined ? await archive.list() : [(await archive.detail(hunt_id)).summary];
      if (newest === undefined) throw new RigError('E_HUNT_UNKNOWN', `there is no hunt in ${archive.folder} to go on with`);
      // All jobs of one that was killed may have ended, and its golden run and its table may still have to be written.
      const wasCutShort = newest.status === 'completed' && (await readMarker(this.#options.disk, archive.folder))?.hunt_id === newest.hunt_id;
      if (newest.status === 'completed' && more_generations === undefined && !wasCutShort) throw new RigError('E_HUNT_SETTINGS', `hunt ${newest.hunt_id} is complete`, { hint: 'Say how many more generations it is to have: `rigbrain hunt resume --more N`, or more_generations.', context: { field: 'more_generations' } });
      // A hunt that was killed before it knew how many it is to have gets as many as any other.
      return { folder: newest.folder, plan: null, huntId: newest.hunt_id, generations: (target) => (target === 0 ? this.#options.config.hunt.generations : target) + (more_generations ?? 0) };
    });
  }

  pause(): void {
    this.#needed().hunt.pause();
  }

  async stop(): Promise<void> {
    const current = this.#needed();
    current.stopReason ??= 'stopped by command';
    current.hunt.stop();
    if ((await within(this.#options.clock, STOP_MS, current.ended)) === 'late') throw new RigError('E_HUNT_BUSY', `the hunt has not ended within ${STOP_MS / 1000} s; it still does`);
  }

  async steer(steering: Steering): Promise<void> {
    await this.#needed().hunt.steer(steering);
  }

  subscribe(listener: (event: HuntEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** Resolves when no hunt runs any more. */
  async idle(): Promise<void> {
    await this.#opening?.catch(() => {});
    await this.#current?.ended;
  }

  /** Ends what runs, so that the next `begin` goes on with it. No hunt is begun any more. Never rejects. */
  async close(): Promise<void> {
    this.#isClosing = true;
    await this.#opening?.catch(() => {});
    const current = this.#current;
    if (current === null) return;
    current.stopReason ??= CLOSING;
    current.hunt.stop();
    await current.ended;
  }

  #needed(): Current {
    if (this.#current === null) throw new RigError('E_HUNT_SETTINGS', 'no hunt runs', { hint: 'Start one, or go on with the last one (resume).' });
    return this.#current;
  }

  /** From the first line to the last `await` nobody else gets in: the claim is made before anything is waited for. */
  #open(choose: () => Promise<Choice>): Promise<{ readonly hunt_id: string }> {
    if (this.#isClosing) return Promise.reject(new RigError('E_HUNT_BUSY', 'rigbrain is stopping'));
    if (this.#current !== null) return Promise.reject(busy(this.#current.hunt.hunter.huntId));
    if (this.#opening !== null) return Promise.reject(new RigError('E_HUNT_BUSY', 'a hunt is being started'));
    const opening = this.#begin(choose)
      .catch((error: unknown) => {
        throw named(error, this.#options.archive.folder);
      })
      .finally(() => (this.#opening = null));
    this.#opening = opening;
    return opening;
  }

  async #begin(choose: () => Promise<Choice>): Promise<{ readonly hunt_id: string }> {
    const { archive, clock, config, disk, lock, openRunner } = this.#options;
    const { folder: name, plan, huntId, generations } = await choose();
    const folder = path.join(archive.folder, name);
    await ensureFolder(disk, archive.folder);
    const held = await lock.take();
    let runner: JobRunner | null = null;
    let hunt: Hunt | null = null;
    try {
      runner = await openRunner();
      hunt = await Hunt.open({ folder, runner, workers: config.hunt.workers, disk, clock, huntId, onEvent: (event) => this.#onEvent(event), ...(plan && { settings: plan.settings }), ...(this.#options.newUuid && { newUuid: this.#options.newUuid }) });
      const { hunter } = hunt;
      await hunter.setTarget(generations(hunter.targetGenerations));
      // From here on a kill is a hunt cut short.
      await this.#mark({ hunt_id: hunter.huntId, folder: name, status: 'running', owner: this.#options.owner });
      this.#state = HuntState.of(hunter, plan === null ? await archive.golden(name) : null, this.#state.engine, clock);
      const current: Current = { hunt, folder, runner, lock: held, stopReason: null, ended: Promise.resolve() };
      this.#current = current;
      current.ended = this.#drive(current);
      return { hunt_id: hunter.huntId };
    } catch (error) {
      await hunt?.close();
      await runner?.close();
      await held.release();
      throw error;
    }
  }

  /** Runs it to its end and gives everything back, before anybody is told. Never rejects. */
  async #drive(current: Current): Promise<void> {
    const { log } = this.#options;
    const { hunt } = current;
    let reason: string | null = null;
    try {
      await hunt.run();
      if (hunt.state === 'stopped') reason = current.stopReason;
    } catch (error) {
      reason = messageOf(error);
      log.error({ hunt_id: hunt.hunter.huntId, err: reason }, 'the hunt failed');
    }
    await this.#prune(current);
    // One that a person stopped right before stays so.
    const isCutShort = hunt.state === 'stopped' && current.stopReason === CLOSING;
    for (const [what, give] of [
      ['journal', () => hunt.close()],
      ['runner', () => current.runner.close()],
      ['marker', () => (isCutShort ? this.#marking : this.#mark(null))],
      ['lock', () => current.lock.release()],
    ] as const) {
      try {
        await give();
      } catch (error) {
        log.warn({ hunt_id: hunt.hunter.huntId, part: what, err: messageOf(error) }, 'a part of the hunt did not close cleanly');
      }
    }
    this.#current = null;
    this.#state.enter(hunt.state, reason);
    this.#tell({ kind: 'state', state: hunt.state });
  }

  #onEvent(event: HuntEvent): void {
    if (event.kind === 'state') {
      // The end is told when all of it has ended.
      if (event.state === 'completed' || event.state === 'stopped' || event.state === 'failed') return;
      this.#state.enter(event.state, null);
      const current = this.#current;
      if (current !== null && event.state !== 'stopping') void this.#mark({ hunt_id: current.hunt.hunter.huntId, folder: path.basename(current.folder), status: event.state === 'running' ? 'running' : 'paused', owner: this.#options.owner }).catch(() => {});
    } else {
      this.#state.apply(event);
      if (event.kind === 'generation' && this.#current !== null) void this.#prune(this.#current);
    }
    this.#tell(event);
  }

  /** One write after the other; only the first of a hunt is waited for. */
  #mark(marker: HuntMarker | null): Promise<void> {
    const { archive, disk } = this.#options;
    const text = JSON.stringify(marker);
    if (text === this.#marked) return this.#marking;
    this.#marked = text;
    const next = this.#marking.catch(() => {}).then(() => (marker === null ? removeMarker(disk, archive.folder) : writeMarker(disk, archive.folder, marker)));
    this.#marking = next;
    next.catch(() => (this.#marked = null));
    return next;
  }

  async #prune({ hunt, folder }: Current): Promise<void> {
    const { config, disk, log } = this.#options;
    try {
      await pruneFields(disk, folder, hunt.hunter, config.hunt.keep_fields);
    } catch (error) {
      log.warn({ hunt_id: hunt.hunter.huntId, err: messageOf(error) }, 'old field files could not be cleared away');
    }
  }

  #tell(event: HuntEvent): void {
    for (const listener of this.#listeners) {
      try {
        listener(event);
      } catch (error) {
        this.#options.log.warn({ err: messageOf(error) }, 'a listener to the hunt failed');
      }
    }
  }
}

interface Choice {
  /** A name in the folder of hunts. */
  readonly folder: string;
  /** Of a new hunt. */
  readonly plan: HuntPlan | null;
  readonly huntId: string;
  /** Generations in all, by those it is to have so far. */
  readonly generations: (target: number) => number;
}

const busy = (huntId: string): RigError => new RigError('E_HUNT_BUSY', `hunt ${huntId} runs already`, { context: { hunt_id: huntId } });

/** What a disk says, with the folder and what to do about it; anything else as it is. */
function named(error: unknown, folder: string): unknown {
  const errno = (error as NodeJS.ErrnoException | null)?.code;
  if (error instanceof RigError || typeof errno !== 'string' || !/^E[A-Z0-9]+$/.test(errno)) return error;
  return new RigError('E_DATA_DIR', `no hunt can be run in ${folder}: ${messageOf(error)}`, { cause: error, hint: 'Make room there, or let the daemon write there; then start or resume the hunt.', context: { folder, errno } });
}

/** Any seed a hunt takes. */
const drawSeed = (): number => randomInt(2 ** 32);
