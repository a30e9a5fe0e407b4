import { expect, test } from 'vitest';
import { hubForTest as hub, TOKEN } from './hub.fixture.ts';

test('nothing of the API answers without a login, but what a login needs', async () => {
  const { url } = await hub();
  for (const path of ['/api/state', '/api/events', '/api/openapi.json', '/api/hunts', '/api/ledger', '/api/no-such-thing', '/api']) {
    const answer = await fetch(`${url}${path}`);
    expect([path, answer.status], path).toEqual([path, 401]);
    expect(await answer.json()).toMatchObject({ error: { code: 'E_HUB_AUTH' } });
  }
  expect(await (await fetch(`${url}/api/session`)).json()).toEqual({ authenticated: false, version: '0.0.0' });
});

test('a token logs a browser in, and a logout ends that session for good', async () => {
  const first = await hub();
  const login = await fetch(`${first.url}/api/login`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ token: TOKEN }) });
  expect(login.status).toBe(204);
  const setCookie = login.headers.get('set-cookie')!;
  expect(setCookie).toMatch(/^rigbrain_[0-9a-f]{8}=[\w.-]+; Max-Age=2592000; Path=\/; HttpOnly; SameSite=Strict$/);
  const cookie = setCookie.split(';')[0]!;
  const with_ = (origin?: string): RequestInit => ({ headers: { cookie, ...(origin !== undefined && { origin }) } });
  expect((await fetch(`${first.url}/api/state`, with_())).status).toBe(200);
  // Another daemon on this data folder, with the same token: a restart.
  const second = await hub({ dataDir: first.dataDir });
  expect((await fetch(`${second.url}/api/state`, with_())).status).toBe(200);
  expect((await fetch(`${second.url}/api/logout`, { method: 'POST', ...with_(second.url) })).status).toBe(204);
  expect((await fetch(`${second.url}/api/state`, with_())).status).toBe(401);
  const third = await hub({ dataDir: first.dataDir });
  expect((await fetch(`${third.url}/api/state`, with_())).status).toBe(401);
  expect((await fetch(`${third.url}/api/state`, { headers: { cookie: `${cookie}x` } })).status).toBe(401);
});

test('the state answers as it is now', async () => {
  const { ask, state } = await hub();
  const answer = await ask('/api/state');
  expect(answer.headers.get('cache-control')).toBe('no-store');
  expect(await answer.json()).toEqual(JSON.parse(JSON.stringify(state.state)));
});
