/** However the daemon ends, a board on its ttys is off afterwards; what the board itself went through is its own record. */
import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { packageRoot } from '../daemon/version.ts';
import { startBoardRig, type BoardRig } from '../sim/bitaxe/rig.ts';
import { startSimPool, type SimPool } from '../sim/pool/pool.ts';
import { startRigbrain, temporaryFolder, type RunningRigbrain } from './harness.ts';

const ZERO_BITS = 12;
const bin = path.join(packageRoot(), 'dist', 'daemon', 'cli', 'bin.js');
let pool: SimPool;
let board: BoardRig;
let folder: ReturnType<typeof temporaryFolder>;
let yaml: string;
let rig: RunningRigbrain | null = null;

beforeAll(async () => {
  pool = await startSimPool({ difficulty: 16 * 2 ** (ZERO_BITS - 32), vardiff: null });
});
afterAll(() => pool.close());
beforeEach(async () => {
  folder = temporaryFolder();
  const link = path.join(folder.dir, 'axe');
  board = await startBoardRig({ board: '602', zeroBits: ZERO_BITS, rate_hs: 150_000, link });
  yaml = `
mining: {live: true}
discovery: {enabled: false}
mqtt: {enabled: false}
pools: [{id: sim, url: "${pool.url}", user: me}]
devices: [{id: axe, driver: bitaxe-raw, options: {port: ${link}-asic, control_port: ${link}-control, board: "602", frequency_mhz: 400, nonce_zero_bits: ${ZERO_BITS}}}]
`;
});
afterEach(async () => {
  await rig?.stop('SIGKILL');
  rig = null;
  await board.close();
  folder.remove();
});

/** @param onSignal what a loaded module does on SIGUSR2 */
async function mining(onSignal = ''): Promise<RunningRigbrain> {
  const hook = path.join(folder.dir, 'hook.mjs');
  writeFileSync(hook, onSignal === '' ? '' : `process.on('SIGUSR2', () => { ${onSignal} });`);
  rig = startRigbrain([], { dataDir: folder.dir, yaml, env: { NODE_OPTIONS: `--import=${hook}` } });
  await rig.waitFor('a share', (line) => line.event === 'share_accepted', 60_000);
  expect(board.stats()).toMatchObject({ reset_released: true });
  expect(Number(board.stats().core_v)).toBeGreaterThan(1);
  return rig;
}

async function isOff(ms = 3000): Promise<boolean> {
  for (const until = performance.now() + ms; performance.now() < until; await new Promise((resolve) => setTimeout(resolve, 20))) {
    const { core_v, reset_released } = board.stats();
    if (core_v === 0 && reset_released === false) return true;
  }
  return false;
}

/** Nothing that happened on the way was bad for the chips either. */
function expectCare(): void {
  expect(board.stats()).toMatchObject({ raises_too_large: 0, raises_above_voltage: 0, power_on_without_fan: 0, released_without_voltage: 0, store_commands: 0, hangs: 0 });
}

function rigbrain(...args: string[]): Promise<{ code: number; out: string }> {
  const config = path.join(folder.dir, 'rig.yaml');
  writeFileSync(config, yaml);
  return new Promise((resolve) => execFile(process.execPath, [bin, ...args, '--config', config], (error, stdout, stderr) => resolve({ code: typeof error?.code === 'number' ? error.code : 0, out: stdout + stderr })));
}

test.each(['SIGTERM', 'SIGHUP'] as const)('%s switches it off within the time of a stop', { timeout: 90_000 }, async (signal) => {
  const running = await mining();
  const { code, ms } = await running.stop(signal);
  expect(code).toBe(0);
  expect(ms).toBeLessThan(5000);
  expect(await isOff(100)).toBe(true);
  expectCare();
});

test('a defect nobody caught switches it off', { timeout: 90_000 }, async () => {
  const running = await mining('setImmediate(() => { throw new Error("a defect made by the test"); });');
  expect((await running.stop('SIGUSR2')).code).toBe(1);
  expect(await isOff(100)).toBe(true);
  expectCare();
});

test('a process that ends at once writes its last will', { timeout: 90_000 }, async () => {
  const running = await mining('process.exit(3);');
  expect((await running.stop('SIGUSR2')).code).toBe(3);
  expect(await isOff()).toBe(true);
});

test('after kill -9 `rigbrain safe` switches it off; while a daemon has it, it is left alone', { timeout: 120_000 }, async () => {
  const running = await mining();
  const busy = await rigbrain('safe');
  expect(busy.code, busy.out).toBe(1);
  expect(busy.out).toMatch(/NOT SAFE/);
  expect(board.stats()).toMatchObject({ reset_released: true });
  await running.stop('SIGKILL');
  expect(await isOff(500)).toBe(false);
  const safe = await rigbrain('safe');
  expect(safe.code, safe.out).toBe(0);
  expect(await isOff(100)).toBe(true);
  expectCare();
});

test('the next start switches it off before anything else: a pool that is away does not keep it on', { timeout: 120_000 }, async () => {
  const running = await mining();
  await running.stop('SIGKILL');
  expect(await isOff(300)).toBe(false);
  yaml = yaml.replace(pool.url, 'stratum+tcp://127.0.0.1:1');
  rig = startRigbrain([], { dataDir: folder.dir, yaml });
  await rig.waitFor('the board to be made safe', (line) => line.msg === 'board is safe', 20_000);
  expect(await isOff(100)).toBe(true);
  expectCare();
});
