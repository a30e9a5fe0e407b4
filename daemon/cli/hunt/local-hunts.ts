import { systemClock } from '../../../protocol/common/clock.ts';
import type { Log } from '../../../protocol/common/log.ts';
import { openHunts, type Hunts } from '../../hunt/open-hunts.ts';
import type { CliIo } from '../io.ts';
import type { HuntContext } from './hunt-context.ts';

/** Hunts run by this process, where no daemon does it: the same folder and lock. Nothing runs yet. */
export function localHunts(io: CliIo, { config, places, context }: HuntContext): Hunts {
  return openHunts({ places, config, owner: 'command', clock: systemClock, log: talk(io), resolveSecret: (ref) => context.secrets.resolve(ref) });
}

/** What goes wrong on the way; how it goes is shown anyway. */
function talk(io: CliIo): Log {
  const say = (fields: object, message = ''): void => {
    const { err } = fields as { err?: unknown };
    io.err(`rigbrain: warning: ${message}${err === undefined ? '' : `: ${String(err)}`}`);
  };
  const log: Log = { trace: () => {}, debug: () => {}, info: () => {}, warn: say, error: say, child: () => log };
  return log;
}
