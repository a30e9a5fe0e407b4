import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { HubClient } from './hub-client.ts';

const servers: http.Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

async function hub(answer: http.RequestListener): Promise<HubClient> {
  const server = http.createServer(answer);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return new HubClient({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, pid: process.pid, mode: 'demo', process_start: null, cert: null }, 'a-token-of-its-own', 2000);
}

const saying = (status: number, text: string): http.RequestListener => (_, response) => void response.writeHead(status).end(text);

test('sends the token and a body, and hands over what comes back', async () => {
  let heard = '';
  const client = await hub((request, response) => {
    request.on('data', (piece) => (heard += String(piece)));
    request.on('end', () => response.writeHead(202).end(JSON.stringify({ auth: request.headers.authorization, path: request.url })));
  });
  expect(await client.call({ method: 'POST', path: '/api/start-hunt', body: { num_generations: 2 } })).toEqual({ auth: 'Bearer a-token-of-its-own', path: '/api/start-hunt' });
  expect(heard).toBe('{"num_generations":2}');
});

test('a body that is not there is null', async () => {
  expect(await (await hub(saying(204, ''))).call({ method: 'POST', path: '/api/logout' })).toBeNull();
});

test.each([
  [409, '{"error":{"code":"E_HUNT_BUSY","message":"a hunt runs","hint":"wait"},"message":"a hunt runs"}', { code: 'E_HUNT_BUSY', message: 'a hunt runs', hint: 'wait' }],
  [409, '{"message":"a hunt runs"}', { code: 'E_HUNT_BUSY', message: 'a hunt runs' }],
  [400, '{"error":{"code":"E_HUNT_SETTINGS","message":"seed: must be"}}', { code: 'E_HUNT_SETTINGS' }],
  [401, '{}', { code: 'E_HUB_AUTH' }],
  [500, '{"error":{"code":"E_OF_A_LATER_VERSION","message":"odd"}}', { code: 'E_HUB', message: 'odd' }],
  [200, '<html>', { code: 'E_HUB' }],
])('a refusal keeps its code: %i %s', async (status, text, expected) => {
  const client = await hub(saying(status, text));
  await expect(client.call({ method: 'GET', path: '/api/state' })).rejects.toMatchObject(expected);
});

test('nobody there, and somebody who says nothing, are told apart from nothing', async () => {
  const client = await hub(() => {});
  const fast = new HubClient(client.address, 'x', 50);
  await expect(fast.call({ method: 'GET', path: '/api/state' })).rejects.toMatchObject({ code: 'E_HUB', message: expect.stringContaining('does not answer') });
  servers[0]!.closeAllConnections();
  await new Promise((resolve) => servers[0]!.close(resolve));
  await expect(client.call({ method: 'GET', path: '/api/state' })).rejects.toMatchObject({ code: 'E_HUB' });
});
