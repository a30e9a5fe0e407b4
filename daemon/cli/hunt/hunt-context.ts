/** What every `rigbrain hunt` command starts with: whose hunts, where they are, and who runs them. */
import path from 'node:path';
import type { FlagOverride } from '../../../config/load.ts';
import type { RigConfig } from '../../../config/schema.ts';
import { suggest } from '../../../config/suggest.ts';
import { systemClock } from '../../../protocol/common/clock.ts';
import { RigError } from '../../../protocol/common/errors.ts';
import { loadBlueprint } from '../../brainstem/blueprint.ts';
import type { Mode } from '../../brainstem/contract.ts';
import { huntPlaces, type HuntPlaces } from '../../brainstem/hunts.ts';
import { readHubAddress } from '../../hub/address-file.ts';
import { readHubToken } from '../../hub/token.ts';
import { HuntArchive } from '../../hunt/archive.ts';
import type { HuntSummary } from '../../hunt/archive-types.ts';
import { huntsLock, type HuntsLock } from '../../hunt/hunts-lock.ts';
import type { RigState } from '../../telemetry/state.ts';
import { openContext, type CommandContext } from '../actions/context.ts';
import { blueprintFile } from '../actions/check-blueprint.ts';
import { chooseMode, type ModeFlags } from '../actions/run-mode.ts';
import type { Globals } from '../globals.ts';
import type { CliIo } from '../io.ts';
import { HubClient } from './hub-client.ts';

export interface HuntContext {
  readonly context: CommandContext;
  readonly config: RigConfig;
  readonly mode: Mode;
  readonly archive: HuntArchive;
  readonly lock: HuntsLock;
  /** Of the daemon that runs the hunts of this folder; null = none does. */
  readonly hub: HubClient | null;
  readonly places: HuntPlaces;
}

/** @throws RigError for a configuration or a mode that cannot be used; E_HUB, E_HUB_AUTH when a daemon is there and cannot be asked */
export async function openHuntContext(io: CliIo, globals: Globals, flags: ModeFlags, overrides: readonly FlagOverride[] = []): Promise<HuntContext> {
  const context = openContext(io, globals, overrides);
  const { config } = context.loaded;
  const address = readHubAddress(context.dataDir);
  // Without a word it is the daemon that decides whose hunts are meant.
  const isNamed = flags.demo === true || flags.test === true || flags.staging === true || flags.mode !== undefined;
  const mode = address !== null && !isNamed ? chooseMode({ mode: address.mode }, config.mining.mode) : chooseMode(flags, config.mining.mode);
  const places = placesOf(context.dataDir, mode);
  const lock = huntsLock(places.folder, systemClock);
  const hub = address === null || address.mode !== mode ? null : new HubClient(address, tokenOf(context));
  return { context, config, mode, archive: new HuntArchive({ folder: places.folder, isHeld: () => lock.isHeld() }), lock, places, hub: hub !== null && (await runsHunts(hub)) ? hub : null };
}

function placesOf(dataDir: string, mode: Mode): HuntPlaces {
  const blueprint = loadBlueprint(blueprintFile());
  return huntPlaces({ base: path.join(dataDir, blueprint.data.modes[mode].base_path), blueprint });
}

/** @throws RigError E_HUB_AUTH when there is no token to be found */
function tokenOf({ loaded, secrets, dataDir }: CommandContext): string {
  const token = secrets.resolve(loaded.config.hub.token) ?? readHubToken(dataDir);
  if (token === null) throw new RigError('E_HUB_AUTH', `a daemon runs on ${dataDir}, and there is no hub.token to ask it with`, { hint: 'Name the configuration of the daemon with --config, or the data folder with --data.' });
  return token;
}

/** A daemon whose hunts are off leaves them to the command line. */
async function runsHunts(hub: HubClient): Promise<boolean> {
  return (await hub.call<RigState>({ method: 'GET', path: '/api/state' })).hunt !== null;
}

/**
 * The hunt a person means: an id, the beginning of one, or the name of its folder; null: the one that runs, else the newest.
 * @throws RigError E_HUNT_UNKNOWN, with the nearest there is
 */
export async function chosenHunt(archive: HuntArchive, given: string | null): Promise<HuntSummary> {
  const hunts = await archive.list();
  if (given === null) {
    const found = hunts.find(({ status }) => !['completed', 'stopped', 'failed', 'idle'].includes(status)) ?? hunts[0];
    if (found === undefined) throw new RigError('E_HUNT_UNKNOWN', `there is no hunt in ${archive.folder}`, { hint: 'Begin one with `rigbrain hunt start`, or name the data folder with --data and the mode (--demo, --mode).' });
    return found;
  }
  try {
    return (await archive.detail(given)).summary;
  } catch (error) {
    if (!(error instanceof RigError) || error.code !== 'E_HUNT_UNKNOWN') throw error;
    const begins = hunts.filter(({ hunt_id }) => hunt_id.startsWith(given)).map(({ hunt_id }) => hunt_id);
    if (begins.length > 1) throw new RigError('E_HUNT_UNKNOWN', `${begins.length} hunts begin with ${given}: ${begins.slice(0, 3).join(', ')}${begins.length > 3 ? ' ...' : ''}`, { cause: error, context: { hunt: given } });
    const near = nearestHunt(given, hunts);
    const words = near === null ? (hunts[0] === undefined ? '' : `; the newest is ${hunts[0].hunt_id}`) : ` (did you mean ${near}?)`;
    throw new RigError('E_HUNT_UNKNOWN', `there is no hunt ${given} in ${archive.folder}${words}`, { cause: error, context: { hunt: given } });
  }
}

/** By as many characters of an id as were given, else by its whole. */
function nearestHunt(given: string, hunts: readonly HuntSummary[]): string | null {
  const byBeginning = new Map(hunts.map(({ hunt_id }) => [hunt_id.slice(0, given.length), hunt_id]));
  const near = suggest(given, byBeginning.keys());
  return near === null ? null : byBeginning.get(near)!;
}
