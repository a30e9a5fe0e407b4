/** The LAN pool on real sockets: miners that send anything, cut anywhere, and hang up; and beside them one that only wants to mine. */
import net from 'node:net';
import { afterEach, expect, it, vi } from 'vitest';
import { configSchema } from '../config/schema.ts';
import { TemplateManager } from '../daemon/dtm/template-manager.ts';
import { MiningEngine } from '../daemon/mining/engine.ts';
import { HandSource, makeJob } from '../daemon/mining/mining.fixture.ts';
import { LanPool } from '../daemon/server/lan-pool.ts';
import { Load } from '../bench/stratum/load.ts';
import { systemClock } from '../protocol/common/clock.ts';
import { silentLog } from '../protocol/common/log.ts';
import { xorshift } from '../protocol/common/xorshift.fixture.ts';
import { mutate, MINER_LINES } from '../protocol/stratum-v1/server/fuzz-lines.fixture.ts';
import { targetFromDifficulty } from '../protocol/bitcoin/target.ts';

const LINES = 10_000;
const AT_A_TIME = 16;
const EASY = 2 ** -32;

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function lanPool(): Promise<LanPool> {
  const source = new HandSource();
  const engine = new MiningEngine({ sources: [source], devices: [], templates: new TemplateManager({ clock: systemClock, localZeros: 64 }), withhold: () => null, clock: systemClock, log: silentLog });
  cleanups.push(() => engine.stop());
  await engine.start(new AbortController().signal);
  const { server } = configSchema.parse({ server: { enabled: true, port: 0, start_difficulty: EASY, min_difficulty: EASY, max_difficulty: EASY } });
  const pool = new LanPool({ config: server, password: null }, { engine, clock: systemClock, log: silentLog });
  cleanups.push(() => pool.stop());
  await pool.start(new AbortController().signal);
  // Shares of miners are far below what the source takes: they are judged here.
  source.events.emit('job', makeJob({ extranonce2Size: 8, versionMask: 0x1fffe000, shareDifficulty: 1, shareTarget: targetFromDifficulty(1), networkTarget: targetFromDifficulty(2 ** 20) }));
  return pool;
}

/** Resolves with the event, whatever else happens to the socket. */
const event = (socket: net.Socket, name: 'drain' | 'close' | 'connect'): Promise<void> => new Promise((resolve) => socket.once(name, () => resolve()));

/** One connection that sends some lines and goes, in one way or another. @returns lines sent */
async function pest(port: number, random: (below: number) => number): Promise<number> {
  const socket = net.connect(port, '127.0.0.1');
  socket.on('error', () => {});
  const closed = event(socket, 'close');
  let answers = 0;
  socket.on('data', (chunk) => (answers += chunk.length));
  const lines = Array.from({ length: 1 + random(40) }, () => mutate(random, MINER_LINES));
  const bytes = Buffer.from(`${lines.join('\n')}${random(4) === 0 ? '' : '\n'}`, random(16) === 0 ? 'latin1' : 'utf8');
  if (random(8) === 0) bytes[random(bytes.length)] = random(256);
  for (let at = 0; at < bytes.length && socket.writable; ) {
    const size = 1 + random(2000);
    if (!socket.write(bytes.subarray(at, at + size))) await Promise.race([event(socket, 'drain'), closed]);
    at += size;
    if (random(4) === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  if (random(3) === 0) socket.destroy();
  else socket.end();
  await closed;
  return lines.length;
}

it('is not disturbed by 10,000 lines of any kind, and neither is a miner beside them', async () => {
  const pool = await lanPool();
  const port = pool.port!;
  const good = new Load();
  cleanups.push(() => good.close());
  await good.join({ host: '127.0.0.1', port, clients: 1, perAddress: 0, password: 'x' });
  const random = xorshift(0x50c4e7);
  let sent = 0;
  const pests = async (): Promise<void> => {
    while (sent < LINES) {
      const lines = await pest(port, random);
      sent += lines;
    }
  };
  let over = false;
  const attack = Promise.all(Array.from({ length: AT_A_TIME }, pests)).finally(() => (over = true));
  let mined = 0;
  while (!over) {
    const figures = await good.submit(200, 0.2);
    expect(figures).toMatchObject({ accepted: figures.sent, rejected: 0, unanswered: 0 });
    mined += figures.accepted;
  }
  await attack;
  expect(sent).toBeGreaterThanOrEqual(LINES);
  expect(mined).toBeGreaterThan(0);
  expect(good.gone).toEqual([]);
  await vi.waitFor(() => expect(pool.state().miners).toBe(1), { timeout: 10_000 });
  expect(pool.state()).toMatchObject({ status: 'listening', refused_connections: 0 });
  expect(pool.state().workers.find(({ name }) => name === 'bench.m0')).toMatchObject({ accepted: mined, rejected: 0, connections: 1 });
}, 60_000);

it('lets a miner go that asks and asks and never reads the answers', async () => {
  const pool = await lanPool();
  const socket = net.connect(pool.port!, '127.0.0.1');
  cleanups.push(() => socket.destroy());
  socket.on('error', () => {});
  await event(socket, 'connect');
  socket.pause();
  await vi.waitFor(() => expect(pool.state().miners).toBe(1));
  // The id comes back with the answer: a kilobyte for a kilobyte.
  const line = Buffer.from(`${JSON.stringify({ id: 'x'.repeat(1000), method: 'mining.ping', params: [] })}\n`.repeat(64));
  // A socket that is not read does not hear of its end: it is the pool that is asked.
  for (let sent = 0; pool.state().miners > 0 && sent < 64 * 1024 * 1024; ) {
    if (socket.writableLength < 1024 * 1024) {
      socket.write(line);
      sent += line.length;
    }
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect(pool.state().miners).toBe(0);
}, 60_000);
