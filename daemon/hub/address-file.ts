/** `hub.json` in the data folder: where the hub of the daemon that runs there listens. The token is not in it. */
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';

export const HUB_ADDRESS_NAME = 'hub.json';

const schema = z.object({
  /** To be reached from this machine: http://127.0.0.1:8080, without a slash at its end. */
  url: z.string().regex(/^https?:\/\/[^/]+$/),
  /** Of the daemon. */
  pid: z.int().min(1),
  /** Mode of the daemon: which hunts it has. */
  mode: z.string(),
  /** When that process began, by the system's own count: its number may be another's after it was killed. Null = the system does not say. */
  process_start: z.string().nullable().default(null),
  /** Absolute path of the PEM file the hub shows over https; null over http. */
  cert: z.string().nullable(),
});
export type HubAddress = z.infer<typeof schema>;

/** Whole or not at all; mode 0644, as there is no secret in it. @throws the file system's error */
export function writeHubAddress(dataDir: string, address: Omit<HubAddress, 'process_start'>): void {
  const file = path.join(dataDir, HUB_ADDRESS_NAME);
  const fresh = `${file}.${address.pid}`;
  writeFileSync(fresh, `${JSON.stringify({ ...address, process_start: startOf(address.pid) } satisfies HubAddress)}\n`, { mode: 0o644 });
  renameSync(fresh, file);
}

/** Of a hub that closes: takes away its own file, and no other's. Never throws. */
export function removeHubAddress(dataDir: string, pid: number): void {
  if (read(dataDir)?.pid === pid) rmSync(path.join(dataDir, HUB_ADDRESS_NAME), { force: true });
}

/** Null when no daemon with a hub runs on this data folder; what one that was killed left behind counts for nothing. */
export function readHubAddress(dataDir: string): HubAddress | null {
  const address = read(dataDir);
  // Whoever got the number of a daemon that was killed, and its port, too, would else be sent the token.
  return address !== null && isAlive(address.pid) && isSame(address) ? address : null;
}

/** Taken for the same where the system says nothing of other processes. */
function isSame({ pid, process_start }: HubAddress): boolean {
  const now = startOf(pid);
  return process_start === null || now === null || process_start === now;
}

function read(dataDir: string): HubAddress | null {
  try {
    return schema.parse(JSON.parse(readFileSync(path.join(dataDir, HUB_ADDRESS_NAME), 'utf8')));
  } catch {
    return null;
  }
}

/** Field 22 of /proc/PID/stat: clock ticks since the start of the system. */
function startOf(pid: number): string | null {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // The name of the program, in brackets, may hold anything.
    return text.slice(text.lastIndexOf(')') + 2).split(' ')[19] ?? null;
  } catch {
    return null;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // Somebody else's process is alive, too.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
