import { createHash } from 'node:crypto';
import { realpathSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { systemClock, type Clock } from '../../protocol/common/clock.ts';
import { RigError } from '../../protocol/common/errors.ts';
import { FlushDoor } from './flush-door.ts';

/** A folder that only this process writes to. */
export interface FolderLock {
  /** What other processes may ask for (`askDaemon`): that everything accepted so far is in the files. They wait until this is set. */
  onFlush(flush: () => Promise<void>): void;
  /** Gives the folder back; whoever still waits for an answer is sent away. */
  release(): Promise<void>;
}

/**
 * Makes this process the only daemon that writes to a mode's folder: two would overwrite each other's entries. The lock is
 * a Linux abstract socket, which the kernel takes back when the process ends, however it ends; where there is no such
 * socket there is no lock.
 * @param dataDir an existing folder
 * @param base the mode's base folder below it; need not exist yet
 * @throws RigError E_DATA_DIR when another daemon holds it
 */
export async function lockFolder(dataDir: string, base: string, clock: Clock = systemClock): Promise<FolderLock> {
  const none: FolderLock = { onFlush: () => {}, release: async () => {} };
  if (process.platform !== 'linux') return none;
  const folder = realFolder(dataDir, base);
  const door = new FlushDoor(clock);
  const server = net.createServer((socket) => door.admit(socket));
  const failure = await new Promise<NodeJS.ErrnoException | null>((resolve) => {
    server.once('error', resolve);
    server.listen(addressOf(folder), () => resolve(null));
  });
  if (failure?.code === 'EADDRINUSE') {
    throw new RigError('E_DATA_DIR', `another rigbrain is writing to ${folder}`, { cause: failure, context: { folder }, hint: 'Stop it first, or give this one a folder of its own with --data DIR.' });
  }
  if (failure !== null) return none;
  // Too many open files while a visitor comes in: he is not let in, and the daemon goes on.
  server.on('error', () => {});
  server.unref();
  return {
    onFlush: (flush) => door.open(flush),
    release: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        door.close();
      }),
  };
}

/** Address of the socket that a daemon holds while it writes to a folder. @throws the file system's error when `dataDir` is not there */
export function lockAddress(dataDir: string, base: string): string {
  return addressOf(realFolder(dataDir, base));
}

function realFolder(dataDir: string, base: string): string {
  return path.join(realpathSync(dataDir), path.relative(dataDir, base));
}

function addressOf(folder: string): string {
  return `\0rigbrain-${createHash('sha256').update(folder).digest('hex').slice(0, 32)}`;
}
