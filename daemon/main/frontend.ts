import { Writable } from 'node:stream';
import type { Log } from '../../protocol/common/log.ts';
import { systemClock } from '../../protocol/common/clock.ts';
import type { RunOptions } from '../cli/run-options.ts';
import type { Hub } from '../hub/hub.ts';
import { loginUrl } from '../hub/login-url.ts';
import { StatusScreen, summaryLines } from '../telemetry/screen.ts';
import type { RigEvent, StateSource } from '../telemetry/state.ts';
import { createLog } from './log.ts';

/** Where a person can look besides the screen. */
export interface Whereabouts {
  readonly dataDir: string;
  readonly base: string;
  readonly mqttUrl: string | null;
  readonly baseTopic: string;
  readonly nodeId: string;
}

/** What a person sees of the running daemon: a live screen on a terminal, JSON lines anywhere else. */
export interface Frontend {
  readonly log: Log;
  /** Says one line at start (before the screen is up). */
  say(message: string): void;
  /** Shows a person where the page is, before `show`. The token is for a person at a terminal only, never for a log. */
  hub(hub: Pick<Hub, 'url' | 'onLogin'>, token: string): void;
  show(state: StateSource, where: Whereabouts): void;
  note(event: RigEvent): void;
  close(): void;
}

/** Chooses by where stdout goes and by `--json`/`--quiet`. */
export function openFrontend(options: RunOptions): Frontend {
  const interactive = process.stdout.isTTY === true && !options.json && !options.quiet;
  return interactive ? terminalFrontend(options) : lineFrontend(options);
}

function lineFrontend(options: RunOptions): Frontend {
  const log = createLog({ config: options.config, quiet: options.quiet, envLevel: process.env.RIGBRAIN_LOG });
  return {
    log,
    // The parts log for themselves; `say` is for a person at a terminal.
    say() {},
    // It has logged its address itself.
    hub() {},
    show: (_state, where) => log.info({ ...where }, 'running'),
    note: (event) => log.info({ event: event.type, device: event.device, ...event.data }, event.message),
    close() {},
  };
}

interface LogLine {
  readonly level: string;
  readonly msg?: string;
  readonly pool?: string;
  readonly err?: string;
  readonly reason?: string;
}

/** `warn: backup: pool connection ended (connection refused)`: which pool and why are fields of a log line. */
export function warningText({ level, msg, pool, err, reason }: LogLine): string {
  const why = err ?? reason;
  return `${level}: ${pool === undefined ? '' : `${pool}: `}${msg ?? ''}${why === undefined || why === '' ? '' : ` (${why})`}`;
}

/** Log lines a person should not miss although the screen covers them: warnings and errors join the recent events. */
function terminalFrontend(options: RunOptions): Frontend {
  let screen: StatusScreen | null = null;
  let shown: { state: StateSource; where: Whereabouts } | null = null;
  const early: string[] = [];
  const footer: string[] = [];
  const destination = new Writable({
    decodeStrings: false,
    write(chunk: string, _encoding, done) {
      try {
        const line = JSON.parse(chunk) as LogLine;
        if (line.level === 'warn' || line.level === 'error' || line.level === 'fatal') {
          const text = warningText(line);
          if (screen) screen.note(text);
          else {
            early.push(text);
            process.stderr.write(`${text}\n`);
          }
        }
      } catch {
        // not a log line: nothing to show
      }
      done();
    },
  });
  const log = createLog({ config: options.config, quiet: false, envLevel: process.env.RIGBRAIN_LOG, destination });
  return {
    log,
    say: (message) => void process.stdout.write(`${message}\n`),
    hub(hub, token) {
      if (hub.url === null) return;
      const link = loginUrl(hub.url, token);
      process.stdout.write(`Hub: ${link}\n`);
      footer.push(`hub ${link}`);
      // For who looks over a shoulder.
      hub.onLogin(() => (footer[0] = `hub ${hub.url}   (log in: rigbrain hub url)`));
    },
    show(state, where) {
      shown = { state, where };
      footer.push(
        `ledger ${where.base}`,
        where.mqttUrl === null ? 'mqtt off' : watchCommand(where.mqttUrl, where.baseTopic),
        'Ctrl-C stops',
      );
      screen = new StatusScreen({ state, clock: systemClock, out: process.stdout, footer, color: (process.env.NO_COLOR ?? '') === '' });
      for (const text of early) screen.note(text);
      screen.start();
    },
    note: (event) => screen?.note(event.message),
    close() {
      screen?.stop();
      // The screen is gone with the alternate buffer: leave the result where the person still sees it.
      if (shown) process.stdout.write(`${summaryLines(shown.state.snapshot(), shown.where.base).join('\n')}\n`);
    },
  };
}

/** How to look at this broker from a shell. */
export function watchCommand(mqttUrl: string, baseTopic: string): string {
  const { protocol, hostname, port } = new URL(mqttUrl);
  const host = ['127.0.0.1', 'localhost', '[::1]'].includes(hostname) ? '' : ` -h ${hostname.replaceAll(/^\[|\]$/g, '')}`;
  return `watch  mosquitto_sub${host} -p ${port || (protocol === 'mqtts:' ? 8883 : 1883)} -v -t '${baseTopic}/#'`;
}
