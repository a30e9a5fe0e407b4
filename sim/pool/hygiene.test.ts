import fc from 'fast-check';
import { expect, test } from 'vitest';
import { negotiate } from './configure.ts';
import { checkSubmit } from './submit.ts';
import type { TestClient } from './client.fixture.ts';
import { testPool, type TestPool } from './pool.fixture.ts';

async function reasonOf({ pool }: TestPool, act: () => unknown): Promise<string> {
  const reason = new Promise<string>((resolve) => pool.events.once('disconnect', (event) => resolve(event.reason)));
  await act();
  return reason;
}

/** Proves that the pool still works: somebody else joins and mines. */
async function alive(connect: () => Promise<TestClient>): Promise<void> {
  const miner = await connect();
  await miner.join();
  expect((await miner.submit(miner.mine())).result).toBe(true);
}

test('a line over the cap ends the connection, complete or not', async () => {
  const made = await testPool();
  for (const text of ['x'.repeat(8193), `${JSON.stringify({ id: 1, method: 'mining.ping', params: ['x'.repeat(9000)] })}\n`]) {
    const miner = await made.connect();
    expect(await reasonOf(made, () => miner.write(text))).toBe('line over 8192 bytes');
    await miner.untilClosed();
  }
  await alive(made.connect);
});

test('lines may come in pieces, many at once, and with CRLF', async () => {
  const { connect } = await testPool();
  const miner = await connect();
  for (const piece of ['{"id":1,"met', 'hod":"mining.ping","params":[]}\r', '\n{"id":2,"method":"mining.ping"}\n\n{"id":"three","method":"mining.ping","params":[]}\n']) miner.write(piece);
  await miner.until(() => miner.lines.length === 3, 'three answers');
  expect(miner.lines.map((line) => [line?.id, line?.result])).toEqual([[1, 'pong'], [2, 'pong'], ['three', 'pong']]);
});

test('a client that keeps sending what is not Stratum is told so and then cut off', async () => {
  const made = await testPool();
  const miner = await made.connect();
  const reason = await reasonOf(made, () => miner.write('this is not json\n[1,2]\nnull\n'.repeat(4)));
  expect(reason).toBe('too many lines that are not Stratum');
  await miner.untilClosed();
  expect(miner.lines.slice(0, 3).map((line) => line?.error?.[0])).toEqual([-32700, -32600, -32600]);
  expect(made.pool.stats().bad_lines).toBe(10);
  await alive(made.connect);
});

test('a web browser is sent away at once', async () => {
  const made = await testPool();
  const miner = await made.connect();
  expect(await reasonOf(made, () => miner.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n'))).toBe('the client speaks HTTP');
});

test('connections that never subscribe, never authorize or never bring a share are closed in time', async () => {
  const made = await testPool();
  const { clock, connect } = made;
  const idle = await connect();
  await idle.request('mining.ping', []);
  clock.advance(14_000);
  expect(made.pool.stats().connections).toHaveLength(1);
  expect(await reasonOf(made, () => clock.advance(1000))).toBe('no mining.subscribe in time');

  const stranger = await connect();
  await stranger.subscribe();
  clock.advance(119_000);
  expect(await reasonOf(made, () => clock.advance(1000))).toBe('no mining.authorize in time');

  const lazy = await connect();
  await lazy.join();
  clock.advance(7_199_000);
  expect(made.pool.stats().connections).toHaveLength(1);
  expect(await reasonOf(made, () => clock.advance(1000))).toBe('no share for too long');
  await lazy.untilClosed();
});

test('a miner that does not read is dropped when its send queue is full, others are not', async () => {
  const made = await testPool();
  const deaf = await made.connect();
  await deaf.join();
  const dropped: string[] = [];
  made.pool.events.on('disconnect', ({ reason }) => dropped.push(reason));
  deaf.socket.pause();
  const other = await made.connect();
  await other.join();
  const text = 'x'.repeat(100_000);
  for (let sent = 0; sent < 400 && dropped.length === 0; sent++) {
    made.pool.broadcast.message(text);
    await other.until(() => other.received('client.show_message').length > sent, 'the message at the miner that reads');
  }
  expect(dropped).toEqual(['send queue full: the miner does not read']);
  expect((await other.submit(other.mine())).result).toBe(true);
});

test('a second subscribe gets the same answer, and names beyond the limit are refused', async () => {
  const { connect } = await testPool();
  const miner = await connect();
  const first = await miner.subscribe();
  expect((await miner.subscribe()).result).toEqual(first.result);
  for (let i = 0; i < 64; i++) expect((await miner.request('mining.authorize', [`w${i}`, 'x'])).result).toBe(true);
  expect((await miner.request('mining.authorize', ['one.more', 'x'])).error?.[0]).toBe(24);
  expect((await miner.request('mining.authorize', [7, 'x'])).error?.[0]).toBe(20);
});

test('names that would write to the terminal are refused and never shown', async () => {
  const { pool, connect } = await testPool();
  const shown: unknown[] = [];
  pool.events.on('authorize', (event) => shown.push(event));
  const miner = await connect();
  await miner.request('mining.subscribe', ['agent\u001b[31m']);
  expect((await miner.request('mining.authorize', ['worker\u001b[2J', 'x'])).error?.[0]).toBe(24);
  expect(shown).toEqual([{ connection: 1, worker: 'worker[2J', accepted: false, userAgent: 'agent[31m' }]);
});

const METHODS = ['mining.configure', 'mining.subscribe', 'mining.authorize', 'mining.submit', 'mining.suggest_difficulty', 'mining.extranonce.subscribe', 'mining.get_transactions', 'mining.ping', '__proto__', 'constructor'];

test('whatever comes, every request is answered and the pool lives', async () => {
  const { connect } = await testPool({ limits: { badLines: Number.MAX_SAFE_INTEGER } });
  const miner = await connect();
  await miner.join();
  const request = fc.record({ method: fc.constantFrom(...METHODS), params: fc.jsonValue({ maxDepth: 3 }) });
  await fc.assert(
    fc.asyncProperty(fc.array(request, { minLength: 1, maxLength: 20 }), async (requests) => {
      for (const { method, params } of requests) expect(await miner.request(method, params)).toHaveProperty('error');
    }),
    { numRuns: 100 },
  );
  await alive(connect);
});

test('random bytes and cut or altered lines do not bring the pool down', async () => {
  const { pool, connect } = await testPool({ limits: { badLines: Number.MAX_SAFE_INTEGER } });
  const good = Buffer.from(`${JSON.stringify({ id: 9, method: 'mining.submit', params: ['demo.worker', '1', '0000000000000001', '65000000', '00000000', '00000000'] })}\n`);
  let miner = await connect();
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), fc.nat(good.length - 1), fc.nat(255), async (noise, at, byte) => {
      if (miner.closed) miner = await connect();
      const altered = Buffer.from(good);
      altered[at] = byte;
      miner.socket.write(Buffer.concat([noise, Buffer.from('\n'), good.subarray(0, at), Buffer.from('\n'), altered, Buffer.from('\n')]));
    }),
    { numRuns: 2000 },
  );
  await alive(connect);
  await miner.until(() => pool.stats().bad_lines > 1000, 'counted bad lines');
});

test('the checks of submit and configure never throw', () => {
  const context = { subscribed: true, workers: new Set(['w']), versionMask: 0x1fffe000, issued: () => undefined, tip: '', now_s: 0 };
  fc.assert(fc.property(fc.anything(), fc.nat(0xffffffff), (params, mask) => {
    expect(checkSubmit(params, context)).toHaveProperty('reject');
    const agreement = negotiate(params, mask);
    if (agreement?.versionMask != null) expect(agreement.versionMask & ~mask).toBe(0);
  }), { numRuns: 20_000 });
});
