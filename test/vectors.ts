import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { TestContext } from 'vitest';
import { packageRoot } from '../daemon/version.ts';

/**
 * Reads a file of captured or published test data that is kept outside the repository. When it is not there, the
 * calling test is skipped with a reason: the repository's own tests carry the values they cannot do without.
 * @param name path below the vectors folder, e.g. `stratum/headers.json`; the folder is RIGBRAIN_VECTORS or ../shared/vectors
 */
export function loadVectors<T>(context: TestContext, name: string): T {
  const folder = process.env.RIGBRAIN_VECTORS ?? path.resolve(packageRoot(), '../shared/vectors');
  const file = path.join(folder, name);
  if (!existsSync(file)) context.skip(`no external vectors: ${name} not found (set RIGBRAIN_VECTORS)`);
  return JSON.parse(readFileSync(file, 'utf8')) as T;
}
