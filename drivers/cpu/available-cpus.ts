import { readFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';

/** CPUs' worth of time a cgroup v2 quota leaves this process; Infinity when there is none. */
export function cgroupCpus(cgroupFile = '/proc/self/cgroup', root = '/sys/fs/cgroup'): number {
  let own = '/';
  try {
    own = /^0::(.*)$/m.exec(readFileSync(cgroupFile, 'utf8'))?.[1] ?? '/';
  } catch {
    return Infinity;
  }
  let least = Infinity;
  // A quota may be set on any group above ours.
  for (let dir = own; ; dir = path.posix.dirname(dir)) {
    try {
      const [quota, period] = readFileSync(path.join(root, dir, 'cpu.max'), 'utf8').trim().split(' ');
      if (quota !== 'max') least = Math.min(least, Number(quota) / Number(period));
    } catch {
      // The root group has no such file.
    }
    if (dir === '/' || dir === '.') break;
  }
  return Number.isNaN(least) ? Infinity : least;
}

/** Processors this process may really use: affinity and cgroup quota respected, at least 1. */
export function availableCpus(): number {
  return Math.max(1, Math.floor(Math.min(os.availableParallelism(), cgroupCpus())));
}

/** @param wanted a number, `"50%"`, or undefined for all but one */
export function threadCount(wanted: number | string | undefined, available: number): number {
  if (typeof wanted === 'number') return wanted;
  if (wanted === undefined) return Math.max(1, available - 1);
  return Math.max(1, Math.floor((available * Number.parseInt(wanted, 10)) / 100));
}
