/** `rigbrain hunt status`: from the folder, and what the daemon says of the hunt it runs. */
import { RigError } from '../../../protocol/common/errors.ts';
import type { RigState } from '../../telemetry/state.ts';
import { EXIT } from '../exit-codes.ts';
import type { Globals } from '../globals.ts';
import type { CliIo } from '../io.ts';
import { chosenHunt, openHuntContext } from '../hunt/hunt-context.ts';
import { huntTable, summaryLines } from '../hunt/words.ts';
import type { ModeFlags } from './run-mode.ts';

export interface HuntStatusFlags extends ModeFlags {
  readonly all?: boolean;
}

export async function huntStatus(io: CliIo, globals: Globals, given: string | null, flags: HuntStatusFlags): Promise<number> {
  const { archive, hub } = await openHuntContext(io, globals, flags);
  const daemon = hub === null ? null : { url: hub.address.url, pid: hub.address.pid, mode: hub.address.mode };
  if (flags.all === true) {
    const hunts = await archive.list();
    if (globals.json) io.out(JSON.stringify({ folder: archive.folder, daemon, hunts }, null, 2));
    else for (const line of hunts.length === 0 ? [nothing(archive.folder)] : huntTable(io, hunts)) io.out(line);
    return EXIT.ok;
  }
  const live = hub === null ? null : (await hub.call<RigState>({ method: 'GET', path: '/api/state' })).hunt;
  const summary = await chosenHunt(archive, given).catch((error: unknown) => {
    if (given === null && error instanceof RigError && error.code === 'E_HUNT_UNKNOWN') return null;
    throw error;
  });
  if (summary === null) {
    if (globals.json) io.out(JSON.stringify({ folder: archive.folder, daemon, live, hunt: null }, null, 2));
    else io.out(nothing(archive.folder));
    return EXIT.ok;
  }
  const own = live?.hunt_id === summary.hunt_id ? live : null;
  if (globals.json) {
    io.out(JSON.stringify({ folder: archive.folder, daemon, live: own, hunt: await archive.detail(summary.hunt_id) }, null, 2));
    return EXIT.ok;
  }
  const isRunning = !['completed', 'stopped', 'failed', 'idle'].includes(summary.status);
  const where = !isRunning ? '' : daemon !== null && own !== null ? ` in the daemon (process ${daemon.pid})` : ' in another process; Ctrl-C there stops it';
  for (const line of summaryLines(io, summary, isRunning || own?.status === 'failed' ? own : null, where)) io.out(line);
  return EXIT.ok;
}

const nothing = (folder: string): string => `no hunt in ${folder}; \`rigbrain hunt start\` begins one`;
