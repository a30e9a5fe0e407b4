/** A pseudo terminal whose other end is ours. Node has no call for it: perl does the few that are missing, else socat has it whole. */
import { lstat, readlink, symlink, unlink } from 'node:fs/promises';
import path from 'node:path';
import { RigError } from '../../protocol/common/errors.ts';
import type { Pty, PtyEvents } from './pty-contract.ts';
import { openDirectPty } from './pty-direct.ts';
import { openSocatPty } from './pty-socat.ts';

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
