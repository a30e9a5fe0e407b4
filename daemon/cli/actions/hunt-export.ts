/** `rigbrain hunt export`: a hunt's files for other programs and other places. */
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { messageOf, RigError } from '../../../protocol/common/errors.ts';
import { currentCsv, exportHunt } from '../../hunt/export.ts';
import { GOLDEN_NAME } from '../../hunt/golden.ts';
import { EXIT } from '../exit-codes.ts';
import type { Globals } from '../globals.ts';
import type { CliIo } from '../io.ts';
import { chosenHunt, openHuntContext } from '../hunt/hunt-context.ts';
import { formatSi } from '../../telemetry/units.ts';
import type { ModeFlags } from './run-mode.ts';

export interface HuntExportFlags extends ModeFlags {
  readonly out?: string;
  readonly fields?: boolean;
  readonly csv?: boolean;
  readonly golden?: boolean;
}

/** @throws RigError E_FLAG_INVALID, E_HUNT_UNKNOWN, E_DATA_DIR */
export async function huntExport(io: CliIo, globals: Globals, given: string | null, flags: HuntExportFlags): Promise<number> {
  if (flags.csv === true && flags.golden === true) throw new RigError('E_FLAG_INVALID', '--csv and --golden name one file each', { hint: 'Give one of them, or only --out for everything.' });
  const isOne = flags.csv === true || flags.golden === true;
  if (!isOne && flags.out === undefined) throw new RigError('E_FLAG_INVALID', 'export needs --out with a folder or a .tar, .tar.gz or .tgz file', { hint: 'Or --csv or --golden, which go to stdout.' });
  const { archive } = await openHuntContext(io, globals, flags);
  const { hunt_id } = await chosenHunt(archive, given);
  const out = flags.out === undefined ? null : path.resolve(io.cwd, flags.out);
  if (isOne) {
    const text = flags.csv === true ? await currentCsv(archive, hunt_id) : await goldenText(await archive.folderOf(hunt_id), hunt_id);
    if (out === null) io.out(text.trimEnd());
    else await writeFile(out, text, { flag: 'wx' }).catch((cause: unknown) => {
      throw new RigError('E_DATA_DIR', messageOf(cause), { cause, context: { out }, hint: 'Name another file with --out; one that is there is not replaced.' });
    });
    return EXIT.ok;
  }
  const report = await exportHunt({ archive, huntId: hunt_id, out: out!, fields: flags.fields === true });
  if (globals.json) io.out(JSON.stringify(report, null, 2));
  else io.out(`${report.out}: ${report.files} files, ${formatSi(report.bytes, 'B')}, read back${report.sha256 === null ? '' : `; SHA-256 ${report.sha256}`}`);
  for (const problem of report.problems) io.err(`rigbrain: warning: ${problem}`);
  return report.problems.length === 0 ? EXIT.ok : EXIT.failure;
}

async function goldenText(folder: string, huntId: string): Promise<string> {
  try {
    return await readFile(path.join(folder, GOLDEN_NAME), 'utf8');
  } catch (cause) {
    throw new RigError('E_HUNT_UNKNOWN', `hunt ${huntId} has no golden.json`, { cause, hint: 'It is made when all generations have ended and a champion has a score on every fresh seed (hunt.golden_seeds).' });
  }
}
