/** A pty through socat: a process for each. */
import { spawn, type ChildProcess } from 'node:child_process';
import { constants } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { RigError } from '../../protocol/common/errors.ts';
import { PTY_BAUD, type Pty, type PtyEvents } from './pty-contract.ts';

/** Bytes that wait for a reader that does not read. More are lost, as on a wire. */
const MOST_WAITING_BYTES = 65_536;
const DEADLINE_MS = 5000;
/** How often its speed is asked for. */
const SPEED_MS = 100;

/** @throws RigError E_SIM_TTY when socat is missing */
export async function openSocatPty({ onData, onLost, onSpeed }: PtyEvents): Promise<Pty> {
  // Detached: Ctrl-C in a terminal goes to the whole process group, and is for us alone. It ends by itself when its input does.
  const child = spawn('socat', ['-d', '-d', 'PTY,rawer,echo=0', 'STDIO'], { stdio: ['pipe', 'pipe', 'pipe'], detached: true });
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  child.stdin.on('error', () => undefined);
  const tty = await pathOf(child);
  let held: FileHandle | null = null;
  try {
    // Held open, so that the tty outlives each of its users.
    held = await open(tty, constants.O_RDWR | constants.O_NOCTTY | constants.O_NONBLOCK);
    await stty(held.fd, [String(PTY_BAUD), 'raw', '-echo']);
  } catch (error) {
    child.kill();
    await held?.close();
    throw error;
  }
  const holder = held;
  let closing: Promise<void> | null = null;
  const unwatch = onSpeed ? pollSpeed(holder, onSpeed) : (): void => undefined;
  const close = async (): Promise<void> => {
    unwatch();
    child.kill();
    await ended;
    await holder.close();
  };
  child.stdout.on('data', (bytes: Buffer) => onData(bytes));
  void ended.then(async () => {
    if (closing !== null) return;
    closing = close();
    await closing;
    onLost();
  });
  return {
    path: tty,
    write(bytes) {
      if (closing === null && child.stdin.writableLength < MOST_WAITING_BYTES) child.stdin.write(bytes);
    },
    close: () => (closing ??= close()),
  };
}

function pollSpeed(held: FileHandle, tell: (baud: number | null) => void): () => void {
  let asking = false;
  let last: number | null = PTY_BAUD;
  const timer = setInterval(() => {
    if (asking) return;
    asking = true;
    void stty(held.fd, ['speed']).then((text) => {
      asking = false;
      const value = Number(text) > 0 ? Number(text) : null;
      if (value !== last) tell((last = value));
    });
  }, SPEED_MS);
  return () => clearInterval(timer);
}

/** socat tells the name on its standard error. */
function pathOf(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    const fail = (message: string, hint?: string): void => {
      clearTimeout(timer);
      child.kill();
      reject(new RigError('E_SIM_TTY', message, hint === undefined ? {} : { hint }));
    };
    const timer = setTimeout(() => fail('socat made no pty in time'), DEADLINE_MS);
    child.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') fail('neither perl nor socat could make a tty for the simulated device', 'Install one of them: sudo apt install socat');
      else fail(`socat could not be started: ${error.message}`);
    });
    child.once('close', () => fail(`socat ended: ${text.trim().split('\n').at(-1) ?? ''}`));
    child.stderr?.on('data', (chunk: Buffer) => {
      if (text.length < 10_000) text += chunk.toString();
      const found = /PTY is (\/\S+)/.exec(text);
      // It tells the name first and changes the settings of the tty afterwards.
      if (!found || !text.includes('data transfer loop')) return;
      clearTimeout(timer);
      resolve(found[1] as string);
    });
  });
}

/** Asks for or changes the settings of an open tty. @returns what stty printed; empty when it could not */
function stty(fd: number, args: readonly string[]): Promise<string> {
  return new Promise((resolve) => {
    const child = spawn('stty', args, { stdio: [fd, 'pipe', 'ignore'], timeout: DEADLINE_MS });
    let text = '';
    child.stdout?.on('data', (chunk: Buffer) => (text += chunk.toString()));
    child.once('error', () => resolve(''));
    child.once('close', () => resolve(text.trim()));
  });
}
