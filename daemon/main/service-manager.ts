/** Talks to whoever started the daemon: systemd by sd_notify(3), PM2 by its `ready` message. Says nothing to nobody else. */
import { spawn } from 'node:child_process';
import { messageOf } from '../../protocol/common/errors.ts';
import type { Log } from '../../protocol/common/log.ts';

/** Assignments of sd_notify(3), e.g. `READY=1`. */
export type NotifyState = Readonly<Partial<Record<'READY' | 'STOPPING' | 'WATCHDOG' | 'STATUS', string>>>;

export interface ServiceManager {
  /** Deadline of systemd's watchdog, ms; null = it does not watch this process. */
  readonly watchdogMs: number | null;
  /** Sends a state to systemd; does nothing without it. Never throws. */
  notify(state: NotifyState): void;
  /** Tells systemd and PM2 that the daemon is up. */
  ready(status: string): void;
}

export interface ServiceManagerOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly pid: number;
  readonly log: Log;
  /** sd_notify(3) of the native addon; null = spawn `systemd-notify`. */
  readonly sdNotify: ((state: string) => boolean) | null;
  /** `process.send` when there is an IPC channel. */
  readonly send: ((message: string) => void) | null;
}

/** sd_watchdog_enabled(3): the deadline is meant for one process, by pid, when a pid is given at all. */
function watchdogMs(env: ServiceManagerOptions['env'], pid: number): number | null {
  const microseconds = Number(env.WATCHDOG_USEC);
  const forUs = env.WATCHDOG_PID === undefined || Number(env.WATCHDOG_PID) === pid;
  return env.NOTIFY_SOCKET && forUs && Number.isFinite(microseconds) && microseconds > 0 ? microseconds / 1000 : null;
}

/** One argument an assignment: newlines separate assignments, so none may be inside a value. */
function assignments(state: NotifyState): string[] {
  return Object.entries(state).map(([key, value]) => `${key}=${value.replaceAll(/[\r\n]+/g, ' ')}`);
}

export function openServiceManager(options: ServiceManagerOptions): ServiceManager {
  const { env, log } = options;
  const underSystemd = Boolean(env.NOTIFY_SOCKET);
  let warned = false;
  const warn = (reason: string) => {
    if (!warned) log.warn({ reason }, 'systemd could not be notified; it may restart the daemon');
    warned = true;
  };

  /** Without the addon: needs `NotifyAccess=all`, because the message then comes from a child process. */
  function spawnNotify(lines: string[]): void {
    const child = spawn('systemd-notify', lines, { stdio: 'ignore', env: { ...env }, timeout: 5000 });
    child.on('error', (error) => warn(messageOf(error)));
    child.on('exit', (code) => {
      if (code !== 0) warn(`systemd-notify ended with ${code}`);
    });
    child.unref();
  }

  function notify(state: NotifyState): void {
    if (!underSystemd) return;
    const lines = assignments(state);
    if (options.sdNotify === null) spawnNotify(lines);
    else if (!options.sdNotify(lines.join('\n'))) warn('the notify socket did not take the message');
  }

  return {
    watchdogMs: watchdogMs(env, options.pid),
    notify,
    ready(status) {
      notify({ READY: '1', STATUS: status });
      // PM2 numbers its processes in pm_id; any other parent with a channel did not ask for this message.
      if (env.pm_id !== undefined) options.send?.('ready');
    },
  };
}
