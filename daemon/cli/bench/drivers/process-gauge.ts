/** Memory and open files of another process, by /proc. */
import { readdirSync, readFileSync } from 'node:fs';

export interface Gauge {
  readonly at_ms: number;
  readonly rss_bytes: number;
  readonly open_files: number;
}

/** Null when the process has gone, or this system has no /proc. */
export function gauge(pid: number, at_ms: number): Gauge | null {
  try {
    const kb = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    if (kb === undefined) return null;
    return { at_ms, rss_bytes: Number(kb) * 1024, open_files: readdirSync(`/proc/${pid}/fd`).length };
  } catch {
    return null;
  }
}
