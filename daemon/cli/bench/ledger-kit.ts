import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import path from 'node:path';
import readline from 'node:readline';
import type { LedgerKit, RecoveryTimes } from '../../../bench/ledger-kit.ts';
import { nodeDisk } from '../../ledger/disk/node-disk.ts';
import type { EngineSettings } from '../../ledger/engine/contract.ts';
import { packageRoot } from '../../version.ts';
import { MeteredDisk } from './metered-disk.ts';
import { openRunningLedger } from './running-ledger.ts';
import { SimulatedLedger } from './simulated-ledger.ts';

const SECOND_MS = 1000;
/** A history is laid with few publications: what is measured comes after it. */
const FILL_TIMES = { syncMs: 60_000, leafFlushMs: 600_000, coarseFlushMs: 3_600_000 };
const FILL_TOGETHER = 50;
/** For a process of the recovery measurement to say something. */
const CHILD_MS = 120_000;

/** The daemon's ledger for the benchmark. @param settings the preset that is measured */
export function createLedgerKit(settings: EngineSettings): LedgerKit {
  return {
    async fill(folder, reports, count) {
      const disk = new MeteredDisk(nodeDisk, false);
      const ledger = new SimulatedLedger({ dataDir: folder, disk, settings: { ...settings, ...FILL_TIMES }, startAt: Date.now() - count * SECOND_MS });
      await ledger.run(reports, SECOND_MS, FILL_TOGETHER);
      await ledger.close();
    },
    open: (folder) => openRunningLedger(folder, settings),
    async recover(folder, reportsBeforeKill) {
      const durable = await writeAndKill(folder, settings, reportsBeforeKill);
      const times = await startAfterKill(folder, settings);
      if (times.found < durable) throw new Error(`after kill -9 the journal ended with entry ${times.found}, and entry ${durable} had been durable`);
      return { ...times, durable_before_kill: durable };
    },
  };
}

/** @returns number of the last entry that was known to be durable */
async function writeAndKill(folder: string, settings: EngineSettings, reports: number): Promise<number> {
  const child = startChild('write', folder, settings);
  let durable = 0;
  for await (const line of child.lines) {
    const told = JSON.parse(line) as { handed: number; durable: number };
    durable = told.durable;
    if (told.handed >= reports && durable > 0) break;
  }
  child.process.kill('SIGKILL');
  await child.ended;
  return durable;
}

async function startAfterKill(folder: string, settings: EngineSettings): Promise<Omit<RecoveryTimes, 'durable_before_kill'>> {
  const child = startChild('start', folder, settings);
  let times: Omit<RecoveryTimes, 'durable_before_kill'> | null = null;
  for await (const line of child.lines) times = JSON.parse(line) as typeof times;
  await child.ended;
  if (times === null) throw new Error('the process that starts after kill -9 ended without a word');
  return times;
}

function startChild(role: 'write' | 'start', folder: string, settings: EngineSettings): { process: ReturnType<typeof spawn>; lines: AsyncIterable<string>; ended: Promise<unknown> } {
  const child = spawn(process.execPath, [childFile(), role, folder, JSON.stringify(settings)], { stdio: ['ignore', 'pipe', 'inherit'], timeout: CHILD_MS, killSignal: 'SIGKILL' });
  return { process: child, lines: readline.createInterface({ input: child.stdout }), ended: once(child, 'exit') };
}

/** The built file also when this one runs from its TypeScript source: Node 20 cannot load that by itself. */
function childFile(): string {
  const beside = path.join(import.meta.dirname, 'recovery-child.js');
  return existsSync(beside) ? beside : path.join(packageRoot(), 'dist', 'daemon', 'cli', 'bench', 'recovery-child.js');
}
