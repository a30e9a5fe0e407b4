/** JSON-RPC over HTTP to a Bitcoin node: one request a call, a deadline on each, credentials by password or cookie file. */
import { readFile } from 'node:fs/promises';
import http from 'node:http';
import https from 'node:https';
import type { Clock } from '../../protocol/common/clock.ts';
import { messageOf, RigError } from '../../protocol/common/errors.ts';
import { isObject } from '../../protocol/common/json.ts';
import type { BlockTemplate } from '../../protocol/gbt/template.ts';
import { ByteCollector } from './byte-collector.ts';
import { NodeRpcError, readRpcAnswer, type HttpAnswer } from './rpc-answer.ts';
import { sanitizeText } from '../../protocol/stratum-v1/text.ts';
import { TemplateReader } from './template-reader.ts';
import { TrustedAgent } from './trusted-agent.ts';
import type { TlsTrust } from '../tls-trust.ts';

export { NodeRpcError } from './rpc-answer.ts';

export interface NodeRpcOptions {
  /** http:// or https:// address of the node, without credentials. */
  readonly url: string;
  readonly user: string | null;
  readonly password: string | null;
  /** The node's `.cookie` file; read again when the node refuses it, because every start of the node writes a new one. */
  readonly cookieFile: string | null;
  /** How to judge the certificate of an https:// address. Default: the system's CAs and the host name. */
  readonly tls?: TlsTrust | null;
  /** Default 10 s. */
  readonly timeoutMs?: number;
}

export interface CallOptions {
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

/**
 * The calls a node takes. Parameters are positional: not every node knows named ones. Bytes among them, or in an object
 * that is one, are a text of ASCII characters that need no escaping (the hex of a block), sent as it is.
 */
export interface Rpc {
  /** @throws NodeRpcError */
  call(method: string, params?: readonly unknown[], options?: CallOptions): Promise<unknown>;
  /**
   * `getblocktemplate` with this request object, read off the event loop when it is large.
   * @throws NodeRpcError; RigError E_NODE_RPC when the template cannot be used
   */
  template(request: Readonly<Record<string, unknown>>, options?: CallOptions): Promise<BlockTemplate>;
  /** Drops open connections; calls under way fail. */
  close(): void;
}

const DEFAULT_TIMEOUT_MS = 10_000;
/** A template of a full block is below 10 MB. */
const MAX_ANSWER_BYTES = 32 * 1024 * 1024;
/** A poll, a template, a long poll, and blocks: none waits for another. */
const MAX_SOCKETS = 8;

function parseUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (!url || (url.protocol !== 'http:' && url.protocol !== 'https:')) throw new RigError('E_POOL_URL', `"${text.replace(/\/\/.*@/, '//')}" is not the address of a node`, { hint: 'Use http://host:port, e.g. http://127.0.0.1:8332.' });
  if (url.username || url.password) throw new RigError('E_POOL_URL', `the address of the node at ${url.host} carries credentials`, { hint: 'Move them to `user` and `password` (or use `cookie_file`).' });
  return url;
}

/** JSON of a value whose bytes stand for themselves, in parts: megabytes of hex are neither joined nor escaped. */
function encodeJson(value: unknown, parts: Uint8Array[], text: string): string {
  if (value instanceof Uint8Array) {
    parts.push(Buffer.from(`${text}"`), value);
    return '"';
  }
  if (Array.isArray(value)) return `${value.reduce((before: string, item, index) => encodeJson(item, parts, index > 0 ? `${before},` : before), `${text}[`)}]`;
  if (!isObject(value) || !Object.values(value).some((member) => member instanceof Uint8Array)) return text + JSON.stringify(value);
  const members = Object.entries(value).reduce((before, [name, member], index) => encodeJson(member, parts, `${before}${index > 0 ? ',' : ''}${JSON.stringify(name)}:`), `${text}{`);
  return `${members}}`;
}

function requestBody(id: number, method: string, params: readonly unknown[]): Uint8Array[] {
  const parts: Uint8Array[] = [];
  const end = encodeJson(params, parts, `{"jsonrpc":"1.0","id":${id},"method":${JSON.stringify(method)},"params":`);
  return [...parts, Buffer.from(`${end}}`)];
}

export class NodeRpc implements Rpc {
  readonly #url: URL;
  readonly #options: NodeRpcOptions;
  readonly #clock: Clock;
  readonly #agent: http.Agent;
  readonly #templates: TemplateReader;
  #authorization: string | null = null;
  #lastId = 0;

  /** @throws RigError E_POOL_URL */
  constructor(options: NodeRpcOptions, clock: Clock, templates = new TemplateReader(clock)) {
    this.#url = parseUrl(options.url);
    this.#options = options;
    this.#clock = clock;
    this.#templates = templates;
    const agentOptions = { keepAlive: true, maxSockets: MAX_SOCKETS };
    this.#agent = this.#url.protocol === 'https:' ? new TrustedAgent(options.tls ?? {}, agentOptions, clock) : new http.Agent(agentOptions);
  }

  async call(method: string, params: readonly unknown[] = [], options: CallOptions = {}): Promise<unknown> {
    return readRpcAnswer(method, await this.#ask(method, params, options));
  }

  async template(request: Readonly<Record<string, unknown>>, options: CallOptions = {}): Promise<BlockTemplate> {
    return this.#templates.read(await this.#ask('getblocktemplate', [request], options));
  }

  close(): void {
    this.#agent.destroy();
    this.#templates.close();
  }

  async #ask(method: string, params: readonly unknown[], options: CallOptions): Promise<HttpAnswer> {
    const body = requestBody(++this.#lastId, method, params);
    const answer = await this.#post(method, body, await this.#credentials(false), options);
    if (answer.status !== 401 || this.#options.cookieFile === null) return answer;
    return this.#post(method, body, await this.#credentials(true), options);
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

  #post(method: string, body: readonly Uint8Array[], authorization: string, options: CallOptions): Promise<HttpAnswer> {
    const timeoutMs = options.timeoutMs ?? this.#options.timeoutMs ?? DEFAULT_TIMEOUT_MS;
    const send = this.#url.protocol === 'https:' ? https.request : http.request;
    return new Promise((resolve, reject) => {
      const fail = (cause: unknown) => {
        deadline.cancel();
        reject(cause instanceof RigError ? cause : new NodeRpcError('transport', `${method}: ${describeCause(cause)}`, { cause, method }));
      };
      const length = body.reduce((sum, part) => sum + part.length, 0);
      const headers = { 'content-type': 'application/json', 'content-length': length, authorization };
      const request = send(this.#url, { method: 'POST', agent: this.#agent, headers, signal: options.signal });
      const deadline = this.#clock.after(timeoutMs, () => request.destroy(new NodeRpcError('transport', `${method}: no answer within ${timeoutMs} ms`, { method })));
      request.on('error', fail);
      request.on('response', (response) => {
        const bytes = new ByteCollector(Number(response.headers['content-length'] ?? 0), MAX_ANSWER_BYTES);
        response.on('data', (chunk: Buffer) => {
          if (!bytes.add(chunk)) request.destroy(new NodeRpcError('transport', `${method}: an answer above ${MAX_ANSWER_BYTES} bytes`, { method }));
        });
        response.on('error', fail);
        response.on('end', () => {
          deadline.cancel();
          resolve({ status: response.statusCode ?? 0, body: bytes.take() });
        });
      });
      for (const part of body) request.write(part);
      request.end();
    });
  }
}

/** Node's connection errors are sometimes an AggregateError with an empty message: its code says more. */
function describeCause(cause: unknown): string {
  const code = (cause as { code?: unknown } | null)?.code;
  // The names in a certificate are told, and whoever is on the way chooses them.
  return sanitizeText(messageOf(cause), 300) || (typeof code === 'string' ? code : 'connection failed');
}
