import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';

/**
 * Energy the processor packages have used, in joules from an arbitrary origin (RAPL). null when the kernel does not let us
 * read it: most systems keep it for root. The counter starts again at `wraps_at_j`.
 */
export async function readPackageEnergy(sys = '/sys'): Promise<{ readonly joules: number; readonly wraps_at_j: number } | null> {
  const base = path.join(sys, 'class', 'powercap');
  try {
    let joules = 0;
    let wraps = 0;
    const packages = (await readdir(base)).filter((zone) => /^intel-rapl:\d+$/.test(zone));
    for (const zone of packages) {
      joules += Number(await readFile(path.join(base, zone, 'energy_uj'), 'utf8')) / 1e6;
      wraps += Number(await readFile(path.join(base, zone, 'max_energy_range_uj'), 'utf8')) / 1e6;
    }
    return packages.length > 0 && Number.isFinite(joules) ? { joules, wraps_at_j: wraps } : null;
  } catch {
    return null;
  }
}
