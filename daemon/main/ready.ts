/** Readiness and liveness, told to systemd or PM2: up, working, going down. */
import { findAddon } from '../../kernels/loader.ts';
import type { Clock } from '../../protocol/common/clock.ts';
import type { Log } from '../../protocol/common/log.ts';
import type { DeviceTelemetry, RigState, StateSource } from '../telemetry/state.ts';
import { openServiceManager, type ServiceManager } from './service-manager.ts';
import { startWatchdog, type Progress, type Watchdog } from './watchdog.ts';

export interface Readiness {
  /** The daemon is up: devices are safe and work is being looked for. A pool or broker need not have answered yet. */
  ready(): void;
  /** The daemon has begun to stop. */
  stopping(): void;
  /** Ends the watchdog. */
  close(): void;
}

export interface ReadinessOptions {
  readonly clock: Clock;
  readonly log: Log;
  readonly state: StateSource;
  /** Default: the service manager found in the environment of this process. */
  readonly manager?: ServiceManager;
}

/** A Block Erupter may well be silent for a minute; boards with chips have clocks of their own that look after them. */
function countable(device: DeviceTelemetry): boolean {
  return device.status === 'hashing' && device.hashes_total !== null && device.hashes_estimated !== true;
}

/** Hashes and shares so far; idle unless a device claims to hash and counts what it does. */
export function progressOf({ mining, devices }: RigState): Progress {
  const { accepted, rejected, stale, unknown, withheld } = mining.shares;
  const hashes = devices.reduce((sum, device) => sum + (device.hashes_total ?? 0), 0);
  const work = hashes + accepted + rejected + stale + unknown + withheld;
  if (mining.status !== 'mining') return { work, idle: mining.status };
  return { work, idle: devices.some(countable) ? null : 'no device counts its hashes one by one' };
}

/** The line that `systemctl status` shows. */
export function statusLine({ mining, devices }: RigState): string {
  const rate = mining.hashrate_hs === null ? 'unknown hash rate' : `${(mining.hashrate_hs / 1e6).toFixed(2)} MH/s`;
  const hashing = devices.filter((device) => device.status === 'hashing').length;
  const what = mining.status === 'mining' ? `mining at ${rate} on ${mining.pool ?? 'no pool'}` : [mining.status, mining.reason].filter(Boolean).join(': ');
  return `${what}; ${hashing}/${devices.length} devices hashing; ${mining.shares.accepted} accepted, ${mining.shares.rejected} rejected`;
}

function managerOfProcess(log: Log): ServiceManager {
  const addon = process.env.NOTIFY_SOCKET ? findAddon().addon : null;
  return openServiceManager({
    env: process.env,
    pid: process.pid,
    log,
    sdNotify: addon && ((message) => addon.sdNotify(message)),
    send: process.send ? (message) => void process.send?.(message) : null,
  });
}

export function createReadiness(options: ReadinessOptions): Readiness {
  const { clock, log, state } = options;
  const manager = options.manager ?? managerOfProcess(log);
  let watchdog: Watchdog | null = null;
  return {
    ready() {
      manager.ready(statusLine(state.snapshot()));
      if (manager.watchdogMs === null || watchdog) return;
      watchdog = startWatchdog({
        deadlineMs: manager.watchdogMs,
        clock,
        log,
        progress: () => progressOf(state.snapshot()),
        feed: () => manager.notify({ WATCHDOG: '1', STATUS: statusLine(state.snapshot()) }),
      });
    },
    stopping: () => manager.notify({ STOPPING: '1', STATUS: 'stopping' }),
    close: () => watchdog?.stop(),
  };
}
