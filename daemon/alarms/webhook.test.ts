/** Against a real HTTP server of this process; the waits of retries are on a manual clock. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { systemClock, type Clock } from '../../protocol/common/clock.ts';
import { silentLog, type Log } from '../../protocol/common/log.ts';
import { ManualClock } from '../../protocol/common/manual-clock.ts';
import type { AlarmMessage } from './message.ts';
import { Webhook, type WebhookTarget } from './webhook.ts';

interface Seen {
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

let server: Server;
let seen: Seen[];
let answer: (request: IncomingMessage, response: ServerResponse) => void;
let logged: { level: string; text: string }[];
let sockets: Set<Socket>;

const SECRET = 'tk_verysecret';
const log: Log = { ...silentLog, info: (fields, text) => logged.push({ level: 'info', text: `${text} ${JSON.stringify(fields)}` }), warn: (fields, text) => logged.push({ level: 'warn', text: `${text} ${JSON.stringify(fields)}` }), child: () => log };
const message = (n: number): AlarmMessage => ({ event: 'alarm_raised', node: 'rig1', kind: 'pool_silent', subject: 'ocean', severity: 'warning', message: `message ${n}`, raised_at: 0, healed_at: null });
const numbers = (): number[] => seen.map(({ body }) => Number(/message (\d+)/.exec(body)?.[1]));

beforeEach(async () => {
  seen = [];
  logged = [];
  sockets = new Set();
  answer = (_request, response) => response.end('ok');
  server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk) => (body += String(chunk)));
    request.on('end', () => {
      seen.push({ path: request.url ?? '', headers: request.headers, body });
      answer(request, response);
    });
  });
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});

afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

function hook(clock: Clock = systemClock, overrides: Partial<WebhookTarget> = {}): Webhook {
  const address = server.address() as AddressInfo | null;
  return new Webhook({ label: 'webhook 1', url: new URL(`http://127.0.0.1:${address?.port ?? 1}/secret-topic`), token: SECRET, format: 'json', ...overrides }, { clock, log });
}

describe('what arrives', () => {
  test('json', async () => {
    const one = hook();
    one.send({ ...message(1), event: 'alarm_healed', severity: 'info', raised_at: 1_766_000_000_000, healed_at: 1_766_000_060_000 });
    await vi.waitFor(() => expect(one.stats().delivered).toBe(1));
    expect(seen[0]).toMatchObject({ path: '/secret-topic', headers: { 'content-type': 'application/json', authorization: `Bearer ${SECRET}` } });
    expect(JSON.parse(seen[0]!.body)).toEqual({ schema: 1, title: 'rig1, ocean: over: Pool is silent', event: 'alarm_healed', node: 'rig1', kind: 'pool_silent', subject: 'ocean', severity: 'info', message: 'message 1', raised_at: '2025-12-17T19:33:20.000Z', healed_at: '2025-12-17T19:34:20.000Z' });
  });

  test('ntfy: text as the body, the rest in headers that hold ASCII only', async () => {
    const one = hook(systemClock, { format: 'ntfy', token: null });
    one.send({ ...message(1), kind: 'payee_changed', severity: 'critical', node: 'küche', message: `über ${'ä'.repeat(5000)}` });
    await vi.waitFor(() => expect(one.stats().delivered).toBe(1));
    const { headers, body } = seen[0]!;
    expect(headers).toMatchObject({ priority: '5', tags: 'rotating_light,payee_changed' });
    expect(headers.authorization).toBeUndefined();
    const words = /^=\?UTF-8\?B\?(.*)\?=$/.exec(String(headers.title));
    expect(Buffer.from(words![1]!, 'base64').toString()).toBe('küche, ocean: Payee changed');
    expect(Buffer.byteLength(body)).toBeLessThanOrEqual(4000);
    expect(body).toMatch(/^über ä+$/);
  });
});

test('messages keep their order while the first one has to be sent again', async () => {
  const clock = new AskedClock();
  const one = hook(clock);
  let refused = 0;
  answer = (_request, response) => {
    response.statusCode = refused++ < 2 ? 500 : 200;
    response.end();
  };
  for (const n of [1, 2, 3]) one.send(message(n));
  await clock.pass(1);
  await clock.pass(3);
  await vi.waitFor(() => expect(one.stats().delivered).toBe(3));
  expect(numbers()).toEqual([1, 1, 1, 2, 3]);
  expect(logged).toEqual([]);
});

/** Knows what it was asked to wait for: the deadline of an attempt, the pause after it, the next deadline ... */
class AskedClock extends ManualClock {
  readonly asked: number[] = [];

  override after(ms: number, fn: () => void): ReturnType<ManualClock['after']> {
    this.asked.push(ms);
    return super.after(ms, fn);
  }

  /** Waits until an attempt has failed and the pause after it begun, and lets that pass. @param index of the pause among all waits */
  async pass(index: number): Promise<void> {
    await vi.waitFor(() => expect(this.asked.length).toBeGreaterThan(index), { timeout: 15_000 });
    this.advance(this.asked[index]!);
  }
}

test('what cannot be delivered is given up after four attempts and told once, without address and token', async () => {
  const clock = new AskedClock();
  const one = hook(clock);
  answer = (_request, response) => {
    response.statusCode = 503;
    response.end('secret-topic');
  };
  one.send(message(1));
  one.send(message(2));
  // Four attempts and three pauses a message.
  for (const index of [1, 3, 5, 8, 10, 12]) await clock.pass(index);
  await vi.waitFor(() => expect(one.stats().failed).toBe(2));
  expect(clock.asked.slice(0, 7)).toEqual([10_000, 2_000, 10_000, 10_000, 10_000, 30_000, 10_000]);
  expect(numbers()).toEqual([1, 1, 1, 1, 2, 2, 2, 2]);
  expect(logged).toHaveLength(1);
  expect(logged[0]!.text).toContain('E_ALARM_DELIVERY');
  expect(logged[0]!.text).toContain('answered 503');
  answer = (_request, response) => response.end();
  one.send(message(3));
  await vi.waitFor(() => expect(one.stats().delivered).toBe(1));
  expect(logged.map(({ level }) => level)).toEqual(['warn', 'info']);
  expect(JSON.stringify(logged)).not.toMatch(/secret/);
});

test('a redirect is not followed: alarms go where the configuration says and nowhere else', async () => {
  answer = (request, response) => {
    response.writeHead(request.url === '/elsewhere' ? 200 : 302, { location: '/elsewhere' });
    response.end();
  };
  const one = hook();
  one.send(message(1));
  await vi.waitFor(() => expect(one.stats().failed).toBe(1));
  expect(seen.map(({ path }) => path)).toEqual(['/secret-topic']);
  expect(logged[0]!.text).toContain('redirect');
});

test.each([400, 401, 403, 404])('an answer of %i is not asked for again', async (status) => {
  answer = (_request, response) => {
    response.statusCode = status;
    response.end();
  };
  const one = hook();
  one.send(message(1));
  await vi.waitFor(() => expect(one.stats().failed).toBe(1));
  expect(seen).toHaveLength(1);
});

test('a server that takes the message and never answers costs ten seconds an attempt', async () => {
  const clock = new ManualClock();
  answer = () => {};
  const one = hook(clock);
  one.send(message(1));
  await vi.waitFor(() => expect(seen).toHaveLength(1));
  clock.advance(9_999);
  expect(sockets.size).toBe(1);
  clock.advance(1);
  await vi.waitFor(() => expect(sockets.size).toBe(0));
  clock.advance(2_000);
  await vi.waitFor(() => expect(seen).toHaveLength(2));
  const closed = one.close(0);
  clock.advance(0);
  await closed;
});

test('nobody there: said in words, not with the address', async () => {
  const clock = new AskedClock();
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  const one = hook(clock, { url: new URL(`http://127.0.0.1:${port}/secret-topic`) });
  one.send(message(1));
  for (const index of [1, 3, 5]) await clock.pass(index);
  await vi.waitFor(() => expect(one.stats().failed).toBe(1));
  expect(logged[0]!.text).toContain('connection refused');
  expect(logged[0]!.text).not.toContain('secret');
});

test('too many waiting: the oldest give way and are counted', async () => {
  const held: ServerResponse[] = [];
  answer = (_request, response) => held.push(response);
  const one = hook();
  one.send(message(0));
  await vi.waitFor(() => expect(seen).toHaveLength(1));
  for (let n = 1; n <= 50; n++) one.send(message(n));
  answer = (_request, response) => response.end();
  held[0]!.end();
  await vi.waitFor(() => expect(one.stats()).toEqual({ delivered: 33, failed: 0, dropped: 18 }));
  expect(numbers()).toEqual([0, ...Array.from({ length: 32 }, (_, i) => i + 19)]);
});

describe('close', () => {
  test('what is on its way gets its moment, and arrives', async () => {
    const one = hook();
    one.send(message(1));
    one.send(message(2));
    await one.close(5000);
    expect(numbers()).toEqual([1, 2]);
    one.send(message(3));
    expect(one.stats()).toEqual({ delivered: 2, failed: 0, dropped: 0 });
  });

  test('no server and no retry can hold it up for longer than that', async () => {
    const clock = new ManualClock();
    answer = () => {};
    const one = hook(clock);
    one.send(message(1));
    one.send(message(2));
    await vi.waitFor(() => expect(seen).toHaveLength(1));
    const closed = one.close(900);
    clock.advance(900);
    await closed;
    expect(one.stats()).toEqual({ delivered: 0, failed: 2, dropped: 0 });
    expect(clock.pendingTimers).toBe(0);
    await vi.waitFor(() => expect(sockets.size).toBe(0));
  });

  test('during the pause before another attempt', async () => {
    const clock = new ManualClock();
    answer = (_request, response) => {
      response.statusCode = 500;
      response.end();
    };
    const one = hook(clock);
    one.send(message(1));
    await vi.waitFor(() => expect(seen).toHaveLength(1));
    await vi.waitFor(() => expect(clock.pendingTimers).toBe(1));
    const closed = one.close(900);
    clock.advance(900);
    await closed;
    expect(clock.pendingTimers).toBe(0);
  });
});
