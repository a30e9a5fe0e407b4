import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';

/** hwmon drivers and thermal zones that measure the processor, as the kernel names them. */
const HWMON = new Set(['coretemp', 'k10temp', 'zenpower', 'cpu_thermal', 'cpu-thermal', 'soc_thermal']);
const ZONES = /^(x86_pkg_temp|cpu[-_]?thermal.*|cpu.*-thermal|soc[-_]?thermal.*|cpu)$/i;

async function text(file: string): Promise<string | null> {
  try {
    return (await readFile(file, 'utf8')).trim();
  } catch {
    return null;
  }
}

async function list(dir: string): Promise<string[]> {
  try {
    return await readdir(dir);
  } catch {
    return [];
  }
}

/** Millidegrees as degrees; null for what no processor can have (a sensor that is off reads 0 or -40 or 255). */
function degrees(raw: string | null): number | null {
  const value = raw === null || raw === '' ? NaN : Number(raw) / 1000;
  return value > 0 && value < 150 ? value : null;
}

/**
 * The hottest processor sensor in degrees Celsius; null when there is none that can be read.
 * @param sys where sysfs is mounted
 */
export async function readCpuTemperature(sys = '/sys'): Promise<number | null> {
  const readings: (number | null)[] = [];
  const hwmon = path.join(sys, 'class', 'hwmon');
  for (const chip of await list(hwmon)) {
    if (!HWMON.has((await text(path.join(hwmon, chip, 'name'))) ?? '')) continue;
    for (const file of await list(path.join(hwmon, chip))) {
      if (/^temp\d+_input$/.test(file)) readings.push(degrees(await text(path.join(hwmon, chip, file))));
    }
  }
  const thermal = path.join(sys, 'class', 'thermal');
  for (const zone of await list(thermal)) {
    if (zone.startsWith('thermal_zone') && ZONES.test((await text(path.join(thermal, zone, 'type'))) ?? '')) {
      readings.push(degrees(await text(path.join(thermal, zone, 'temp'))));
    }
  }
  const known = readings.filter((reading) => reading !== null);
  return known.length > 0 ? Math.max(...known) : null;
}
