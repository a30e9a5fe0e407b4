import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { stateSchema } from '../daemon/hub/state-schema.ts';
import { askDaemon } from '../daemon/main/ask-daemon.ts';
import { filesBelow, findProgram, readJson, startRigbrain, temporaryFolder, type RunningRigbrain } from './harness.ts';

/** The promise of `npm start`: real shares and a block within 30 s, on record and on MQTT, with nothing but Node. */

const folder = temporaryFolder();
const base = path.join(folder.dir, 'Test', 'Demo', 'Mining');
let rig: RunningRigbrain;
let mqttUrl: URL;
let stream: Response | null = null;

/** Shares whose acceptance the daemon has told. */
const acceptedEvents = (): number => rig.lines.filter((line) => line.event === 'share_accepted' || line.event === 'block_found').length;

beforeAll(async () => {
  rig = startRigbrain(['--demo'], { dataDir: folder.dir });
  const running = await rig.waitFor('the daemon to run', (line) => line.msg === 'running', 15_000);
  mqttUrl = new URL(running.mqttUrl as string);
});

afterAll(async () => {
  await rig.stop('SIGKILL');
  folder.remove();
});

test('shares are accepted and a block is found within 30 s', async () => {
  await rig.waitFor('an accepted share', (line) => line.event === 'share_accepted' || line.event === 'block_found', 30_000);
  await rig.waitFor('a block', (line) => line.event === 'block_found', 30_000);
}, 40_000);

test('a person can watch it with mosquitto_sub', async (context) => {
  const program = findProgram('mosquitto_sub');
  if (!program) return context.skip('mosquitto_sub is not installed');
  const child = spawn(program, ['-h', mqttUrl.hostname, '-p', mqttUrl.port, '-t', 'rigbrain/#', '-v', '-W', '15', '-C', '8'], { stdio: ['ignore', 'pipe', 'pipe'] });
  let text = '';
  child.stdout.on('data', (chunk) => (text += String(chunk)));
  await new Promise((resolve) => child.once('exit', resolve));
  expect(text).toContain('rigbrain/rig1/status online');
  expect(text).toMatch(/rigbrain\/rig1\/cpu\/state \{.*"hashrate_hs":/);
}, 25_000);

test.runIf(process.platform === 'linux')('another process may ask it to bring the files up to date', async () => {
  const told = acceptedEvents();
  expect(await askDaemon(folder.dir, base, 'flush', 10_000)).toBe('done');
  const { entries } = readJson<{ entries: { verdict: string }[] }>(path.join(base, 'Ledgers/global_ledger.json'));
  expect(entries.filter((entry) => entry.verdict === 'accepted').length).toBeGreaterThanOrEqual(told);
}, 15_000);

test('its page is there, and the hub tells the same with the token of the first start, which is in no log', async () => {
  const token = readFileSync(path.join(folder.dir, 'hub.token'), 'utf8').trim();
  expect(statSync(path.join(folder.dir, 'hub.token')).mode & 0o777).toBe(0o600);
  const { url } = readJson<{ url: string }>(path.join(folder.dir, 'hub.json'));
  expect(await (await fetch(`${url}/`)).text()).toContain('<script');
  expect((await fetch(`${url}/api/state`)).status).toBe(401);
  const headers = { authorization: `Bearer ${token}` };
  const state = (await (await fetch(`${url}/api/state`, { headers })).json()) as { mining: { shares: { accepted: number } }; hunt: { status: string } };
  expect(stateSchema.safeParse(state).error).toBeUndefined();
  expect(state.mining.shares.accepted).toBeGreaterThan(0);
  expect(state.hunt.status).toBe('idle');
  expect(((await (await fetch(`${url}/api/ledger?limit=5`, { headers })).json()) as { entries: unknown[] }).entries).toHaveLength(5);
  // One page is left open: the stop below must not wait for it.
  stream = await fetch(`${url}/api/events`, { headers });
  expect(rig.lines.filter((line) => JSON.stringify(line).includes(token))).toEqual([]);
});

test('SIGTERM stops it cleanly within 5 s', async () => {
  const { code, ms } = await rig.stop('SIGTERM');
  expect(code).toBe(0);
  expect(await askDaemon(folder.dir, base, 'flush', 10_000)).toBe('not running');
  expect(ms).toBeLessThan(5000);
  const events = rig.lines.map((line) => line.event);
  for (const event of ['mining_session_start', 'mining_round_complete', 'mining_session_complete']) expect(events).toContain(event);
  expect(rig.lines.filter((line) => line.msg === 'did not close cleanly')).toEqual([]);
  expect(filesBelow(folder.dir)).not.toContain('hub.json');
  await stream?.body?.cancel().catch(() => {});
}, 10_000);

test('the ledger holds the session, every share, and proofs that anyone can recheck', () => {
  const files = filesBelow(base);
  expect(files).toContain('Ledgers/global_ledger.json');
  expect(files).toContain('Ledgers/Aggregated/aggregated.json');
  expect(files).toContain('Ledgers/Aggregated_Index/aggregated_index.json');
  for (const file of files.filter((name) => name.endsWith('.json'))) expect(() => readJson(path.join(base, file)), file).not.toThrow();

  const attempts = readJson<{ entries: { attempt_id: string; verdict: string }[] }>(path.join(base, 'Ledgers/global_ledger.json')).entries;
  expect(attempts.filter((entry) => entry.verdict === 'accepted')).toHaveLength(acceptedEvents());

  const { proofs } = readJson<{ proofs: { header_hex: string; block_hash: string; target: string }[] }>(path.join(base, 'Ledgers/global_math_proof.json'));
  expect(proofs).toHaveLength(attempts.length);
  for (const proof of proofs) {
    const sha256 = (bytes: Buffer): Buffer => createHash('sha256').update(bytes).digest();
    const display = sha256(sha256(Buffer.from(proof.header_hex, 'hex'))).reverse().toString('hex');
    expect(display).toBe(proof.block_hash);
    expect(BigInt(`0x${display}`) <= BigInt(`0x${proof.target}`)).toBe(true);
  }

  const reports = readJson<{ reports: { event: string }[] }>(path.join(base, 'System/System_Reports/Miners/Global/global_miners_report.json')).reports.map((report) => report.event);
  expect(reports).toEqual(expect.arrayContaining(['mining_session_start', 'mining_round_complete', 'mining_session_complete']));
});
