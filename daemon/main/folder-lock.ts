import { createHash } from 'node:crypto';
import { realpathSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { RigError } from '../../protocol/common/errors.ts';

/** Gives the folder back. */
export type Unlock = () => Promise<void>;

/**
 * Makes this process the only daemon that writes to a mode's folder: two would overwrite each other's entries. The lock is
 * a Linux abstract socket, which the kernel takes back when the process ends, however it ends; where there is no such
 * socket there is no lock.
 * @param dataDir an existing folder
 * @param base the mode's base folder below it; need not exist yet
 * @throws RigError E_DATA_DIR when another daemon holds it
 */
export async function lockFolder(dataDir: string, base: string): Promise<Unlock> {
  if (process.platform !== 'linux') return async () => {};
  const folder = path.join(realpathSync(dataDir), path.relative(dataDir, base));
  const key = createHash('sha256').update(folder).digest('hex').slice(0, 32);
  const server = net.createServer((socket) => socket.destroy());
  const failure = await new Promise<NodeJS.ErrnoException | null>((resolve) => {
    server.once('error', resolve);
    server.listen(`\0rigbrain-${key}`, () => resolve(null));
  });
  if (failure?.code === 'EADDRINUSE') {
    throw new RigError('E_DATA_DIR', `another rigbrain is writing to ${folder}`, { cause: failure, context: { folder }, hint: 'Stop it first, or give this one a folder of its own with --data DIR.' });
  }
  if (failure !== null) return async () => {};
  server.unref();
  return () => new Promise((resolve) => server.close(() => resolve()));
}
