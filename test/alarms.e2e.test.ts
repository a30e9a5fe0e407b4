/** The daemon as a person runs it, with a pool that falls silent and one that dies: alarms ring once, and once when they are over, everywhere. */
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { startEmbeddedBroker, type EmbeddedBroker } from '../daemon/telemetry/embedded-broker.ts';
import { eventually, MqttProbe } from '../daemon/telemetry/mqtt-probe.fixture.ts';
import { startSimPool, type SimPool } from '../sim/pool/pool.ts';
import { readJson, startRigbrain, temporaryFolder, type RunningRigbrain } from './harness.ts';

/** 16,384 hashes a share: dozens a second, so that sums of them are no matter of chance. */
const EASY = 2 ** -18;
const TOKEN = 'tk_only_for_this_test';
const TOPIC = 'topic-that-is-a-secret';

interface Post {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

let pool: SimPool | null = null;
let broker: EmbeddedBroker | null = null;
let probe: MqttProbe | null = null;
let hooks: Server | null = null;
let rig: RunningRigbrain | null = null;
let folder: ReturnType<typeof temporaryFolder> | null = null;

afterEach(async () => {
  if (rig?.process.exitCode === null) await rig.stop('SIGKILL');
  await probe?.close();
  await broker?.close();
  await pool?.close();
  hooks?.closeAllConnections();
  hooks?.close();
  folder?.remove();
});

async function startHooks(posts: Post[]): Promise<number> {
  hooks = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk) => (body += String(chunk)));
    request.on('end', () => {
      posts.push({ path: request.url ?? '', headers: request.headers, body });
      response.end();
    });
  });
  await new Promise<void>((resolve) => hooks!.listen(0, '127.0.0.1', resolve));
  return (hooks.address() as AddressInfo).port;
}

/** What MQTT last told of the account of the only pool; null before so many shares were found. */
function accountOf({ seen }: MqttProbe, found: number): { found: number; expected_shares: number } | null {
  const told = seen.findLast(({ topic }) => topic === 'rigbrain/ringer/pools');
  const pools = JSON.parse(told?.text ?? '[]') as { account: { found: number; expected_shares: number } }[];
  return pools[0] && pools[0].account.found >= found ? pools[0].account : null;
}

test('a silent pool and a dead one ring exactly once each, on MQTT, webhooks, in the log and in the ledger', async () => {
  const posts: Post[] = [];
  const port = await startHooks(posts);
  folder = temporaryFolder();
  broker = await startEmbeddedBroker({ port: 0 });
  probe = await MqttProbe.open(broker.url);
  pool = await startSimPool({ jobRefreshMs: 300, vardiff: null, difficulty: EASY });
  const yaml = `
node: { id: ringer }
mining: { live: true, return_seconds: 0 }
mqtt: { url: "${broker.url}", interval_seconds: 1 }
devices: [{ id: cpu, driver: cpu, options: { kernel: js } }]
discovery: { enabled: false }
pools: [{ id: home, url: "${pool.url}", user: account.rig }]
alarms:
  pool_silent_seconds: 5
  all_pools_dead_seconds: 2
  webhooks:
    - { url: "http://127.0.0.1:${port}/json" }
    - { url_from: { env: HOOK_URL }, token: { env: HOOK_TOKEN }, format: ntfy }
`;
  rig = startRigbrain([], { dataDir: folder.dir, yaml, env: { HOOK_URL: `http://127.0.0.1:${port}/${TOPIC}`, HOOK_TOKEN: TOKEN } });
  await rig.waitFor('an accepted share', (line) => line.event === 'share_accepted', 30_000);

  const told = (): string[] => posts.filter((post) => post.path === '/json').map(({ body }) => JSON.parse(body) as { event: string; kind: string; subject: string }).map(({ event, kind, subject }) => `${event} ${kind} ${subject}`);
  const onMqtt = (): { kind: string; healed_at: string | null }[] => JSON.parse(probe!.seen.findLast(({ topic }) => topic === 'rigbrain/ringer/alarms')?.text ?? '[]') as { kind: string; healed_at: string | null }[];
  const on = (): string[] => onMqtt().filter(({ healed_at }) => healed_at === null).map(({ kind }) => kind);

  pool.faults.silent = true;
  await eventually('the silent pool on the webhook', () => told().length >= 1, 30_000);
  await eventually('the silent pool on MQTT', () => on().includes('pool_silent'), 15_000);
  pool.faults.silent = false;
  await eventually('the end of it', () => told().length >= 2, 30_000);
  await eventually('the end of it on MQTT', () => on().length === 0, 15_000);

  const address = { port: pool.port, chain: pool.chain };
  await pool.close();
  await eventually('the dead pool', () => told().length >= 3, 30_000);
  pool = await startSimPool({ ...address, jobRefreshMs: 300, vardiff: null, difficulty: EASY });
  await eventually('the end of that', () => told().length >= 4, 60_000);
  await eventually('the end of that on MQTT', () => on().length === 0, 15_000);
  // Every share of this rig, with the hashes that stand behind them. A hundred shares are not three times off by chance.
  const account = await eventually('a hundred shares in the account', () => accountOf(probe!, 100), 60_000);
  expect(account.expected_shares).toBeGreaterThan(account.found / 3);
  expect(account.expected_shares).toBeLessThan(account.found * 3);
  const { code } = await rig.stop();
  expect(code).toBe(0);

  const expected = ['alarm_raised pool_silent home', 'alarm_healed pool_silent home', 'alarm_raised all_pools_dead rig', 'alarm_healed all_pools_dead rig'];
  expect(told()).toEqual(expected);
  expect(onMqtt().map(({ kind }) => kind)).toEqual(['all_pools_dead', 'pool_silent']);
  expect(rig.lines.filter(({ event }) => event === 'alarm_raised' || event === 'alarm_healed').map(({ event, kind, subject }) => `${event} ${String(kind)} ${String(subject)}`)).toEqual(expected);
  expect(probe.seen.filter(({ topic, text }) => topic.endsWith('/event') && text.includes('"alarm_')).length).toBe(4);

  const ntfy = posts.filter((post) => post.path === `/${TOPIC}`);
  expect(ntfy.map(({ headers }) => [headers.title, headers.priority, headers.tags])).toEqual([
    ['ringer, home: Pool is silent', '3', 'warning,pool_silent'],
    ['ringer, home: over: Pool is silent', '3', 'white_check_mark,pool_silent'],
    ['ringer: No pool has work', '4', 'rotating_light,all_pools_dead'],
    ['ringer: over: No pool has work', '3', 'white_check_mark,all_pools_dead'],
  ]);
  expect(ntfy.every(({ headers }) => headers.authorization === `Bearer ${TOKEN}`)).toBe(true);
  expect(JSON.stringify(rig.lines)).not.toMatch(new RegExp(`${TOKEN}|${TOPIC}`));

  const lookAt = readJson<{ entries: { reason: string; severity: string }[] }>(path.join(folder.dir, 'Mining/User_Look_At/global_look_at.json'));
  expect(lookAt.entries.filter(({ reason }) => reason === 'all_pools_dead')).toHaveLength(1);
  expect(lookAt.entries.some(({ reason }) => reason === 'pool_silent')).toBe(false);

}, 180_000);
