import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { packageRoot } from '../daemon/version.ts';
import type { DriversReport } from '../daemon/cli/bench/drivers/report.ts';

/** The bench of dist/: its children are processes that plain Node has to run. */
export async function runFleet(options: { sticks: number; seconds: number; seed: number }): Promise<DriversReport> {
  const { benchDrivers } = (await import(path.join(packageRoot(), 'dist/daemon/cli/bench/drivers/bench.js'))) as typeof import('../daemon/cli/bench/drivers/bench.ts');
  const folder = mkdtempSync(path.join(os.tmpdir(), 'rigbrain-fleet-'));
  try {
    return await benchDrivers({ ...options, mischief: true, log: null, folder, tell: () => {} });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

