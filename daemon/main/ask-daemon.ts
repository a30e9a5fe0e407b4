import net from 'node:net';
import { systemClock, type Clock, type Timer } from '../../protocol/common/clock.ts';
import { ANSWER, QUESTION } from './flush-door.ts';
import { lockAddress } from './folder-lock.ts';

/** `timed out`: a daemon holds the folder and did not do it in time. */
export type DaemonAnswer = 'done' | 'not running' | 'timed out';

/** Pause after being sent away (too many ask at once, or the daemon is stopping), milliseconds. */
const RETRY_MS = 50;

/**
 * Asks the daemon that writes to a folder, if there is one, to bring its files up to date. Never rejects. Where there are
 * no Linux abstract sockets no daemon can be asked, and the answer is `not running`.
 * @param base the mode's base folder below `dataDir`
 * @param timeoutMs for the whole of it, milliseconds
 */
export function askDaemon(dataDir: string, base: string, question: 'flush', timeoutMs: number, clock: Clock = systemClock): Promise<DaemonAnswer> {
  const address = process.platform === 'linux' ? addressOrNull(dataDir, base) : null;
  if (address === null) return Promise.resolve('not running');
  return new Promise((resolve) => {
    let socket: net.Socket | null = null;
    let pause: Timer | null = null;
    let over = false;
    // Timers of the clock do not keep a process alive, and between two tries nothing else does.
    const keepAlive = setInterval(() => {}, 60_000);
    const finish = (answer: DaemonAnswer): void => {
      if (over) return;
      over = true;
      clearInterval(keepAlive);
      deadline.cancel();
      pause?.cancel();
      socket?.destroy();
      resolve(answer);
    };
    const deadline = clock.after(timeoutMs, () => finish('timed out'));
    const ask = (): void => {
      const own = net.connect({ path: address });
      socket = own;
      let heard = '';
      let absent = false;
      own.on('connect', () => own.write(`${question}\n` satisfies typeof QUESTION));
      own.on('data', (chunk: Buffer) => {
        heard += chunk.toString('latin1');
        if (heard === ANSWER) finish('done');
        else if (!ANSWER.startsWith(heard)) own.destroy();
      });
      own.on('error', (error: NodeJS.ErrnoException) => (absent = error.code === 'ECONNREFUSED' || error.code === 'ENOENT'));
      own.on('close', () => {
        if (absent) finish('not running');
        else if (!over) pause = clock.after(RETRY_MS, ask);
      });
    };
    ask();
  });
}

function addressOrNull(dataDir: string, base: string): string | null {
  try {
    return lockAddress(dataDir, base);
  } catch {
    return null;
  }
}
