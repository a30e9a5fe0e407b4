/**
 * FTDI bridges hold what comes in for 16 ms before they tell it. One millisecond is the least they can be set to; the
 * file of sysfs belongs to root, so this works as root or where a udev rule has done it already.
 */
import { readFile, realpath, writeFile } from 'node:fs/promises';
import path from 'node:path';

export type LatencyTimer = 'none' | 'short' | 'set' | 'refused';

/** @returns none: the port has no such timer; short: it was at 1 ms; refused: it is longer and may not be changed. Never rejects */
export async function shortenLatencyTimer(port: string, sysfs = '/sys'): Promise<LatencyTimer> {
  const name = path.basename(await realpath(port).catch(() => port));
  const file = path.join(sysfs, 'class/tty', name, 'device/latency_timer');
  const now = await readFile(file, 'utf8').catch(() => null);
  if (now === null) return 'none';
  if (Number(now) <= 1) return 'short';
  return await writeFile(file, '1').then(
    () => 'set' as const,
    () => 'refused' as const,
  );
}
