/** A pseudo terminal whose other end is ours, through socat: Node has no call for it. */
import { spawn, type ChildProcess } from 'node:child_process';
import { constants } from 'node:fs';
import { lstat, open, readlink, symlink, unlink, type FileHandle } from 'node:fs/promises';
import path from 'node:path';
import { RigError } from '../../protocol/common/errors.ts';

/** Bytes that wait for a reader that does not read. More are lost, as on a wire. */
const MOST_WAITING_BYTES = 65_536;
const DEADLINE_MS = 5000;
/** Speed of a tty whose user sets none: that of chips after a reset. */
export const PTY_BAUD = 115_200;

export interface Pty {
  /** /dev/pts/N. */
  readonly path: string;
  /** Sends bytes to whoever has the tty open. */
  write(bytes: Uint8Array): void;
  /** Speed that was set on the tty, baud; null when it cannot be told (an unusual one). */
  speed(): Promise<number | null>;
  /** Takes the tty away. Idempotent. */
  close(): Promise<void>;
}

export interface PtyOptions {
  /** A symbolic link to it. Replaces a link of the same name, nothing else. */
  readonly link: string | null;
  readonly onData: (bytes: Uint8Array) => void;
  /** It went away, and not by `close`. */
  readonly onLost: () => void;
}

/** @throws RigError E_SIM_TTY when socat is missing or the link cannot be made */
export async function openPty({ link, onData, onLost }: PtyOptions): Promise<Pty> {
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
    if (link !== null) await makeLink(tty, link);
  } catch (error) {
    child.kill();
    await held?.close();
    throw error;
  }
  const holder = held;
  let closing: Promise<void> | null = null;
  const close = async (): Promise<void> => {
    child.kill();
    await ended;
    await holder.close();
    if (link !== null && (await readlink(link).catch(() => null)) === tty) await unlink(link).catch(() => undefined);
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
    async speed() {
      const value = closing === null ? Number(await stty(holder.fd, ['speed'])) : Number.NaN;
      return Number.isFinite(value) && value > 0 ? value : null;
    },
    close: () => (closing ??= close()),
  };
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
      if (error.code === 'ENOENT') fail('socat is not installed, and simulated devices need it for their tty', 'Install it: sudo apt install socat');
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

async function makeLink(target: string, link: string): Promise<void> {
  try {
    const there = await lstat(link).catch(() => null);
    if (there !== null && !there.isSymbolicLink()) throw new RigError('E_SIM_TTY', `${link} exists and is not a link`, { hint: 'Give --link a name that is free.' });
    if (there !== null) await unlink(link);
    await symlink(target, path.resolve(link));
  } catch (error) {
    if (error instanceof RigError) throw error;
    throw new RigError('E_SIM_TTY', `the link ${link} cannot be made: ${(error as Error).message}`, { cause: error, hint: 'Give --link a name in a folder you may write.' });
  }
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
