/** `rigbrain hunt best`: the best run, never as a bare score. */
import { RigError } from '../../../protocol/common/errors.ts';
import { finalResult } from '../../hunt/final-result.ts';
import { EXIT } from '../exit-codes.ts';
import type { Globals } from '../globals.ts';
import type { CliIo } from '../io.ts';
import { chosenHunt, openHuntContext } from '../hunt/hunt-context.ts';
import { bestLines } from '../hunt/words.ts';
import type { ModeFlags } from './run-mode.ts';

export type HuntBestFlags = ModeFlags;

/** @throws RigError E_HUNT_UNKNOWN, also when no run has a score */
export async function huntBest(io: CliIo, globals: Globals, given: string | null, flags: HuntBestFlags): Promise<number> {
  const { archive } = await openHuntContext(io, globals, flags);
  const { hunt_id } = await chosenHunt(archive, given);
  const detail = await archive.detail(hunt_id);
  const best = await finalResult(archive, detail);
  if (best === null) throw new RigError('E_HUNT_UNKNOWN', `no run of hunt ${hunt_id} has a score: ${detail.summary.jobs_done} jobs ended, ${detail.summary.jobs_failed} failed`, { hint: '`rigbrain hunt status` shows how far it is; `rigbrain hunt export --csv` has the sentinel code of each job (docs/hunt.md).' });
  if (globals.json) io.out(JSON.stringify(best, null, 2));
  else for (const line of bestLines(io, detail, best, await archive.folderOf(hunt_id))) io.out(line);
  return EXIT.ok;
}
