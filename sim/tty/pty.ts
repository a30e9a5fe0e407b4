/** A pseudo terminal whose other end is ours. Node has no call for it: perl does the few that are missing, else socat has it whole. */
import { lstat, readlink, symlink, unlink } from 'node:fs/promises';
import path from 'node:path';
import { RigError } from '../../protocol/common/errors.ts';
import { openDirectPty } from './pty-direct.ts';
import { openSocatPty } from './pty-socat.ts';

/** Speed of a tty whose user sets none: that of chips after a reset. */
export const PTY_BAUD = 115_200;

export interface Pty {
  /** /dev/pts/N. */
  readonly path: string;
  /** Sends bytes to whoever has the tty open. What a reader that does not read leaves no room for is lost, as on a wire. */
  write(bytes: Uint8Array): void;
  /** Takes the tty away. Idempotent. */
  close(): Promise<void>;
}

export interface PtyEvents {
  readonly onData: (bytes: Uint8Array) => void;
  /** It went away, and not by `close`. */
  readonly onLost: () => void;
  /** The speed its user has set, when it changes; null = it cannot be told. Left out: nobody wants to know. */
  readonly onSpeed?: ((baud: number | null) => void) | undefined;
}

export interface PtyOptions extends PtyEvents {
  /** A symbolic link to it. Replaces a link of the same name, nothing else. */
  readonly link: string | null;
}

/** @throws RigError E_SIM_TTY when there is neither perl nor socat, or the link cannot be made */
export async function openPty({ link, ...events }: PtyOptions): Promise<Pty> {
  const pty = (await openDirectPty(events)) ?? (await openSocatPty(events));
  if (link === null) return pty;
  try {
    await makeLink(pty.path, link);
  } catch (error) {
    await pty.close();
    throw error;
  }
  return {
    ...pty,
    async close() {
      await pty.close();
      if ((await readlink(link).catch(() => null)) === pty.path) await unlink(link).catch(() => undefined);
    },
  };
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
