/** The folder everything is written under. */
import { accessSync, constants, existsSync, mkdirSync, statSync } from 'node:fs';
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
  const place = nearestExisting(dataDir);
  if (!statSync(place).isDirectory()) return `${place} is a file, not a folder`;
  try {
    accessSync(place, constants.W_OK | constants.X_OK);
    return null;
  } catch {
    return place === dataDir ? `${dataDir} cannot be written by this user` : `${dataDir} does not exist and cannot be created in ${place}`;
  }
}

/** The folder itself, or the nearest one above it that exists. */
export function nearestExisting(folder: string): string {
  const parent = path.dirname(folder);
  return existsSync(folder) || parent === folder ? folder : nearestExisting(parent);
}
