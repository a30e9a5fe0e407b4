/** One process at a time runs a hunt of a folder of hunts: a daemon, or the command line. */
import net from 'node:net';
import type { Clock } from '../../protocol/common/clock.ts';
import { RigError } from '../../protocol/common/errors.ts';
import { lockAddress, lockFolder } from '../main/folder-lock.ts';

const PROBE_MS = 2000;

export interface HuntsLock {
  /** @throws RigError E_HUNT_BUSY when another process has it */
  take(): Promise<{ release(): Promise<void> }>;
  /** Whether any process has it, this one too. Never rejects. */
  isHeld(): Promise<boolean>;
}

/** The kernel gives the lock back when its process ends, however it ends; where there are no Linux abstract sockets there is none. */
export function huntsLock(huntsFolder: string, clock: Clock): HuntsLock {
  return {
    async take() {
      try {
        return await lockFolder(huntsFolder, huntsFolder, clock);
      } catch (cause) {
        if (!(cause instanceof RigError)) throw cause;
        throw new RigError('E_HUNT_BUSY', `another rigbrain runs a hunt in ${huntsFolder}`, { cause, context: { folder: huntsFolder } });
      }
    },
    isHeld: () => (process.platform === 'linux' ? isAnswered(huntsFolder, clock) : Promise.resolve(false)),
  };
}

function isAnswered(huntsFolder: string, clock: Clock): Promise<boolean> {
  return new Promise((resolve) => {
    let address: string;
    try {
      address = lockAddress(huntsFolder, huntsFolder);
    } catch {
      return resolve(false);
    }
    const socket = net.connect({ path: address });
    const end = (isHeld: boolean): void => {
      timer.cancel();
      socket.destroy();
      resolve(isHeld);
    };
    const timer = clock.after(PROBE_MS, () => end(true));
    socket.on('connect', () => end(true));
    socket.on('error', () => end(false));
  });
}
