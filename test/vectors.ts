import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { TestContext } from 'vitest';
import { packageRoot } from '../daemon/version.ts';

/**
 * Reads a file of captured or published test data that is kept outside the repository. When it is not there, the
 * calling test is skipped with a reason: the repository's own tests carry the values they cannot do without.
 * @param name path below the vectors folder, e.g. `stratum/headers.json`; the folder is RIGBRAIN_VECTORS or ../shared/vectors
 */
export function loadVectors<T>(context: TestContext, name: string): T {
  const file = path.join(vectorFolder(), name);
  if (!existsSync(file)) context.skip(`no external vectors: ${name} not found (set RIGBRAIN_VECTORS)`);
  return JSON.parse(readFileSync(file, 'utf8')) as T;
}

/**
 * Captures of a board with 110 BM1366: paths of all that are there, or of the one that is missing.
 * A test skips itself when its file does not exist.
 */
export function capturedTraces(): string[] {
  const folder = path.join(vectorFolder(), 'asic');
  const names = existsSync(folder) ? readdirSync(folder).filter((name) => /^trace_bm1366_\w+\.jsonl$/.test(name)).sort() : [];
  return (names.length === 0 ? ['trace_bm1366_s19xp_a.jsonl'] : names).map((name) => path.join(folder, name));
}

function vectorFolder(): string {
  return process.env.RIGBRAIN_VECTORS ?? path.resolve(packageRoot(), '../shared/vectors');
}
