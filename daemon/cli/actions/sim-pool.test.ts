import net from 'node:net';
import { describe, expect, it } from 'vitest';
import { FakeIo } from '../fake-io.fixture.ts';
import { runCli } from '../program.ts';
import { simPool } from './sim-pool.ts';

const GLOBALS = { json: true, data: null, config: null };

/** Runs the pool and gives its port to `visit`; closes it afterwards. */
async function withPool(visit: (port: number) => Promise<void>, fault: string[] = []): Promise<{ code: number; events: { event: string }[] }> {
  const io = new FakeIo('/');
  let stop = (): void => {};
  const running = simPool(io, GLOBALS, { host: '127.0.0.1', port: 0, fault }, new Promise((resolve) => (stop = resolve)));
  while (io.outLines.length === 0) await new Promise((resolve) => setImmediate(resolve));
  const { url } = JSON.parse(io.outLines[0]!) as { url: string };
  await visit(Number(url.split(':').at(-1)));
  stop();
  return { code: await running, events: io.outLines.map((line) => JSON.parse(line) as { event: string }) };
}

/** Sends lines and resolves with the answer to the last one. */
function ask(port: number, lines: object[]): Promise<{ id: number; result: unknown }> {
  return new Promise((resolve, reject) => {
    const socket = net.connect(port, '127.0.0.1', () => lines.forEach((line) => socket.write(`${JSON.stringify(line)}\n`)));
    socket.setTimeout(5000, () => reject(new Error('no answer')));
    socket.on('error', reject);
    let text = '';
    socket.on('data', (chunk) => {
      text += chunk.toString();
      for (const line of text.split('\n').slice(0, -1)) {
        const message = JSON.parse(line) as { id: number; result: unknown };
        if (message.id === lines.length) {
          socket.destroy();
          resolve(message);
        }
      }
    });
  });
}

describe('sim pool', () => {
  it('serves miners until it is stopped, and tells what happens as JSON lines', async () => {
    const { code, events } = await withPool(async (port) => {
      const answer = await ask(port, [
        { id: 1, method: 'mining.subscribe', params: ['test/1'] },
        { id: 2, method: 'mining.authorize', params: ['me.rig', 'x'] },
      ]);
      expect(answer.result).toBe(true);
    });
    expect(code).toBe(0);
    expect(events.map(({ event }) => event)).toEqual(expect.arrayContaining(['listening', 'authorize', 'closed']));
    expect(events.find(({ event }) => event === 'authorize')).toMatchObject({ worker: 'me.rig', accepted: true });
  });

  it('misbehaves on request', async () => {
    const { events } = await withPool(async (port) => {
      const answer = await ask(port, [
        { id: 1, method: 'mining.subscribe', params: ['test/1'] },
        { id: 2, method: 'mining.authorize', params: ['me.rig', 'x'] },
      ]);
      expect(answer.result).not.toBe(true);
    }, ['unauthorized']);
    expect(events.find(({ event }) => event === 'authorize')).toMatchObject({ accepted: false });
  });

  it('lists the faults, and refuses ones it does not know', async () => {
    const list = new FakeIo('/');
    expect(await runCli(['sim', 'pool', '--fault', 'list'], list)).toBe(0);
    expect(list.outLines.some((line) => line.startsWith('half-open'))).toBe(true);
    const wrong = new FakeIo('/');
    expect(await runCli(['sim', 'pool', '--fault', 'nonsense'], wrong)).toBe(78);
    expect(wrong.stderr).toContain('half-open');
  });

  it('refuses ports and difficulties that cannot be', async () => {
    for (const argv of [['--port', '70000'], ['--difficulty', '0'], ['--difficulty', 'x']]) {
      expect(await runCli(['sim', 'pool', ...argv], new FakeIo('/'))).toBe(78);
    }
  });
});
