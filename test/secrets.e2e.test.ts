/**
 * No secret leaves the daemon but to whom it is for. The built daemon runs at log level trace with a marked secret wherever one
 * can be given, against peers that refuse them, repeat them, fail and redirect; then everything it wrote anywhere is searched.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import net, { type AddressInfo } from 'node:net';
import path from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { ScriptedPool, send, type Script } from '../daemon/mining/scripted-pool.fixture.ts';
import { startEmbeddedBroker } from '../daemon/telemetry/embedded-broker.ts';
import { MqttProbe } from '../daemon/telemetry/mqtt-probe.fixture.ts';
import { packageRoot } from '../daemon/version.ts';
import { startSimPool } from '../sim/pool/pool.ts';
import { startSimSocksProxy } from '../sim/socks/proxy.ts';
import { filesBelow, startRigbrain, temporaryFolder } from './harness.ts';

const SECRETS = {
  RIG_GOOD: 'mark-good-pool-5f1a',
  RIG_REFUSED: 'mark-refused-pool-77c2',
  RIG_NODE: 'mark-node-rpc-91be',
  RIG_MQTT: 'mark-mqtt-3d04',
  RIG_SERVER: 'mark-server-88aa',
  RIG_TOKEN: 'mark-token-c0de',
  RIG_HUB: 'mark-hub-token-6b1d2f',
  RIG_HOOK: '',
} as const;
const COOKIE = '__cookie__:mark-cookie-4e77';
const HOOK_PATH = '/mark-hook-path-b1b2';
const WRONG_TOKEN = 'mark-wrong-hub-token-0bad';
const WRONG_PASSWORD = 'mark-wrong-password-0bad';
const FILE_SECRET = 'mark-from-file-e5e5';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function webServer(status: number, seen: string[]): Promise<number> {
  const server = http.createServer((request, response) => {
    seen.push(`${request.url} ${request.headers.authorization ?? ''}`);
    // Some servers show what they were sent.
    response.writeHead(status, { 'content-type': 'text/plain' }).end(`refused: ${request.headers.authorization ?? ''}`);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  cleanups.push(() => new Promise((resolve) => server.close(resolve)), () => server.closeAllConnections());
  return (server.address() as AddressInfo).port;
}

/** Refuses every worker, repeating user and password in every way it can. */
const talkative: Script = (socket, line) => {
  if (line?.method === 'mining.configure') send(socket, { id: line.id, result: {}, error: null });
  if (line?.method === 'mining.subscribe') send(socket, { id: line.id, result: [[['mining.notify', 's']], '08000002', 4], error: null });
  if (line?.method === 'mining.authorize') {
    const said = `bad login ${String(line.params[0])} / ${String(line.params[1])}`;
    send(socket, { id: null, method: 'client.show_message', params: [said] });
    send(socket, { id: null, method: 'client.reconnect', params: ['evil.example', 3333, 0] });
    send(socket, { id: line.id, result: null, error: [24, said, null] });
  }
};

/** Whether the pool for other miners takes a miner with this password. */
async function logIn(port: number, password: string): Promise<boolean> {
  const socket = net.connect(port, '127.0.0.1');
  cleanups.push(() => socket.destroy());
  socket.write(`${JSON.stringify({ id: 1, method: 'mining.subscribe', params: ['test/1'] })}\n${JSON.stringify({ id: 2, method: 'mining.authorize', params: ['house.rig', password] })}\n`);
  let text = '';
  for await (const chunk of socket) {
    text += String(chunk);
    for (const line of text.split('\n').slice(0, -1)) {
      const { id, result } = JSON.parse(line) as { id: unknown; result: unknown };
      if (id === 2) return result === true;
    }
  }
  return false;
}

/** Everything the hub answers a person who is logged in, and one who is not. */
async function hubAnswers(dataDir: string): Promise<[where: string, text: string][]> {
  const { url } = JSON.parse(readFileSync(path.join(dataDir, 'hub.json'), 'utf8')) as { url: string };
  const headers = { authorization: `Bearer ${SECRETS.RIG_HUB}` };
  const { paths } = (await (await fetch(`${url}/api/openapi.json`, { headers })).json()) as { paths: Record<string, { get?: unknown }> };
  const reads = Object.entries(paths).flatMap(([at, { get }]) => (get === undefined || at === '/api/events' ? [] : [at.replaceAll(/{\w+}/g, '00000000-0000-4000-8000-000000000000')]));
  const answers: [string, string][] = [];
  const note = async (where: string, answer: Response): Promise<number> => {
    answers.push([`hub ${where}`, `${JSON.stringify([...answer.headers])} ${await answer.text()}`]);
    return answer.status;
  };
  for (const at of reads) await note(at, await fetch(`${url}${at}`, { headers }));
  expect(answers.filter(([, text]) => text.includes('"pools"') || text.includes('next_before'))).not.toEqual([]);
  const stop = new AbortController();
  const reader = (await fetch(`${url}/api/events`, { headers, signal: stop.signal })).body!.getReader();
  answers.push(['hub events', Buffer.from((await reader.read()).value!).toString() + Buffer.from((await reader.read()).value!).toString()]);
  stop.abort();
  expect(await note('wrong token', await fetch(`${url}/api/state`, { headers: { authorization: `Bearer ${WRONG_TOKEN}` } }))).toBe(401);
  expect(await note('login', await fetch(`${url}/api/login`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ token: SECRETS.RIG_HUB }) }))).toBe(204);
  return answers;
}

test('no secret is found in anything the daemon writes', async () => {
  const folder = temporaryFolder();
  cleanups.push(folder.remove);
  const [dataDir, secretDir] = [path.join(folder.dir, 'data'), path.join(folder.dir, 'secrets')];
  mkdirSync(dataDir);
  mkdirSync(secretDir);
  const [cookieFile, secretFile] = [path.join(secretDir, 'cookie'), path.join(secretDir, 'pool')];
  writeFileSync(cookieFile, COOKIE, { mode: 0o600 });
  writeFileSync(secretFile, `${FILE_SECRET}\n`, { mode: 0o600 });

  const passwords: string[] = [];
  const authorize = (_worker: string, password: string): boolean => {
    passwords.push(password);
    return true;
  };
  const pool = await startSimPool({ authorize });
  const proxied = await startSimPool({ authorize });
  const proxy = await startSimSocksProxy({ routes: { 'pool.invalid:3333': { host: '127.0.0.1', port: proxied.port } } });
  const refusing = new ScriptedPool(talkative);
  const refusingPort = await refusing.listen();
  cleanups.push(() => pool.close(), () => proxied.close(), () => proxy.close(), () => refusing.close());
  const atNode: string[] = [];
  const atHook: string[] = [];
  const nodePort = await webServer(401, atNode);
  const hookPort = await webServer(500, atHook);
  const broker = await startEmbeddedBroker({ port: 0 });
  cleanups.push(() => broker.close());
  const probe = await MqttProbe.open(broker.url);
  cleanups.push(() => probe.close());

  const yaml = `
mining: { live: true, mode: live }
pools:
  - { id: good, url: "${pool.url}", user: acc.good, password: { env: RIG_GOOD } }
  - { id: proxied, url: "stratum+tcp://pool.invalid:3333", user: acc.proxied, password: { file: ${secretFile} }, proxy: "${proxy.url}" }
  - { id: refused, url: "stratum+tcp://127.0.0.1:${refusingPort}", user: acc.refused, password: { env: RIG_REFUSED } }
  - { id: away, url: "stratum+ssl://127.0.0.1:1", user: acc.away, password: { env: RIG_GOOD } }
  - { id: node, url: "http://127.0.0.1:${nodePort}", user: rpc, password: { env: RIG_NODE }, payout_address: bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080 }
  - { id: cookie, url: "http://127.0.0.1:${nodePort}", cookie_file: ${cookieFile}, payout_address: bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080 }
mqtt: { url: "${broker.url}", user: rig, password: { env: RIG_MQTT }, interval_seconds: 1 }
server: { enabled: true, port: 0, password: { env: RIG_SERVER } }
alarms: { webhooks: [{ url_from: { env: RIG_HOOK }, token: { env: RIG_TOKEN } }] }
hub: { token: { env: RIG_HUB } }
ledger: { preset: ssd }
`;
  const env = { ...SECRETS, RIG_HOOK: `http://127.0.0.1:${hookPort}${HOOK_PATH}`, RIGBRAIN_LOG: 'trace' };
  const rig = startRigbrain([], { dataDir, yaml, env });
  cleanups.push(() => rig.stop('SIGKILL'));
  let stderr = '';
  rig.process.stderr!.on('data', (chunk) => (stderr += String(chunk)));

  await rig.waitFor('a share', (line) => line.event === 'share_accepted' || line.event === 'block_found', 60_000);
  await rig.waitFor('the refused redirect', (line) => /reconnect elsewhere, refused/.test(line.msg ?? ''), 30_000);
  await rig.waitFor('the refused login', (line) => line.pool === 'refused' && line.msg === 'pool connection ended', 30_000);
  await rig.waitFor('the unreachable pool', (line) => line.pool === 'away' && line.msg === 'pool connection ended', 30_000);
  await rig.waitFor('the node that refuses', (line) => line.pool === 'node' && line.level === 'warn', 30_000);
  await rig.waitFor('the node that refuses the cookie', (line) => line.pool === 'cookie' && line.level === 'warn', 30_000);
  await expect.poll(() => [atHook.length > 0, passwords.length >= 2], { timeout: 60_000 }).toEqual([true, true]);
  await probe.wait('the state of the refused pool', ({ topic, text }) => topic.endsWith('/pools') && text.includes('auth_failed'), 0);
  // A miner in the house with the right password, and one with a wrong one.
  const door = await rig.waitFor('the pool for other miners', (line) => line.module === 'server' && typeof line.url === 'string', 30_000);
  const answers = await Promise.all([SECRETS.RIG_SERVER, WRONG_PASSWORD].map((password) => logIn(Number(new URL(String(door.url)).port), password)));
  expect(answers).toEqual([true, false]);
  const fromHub = await hubAnswers(dataDir);
  const argv = readFileSync(`/proc/${rig.process.pid}/cmdline`, 'utf8').replaceAll('\0', ' ');

  // A person looks, with the same configuration, while it runs.
  const config = path.join(folder.dir, 'rig.yaml');
  writeFileSync(config, yaml);
  const bin = path.join(packageRoot(), 'dist', 'daemon', 'cli', 'bin.js');
  const look = (...args: string[]): string => {
    try {
      return execFileSync(process.execPath, [bin, ...args, '--config', config, '--data', dataDir], { env: { ...process.env, ...env }, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'], timeout: 60_000 });
    } catch (error) {
      const { stdout, stderr: complaint } = error as { stdout?: string; stderr?: string };
      return `${stdout ?? ''}${complaint ?? ''}`;
    }
  };
  const looks = [look('config', 'show', '--origin'), look('config', 'show', '--json'), look('check', '--json'), look('pools', '--json', '--timeout', '5'), look('ledger', 'show', '--all', '--json')];
  expect(looks.map((text) => text.includes('refused') || text.includes('"ok"') || text.includes('block_hash') || text.includes('"kind"'))).toEqual(looks.map(() => true));
  expect((await rig.stop()).code).toBe(0);

  // They did reach those they are for: else there would be nothing to look for.
  expect(passwords.slice(0, 2).sort()).toEqual([FILE_SECRET, SECRETS.RIG_GOOD].sort());
  expect(refusing.lines.some(({ params }) => params.includes(SECRETS.RIG_REFUSED))).toBe(true);
  const basic = (pair: string): string => Buffer.from(pair).toString('base64');
  const [nodePair, cookiePair] = [basic(`rpc:${SECRETS.RIG_NODE}`), basic(COOKIE)];
  expect([atNode.some((line) => line.includes(nodePair)), atNode.some((line) => line.includes(cookiePair))]).toEqual([true, true]);
  expect(atHook[0]).toBe(`${HOOK_PATH} Bearer ${SECRETS.RIG_TOKEN}`);
  const socks = proxy.requests[0]!;
  expect(socks.password).toMatch(/^[0-9a-f]{32}$/);

  const files = filesBelow(dataDir);
  expect(files.length).toBeGreaterThan(20);
  const searched: [where: string, text: string][] = [
    ['argv', argv],
    ['stderr', stderr],
    ...fromHub,
    ...rig.lines.map((line): [string, string] => ['log', JSON.stringify(line)]),
    ...probe.seen.map(({ topic, text }): [string, string] => [`mqtt ${topic}`, `${topic} ${text}`]),
    ...looks.map((text, index): [string, string] => [`look ${index}`, text]),
    ...files.map((file): [string, string] => [file, readFileSync(path.join(dataDir, file), 'latin1')]),
  ];
  const markers = [...Object.values(SECRETS).filter((secret) => secret !== ''), FILE_SECRET, WRONG_PASSWORD, WRONG_TOKEN, 'mark-cookie', 'mark-hook-path', nodePair, cookiePair, socks.user!, socks.password!];
  const found = searched.flatMap(([where, text]) => markers.filter((marker) => text.includes(marker)).map((marker) => `${marker} in ${where}: ${text.slice(0, 300)}`));
  expect(found).toEqual([]);
}, 180_000);
