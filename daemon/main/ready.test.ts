import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { silentLog, type Log } from '../../protocol/common/log.ts';
import { ManualClock } from '../../protocol/common/manual-clock.ts';
import { noEconomy } from '../economy/economy.ts';
import type { DeviceTelemetry, RigState, ShareCounts } from '../telemetry/state.ts';
import { createReadiness, progressOf, statusLine } from './ready.ts';
import { openServiceManager, type ServiceManagerOptions } from './service-manager.ts';

const SHARES: ShareCounts = { accepted: 3, rejected: 1, stale: 0, unknown: 0, withheld: 0, hardware_errors: 0, duplicates: 0, blocks: 0, best_difficulty: null, last_accepted_at: null };

function device(status: DeviceTelemetry['status'], hashes_total: number | null): DeviceTelemetry {
  return { id: 'cpu', title: 'CPU', driver: 'cpu', capabilities: [], shares: SHARES, status, reason: null, hashrate_hs: 2_000_000, hashes_total, temp_c: null, power_w: null, detail: {} };
}

function rig(mining: Partial<RigState['mining']>, devices: DeviceTelemetry[]): RigState {
  return {
    node: { id: 'rig1', version: '0', mode: 'demo', pid: 1, started_at: 0, uptime_secs: 0 },
    mining: { status: 'mining', reason: null, hashrate_hs: 2_000_000, pool: 'demo', shares: SHARES, delays: { job_sent: null, share_sent: null }, session: null, last_reject: null, ...mining },
    pools: [],
    devices,
    alarms: [],
    server: null,
    economy: noEconomy('EUR', 'none'),
    hunt: null,
    ledger: { accepted: 0, written: 0, queued: 0, backup: 0, emergency: 0, lost: 0, last_error: null, degraded: false, corrupt_files: 0, files_behind: 0, last_seq: 0, chain: '' },
  };
}

function manager(env: ServiceManagerOptions['env'], more: Partial<ServiceManagerOptions> = {}) {
  const told: string[] = [];
  const sent: string[] = [];
  const opened = openServiceManager({ env, pid: 42, log: silentLog, sdNotify: (state) => told.push(state) > 0, send: (message) => sent.push(message), ...more });
  return { manager: opened, told, sent };
}

const SYSTEMD = { NOTIFY_SOCKET: '/run/systemd/notify', WATCHDOG_USEC: '30000000', WATCHDOG_PID: '42' };

describe('openServiceManager', () => {
  it('says nothing to nobody when started by hand', () => {
    const { manager: opened, told, sent } = manager({});
    opened.ready('up');
    opened.notify({ STOPPING: '1' });
    expect(opened.watchdogMs).toBeNull();
    expect([...told, ...sent]).toEqual([]);
  });

  it('tells PM2 once that it is ready, but no other parent', () => {
    const pm2 = manager({ pm_id: '0' });
    pm2.manager.ready('up');
    expect(pm2.sent).toEqual(['ready']);
    const other = manager({ NODE_CHANNEL_FD: '3' });
    other.manager.ready('up');
    expect(other.sent).toEqual([]);
  });

  it('tells systemd readiness and status in one message, a status in one line', () => {
    const { manager: opened, told } = manager(SYSTEMD);
    opened.ready('two\nlines');
    expect(told).toEqual(['READY=1\nSTATUS=two lines']);
  });

  it('reads the watchdog deadline, unless it is meant for another process', () => {
    expect(manager(SYSTEMD).manager.watchdogMs).toBe(30_000);
    expect(manager({ ...SYSTEMD, WATCHDOG_PID: '7' }).manager.watchdogMs).toBeNull();
    expect(manager({ ...SYSTEMD, WATCHDOG_PID: undefined }).manager.watchdogMs).toBe(30_000);
    expect(manager({ WATCHDOG_USEC: '30000000' }).manager.watchdogMs).toBeNull();
  });

  it('warns once when the socket does not take messages', () => {
    const warn = vi.fn<Log['warn']>();
    const { manager: opened } = manager(SYSTEMD, { sdNotify: () => false, log: { ...silentLog, warn } });
    opened.notify({ WATCHDOG: '1' });
    opened.notify({ WATCHDOG: '1' });
    expect(warn).toHaveBeenCalledTimes(1);
  });
});

describe('openServiceManager without the native addon', () => {
  const dir = mkdtempSync(path.join(os.tmpdir(), 'rigbrain-notify-'));
  afterEach(() => rmSync(dir, { recursive: true, force: true }));

  it('runs systemd-notify with one argument an assignment', async () => {
    const out = path.join(dir, 'args');
    const script = path.join(dir, 'systemd-notify');
    writeFileSync(script, `#!/bin/sh\nprintf '%s|' "$@" "$NOTIFY_SOCKET" > "${out}.tmp"\nmv "${out}.tmp" "${out}"\n`);
    chmodSync(script, 0o755);
    const { manager: opened } = manager({ ...SYSTEMD, PATH: `${dir}:${process.env.PATH}` }, { sdNotify: null });
    opened.ready('up and running');
    await vi.waitUntil(() => existsSync(out), { timeout: 5000 });
    expect(readFileSync(out, 'utf8')).toBe('READY=1|STATUS=up and running|/run/systemd/notify|');
  });

  it('warns when there is no systemd-notify either', async () => {
    const warn = vi.fn<Log['warn']>();
    const { manager: opened } = manager({ ...SYSTEMD, PATH: '/nonexistent' }, { sdNotify: null, log: { ...silentLog, warn } });
    opened.notify({ STOPPING: '1' });
    await vi.waitUntil(() => warn.mock.calls.length > 0, { timeout: 5000 });
    expect(warn.mock.calls[0]![0]).toMatchObject({ reason: expect.stringContaining('ENOENT') });
  });
});

describe('createReadiness', () => {
  function started(state: { now: RigState }) {
    const clock = new ManualClock();
    const { manager: opened, told } = manager(SYSTEMD);
    const readiness = createReadiness({ clock, log: silentLog, state: { snapshot: () => state.now }, manager: opened });
    readiness.ready();
    const fed = () => told.filter((message) => message.startsWith('WATCHDOG=1')).length;
    return { clock, told, readiness, fed };
  }

  it('feeds the watchdog well within its deadline while hashes are counted', () => {
    const state = { now: rig({}, [device('hashing', 0)]) };
    const { clock, fed } = started(state);
    for (let look = 1; look <= 8; look++) {
      state.now = rig({}, [device('hashing', look * 1000)]);
      clock.advance(7500);
    }
    expect(fed()).toBe(8);
  });

  it('stops feeding when a device claims to hash but nothing comes of it', () => {
    const state = { now: rig({}, [device('hashing', 5000)]) };
    const { clock, fed } = started(state);
    clock.advance(60_000);
    expect(fed()).toBe(0);
    state.now = rig({}, [device('hashing', 5001)]);
    clock.advance(7500);
    expect(fed()).toBe(1);
  });

  it('keeps feeding while there is a reason not to work', () => {
    for (const status of ['paused', 'no_pool', 'no_device', 'stopping'] as const) {
      const { clock, fed } = started({ now: rig({ status }, [device('paused', 5000)]) });
      clock.advance(30_000);
      expect(fed(), status).toBe(4);
    }
  });

  it('does not judge devices that cannot count their hashes', () => {
    expect(progressOf(rig({}, [device('hashing', null)])).idle).not.toBeNull();
    expect(progressOf(rig({}, [device('hashing', null), device('hashing', 7)])).idle).toBeNull();
    // Its count stands still between two nonces: the daemon must not be restarted for that.
    const erupter = { ...device('hashing', 7), hashes_estimated: true };
    expect(progressOf(rig({}, [erupter])).idle).not.toBeNull();
    expect(progressOf(rig({}, [erupter, device('hashing', 7)])).idle).toBeNull();
  });

  it('announces the stop and leaves no timer behind', () => {
    const { clock, told, readiness } = started({ now: rig({}, [device('hashing', 0)]) });
    readiness.stopping();
    readiness.close();
    expect(told.at(-1)).toContain('STOPPING=1');
    expect(clock.pendingTimers).toBe(0);
  });
});

describe('statusLine', () => {
  it('says in one line what systemctl status should show', () => {
    expect(statusLine(rig({}, [device('hashing', 1)]))).toBe('mining at 2.00 MH/s on demo; 1/1 devices hashing; 3 accepted, 1 rejected');
    expect(statusLine(rig({ status: 'no_pool', reason: 'demo: refused' }, [device('idle', 1)]))).toContain('no_pool: demo: refused; 0/1');
  });
});
