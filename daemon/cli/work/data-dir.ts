/** The folder everything is written under. */
import { accessSync, constants, mkdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { messageOf, RigError } from '../../../protocol/common/errors.ts';

/** Creates the folder when it is missing and makes sure it can be written. @throws RigError E_DATA_DIR */
export function prepareDataDir(dataDir: string): void {
  try {
    mkdirSync(dataDir, { recursive: true });
  } catch (error) {
    throw new RigError('E_DATA_DIR', `cannot create ${dataDir}: ${messageOf(error)}`, { cause: error, context: { dataDir } });
  }
  const reason = dataDirProblem(dataDir);
  if (reason !== null) throw new RigError('E_DATA_DIR', reason, { context: { dataDir } });
}

/** Why the folder could not be used, without touching it; null when it can. A missing folder is judged by its parent. */
export function dataDirProblem(dataDir: string): string | null {
  let place = dataDir;
  for (;;) {
    const stat = statSync(place, { throwIfNoEntry: false });
    if (stat !== undefined) {
      if (!stat.isDirectory()) return `${place} is a file, not a folder`;
      break;
    }
    const parent = path.dirname(place);
    if (parent === place) break;
    place = parent;
  }
  try {
    accessSync(place, constants.W_OK | constants.X_OK);
    return null;
  } catch {
    return place === dataDir ? `${dataDir} cannot be written by this user` : `${dataDir} does not exist and cannot be created in ${place}`;
  }
}
