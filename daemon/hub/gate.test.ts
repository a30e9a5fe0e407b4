import { execFileSync } from 'node:child_process';
import http from 'node:http';
import https from 'node:https';
import net from 'node:net';
import path from 'node:path';
import { readFileSync } from 'node:fs';
import { expect, test, vi } from 'vitest';
import { ManualClock } from '../../protocol/common/manual-clock.ts';
import type { Log } from '../../protocol/common/log.ts';
import { silentLog } from '../../protocol/common/log.ts';
import { afterTest, hubForTest as hub, TOKEN } from './hub.fixture.ts';

const bearer = { authorization: `Bearer ${TOKEN}` };

/** A request with any Host, which fetch does not allow. */
function raw(url: string, to: string, { method = 'GET', headers = {}, body = '' }: { method?: string; headers?: Record<string, string>; body?: string } = {}): Promise<{ status: number; headers: http.IncomingHttpHeaders; text: string }> {
  return new Promise((resolve, reject) => {
    const { hostname, port } = new URL(url);
    const request = http.request({ hostname, port, path: to, method, headers, agent: false }, (response) => {
      let text = '';
      response.on('data', (chunk) => (text += String(chunk)));
      response.on('end', () => resolve({ status: response.statusCode!, headers: response.headers, text }));
    });
    request.on('error', reject);
    request.end(body);
  });
}

/** Bytes as they are, and the status of the answer; 0 = the connection was ended without one. */
function statusOf(url: string, text: string): Promise<number> {
  return new Promise((resolve) => {
    const socket = net.connect(Number(new URL(url).port), '127.0.0.1', () => socket.write(text));
    let heard = '';
    socket.on('data', (chunk) => {
      heard += String(chunk);
      if (heard.includes('\r\n\r\n')) socket.destroy();
    });
    socket.on('error', () => {});
    socket.on('close', () => resolve(Number(/^HTTP\/1\.1 (\d+)/.exec(heard)?.[1] ?? 0)));
    afterTest(() => socket.destroy());
  });
}

test('no way of writing an address gets around the gate', async () => {
  const { url } = await hub();
  const host = new URL(url).host;
  const ask = (target: string): Promise<number> => statusOf(url, `GET ${target} HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
  for (const target of ['/%61pi/state', `http://${host}/api/state`, '/api/%73tate', '/api/state?x=1', '/api/state/', '/api/state#x', '/api//state', '/api/./state']) {
    expect([target, await ask(target)]).toEqual([target, 401]);
  }
  // Nothing of the rig is at these: the page, or nothing.
  for (const target of ['//api/state', '/x/../api/state', '/API/state', '/..%2fapi/state']) expect([404, 503], target).toContain(await ask(target));
  expect(await statusOf(url, 'GET /api/state HTTP/1.1\r\nHost: evil.example\r\nHost: localhost\r\n\r\n')).not.toBe(200);
  expect(await statusOf(url, 'GET /api/state HTTP/1.0\r\n\r\n')).toBe(403);
  expect(await statusOf(url, 'rubbish\r\n\r\n')).toBe(0);
});

test('an address that cannot be read is refused like anything else, and not repeated', async () => {
  const { url } = await hub();
  for (const to of ['/%zz', '/api/hunts/%E0%A4%A/jobs', `/api/hunts/${'a'.repeat(700)}`]) {
    const answer = await raw(url, to, { headers: { ...bearer, host: 'evil.example' } });
    expect([answer.status, JSON.parse(answer.text)]).toMatchObject([400, { error: { code: 'E_HUB_REQUEST' } }]);
    expect(answer.headers).toMatchObject({ 'x-content-type-options': 'nosniff', 'cache-control': 'no-store', 'content-security-policy': expect.stringContaining("default-src 'none'") as string });
    expect(answer.text).not.toContain('hunts/');
  }
});

test('a name that was bound to this address by somebody else is not served, not even the page', async () => {
  const { url } = await hub({ config: { allowed_hosts: ['rig.example'] } });
  const cookie = (await raw(url, '/api/login', { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ token: TOKEN }) })).headers['set-cookie']![0]!.split(';')[0]!;
  for (const to of ['/', '/api/session', '/api/state', '/assets/x.js']) {
    const answer = await raw(url, to, { headers: { host: 'evil.example', cookie } });
    expect([to, answer.status]).toEqual([to, 403]);
    expect(answer.text).not.toContain(TOKEN);
  }
  expect((await raw(url, '/api/state', { headers: { host: 'rig.example:9', cookie } })).status).toBe(200);
  expect((await raw(url, '/api/login', { method: 'POST', headers: { host: 'evil.example', 'content-type': 'application/json' }, body: JSON.stringify({ token: TOKEN }) })).status).toBe(403);
});

test('another page cannot use a login, whatever it sends', async () => {
  const paused: string[] = [];
  const rig = await hub({ parts: { commands: { pause: async (id) => void paused.push(String(id)), resume: async () => {} } } });
  const { host } = new URL(rig.url);
  const login = await raw(rig.url, '/api/login', { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ token: TOKEN }) });
  const cookie = login.headers['set-cookie']![0]!.split(';')[0]!;
  const post = (headers: Record<string, string>, body = ''): Promise<number> => raw(rig.url, '/api/devices/cpu/pause', { method: 'POST', headers: { host, cookie, ...headers }, body }).then(({ status }) => status);
  const foreign: Record<string, string>[] = [{}, { origin: 'http://evil.example' }, { origin: 'null' }, { origin: 'http://127.0.0.1:1' }, { 'sec-fetch-site': 'cross-site' }, { 'sec-fetch-site': 'same-site' }, { origin: `http://${host}`, 'sec-fetch-site': 'cross-site' }, { origin: 'http://evil.example', authorization: `Bearer ${TOKEN}` }];
  for (const headers of foreign) expect([headers, await post(headers)]).toEqual([headers, 403]);
  // What a form can send without asking first.
  for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x']) expect(await post({ origin: `http://${host}`, 'content-type': type }, '{}')).toBe(415);
  expect(paused).toEqual([]);
  expect(await post({ origin: `http://${host}`, 'sec-fetch-site': 'same-origin' })).toBe(202);
  expect(await post({ ...bearer, cookie: '' })).toBe(202);
  expect(paused).toEqual(['cpu', 'cpu']);
});

test('whoever guesses has to wait, by login and by header; who is logged in does not', async () => {
  const clock = new ManualClock();
  const warned: object[] = [];
  const log: Log = { ...silentLog, warn: (fields) => void warned.push(fields) };
  const rig = await hub({ clock, log });
  const login = (token: string): Promise<Response> => fetch(`${rig.url}/api/login`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ token }) });
  const cookie = (await login(TOKEN)).headers.get('set-cookie')!.split(';')[0]!;
  const answers: number[] = [];
  for (let n = 0; n < 14; n++) answers.push(n % 2 === 0 ? (await login(`wrong-${n}`)).status : (await rig.ask('/api/state', { headers: { authorization: `Bearer wrong-${n}` } })).status);
  expect(answers).toEqual([...Array<number>(10).fill(401), ...Array<number>(4).fill(429)]);
  const refused = await login(TOKEN);
  expect([refused.status, refused.headers.get('retry-after'), refused.headers.get('set-cookie')]).toEqual([429, '6', null]);
  expect((await fetch(`${rig.url}/api/state`, { headers: { cookie } })).status).toBe(200);
  clock.advance(6000);
  expect((await login(TOKEN)).status).toBe(204);
  expect(warned).toHaveLength(1);
  expect(JSON.stringify(warned)).not.toContain('wrong-');
});

test('a session ends when its time is over', async () => {
  const clock = new ManualClock();
  const rig = await hub({ clock, config: { session_hours: 2 } });
  const cookie = (await raw(rig.url, '/api/login', { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ token: TOKEN }) })).headers['set-cookie']![0]!;
  expect(cookie).toContain('Max-Age=7200;');
  const state = (): Promise<number> => fetch(`${rig.url}/api/state`, { headers: { cookie: cookie.split(';')[0]! } }).then(({ status }) => status);
  expect(await state()).toBe(200);
  clock.advance(2 * 3_600_000 - 1);
  expect(await state()).toBe(200);
  clock.advance(1);
  expect(await state()).toBe(401);
});

test('every answer says how it may be used, whatever it is', async () => {
  const rig = await hub();
  for (const [to, init] of [['/', {}], ['/api/state', { headers: bearer }], ['/api/state', {}], ['/no.js', {}], ['/api/events', { headers: bearer }]] as const) {
    const stop = new AbortController();
    const answer = await fetch(`${rig.url}${to}`, { ...init, signal: stop.signal });
    const policy = answer.headers.get('content-security-policy')!;
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).not.toContain('unsafe');
    expect(Object.fromEntries(['x-content-type-options', 'referrer-policy', 'x-frame-options'].map((name) => [name, answer.headers.get(name)])), to).toEqual({ 'x-content-type-options': 'nosniff', 'referrer-policy': 'no-referrer', 'x-frame-options': 'DENY' });
    if (to.startsWith('/api')) expect(answer.headers.get('cache-control'), to).toBe('no-store');
    stop.abort();
  }
});

test('bodies that are too big or no JSON are refused in words', async () => {
  const rig = await hub();
  const post = (body: string): Promise<Response> => rig.ask('/api/start-hunt', { method: 'POST', headers: { ...bearer, 'content-type': 'application/json' }, body });
  expect([(await post(`{"seed":${' '.repeat(70_000)}1}`)).status, (await post('{"seed":')).status]).toEqual([413, 400]);
  expect(await (await post('{"seed":')).json()).toMatchObject({ error: { code: 'E_HUB_REQUEST', message: expect.stringContaining('JSON') } });
  expect((await post('{"__proto__":{"x":1}}')).status).toBe(400);
});

test('over TLS the cookie stays there; the key may be missing, and mining goes on', async () => {
  const keys = path.join((await hub()).dataDir);
  const [cert, key] = [path.join(keys, 'cert.pem'), path.join(keys, 'key.pem')];
  execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', key, '-out', cert, '-days', '1', '-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1'], { stdio: 'ignore' });
  const rig = await hub({ config: { tls: { cert, key } } });
  expect(rig.url).toMatch(/^https:/);
  const cookie = await new Promise<string>((resolve, reject) => {
    const request = https.request(`${rig.url}/api/login`, { method: 'POST', ca: readFileSync(cert), agent: false, headers: { 'content-type': 'application/json' } }, (response) => {
      response.resume();
      resolve(response.headers['set-cookie']![0]!);
    });
    request.on('error', reject);
    request.end(JSON.stringify({ token: TOKEN }));
  });
  expect(cookie).toMatch(/^__Host-rigbrain_[0-9a-f]{8}=.*; Secure$/);
  const warned: object[] = [];
  const without = await hub({ config: { tls: { cert, key: path.join(keys, 'none.pem') } }, log: { ...silentLog, warn: (fields) => void warned.push(fields) } });
  expect([without.url, warned]).toEqual(['', [expect.objectContaining({ code: 'E_HUB', err: expect.stringContaining('hub.tls.key') })]]);
});

test('a port that another program has is tried again until it is free', async () => {
  const other = net.createServer();
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
  afterTest(() => other.close());
  const { port } = other.address() as net.AddressInfo;
  const clock = new ManualClock();
  const warned: string[] = [];
  const told: string[] = [];
  const rig = await hub({ clock, config: { port }, parts: { tell: (type) => void told.push(type) }, log: { ...silentLog, warn: (fields: { err?: string }) => void warned.push(fields.err ?? '') } as Log });
  expect(rig.hub.url).toBeNull();
  expect(warned).toEqual([expect.stringContaining('another program has this port')]);
  clock.advance(30_000);
  await new Promise((resolve) => other.close(resolve));
  await vi.waitFor(() => {
    clock.advance(30_000);
    expect(rig.hub.url).toBe(`http://127.0.0.1:${port}`);
  });
  expect(warned).toHaveLength(1);
  expect(told).toEqual(['hub_failed', 'hub_recovered']);
});

test('a hub that is open to the network without TLS says so', async () => {
  const warned: string[] = [];
  const log: Log = { ...silentLog, warn: (_fields, message) => void warned.push(message ?? '') };
  const rig = await hub({ log, config: { host: '0.0.0.0' } });
  expect(rig.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
  expect(warned).toEqual([expect.stringContaining('without TLS')]);
});
