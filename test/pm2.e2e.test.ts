/** The daemon under a real PM2: online only when it says so, stopped cleanly, not restarted when that cannot help. */
import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { packageRoot } from '../daemon/version.ts';

/** Well below the time PM2 waits for a daemon to become ready. */
const PM2_COMMAND_MS = 30_000;
const root = packageRoot();
const pm2Bin = path.join(path.dirname(createRequire(import.meta.url).resolve('pm2/package.json')), 'bin', 'pm2');
const home = mkdtempSync(path.join(os.tmpdir(), 'rigbrain-pm2-'));
const dataDir = path.join(home, 'data');

interface Output {
  readonly code: number;
  readonly text: string;
}

/** Runs one pm2 command with a PM2 home of its own, so that no other PM2 on the machine is touched. */
function pm2(args: readonly string[], env: Record<string, string> = {}): Promise<Output> {
  return new Promise((resolve) => {
    const options = { cwd: home, timeout: PM2_COMMAND_MS, env: { ...process.env, PM2_HOME: path.join(home, 'pm2'), RIGBRAIN_DATA: dataDir, ...env } };
    execFile(process.execPath, [pm2Bin, ...args], options, (error, stdout, stderr) => resolve({ code: error ? Number(error.code ?? 1) : 0, text: stdout + stderr }));
  });
}

interface Process {
  readonly pid: number;
  readonly pm2_env: { readonly status: string; readonly restart_time: number; readonly exit_code?: number; readonly wait_ready: boolean; readonly listen_timeout: number; readonly pm_out_log_path: string; readonly pm_err_log_path: string };
}

async function rigbrain(): Promise<Process> {
  const { text } = await pm2(['jlist']);
  const [found] = JSON.parse(text.slice(text.indexOf('['))) as Process[];
  if (!found) throw new Error(`pm2 knows no process:\n${text}`);
  return found;
}

function logOf({ pm2_env }: Process): string {
  return [pm2_env.pm_out_log_path, pm2_env.pm_err_log_path].map((file) => (existsSync(file) ? readFileSync(file, 'utf8') : '')).join('');
}

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

describe('ecosystem.config.js under a real pm2', () => {
  beforeAll(() => {
    if (!existsSync(path.join(root, 'dist', 'daemon', 'main', 'run.js'))) throw new Error('not built: run `npm run build` first');
  });
  afterEach(() => pm2(['delete', 'all']));
  afterAll(async () => {
    await pm2(['kill']);
    rmSync(home, { recursive: true, force: true });
  });

  it('goes online when the daemon says that it is ready, mines the demo, and stops cleanly', async () => {
    const started = await pm2(['start', path.join(root, 'ecosystem.config.js'), '--env', 'demo']);
    expect(started.code, started.text).toBe(0);
    const online = await rigbrain();
    expect(online.pm2_env.status, logOf(online)).toBe('online');
    // `pm2 start` came back although PM2 would have waited longer for the ready message: so it got one.
    expect(online.pm2_env.wait_ready).toBe(true);
    expect(online.pm2_env.listen_timeout).toBeGreaterThan(PM2_COMMAND_MS);
    await vi.waitUntil(() => logOf(online).includes('"share_accepted"'), { timeout: 20_000, interval: 100 }).catch(() => expect.fail(`no accepted share:\n${logOf(online)}`));
    expect(readdirSync(path.join(dataDir, 'Test', 'Demo', 'Mining'))).not.toEqual([]);

    const before = performance.now();
    const stopped = await pm2(['stop', 'rigbrain']);
    expect(stopped.code, stopped.text).toBe(0);
    expect(performance.now() - before).toBeLessThan(15_000);
    const after = await rigbrain();
    expect(after.pm2_env).toMatchObject({ status: 'stopped', restart_time: 0, exit_code: 0 });
    expect(alive(online.pid)).toBe(false);
    // The last line of a stop that ran to its end.
    expect(logOf(after)).toContain('ledger totals');
  }, 90_000);

  it('stays stopped when the configuration cannot work', async () => {
    await pm2(['start', path.join(root, 'ecosystem.config.js')], { RIGBRAIN_CONFIG: path.join(home, 'nowhere.yaml') });
    await vi.waitUntil(async () => (await rigbrain()).pm2_env.exit_code === 78, { timeout: 20_000, interval: 100 });
    // The first restart would follow after 200 ms, and a question to PM2 takes longer than that.
    for (let look = 0; look < 3; look++) {
      const ended = await rigbrain();
      // PM2 may call this `waiting restart`: with a restart delay it sets the word before it looks at the exit code.
      expect(ended.pm2_env.status).not.toBe('online');
      expect(ended).toMatchObject({ pid: 0, pm2_env: { restart_time: 0, exit_code: 78 } });
    }
    expect(logOf(await rigbrain()).match(/E_CONFIG_NOT_FOUND/g)).toHaveLength(1);
  }, 90_000);
});
