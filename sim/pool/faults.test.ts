import { expect, test, vi } from 'vitest';
import { FAULT_NAMES, noFaults, parseFault, type PoolFaults } from './faults.ts';
import { EASY, MINABLE, testPool } from './pool.fixture.ts';
import type { TestClient } from './client.fixture.ts';

/** Lets everything that is on its way arrive: a second connection's round trip comes after it. */
async function settle(connect: () => Promise<TestClient>): Promise<void> {
  const other = await connect();
  await other.request('mining.ping', []);
}

test('silent: connections stay and nothing is sent or heard any more, until the fault ends', async () => {
  const { pool, clock, connect } = await testPool();
  const miner = await connect();
  await miner.join();
  const asking = await connect();
  await asking.join();
  pool.faults.silent = true;
  const counts = [miner.lines.length, asking.lines.length];
  asking.send('mining.ping', []);
  pool.broadcast.job();
  clock.advance(3 * 3_600_000);
  expect(pool.stats().connections).toHaveLength(2);
  // The end of its stream comes after the ping, so the ping was read when the connection is closed.
  asking.socket.end();
  await asking.untilClosed();
  pool.faults.silent = false;
  expect((await miner.request('mining.ping', [])).result).toBe('pong');
  expect([miner.lines.length, asking.lines.length]).toEqual([counts[0]! + 1, counts[1]]);
});

test('half-open: a connection made under the fault stays dead, others live', async () => {
  const { pool, clock, connect } = await testPool();
  pool.faults.halfOpen = true;
  const dead = await connect();
  await dead.until(() => pool.stats().connections.length === 1, 'the connection');
  pool.faults.halfOpen = false;
  dead.send('mining.subscribe', ['test/1.0']);
  clock.advance(3600_000);
  await settle(connect);
  expect(dead.raw).toEqual([]);
  expect(dead.closed).toBe(false);
});

test('silent-after: the connection is dead after its shares, others and new ones live', async () => {
  const { pool, clock, connect } = await testPool();
  pool.faults.silentAfter = { shares: 2 };
  const miner = await connect();
  await miner.join();
  const other = await connect();
  await other.join();
  for (let i = 0; i < 2; i++) expect((await miner.submit(miner.mine())).result).toBe(true);
  const before = miner.lines.length;
  miner.send('mining.ping', []);
  pool.broadcast.job();
  clock.advance(3600_000);
  await settle(connect);
  expect(miner.lines).toHaveLength(before);
  expect(miner.closed).toBe(false);
  expect((await other.submit(other.mine())).result).toBe(true);
});

test('silent-after with seconds: dead so long after the job, and no timer is left behind', async () => {
  const { pool, clock, connect } = await testPool();
  const idle = clock.pendingTimers;
  pool.faults.silentAfter = { ms: 5000 };
  const miner = await connect();
  await miner.join();
  clock.advance(4999);
  expect((await miner.request('mining.ping', [])).result).toBe('pong');
  clock.advance(1);
  const before = miner.lines.length;
  miner.send('mining.ping', []);
  await settle(connect);
  expect(miner.lines).toHaveLength(before);
  const second = await connect();
  await second.join();
  expect(clock.pendingTimers).toBe(idle + 1);
  second.socket.destroy();
  await vi.waitFor(() => expect(clock.pendingTimers).toBe(idle));
});

test('trickle: a byte a second of one line, which ends as garbage when the fault does', async () => {
  const { pool, clock, connect } = await testPool();
  const miner = await connect();
  await miner.join();
  const before = miner.lines.length;
  let bytes = 0;
  miner.socket.on('data', (text: string) => (bytes += text.length));
  pool.faults.trickle = true;
  pool.broadcast.job();
  clock.advance(100_000);
  await miner.until(() => bytes === 100, 'a hundred bytes');
  pool.faults.trickle = false;
  expect(miner.lines).toHaveLength(before);
  expect((await miner.request('mining.ping', [])).result).toBe('pong');
  expect(miner.raw.at(-2)).toMatch(/^\{"id":null,"method":"mining.notify","params":\["a{50,}$/);
});

test('no-jobs: the handshake is answered, and a job comes only once the fault ends', async () => {
  const { pool, clock, connect } = await testPool();
  pool.faults.noJobs = true;
  const miner = await connect();
  await miner.subscribe();
  expect((await miner.request('mining.authorize', [miner.worker, 'x'])).result).toBe(true);
  clock.advance(100_000);
  expect((await miner.request('mining.ping', [])).result).toBe('pong');
  expect([miner.received('mining.notify'), miner.received('mining.set_difficulty')]).toEqual([[], []]);
  pool.faults.noJobs = false;
  pool.broadcast.job();
  await miner.untilReceived('mining.notify');
  expect((await miner.submit(miner.mine())).result).toBe(true);
});

test('flapping: one job, then the connection is cut, and the next one too', async () => {
  const { pool, clock, connect } = await testPool();
  pool.faults.flappingMs = 500;
  for (let i = 0; i < 2; i++) {
    const miner = await connect();
    await miner.join();
    clock.advance(499);
    expect((await miner.submit(miner.mine())).result).toBe(true);
    clock.advance(1);
    await miner.untilClosed();
    expect(miner.received('mining.notify')).toHaveLength(1);
  }
});

test('garbage: a line that is not JSON comes before every line, and a miner that skips them can mine', async () => {
  const { pool, connect } = await testPool();
  pool.faults.garbage = true;
  const miner = await connect();
  await miner.join();
  expect((await miner.submit(miner.mine())).result).toBe(true);
  expect(miner.lines.filter((line) => line === null).length).toBe(miner.lines.length / 2);
});

test('notify-before-authorize: the job comes with the answer to subscribe, and shares wait for authorize', async () => {
  const { pool, connect } = await testPool();
  pool.faults.notifyBeforeAuthorize = true;
  const miner = await connect();
  await miner.subscribe();
  await miner.untilReceived('mining.notify');
  expect(miner.difficulty).toBe(EASY);
  const share = miner.mine();
  expect((await miner.submit(share)).error?.[0]).toBe(24);
  await miner.request('mining.authorize', [miner.worker, 'x']);
  expect((await miner.submit(share)).result).toBe(true);
  expect(miner.received('mining.notify')).toHaveLength(1);
});

test('close-after-configure: only miners that send it are cut off', async () => {
  const { pool, connect } = await testPool();
  pool.faults.closeAfterConfigure = true;
  const modern = await connect();
  modern.send('mining.configure', [['version-rolling'], {}]);
  await modern.untilClosed();
  const old = await connect();
  await old.join();
  expect((await old.submit(old.mine())).result).toBe(true);
});

test('same-job-new-extranonce: at the refresh the job comes again under its id, worth new shares', async () => {
  const { pool, clock, connect } = await testPool();
  pool.faults.sameJobNewExtranonce = true;
  const miner = await connect();
  await miner.join();
  const [id] = miner.job;
  const before = miner.extranonce1;
  clock.advance(30_000);
  await miner.untilReceived('mining.notify', 1);
  expect(miner.received('mining.set_extranonce')).toHaveLength(1);
  expect(miner.job[0]).toBe(id);
  expect(miner.extranonce1).not.toBe(before);
  expect((await miner.submit(miner.mine())).result).toBe(true);
});

test('wrong-shapes: answers have other types than the protocol says', async () => {
  const { pool, connect } = await testPool();
  pool.faults.wrongShapes = true;
  const miner = await connect();
  expect((await miner.request('mining.configure', [['info'], {}])).result).toEqual([{ info: true }]);
  expect((await miner.request('mining.subscribe', ['test/1.0'])).result).toEqual({ extranonce1: expect.stringMatching(/^[0-9a-f]{8}$/), extranonce2_size: '8' });
  expect((await miner.request('mining.authorize', [miner.worker, 'x'])).result).toEqual({ status: 'OK' });
});

test('slow-answers: every line waits its time, in order', async () => {
  const { pool, clock, connect } = await testPool();
  const miner = await connect();
  await miner.join();
  pool.faults.slowAnswersMs = 2000;
  const before = miner.lines.length;
  miner.send('mining.ping', []);
  miner.send('mining.unheard_of', []);
  await miner.until(() => clock.pendingTimers === 4, 'both answers waiting');
  clock.advance(1999);
  pool.faults.slowAnswersMs = 0;
  await settle(connect);
  expect(miner.lines).toHaveLength(before);
  clock.advance(1);
  await miner.until(() => miner.lines.length === before + 2, 'both answers');
  expect(miner.lines.slice(before).map((line) => line?.result)).toEqual(['pong', null]);
});

test('reject-nth: every third good share is refused with the code asked for', async () => {
  const { pool, connect } = await testPool();
  pool.faults.rejectNth = { every: 3, code: 22 };
  const miner = await connect();
  await miner.join();
  const codes: (number | null)[] = [];
  for (let i = 0; i < 6; i++) codes.push((await miner.submit(miner.mine())).error?.[0] ?? null);
  expect(codes).toEqual([null, null, 22, null, null, 22]);
  expect(pool.stats()).toMatchObject({ accepted: 4, rejected: 2, rejected_by_reason: { on_purpose: 2 } });
});

test('unauthorized: no worker is taken, until the fault ends', async () => {
  const { pool, connect } = await testPool();
  pool.faults.unauthorized = true;
  const miner = await connect();
  await miner.subscribe();
  expect((await miner.request('mining.authorize', [miner.worker, 'x'])).error).toEqual([24, 'Unauthorized worker', null]);
  pool.faults.unauthorized = false;
  expect((await miner.request('mining.authorize', [miner.worker, 'x'])).result).toBe(true);
});

test('http: a web server answers', async () => {
  const { pool, connect } = await testPool();
  pool.faults.http = true;
  const miner = await connect();
  miner.send('mining.subscribe', []);
  await miner.untilClosed();
  expect(miner.raw[0]).toMatch(/^HTTP\/1\.1 400/);
});

test('drop-after-shares: the connection goes after the share that was answered', async () => {
  const { pool, connect } = await testPool();
  pool.faults.dropAfterShares = 2;
  const miner = await connect();
  await miner.join();
  expect((await miner.submit(miner.mine())).result).toBe(true);
  miner.submit(miner.mine()).catch(() => undefined);
  await miner.untilClosed();
  expect(pool.stats()).toMatchObject({ accepted: 2, connections: [] });
});

test('difficulty-jump: once, at the next job', async () => {
  const { pool, connect } = await testPool();
  const miner = await connect();
  await miner.join();
  pool.faults.difficultyJump = 1000;
  pool.broadcast.job();
  await miner.untilReceived('mining.notify', 1);
  expect(miner.difficulty).toBe(EASY * 1000);
  pool.broadcast.job();
  await miner.untilReceived('mining.notify', 2);
  expect(miner.difficulty).toBe(EASY);
});

test('no-submit-answers: shares count, blocks too, but no word comes back', async () => {
  const { pool, connect } = await testPool(MINABLE);
  pool.faults.noSubmitAnswers = true;
  const miner = await connect();
  await miner.join();
  const { jobId, extranonce2, ntime, nonce } = miner.mine({ difficulty: pool.stats().network_difficulty });
  const id = miner.send('mining.submit', [miner.worker, jobId, extranonce2, ntime, nonce]);
  await miner.request('mining.ping', []);
  expect(miner.lines.some((line) => line?.id === id)).toBe(false);
  expect(pool.stats()).toMatchObject({ accepted: 1, blocks: 1, height: 1 });
});

test('every fault has a name that the command line takes, and every name changes something', () => {
  const changed = new Set<string>();
  for (const name of Object.keys(FAULT_NAMES)) {
    const fault = parseFault(name);
    for (const key of Object.keys(fault) as (keyof PoolFaults)[]) {
      expect(fault[key]).not.toEqual(noFaults()[key]);
      changed.add(key);
    }
  }
  expect([...changed].sort()).toEqual(Object.keys(noFaults()).sort());
  expect(parseFault('reject-nth=3:23')).toEqual({ rejectNth: { every: 3, code: 23 } });
  expect(parseFault('silent-after=3')).toEqual({ silentAfter: { shares: 3 } });
  expect(parseFault('silent-after=2.5s')).toEqual({ silentAfter: { ms: 2500 } });
  expect(parseFault('flapping=0')).toEqual({ flappingMs: 0 });
  expect(parseFault('slow-answers=150')).toEqual({ slowAnswersMs: 150 });
});

test.each(['sleepy', 'silent=yes', 'slow-answers=soon', 'slow-answers=', 'reject-nth=0', 'drop-after-shares=0', 'silent-after=0', 'silent-after=2.5', 'silent-after=soon', 'flapping=-1', 'toString'])('--fault %s is refused with the way to write it', (text) => {
  expect(() => parseFault(text)).toThrow(expect.objectContaining({ code: 'E_FLAG_INVALID', hint: expect.stringMatching(/^(Use one of|Write --fault)/) }));
});
