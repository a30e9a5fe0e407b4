/** What another process has cost, by /proc. */
import { readFileSync } from 'node:fs';

export interface ProcessCost {
  /** Processor time of all its threads since it began, ms. */
  readonly cpu_ms: number;
  /** Memory now, and the most it ever was, in 10^6 bytes. */
  readonly rss_mb: number;
  readonly rss_peak_mb: number;
}

/** Length of the kernel's clock tick as it tells it to programs: 1/100 s on every Linux. */
const TICK_MS = 10;

/** Null when the process has gone, or this system has no /proc. */
export function processCost(pid: number): ProcessCost | null {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    const mb = (name: string): number => (Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1]) * 1024) / 1e6;
    // The name, second, may hold anything but ends with the last parenthesis.
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/^.*\) /s, '').split(' ');
    return { cpu_ms: (Number(fields[11]) + Number(fields[12])) * TICK_MS, rss_mb: round(mb('VmRSS')), rss_peak_mb: round(mb('VmHWM')) };
  } catch {
    return null;
  }
}

/** Share of one processor between two looks, percent; null when one is missing. */
export function cpuPercent(from: ProcessCost | null, to: ProcessCost | null, seconds: number): number | null {
  return from === null || to === null || seconds <= 0 ? null : round((to.cpu_ms - from.cpu_ms) / (seconds * 10));
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
