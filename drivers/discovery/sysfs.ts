/** Reading sysfs and /dev. What cannot be read is null or empty: devices vanish while they are looked at. */
import { accessSync, constants, readdirSync, readFileSync, readlinkSync, realpathSync } from 'node:fs';
import { readFile } from 'node:fs/promises';

/** Where the system shows its devices; tests have trees of their own. */
export interface Roots {
  readonly sys: string;
  readonly dev: string;
}

export const SYSTEM_ROOTS: Roots = { sys: '/sys', dev: '/dev' };

function attempt<T>(work: () => T): T | null {
  try {
    return work();
  } catch {
    return null;
  }
}

export function list(folder: string): string[] {
  return attempt(() => readdirSync(folder)) ?? [];
}

/** Target of a symbolic link as it is written. */
export function link(file: string): string | null {
  return attempt(() => readlinkSync(file));
}

export function real(file: string): string | null {
  return attempt(() => realpathSync(file));
}

export function text(file: string): string | null {
  return attempt(() => readFileSync(file, 'utf8').trim());
}

/**
 * As `text`, off the event loop. For the strings of a USB device: the kernel locks the device to read them, so that a sick
 * one, whose driver is still waiting for it, can hold the reader for seconds.
 */
export async function slowText(file: string): Promise<string | null> {
  try {
    return (await readFile(file, 'utf8')).trim();
  } catch {
    return null;
  }
}

/** Why a port cannot be used now: not there, or not for this user; null when it can. Asks access(2) and opens nothing. */
export function portProblem(path: string): string | null {
  try {
    accessSync(path, constants.R_OK | constants.W_OK);
    return null;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return `${path} does not exist`;
    return `this user may not open ${path}: join the group that owns it (dialout on Debian, uucp on Arch), see \`rigbrain doctor\``;
  }
}
