import { EventEmitter } from 'node:events';
import { existsSync } from 'node:fs';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import type { Worker } from 'node:worker_threads';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { systemClock } from '../../protocol/common/clock.ts';
import { ManualClock } from '../../protocol/common/manual-clock.ts';
import { decodeTemplate } from '../../protocol/gbt/template.ts';
import { packageRoot } from '../version.ts';
import { largeTemplateAnswer } from './large-template.fixture.ts';
import { NodeRpc } from './node-rpc.ts';
import { NodeRpcError } from './rpc-answer.ts';
import { TemplateReader } from './template-reader.ts';

/** Threads run built files. */
const built = existsSync(path.join(packageRoot(), 'dist/daemon/mining/template-worker.js'));

const cleanups: (() => void)[] = [];
afterEach(() => {
  for (const cleanup of cleanups.splice(0)) cleanup();
});

/** Memory of its own: what a reader is given it may move to a thread. */
const body = (text: Buffer | string) => Uint8Array.from(Buffer.from(text));

function reader(...args: ConstructorParameters<typeof TemplateReader>): TemplateReader {
  const made = new TemplateReader(...args);
  cleanups.push(() => made.close());
  return made;
}

/** A thread that does what a test tells it. */
class ScriptedThread extends EventEmitter {
  readonly tasks: { number: number }[] = [];
  ended = false;
  postMessage(task: { number: number }): void {
    this.tasks.push(task);
  }
  unref(): void {}
  async terminate(): Promise<number> {
    this.ended = true;
    return 0;
  }
}

function scripted(clock = new ManualClock()) {
  const threads: ScriptedThread[] = [];
  const made = reader(clock, {
    inlineBytes: 0,
    open: () => {
      threads.push(new ScriptedThread());
      return threads.at(-1) as unknown as Worker;
    },
  });
  const read = () => made.read({ status: 200, body: body('{}') }).catch((error: unknown) => error);
  return { made, threads, clock, read };
}

describe('TemplateReader', () => {
  it.skipIf(!built)('reads a template of a full block in a thread, and gives the same as reading it here', async () => {
    const answer = largeTemplateAnswer(1500, 400);
    const here = decodeTemplate((JSON.parse(answer.toString()) as { result: unknown }).result);
    const there = await reader(systemClock).read({ status: 200, body: body(answer) });
    expect(there.transactionCount).toBe(1500);
    expect(there.transactionsHex).toHaveLength(1500 * 800);
    expect(Buffer.from(there.transactionsHex).equals(Buffer.from(here.transactionsHex))).toBe(true);
    expect({ ...there, transactionsHex: null }).toEqual({ ...here, transactionsHex: null });
  });

  it.skipIf(!built)('never parses a large template on the thread of boards and shares', async () => {
    const answer = largeTemplateAnswer(3000, 700);
    expect(answer.length).toBeGreaterThan(4_000_000);
    const server = http.createServer((_request, response) => response.end(answer));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const rpc = new NodeRpc({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, user: 'u', password: 'p', cookieFile: null }, systemClock);
    const parse = vi.spyOn(JSON, 'parse');
    const decode = vi.spyOn(Buffer.prototype, 'toString');
    cleanups.push(() => rpc.close(), () => server.close(), () => vi.restoreAllMocks());
    expect((await rpc.template({ rules: ['segwit'] })).transactionCount).toBe(3000);
    expect(Math.max(0, ...parse.mock.calls.map(([text]) => text.length))).toBeLessThan(100_000);
    expect(Math.max(0, ...decode.mock.contexts.map((buffer) => (buffer as Buffer).length))).toBeLessThan(100_000);
  });

  it('reads small answers without a thread', async () => {
    const open = vi.fn();
    const template = await reader(systemClock, { open }).read({ status: 200, body: body(largeTemplateAnswer(10, 200)) });
    expect(template.transactionCount).toBe(10);
    expect(open).not.toHaveBeenCalled();
  });

  it.skipIf(!built)('tells the errors of large answers as those of small ones', async () => {
    const inThread = reader(systemClock, { inlineBytes: 0 });
    const failure = (text: string, status = 200) => inThread.read({ status, body: body(text) }).catch((error: unknown) => error);
    expect(await failure('{"result":null,"error":{"code":-10,"message":"in initial sync"}}', 500)).toMatchObject({ failure: 'answer', rpcCode: -10, message: expect.stringContaining('in initial sync') });
    expect(await failure('<html>')).toMatchObject({ failure: 'transport' });
    const unusable = await failure('{"result":{"transactions":[]},"error":null}');
    expect(unusable).toMatchObject({ code: 'E_NODE_RPC', message: expect.stringContaining('"target"') });
    expect(unusable).not.toBeInstanceOf(NodeRpcError);
  });

  it('starts a new thread after one that died, and loses only what that was reading', async () => {
    const { threads, read } = scripted();
    const first = read();
    threads[0]!.emit('error', new Error('out of memory'));
    expect(await first).toMatchObject({ failure: 'transport', message: expect.stringContaining('out of memory') });
    void read();
    expect(threads).toHaveLength(2);
  });

  it('gives up a thread that does not answer', async () => {
    const { threads, read, clock } = scripted();
    const hung = read();
    clock.advance(60_000);
    expect(await hung).toMatchObject({ failure: 'transport', message: expect.stringContaining('60000 ms') });
    expect(threads[0]!.ended).toBe(true);
  });

  it('reads a few at a time and no more, and nothing once it is closed', async () => {
    const { made, read } = scripted();
    const waiting = [read(), read(), read(), read()];
    expect(await read()).toMatchObject({ message: expect.stringContaining('4 templates are waiting') });
    made.close();
    for (const result of waiting) expect(await result).toMatchObject({ message: expect.stringContaining('closed') });
    expect(await read()).toMatchObject({ message: expect.stringContaining('closed') });
  });
});
