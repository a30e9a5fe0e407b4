/** Sessions that were logged out, kept so that a restart brings none of them back. */
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { messageOf } from '../../protocol/common/errors.ts';
import type { Log } from '../../protocol/common/log.ts';

const FILE = 'hub.logged-out.json';
const revokedSchema = z.record(z.string(), z.number());

/** None when there is no such file, or none that can be read. */
export function readRevoked(dataDir: string): Readonly<Record<string, number>> {
  try {
    return revokedSchema.parse(JSON.parse(readFileSync(path.join(dataDir, FILE), 'utf8')));
  } catch {
    return {};
  }
}

/** Never throws: a logout counts for this run at least. */
export function writeRevoked(dataDir: string, revoked: Readonly<Record<string, number>>, log: Log): void {
  const file = path.join(dataDir, FILE);
  try {
    writeFileSync(`${file}.tmp`, `${JSON.stringify(revoked)}\n`, { mode: 0o600 });
    renameSync(`${file}.tmp`, file);
  } catch (error) {
    log.warn({ file, err: messageOf(error) }, 'a logout from the hub could not be written down: it counts until the next start');
  }
}
