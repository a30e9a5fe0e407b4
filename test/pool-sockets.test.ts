/**
 * Hundreds of connections on real sockets, each ended in another way, leave neither a socket nor a timer behind. What the
 * rest of the mining half keeps over a day is measured in `pool-day.slow.test.ts`, with sockets in memory.
 */
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import type net from 'node:net';
import path from 'node:path';
import { queryObjects, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterEach, expect, test, vi } from 'vitest';
import { selfSigned } from '../daemon/mining/certificate.fixture.ts';
import type { SourceStatus } from '../daemon/mining/job.ts';
import { PoolSocket } from '../daemon/mining/pool-socket.ts';
import { notify, politePool, ScriptedPool, send, type Script } from '../daemon/mining/scripted-pool.fixture.ts';
import { StratumV1Session } from '../daemon/mining/stratum-v1-session.ts';
import { StratumV1Source } from '../daemon/mining/stratum-v1-source.ts';
import { silentLog } from '../protocol/common/log.ts';
import { ManualClock } from '../protocol/common/manual-clock.ts';
import { temporaryFolder } from './harness.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

const ROUNDS = 60;

/** Ways a connection ends after its first job. */
const ENDS: readonly ((socket: net.Socket) => void)[] = [
  (socket) => void socket.destroy(),
  (socket) => void socket.end(),
  (socket) => void socket.resetAndDestroy(),
  (socket) => void socket.write('garbage\n'.repeat(20)),
  (socket) => void socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'),
  (socket) => send(socket, { id: null, method: 'client.reconnect', params: [] }),
  (socket) => void socket.write('x'.repeat(2 ** 20 + 1)),
];

async function startPool(script: Script, secure?: { key: string; cert: string }): Promise<{ pool: ScriptedPool; port: number }> {
  const pool = new ScriptedPool(script, secure);
  const port = await pool.listen();
  cleanups.push(() => pool.close());
  return { pool, port };
}

function makeSource(url: string): { source: StratumV1Source; clock: ManualClock } {
  const clock = new ManualClock();
  const source = new StratumV1Source({ id: 'p', url, user: 'acc.rig', password: 'x', tls: null, versionMask: 0, suggestDifficulty: null, subscribeExtranonce: false, userAgent: 'rigbrain/test' }, { clock, log: silentLog, random: () => 0 });
  cleanups.push(() => source.stop());
  return { source, clock };
}

async function reaches(source: StratumV1Source, status: SourceStatus): Promise<void> {
  while (source.state().status !== status) await once(source.events, 'change');
}

/** Lets the pause until the next attempt pass, and no more: there is no time for the network meanwhile. */
function again(source: StratumV1Source, clock: ManualClock): void {
  clock.advance(source.state().next_attempt_at! - clock.now());
}

/** Sockets of this process that the system still holds. */
const sockets = (): number => process.getActiveResourcesInfo().filter((name) => /TCPSocket|TLSWrap|TCPConnect|GetAddrInfo/.test(name)).length;

function instances(): number[] {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
  return [PoolSocket, StratumV1Session].map((type) => queryObjects(type as unknown as new () => object, { format: 'count' }));
}

async function expectNothingLeft(source: StratumV1Source, clock: ManualClock, pool: ScriptedPool, before: number): Promise<void> {
  await source.stop();
  // The pool's ends are gone when the system has told it so.
  await vi.waitFor(() => expect({ ends: pool.sockets.length, sockets: sockets() }).toEqual({ ends: 0, sockets: before }), { timeout: 10_000 });
  expect(clock.pendingTimers).toBe(0);
  await vi.waitFor(() => expect(instances()).toEqual([0, 0]), { timeout: 10_000 });
}

test('connections that work and are then ended in seven ways', async () => {
  const before = sockets();
  const { pool, port } = await startPool(politePool);
  const { source, clock } = makeSource(`stratum+tcp://127.0.0.1:${port}`);
  let invalidated = 0;
  source.events.on('invalidate', () => (invalidated += 1));
  await source.start(new AbortController().signal);
  for (let round = 0; round < ROUNDS; round++) {
    await reaches(source, 'mining');
    ENDS[round % ENDS.length]!(pool.sockets.at(-1)!);
    await reaches(source, 'backing_off');
    // One socket at a time, however many there were.
    expect(clock.pendingTimers).toBe(1);
    again(source, clock);
  }
  await reaches(source, 'mining');
  expect(pool.connections).toBe(ROUNDS + 1);
  expect(invalidated).toBe(ROUNDS);
  send(pool.sockets.at(-1)!, notify('last'));
  await expectNothingLeft(source, clock, pool, before);
});

test('connections that never come to work: nobody listens, nobody answers, the certificate is a stranger\'s', async (context) => {
  const folder = temporaryFolder();
  cleanups.push(folder.remove);
  mkdirSync(path.join(folder.dir, 'tls'));
  const own = selfSigned(path.join(folder.dir, 'tls')) ?? context.skip('no openssl command on this machine');
  const before = sockets();

  const strange = await startPool(politePool, own);
  const mute = await startPool(() => undefined);
  const gone = new ScriptedPool(politePool);
  const gonePort = await gone.listen();
  await gone.close();

  for (const [pool, port] of [[strange.pool, strange.port], [mute.pool, mute.port], [gone, gonePort]] as const) {
    const { source, clock } = makeSource(`stratum+ssl://127.0.0.1:${port}`);
    await source.start(new AbortController().signal);
    for (let round = 0; round < ROUNDS / 3; round++) {
      // Nothing but its deadline ends a connection to a pool that says nothing.
      if (pool === mute.pool) {
        await pool.until(() => pool.connections > round);
        clock.advance(10_000);
      }
      await reaches(source, 'backing_off');
      again(source, clock);
    }
    expect(source.state().reconnects).toBeGreaterThanOrEqual(ROUNDS / 3);
    expect(pool.lines).toEqual([]);
    await expectNothingLeft(source, clock, pool, before);
  }
});
