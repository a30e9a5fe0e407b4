/** The machine as the doctor sees it: a narrow window, so that every finding can be tried on machines we do not have. */
import { execFile } from 'node:child_process';
import { readdirSync, readFileSync, readlinkSync, statfsSync } from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import { DeviceFinder } from '../../../drivers/discovery/finder.ts';
import type { Found } from '../../../drivers/discovery/found.ts';
import { portProblem, SYSTEM_ROOTS } from '../../../drivers/discovery/sysfs.ts';
import { systemClock } from '../../../protocol/common/clock.ts';
import { messageOf } from '../../../protocol/common/errors.ts';

export interface Machine {
  /** Output of a command; null when it is not installed, fails, or takes longer than the deadline. */
  run(command: string, args: readonly string[]): Promise<string | null>;
  /** Text of a (virtual) file; null when it cannot be read. */
  read(file: string): string | null;
  /** Names in a folder; empty when it cannot be read. */
  list(folder: string): readonly string[];
  /** Target of a symbolic link; null when it cannot be read. */
  link(file: string): string | null;
  /** Free bytes for this user on the file system of a folder; null when unknown. */
  freeBytes(folder: string): number | null;
  /** Opens a TCP connection and closes it again. Null when it worked, else why not. */
  connect(host: string, port: number, deadlineMs: number): Promise<string | null>;
  /** What is plugged in. */
  find(): Promise<Found>;
  /** Why this user cannot open a port; null when he can. Opens nothing. */
  portProblem(path: string): string | null;
  readonly user: { readonly name: string; readonly uid: number; readonly gids: readonly number[] };
  readonly nodeVersion: string;
}

const COMMAND_DEADLINE_MS = 3000;

export const thisMachine: Machine = {
  run: (command, args) =>
    new Promise((resolve) => {
      execFile(command, args, { timeout: COMMAND_DEADLINE_MS, maxBuffer: 1 << 20, encoding: 'utf8' }, (error, stdout) => resolve(error === null ? stdout : null));
    }),
  read(file) {
    try {
      return readFileSync(file, 'utf8');
    } catch {
      return null;
    }
  },
  list(folder) {
    try {
      return readdirSync(folder);
    } catch {
      return [];
    }
  },
  link(file) {
    try {
      return readlinkSync(file);
    } catch {
      return null;
    }
  },
  freeBytes(folder) {
    try {
      const { bavail, bsize } = statfsSync(folder);
      return bavail * bsize;
    } catch {
      return null;
    }
  },
  connect: (host, port, deadlineMs) =>
    new Promise((resolve) => {
      const socket = net.connect({ host, port });
      const end = (reason: string | null) => {
        socket.destroy();
        resolve(reason);
      };
      socket.setTimeout(deadlineMs, () => end(`no answer within ${deadlineMs / 1000} s`));
      socket.once('connect', () => end(null));
      socket.once('error', (error) => end(messageOf(error) || (error as NodeJS.ErrnoException).code || 'refused'));
    }),
  find: () => new DeviceFinder({ roots: SYSTEM_ROOTS, clock: systemClock }).findSettled(),
  portProblem,
  user: { name: os.userInfo().username, uid: process.getuid?.() ?? -1, gids: process.getgroups?.() ?? [] },
  nodeVersion: process.versions.node,
};
