/** Which ledger a command line means: that of a mode, or of any base folder. */
import { statSync } from 'node:fs';
import path from 'node:path';
import { loadConfig } from '../../../config/load.ts';
import { RigError } from '../../../protocol/common/errors.ts';
import { loadBlueprint } from '../../brainstem/blueprint.ts';
import { journalFolder } from '../../ledger/query/records.ts';
import { askDaemon } from '../../main/ask-daemon.ts';
import { lockFolder, type FolderLock } from '../../main/folder-lock.ts';
import { configSources, dataDirOf, type Globals } from '../globals.ts';
import type { CliIo } from '../io.ts';
import { blueprintFile } from './check-blueprint.ts';
import { chooseMode, type ModeFlags } from './run-mode.ts';

export interface LedgerFolderFlags extends ModeFlags {
  /** Any base folder, e.g. one copied from a rig. */
  readonly folder?: string;
}

export interface LedgerFolder {
  /** Absolute path of the base folder. */
  readonly base: string;
  /** The data folder it is in, as the daemon that writes there names it: the two together are its lock. */
  readonly dataDir: string;
  /** Absolute path of `<base>/.ledger/journal`. */
  readonly journal: string;
}

/** @throws RigError E_DATA_DIR when there is no ledger; what `chooseMode` and the configuration throw */
export function ledgerFolder(io: CliIo, globals: Globals, flags: LedgerFolderFlags): LedgerFolder {
  const { modes } = loadBlueprint(blueprintFile()).data;
  const { dataDir, base } = flags.folder === undefined ? ofMode() : ofFolder(path.resolve(io.cwd, flags.folder));
  const journal = journalFolder(base);
  if (statSync(journal, { throwIfNoEntry: false })?.isDirectory() !== true) {
    throw new RigError('E_DATA_DIR', `there is no ledger in ${base}`, { context: { folder: base }, hint: 'Name the mode (--demo, --test, --mode live), the data folder with --data DIR, or the base folder with --folder DIR.' });
  }
  return { dataDir, base, journal };

  function ofMode(): { dataDir: string; base: string } {
    const mode = chooseMode(flags, loadConfig(configSources(io, globals)).config.mining.mode);
    const dataFolder = dataDirOf(io, globals);
    return { dataDir: dataFolder, base: path.join(dataFolder, modes[mode].base_path) };
  }

  /** A base folder in its usual place is locked by its data folder. */
  function ofFolder(folder: string): { dataDir: string; base: string } {
    const below = Object.values(modes).map((mode) => path.sep + path.normalize(mode.base_path));
    const suffix = below.filter((end) => folder.endsWith(end)).sort((a, b) => b.length - a.length)[0];
    return { dataDir: suffix === undefined ? folder : folder.slice(0, -suffix.length) || path.sep, base: folder };
  }
}

/** How long a running daemon may take to bring its files up to date. */
const FLUSH_MS = 10_000;

/** Has the daemon, if one is running, put on disk what it has accepted; says so when it does not. */
export async function upToDate(io: CliIo, { dataDir, base }: LedgerFolder): Promise<void> {
  const answer = await askDaemon(dataDir, base, 'flush', FLUSH_MS);
  if (answer === 'timed out') io.err(`rigbrain: warning: the daemon did not bring its files up to date within ${FLUSH_MS / 1000} s; the newest entries may be missing`);
}

/** Keeps every daemon out while files are replaced. @param besides what can be done while it runs @throws RigError E_DATA_DIR when a daemon writes there */
export async function holdFolder({ dataDir, base }: LedgerFolder, besides: string): Promise<FolderLock> {
  try {
    return await lockFolder(dataDir, base);
  } catch (error) {
    if (!(error instanceof RigError)) throw error;
    throw new RigError(error.code, error.message, { cause: error, context: error.context, hint: `Stop the daemon first (systemctl stop rigbrain), then start it again; ${besides}.` });
  }
}
