/** `rigbrain safe`: for when no daemon is there to do it. */
import { configSchema, type RigConfig } from '../../../config/schema.ts';
import { SYSTEM_ROOTS } from '../../../drivers/discovery/sysfs.ts';
import { SerialTransport } from '../../../drivers/transport/serial.ts';
import { systemClock } from '../../../protocol/common/clock.ts';
import { messageOf } from '../../../protocol/common/errors.ts';
import { silentLog } from '../../../protocol/common/log.ts';
import { Hardware } from '../../main/hardware.ts';
import { makeBoardsSafe } from '../../main/safe-boards.ts';
import { EXIT } from '../exit-codes.ts';
import type { Globals } from '../globals.ts';
import type { CliIo } from '../io.ts';
import { openContext } from './context.ts';

export async function safe(io: CliIo, globals: Globals): Promise<number> {
  // Every timer of the clock lets the process end; this one keeps it until the boards have answered.
  const keepAlive = setInterval(() => {}, 1000);
  try {
    const clock = systemClock;
    const hardware = new Hardware({ config: readConfig(io, globals), demo: false, clock, roots: SYSTEM_ROOTS, openSerial: (path, baud) => new SerialTransport(path, baud, { clock }) });
    const reports = await makeBoardsSafe(await hardware.boards(), { clock, log: silentLog });
    if (globals.json) io.out(JSON.stringify({ boards: reports }, null, 2));
    else if (reports.length === 0) io.out('no board that could be switched off is configured or found');
    else for (const { id, driver, found, safe, words } of reports) io.out(`${id} (${driver}): ${found ? `${safe ? 'safe' : 'NOT SAFE'}: ` : ''}${words}`);
    return reports.every((report) => report.safe) ? EXIT.ok : EXIT.failure;
  } finally {
    clearInterval(keepAlive);
  }
}

/** What is wrong in the configuration must not keep a board on: then only what USB shows is made safe. */
function readConfig(io: CliIo, globals: Globals): Pick<RigConfig, 'devices' | 'discovery'> {
  try {
    return openContext(io, globals).loaded.config;
  } catch (error) {
    io.err(`rigbrain: warning: the configuration cannot be used, so only boards found on USB are made safe: ${messageOf(error)}`);
    return configSchema.parse({});
  }
}
