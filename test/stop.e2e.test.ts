/** The daemon stops within 5 s whatever its pool does meanwhile, and what it counted is what the pool and the records say. */
import { once } from 'node:events';
import net from 'node:net';
import path from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { startEmbeddedBroker } from '../daemon/telemetry/embedded-broker.ts';
import { MqttProbe } from '../daemon/telemetry/mqtt-probe.fixture.ts';
import { startSimPool, type SimPool } from '../sim/pool/pool.ts';
import { readJson, startRigbrain, temporaryFolder, type LogLine, type RunningRigbrain } from './harness.ts';

/** 65536 hashes a share. */
const DIFFICULTY = 2 ** -16;

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

interface Daemon {
  readonly rig: RunningRigbrain;
  readonly dataDir: string;
  /** The state that stays with the broker. */
  retainedState(): Promise<Record<string, unknown>>;
}

async function startDaemon(poolPort: number): Promise<Daemon> {
  const folder = temporaryFolder();
  const broker = await startEmbeddedBroker({ host: '127.0.0.1', port: 0 });
  const mqttUrl = `mqtt://127.0.0.1:${broker.port}`;
  const yaml = `
mining: { live: true, mode: live }
pools:
  - { id: sim, url: "stratum+tcp://127.0.0.1:${poolPort}", user: rig.1 }
devices:
  - { id: cpu, driver: cpu, options: { threads: 1, limit_percent: 30 } }
mqtt: { url: "${mqttUrl}" }
`;
  const rig = startRigbrain([], { dataDir: folder.dir, yaml });
  cleanups.push(folder.remove, () => broker.close(), () => rig.stop('SIGKILL'));
  return {
    rig,
    dataDir: folder.dir,
    async retainedState() {
      const probe = await MqttProbe.open(mqttUrl);
      const { text } = await probe.topic('rigbrain/rig1/state');
      await probe.close();
      return JSON.parse(text) as Record<string, unknown>;
    },
  };
}

async function startPool(): Promise<SimPool> {
  const pool = await startSimPool({ difficulty: DIFFICULTY, vardiff: null });
  cleanups.push(() => pool.close());
  return pool;
}

/** How many ledger entries there are of each verdict. */
function ledgerVerdicts(dataDir: string): Record<string, number> {
  const { entries } = readJson<{ entries: { verdict: string }[] }>(path.join(dataDir, 'Mining/Ledgers/global_ledger.json'));
  const counts: Record<string, number> = {};
  for (const { verdict } of entries) counts[verdict] = (counts[verdict] ?? 0) + 1;
  return counts;
}

const sessionReport = (rig: RunningRigbrain): LogLine => rig.lines.find((line) => line.event === 'mining_session_complete')!;

test('pool, log, ledger, session report and MQTT agree on every share, and the shares on the hash rate', async () => {
  const pool = await startPool();
  const { rig, dataDir, retainedState } = await startDaemon(pool.port);
  while (pool.stats().accepted < 60) await once(pool.events, 'share');
  const { code, ms } = await rig.stop('SIGTERM');
  expect(code).toBe(0);
  expect(ms).toBeLessThan(5000);

  const { accepted, rejected } = pool.stats();
  expect(rig.lines.filter((line) => line.event === 'share_accepted' || line.event === 'block_found')).toHaveLength(accepted);
  const verdicts = ledgerVerdicts(dataDir);
  expect(verdicts.accepted).toBe(accepted);
  expect(await retainedState()).toMatchObject({ status: 'stopping', accepted, unknown: 0, hardware_errors: 0, duplicates: 0 });
  // A share found while its job was being replaced is on record and never sent.
  const found = accepted + rejected + (verdicts.withheld ?? 0);
  expect(Object.values(verdicts).reduce((sum, count) => sum + count, 0)).toBe(found);
  expect(sessionReport(rig)).toMatchObject({ shares_found: found, shares_accepted: accepted });

  // Shares are a Poisson process: five standard deviations either way.
  const expected = (sessionReport(rig).total_attempts as number) / (DIFFICULTY * 2 ** 32);
  expect(Math.abs(found - expected)).toBeLessThan(5 * Math.sqrt(expected));
}, 60_000);

test('shares that a pool never answered are on record as unknown', async () => {
  const pool = await startPool();
  pool.faults.noSubmitAnswers = true;
  const { rig, dataDir, retainedState } = await startDaemon(pool.port);
  while (pool.stats().accepted < 10) await once(pool.events, 'share');
  const { code, ms } = await rig.stop('SIGTERM');
  expect(code).toBe(0);
  expect(ms).toBeLessThan(5000);

  const sent = pool.stats().accepted + pool.stats().rejected;
  expect(ledgerVerdicts(dataDir).unknown).toBe(sent);
  expect(await retainedState()).toMatchObject({ accepted: 0, unknown: sent });
  expect(rig.lines.filter((line) => line.event === 'pool_lost' || line.level === 'error')).toEqual([]);
  expect(rig.lines.find((line) => line.msg === 'ledger totals')).toMatchObject({ lost: 0, queued: 0 });
}, 40_000);

test('a pool that never stops talking fills neither the log nor the time', async () => {
  const chatter = `${JSON.stringify({ id: null, method: 'client.show_message', params: ['buy more'] })}\n${JSON.stringify({ id: null, method: 'client.reconnect', params: ['pool.evil.example', 3333, 0] })}\n`;
  let spoken = 0;
  let heard: () => void = () => {};
  const enough = new Promise<void>((resolve) => (heard = resolve));
  const server = net.createServer((socket) => {
    socket.on('error', () => undefined);
    socket.on('data', (chunk) => {
      if (!String(chunk).includes('mining.authorize')) return;
      for (const [id, result] of [[1, {}], [2, [[], '01', 4]], [3, true]] as const) socket.write(`${JSON.stringify({ id, result, error: null })}\n`);
      const speak = (): void => {
        if (socket.destroyed) return;
        if ((spoken += 500) >= 50_000) heard();
        if (socket.write(chatter.repeat(500))) setImmediate(speak);
        else socket.once('drain', speak);
      };
      speak();
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  cleanups.push(() => server.close());
  const { rig } = await startDaemon((server.address() as net.AddressInfo).port);
  await rig.waitFor('the refused redirect to be told', (line) => /refused: pool\.evil\.example/.test(line.msg ?? ''), 15_000);
  await enough;
  const { code, ms } = await rig.stop('SIGTERM');
  expect(code).toBe(0);
  expect(ms).toBeLessThan(5000);
  expect(rig.lines.filter((line) => line.pool === 'sim').length).toBeLessThan(40);
}, 40_000);
