import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test, type TestContext } from 'vitest';
import { systemClock } from '../protocol/common/clock.ts';
import { startEmbeddedBroker } from '../daemon/telemetry/embedded-broker.ts';
import { startSimPool, type SimPool } from '../sim/pool/pool.ts';
import { readJson, startRigbrain, temporaryFolder, type LogLine, type RunningRigbrain } from './harness.ts';

/** Mining goes on through the loss of broker, pool and disk, and every loss is counted and told. */

type Broker = Awaited<ReturnType<typeof startEmbeddedBroker>>;

let cleanups: (() => unknown)[];
let pool: SimPool;
let broker: Broker;
let rig: RunningRigbrain;

beforeEach(async () => {
  cleanups = [];
  pool = await startSimPool({ host: '127.0.0.1', port: 0, clock: systemClock });
  broker = await startEmbeddedBroker({ host: '127.0.0.1', port: 0 });
  cleanups.push(() => pool.close(), () => broker.close());
});

afterEach(async () => {
  for (const cleanup of cleanups.reverse()) await cleanup();
});

function start(dataDir: string): void {
  const yaml = `
mining: { live: true, mode: live }
pools:
  - { id: sim, url: "stratum+tcp://127.0.0.1:${pool.port}", user: rig.1 }
mqtt: { url: "mqtt://127.0.0.1:${broker.port}" }
ledger:
  preset: ssd
`;
  rig = startRigbrain([], { dataDir, yaml });
  cleanups.push(() => rig.stop('SIGKILL'));
}

function temporaryDataDir(): string {
  const folder = temporaryFolder();
  cleanups.push(folder.remove);
  return folder.dir;
}

/** A file system of its own, small enough to fill; the test is skipped where mounting is not allowed. */
function mountSmall(context: TestContext, size: string): string {
  const dir = path.join(temporaryDataDir(), 'disk');
  mkdirSync(dir);
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', dir], { stdio: 'ignore' });
  } catch {
    context.skip('mounting a tmpfs needs root');
  }
  cleanups.push(() => execFileSync('umount', ['-l', dir], { stdio: 'ignore' }));
  return dir;
}

const accepted = (line: LogLine): boolean => line.event === 'share_accepted' || line.event === 'block_found';

/** An accepted share that was found after this call. */
async function waitForNewShare(): Promise<void> {
  const seen = new Set(rig.lines);
  await rig.waitFor('another accepted share', (line) => accepted(line) && !seen.has(line), 25_000);
}

describe('broker and pool', () => {
  test('a broker that dies and returns costs no share', async () => {
    start(temporaryDataDir());
    await waitForNewShare();
    const { port } = broker;
    await broker.close();
    await waitForNewShare();
    broker = await startEmbeddedBroker({ host: '127.0.0.1', port });
    await rig.waitFor('reconnection to the broker', (line) => line.module === 'mqtt' && /connected/.test(line.msg ?? '') && rig.lines.indexOf(line) > 5, 30_000);
    await waitForNewShare();
  }, 90_000);

  test('a daemon without broker mines, and a pool that dies and returns is mined for again', async () => {
    await broker.close();
    start(temporaryDataDir());
    await waitForNewShare();
    const { port } = pool;
    await pool.close();
    const lost = await rig.waitFor('the loss to be told', (line) => line.event === 'pool_lost', 10_000);
    expect(lost.msg).toMatch(/no pool has work/);
    pool = await startSimPool({ host: '127.0.0.1', port, clock: systemClock });
    await waitForNewShare();
    expect(rig.process.exitCode).toBeNull();
  }, 90_000);
});

describe('the disk', () => {
  test('a full disk stops no mining; it is told, and once there is room everything is in the tree exactly once', async (context) => {
    const disk = mountSmall(context, '16m');
    start(disk);
    await waitForNewShare();
    const filler = path.join(disk, 'filler');
    fill(filler);
    await rig.waitFor('the full disk to be told', (line) => line.event === 'ledger_degraded', 25_000);
    await waitForNewShare();
    rmSync(filler);
    await rig.waitFor('the ledger to recover', (line) => line.event === 'ledger_recovered', 30_000);
    await expectLedgerComplete(disk);
  }, 120_000);

  test('a read-only folder stops no mining; it is told, and once writable everything is in the tree exactly once', async (context) => {
    const disk = mountSmall(context, '16m');
    start(disk);
    await waitForNewShare();
    // The kernel refuses to make a disk read-only while the journal is open on it, so a read-only one is put over it.
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'ro', 'tmpfs', disk]);
    const told = await rig.waitFor('the read-only folder to be told', (line) => line.event === 'ledger_degraded', 25_000);
    expect(told.msg).toMatch(/EROFS|read-only/i);
    await waitForNewShare();
    execFileSync('umount', [disk]);
    await rig.waitFor('the ledger to recover', (line) => line.event === 'ledger_recovered', 30_000);
    await expectLedgerComplete(disk);
  }, 120_000);
});

function fill(file: string): void {
  const block = Buffer.alloc(64 * 1024, 1);
  for (let size = block.length; size >= 1; size = Math.floor(size / 2)) {
    try {
      for (;;) writeFileSync(file, block.subarray(0, size), { flag: 'a' });
    } catch {
      // full for this size: try the next smaller one
    }
  }
}

/** After a clean stop the global ledger holds every share of the log, each once, and nothing was lost. */
async function expectLedgerComplete(dataDir: string): Promise<void> {
  const { code } = await rig.stop('SIGTERM');
  expect(code).toBe(0);
  const { entries } = readJson<{ entries: { attempt_id: string; verdict: string }[] }>(path.join(dataDir, 'Mining/Ledgers/global_ledger.json'));
  expect(new Set(entries.map((entry) => entry.attempt_id)).size).toBe(entries.length);
  expect(entries.filter((entry) => entry.verdict === 'accepted')).toHaveLength(rig.lines.filter(accepted).length);
  const closing = rig.lines.findLast((line) => line.msg === 'ledger totals');
  expect(closing).toMatchObject({ lost: 0 });
}
