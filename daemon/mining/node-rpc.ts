/** JSON-RPC over HTTP to a Bitcoin node: one request a call, a deadline on each, credentials by password or cookie file. */
import { readFile } from 'node:fs/promises';
import http from 'node:http';
import https from 'node:https';
import type { Clock } from '../../protocol/common/clock.ts';
import { messageOf, RigError } from '../../protocol/common/errors.ts';

export interface NodeRpcOptions {
  /** http:// or https:// address of the node, without credentials. */
  readonly url: string;
  readonly user: string | null;
  readonly password: string | null;
  /** The node's `.cookie` file; read again when the node refuses it, because every start of the node writes a new one. */
  readonly cookieFile: string | null;
  /** Default 10 s. */
  readonly timeoutMs?: number;
}

export interface CallOptions {
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

/** The calls a node takes. Parameters are positional: not every node knows named ones. */
export interface Rpc {
  /** @throws NodeRpcError */
  call(method: string, params?: readonly unknown[], options?: CallOptions): Promise<unknown>;
  /** Drops open connections; calls under way fail. */
  close(): void;
}

/** `transport` no answer · `auth` credentials refused or unreadable · `answer` the node answered with an error. */
export type NodeRpcFailure = 'transport' | 'auth' | 'answer';

export class NodeRpcError extends RigError {
  readonly failure: NodeRpcFailure;
  /** Error code of the node's answer, e.g. -10 while it downloads the chain. */
  readonly rpcCode: number | null;

  constructor(failure: NodeRpcFailure, message: string, options: { cause?: unknown; method?: string; rpcCode?: number | null } = {}) {
    super('E_NODE_RPC', message, { cause: options.cause, context: { method: options.method, rpc_code: options.rpcCode ?? null } });
    this.failure = failure;
    this.rpcCode = options.rpcCode ?? null;
  }
}

interface HttpAnswer {
  readonly status: number;
  readonly body: string;
}

const DEFAULT_TIMEOUT_MS = 10_000;
/** A template of a full block is below 10 MB. */
const MAX_ANSWER_BYTES = 32 * 1024 * 1024;

function parseUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (!url || (url.protocol !== 'http:' && url.protocol !== 'https:')) throw new RigError('E_POOL_URL', `"${text.replace(/\/\/.*@/, '//')}" is not the address of a node`, { hint: 'Use http://host:port, e.g. http://127.0.0.1:8332.' });
  if (url.username || url.password) throw new RigError('E_POOL_URL', `the address of the node at ${url.host} carries credentials`, { hint: 'Move them to `user` and `password` (or use `cookie_file`).' });
  return url;
}

/** The `error` member of an answer: an object with code and message, or anything else a proxy may have put there. */
function answerError(method: string, error: unknown): NodeRpcError {
  const { code, message } = typeof error === 'object' && error !== null ? (error as { code?: unknown; message?: unknown }) : {};
  const text = typeof message === 'string' ? message : JSON.stringify(error);
  return new NodeRpcError('answer', `${method}: ${text}`, { method, rpcCode: typeof code === 'number' ? code : null });
}

export class NodeRpc implements Rpc {
  readonly #url: URL;
  readonly #options: NodeRpcOptions;
  readonly #clock: Clock;
  readonly #agent: http.Agent;
  #authorization: string | null = null;
  #lastId = 0;

  /** @throws RigError E_POOL_URL */
  constructor(options: NodeRpcOptions, clock: Clock) {
    this.#url = parseUrl(options.url);
    this.#options = options;
    this.#clock = clock;
    const agentOptions = { keepAlive: true, maxSockets: 4 };
    this.#agent = this.#url.protocol === 'https:' ? new https.Agent(agentOptions) : new http.Agent(agentOptions);
  }

  async call(method: string, params: readonly unknown[] = [], options: CallOptions = {}): Promise<unknown> {
    const body = JSON.stringify({ jsonrpc: '1.0', id: ++this.#lastId, method, params });
    let answer = await this.#post(method, body, await this.#credentials(false), options);
    if (answer.status === 401 && this.#options.cookieFile !== null) answer = await this.#post(method, body, await this.#credentials(true), options);
    if (answer.status === 401 || answer.status === 403) throw new NodeRpcError('auth', `the node refused the credentials (HTTP ${answer.status})`, { method });
    return this.#result(method, answer);
  }

  close(): void {
    this.#agent.destroy();
  }

  #result(method: string, { status, body }: HttpAnswer): unknown {
    let answer: unknown;
    try {
      answer = JSON.parse(body);
    } catch (cause) {
      throw new NodeRpcError('transport', `${method}: HTTP ${status} with an answer that is not JSON`, { cause, method });
    }
    // Bitcoin Core answers errors with HTTP 500 or 404 and a JSON body, bcoin with 200.
    const { result, error } = typeof answer === 'object' && answer !== null ? (answer as { result?: unknown; error?: unknown }) : {};
    if (error !== null && error !== undefined) throw answerError(method, error);
    if (status !== 200 || result === undefined) throw new NodeRpcError('transport', `${method}: HTTP ${status} without a result`, { method });
    return result;
  }

  async #credentials(reload: boolean): Promise<string> {
    if (this.#authorization === null || reload) {
      const { cookieFile, user, password } = this.#options;
      const pair = cookieFile === null ? `${user ?? ''}:${password ?? ''}` : await this.#readCookie(cookieFile);
      this.#authorization = `Basic ${Buffer.from(pair).toString('base64')}`;
    }
    return this.#authorization;
  }

  async #readCookie(file: string): Promise<string> {
    try {
      return (await readFile(file, 'utf8')).trim();
    } catch (cause) {
      throw new NodeRpcError('auth', `the cookie file of the node cannot be read: ${messageOf(cause)}`, { cause });
    }
  }

  #post(method: string, body: string, authorization: string, options: CallOptions): Promise<HttpAnswer> {
    const timeoutMs = options.timeoutMs ?? this.#options.timeoutMs ?? DEFAULT_TIMEOUT_MS;
    const send = this.#url.protocol === 'https:' ? https.request : http.request;
    return new Promise((resolve, reject) => {
      const fail = (cause: unknown) => {
        deadline.cancel();
        reject(cause instanceof RigError ? cause : new NodeRpcError('transport', `${method}: ${describeCause(cause)}`, { cause, method }));
      };
      const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body), authorization };
      const request = send(this.#url, { method: 'POST', agent: this.#agent, headers, signal: options.signal });
      const deadline = this.#clock.after(timeoutMs, () => request.destroy(new NodeRpcError('transport', `${method}: no answer within ${timeoutMs} ms`, { method })));
      request.on('error', fail);
      request.on('response', (response) => {
        const chunks: Buffer[] = [];
        let length = 0;
        response.on('data', (chunk: Buffer) => {
          length += chunk.length;
          if (length > MAX_ANSWER_BYTES) request.destroy(new NodeRpcError('transport', `${method}: an answer above ${MAX_ANSWER_BYTES} bytes`, { method }));
          else chunks.push(chunk);
        });
        response.on('error', fail);
        response.on('end', () => {
          deadline.cancel();
          resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString('utf8') });
        });
      });
      request.end(body);
    });
  }
}

/** Node's connection errors are sometimes an AggregateError with an empty message: its code says more. */
function describeCause(cause: unknown): string {
  const code = (cause as { code?: unknown } | null)?.code;
  return messageOf(cause) || (typeof code === 'string' ? code : 'connection failed');
}
