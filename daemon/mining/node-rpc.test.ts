import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../protocol/common/clock.ts';
import { ManualClock } from '../../protocol/common/manual-clock.ts';
import { NodeRpc, NodeRpcError } from './node-rpc.ts';

const cleanups: (() => void)[] = [];
afterEach(() => {
  for (const cleanup of cleanups.splice(0)) cleanup();
});

type Handler = (request: http.IncomingMessage, body: string, response: http.ServerResponse) => void;

async function serve(handler: Handler): Promise<string> {
  const server = http.createServer((request, response) => {
    let body = '';
    request.on('data', (chunk) => (body += chunk));
    request.on('end', () => handler(request, body, response));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  cleanups.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function client(url: string, options: Partial<ConstructorParameters<typeof NodeRpc>[0]> = {}, clock = systemClock): NodeRpc {
  const rpc = new NodeRpc({ url, user: 'u', password: 'p', cookieFile: null, ...options }, clock);
  cleanups.push(() => rpc.close());
  return rpc;
}

async function failureOf(call: Promise<unknown>): Promise<NodeRpcError> {
  const error = await call.then(
    () => null,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(NodeRpcError);
  return error as NodeRpcError;
}

const basic = (pair: string) => `Basic ${Buffer.from(pair).toString('base64')}`;

describe('NodeRpc', () => {
  it('sends method, positional parameters and credentials, and gives the result', async () => {
    const url = await serve((request, body, response) => {
      expect(request.headers.authorization).toBe(basic('u:p'));
      response.end(JSON.stringify({ result: { echo: JSON.parse(body).params, method: JSON.parse(body).method }, error: null }));
    });
    expect(await client(url).call('getblockhash', [7])).toEqual({ echo: [7], method: 'getblockhash' });
  });

  it('gives null as a result: submitblock says yes that way', async () => {
    const url = await serve((_request, _body, response) => response.end('{"result":null,"error":null,"id":1}'));
    expect(await client(url).call('submitblock', ['00'])).toBeNull();
  });

  it('sends bytes as the text they are, at the top and within an object', async () => {
    const bodies: unknown[] = [];
    const url = await serve((_request, body, response) => {
      bodies.push(JSON.parse(body).params);
      response.end('{"result":null,"error":null}');
    });
    const rpc = client(url);
    const hex = Buffer.from('00ff'.repeat(100_000));
    await rpc.call('submitblock', [hex]);
    await rpc.call('getblocktemplate', [{ mode: 'proposal', data: hex, rules: ['segwit'] }, 7, null]);
    expect(bodies).toEqual([['00ff'.repeat(100_000)], [{ mode: 'proposal', data: '00ff'.repeat(100_000), rules: ['segwit'] }, 7, null]]);
  });

  it('gives the beginning of an answer that is not JSON', async () => {
    const url = await serve((_request, _body, response) => response.writeHead(503).end('Work queue depth exceeded\n'));
    expect((await failureOf(client(url).call('getblockcount'))).message).toBe('getblockcount: HTTP 503 with an answer that is not JSON ("Work queue depth exceeded")');
  });

  it('names rpcallowip when the node does not let this address in', async () => {
    const url = await serve((_request, _body, response) => response.writeHead(403).end());
    expect(await failureOf(client(url).call('getblockcount'))).toMatchObject({ failure: 'auth', message: expect.stringContaining('rpcallowip') });
  });

  it('tells an error of the node with its code, whatever the HTTP status', async () => {
    for (const status of [200, 500]) {
      const url = await serve((_request, _body, response) => response.writeHead(status).end('{"result":null,"error":{"code":-10,"message":"is downloading"}}'));
      const error = await failureOf(client(url).call('getblocktemplate'));
      expect(error).toMatchObject({ failure: 'answer', rpcCode: -10, code: 'E_NODE_RPC' });
      expect(error.message).toContain('is downloading');
    }
  });

  it('takes no terminal codes and no megabytes from the words of an error', async () => {
    const url = await serve((_request, _body, response) => response.end(JSON.stringify({ result: null, error: { code: -1, message: `\u001b[2J${'x'.repeat(1_000_000)}` } })));
    const { message } = await failureOf(client(url).call('x'));
    expect(message).toMatch(/^x: \[2Jxxx/);
    expect(message.length).toBeLessThan(600);
  });

  it('reads the cookie file again when the node refuses the old one', async () => {
    const dir = mkdtempSync(path.join(os.tmpdir(), 'rigbrain-cookie-'));
    cleanups.push(() => rmSync(dir, { recursive: true }));
    const cookieFile = path.join(dir, '.cookie');
    writeFileSync(cookieFile, '__cookie__:one\n');
    let valid = '__cookie__:one';
    const url = await serve((request, _body, response) => (request.headers.authorization === basic(valid) ? response.end('{"result":1,"error":null}') : response.writeHead(401).end()));
    const rpc = client(url, { cookieFile });
    expect(await rpc.call('getblockcount')).toBe(1);
    valid = '__cookie__:two';
    expect((await failureOf(rpc.call('getblockcount'))).failure).toBe('auth');
    writeFileSync(cookieFile, '__cookie__:two\n');
    expect(await rpc.call('getblockcount')).toBe(1);
  });

  it('says so when the cookie file is missing', async () => {
    const error = await failureOf(client('http://127.0.0.1:1', { cookieFile: '/nonexistent/.cookie' }).call('getblockcount'));
    expect(error.failure).toBe('auth');
    expect(error.message).toContain('/nonexistent/.cookie');
  });

  it('gives up at the deadline', async () => {
    const clock = new ManualClock();
    let seen: () => void = () => {};
    const asked = new Promise<void>((resolve) => (seen = resolve));
    const url = await serve(() => seen());
    const failure = failureOf(client(url, { timeoutMs: 5000 }, clock).call('getblockcount'));
    await asked;
    clock.advance(5000);
    expect(await failure).toMatchObject({ failure: 'transport', message: 'getblockcount: no answer within 5000 ms' });
    expect(clock.pendingTimers).toBe(0);
  });

  it('can be aborted', async () => {
    const abort = new AbortController();
    const url = await serve(() => abort.abort());
    expect((await failureOf(client(url).call('getblockcount', [], { signal: abort.signal }))).failure).toBe('transport');
  });

  it('calls a closed port and an HTML page transport failures', async () => {
    const url = await serve((_request, _body, response) => response.end('<html>'));
    expect((await failureOf(client(url).call('getblockcount'))).failure).toBe('transport');
    expect((await failureOf(client('http://127.0.0.1:1').call('getblockcount'))).message).toContain('ECONNREFUSED');
  });

  it('refuses addresses that are not a node or carry credentials', () => {
    for (const url of ['stratum+tcp://h:1', 'nonsense', 'http://u:secret@127.0.0.1:8332']) {
      expect(() => client(url)).toThrow(expect.objectContaining({ code: 'E_POOL_URL' }));
    }
    expect(() => client('http://u:secret@127.0.0.1:8332')).not.toThrow(/secret/);
  });
});
