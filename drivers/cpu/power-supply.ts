import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';

/**
 * Whether the machine runs on battery: a battery of the machine discharges and no external supply is on. null when there is
 * no battery.
 * @param sys where sysfs is mounted
 */
export async function onBattery(sys = '/sys'): Promise<boolean | null> {
  const base = path.join(sys, 'class', 'power_supply');
  const read = async (supply: string, file: string): Promise<string> => {
    try {
      return (await readFile(path.join(base, supply, file), 'utf8')).trim();
    } catch {
      return '';
    }
  };
  let supplies: string[];
  try {
    supplies = await readdir(base);
  } catch {
    return null;
  }
  let battery = false;
  let discharging = false;
  let external = false;
  for (const supply of supplies) {
    if ((await read(supply, 'type')) === 'Battery') {
      // A mouse or a pen has a battery too; its scope says so.
      if ((await read(supply, 'scope')) === 'Device') continue;
      battery = true;
      if ((await read(supply, 'status')) === 'Discharging') discharging = true;
    } else if ((await read(supply, 'online')) === '1') external = true;
  }
  return battery ? discharging && !external : null;
}
