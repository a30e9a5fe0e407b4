import { pino, type DestinationStream } from 'pino';
import type { RigConfig } from '../../config/schema.ts';
import type { Log } from '../../protocol/common/log.ts';

/** Fields that must never reach a log, whoever logs the object they are in. */
const REDACTED = ['password', '*.password', 'secret', '*.secret', 'token', '*.token', 'authorization', '*.authorization'];

export interface LogOptions {
  readonly config: RigConfig;
  readonly quiet: boolean;
  /** RIGBRAIN_LOG, when set and not empty, wins over everything. */
  readonly envLevel: string | undefined;
  /** Where lines go; stdout when left out. Synchronous, so that the last line before a crash is not lost. */
  readonly destination?: DestinationStream;
}

/** The daemon's logger: JSON lines, secrets redacted. */
export function createLog(options: LogOptions): Log {
  const level = options.envLevel || (options.config.log.verbose_logging ? 'debug' : options.quiet ? 'warn' : options.config.log.level);
  const settings = { level, base: undefined, redact: { paths: REDACTED, censor: '***' }, formatters: { level: (label: string) => ({ level: label }) }, timestamp: () => `,"time":"${new Date().toISOString()}"` };
  return pino(settings, options.destination ?? pino.destination({ fd: 1, sync: true }));
}
