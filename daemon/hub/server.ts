/** The HTTP server of the hub: gate, routes, page; nothing of it listens yet. */
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import type { Log } from '../../protocol/common/log.ts';
import { messageOf } from '../../protocol/common/errors.ts';
import { errorAnswer, HubRefusal } from './answers.ts';
import { SECURITY_HEADERS, type Gate } from './gate.ts';
import { openApi } from './openapi.ts';
import type { HubParts } from './ports.ts';
import { readAsk, type Answer, type Route } from './route.ts';
import { archiveRoutes } from './routes/archive.ts';
import { huntRoutes } from './routes/hunt.ts';
import { rigRoutes } from './routes/rig.ts';
import { sessionRoutes } from './routes/session.ts';
import type { StateText } from './state-text.ts';
import type { StaticFiles } from './static-files.ts';
import type { Streams } from './streams.ts';
import { z } from 'zod';
import { route } from './route.ts';

export interface ServerParts {
  readonly gate: Gate;
  readonly rig: HubParts;
  readonly state: StateText;
  readonly streams: Streams;
  readonly page: StaticFiles;
  readonly tls: { readonly cert: string; readonly key: string } | null;
  readonly log: Log;
}

const BODY_BYTES = 64 * 1024;
const HEADER_MS = 10_000;
const REQUEST_MS = 30_000;
/** A connection that takes and sends nothing for so long is ended; a live stream has something to send more often. */
const IDLE_MS = 60_000;
const MOST_CONNECTIONS = 256;
const IS_API = /^\/api(\/|$|\?)/;

/** Every endpoint. */
export function hubRoutes({ gate, rig, state, streams }: Pick<ServerParts, 'gate' | 'rig' | 'state' | 'streams'>): Route[] {
  const routes: Route[] = [...sessionRoutes(gate, rig.version), ...rigRoutes(rig, gate, state, streams), ...huntRoutes(rig), ...archiveRoutes(rig)];
  let document: string | null = null;
  routes.push(
    route({
      method: 'GET',
      path: '/api/openapi.json',
      summary: 'This description.',
      answers: { 200: z.looseObject({ openapi: z.string() }) },
      handle: () => ({ status: 200, text: (document ??= JSON.stringify(openApi(routes, rig.version))) }),
    }),
  );
  return routes;
}

/** @throws the error of `node:tls` when certificate or key cannot be used */
export function hubServer(parts: ServerParts): FastifyInstance {
  const { gate, tls, log } = parts;
  const http = { headersTimeout: HEADER_MS, connectionsCheckingInterval: 5000, maxHeaderSize: 16 * 1024 };
  const options = { logger: false, exposeHeadRoutes: false, bodyLimit: BODY_BYTES, requestTimeout: REQUEST_MS, connectionTimeout: IDLE_MS, keepAliveTimeout: 10_000, forceCloseConnections: true, return503OnClosing: false, routerOptions: { maxParamLength: 600 }, frameworkErrors: (_error: unknown, request: FastifyRequest, reply: FastifyReply) => refuseAddress(request, reply, log) };
  const app = (tls === null ? fastify({ ...options, http }) : fastify({ ...options, https: { ...http, ...tls, minVersion: 'TLSv1.2', handshakeTimeout: HEADER_MS } })) as FastifyInstance;
  app.server.maxConnections = MOST_CONNECTIONS;
  // A request that is no HTTP: fastify's own answer tells more than it needs to.
  app.server.removeAllListeners('clientError');
  app.server.on('clientError', (_error, socket) => socket.destroy());

  app.removeContentTypeParser('text/plain');
  // `application/json` without a body is what fetch sends for a button.
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (_request, text, done) => {
    if (text === '') return done(null, {});
    try {
      done(null, JSON.parse(text as string));
    } catch (error) {
      done(new HubRefusal(400, 'E_HUB_REQUEST', `the body is not valid JSON: ${messageOf(error)}`), undefined);
    }
  });

  app.addHook('onRequest', async (request, reply) => {
    // By the route that was found, not by the text of the address: there are more ways to write one (`/%61pi`, a whole URL).
    const isApi = !request.is404 || IS_API.test(request.url);
    void reply.headers({ ...SECURITY_HEADERS, ...(isApi && { 'cache-control': 'no-store' }) });
    gate.checkPlace(request, isApi);
    // Unknown paths, too: who is not logged in is not told which there are.
    if (isApi && request.routeOptions.config.isOpen !== true) gate.checkLogin(request);
  });
  app.setErrorHandler((error, request, reply) => refuse(error, request, reply, log));
  app.setNotFoundHandler((request, reply) => {
    if (IS_API.test(request.url)) return refuse(new HubRefusal(404, 'E_HUB_REQUEST', `there is no ${request.method} ${request.url.split('?')[0]}`), request, reply, log);
    if (request.method !== 'GET' && request.method !== 'HEAD') return refuse(new HubRefusal(404, 'E_HUB_REQUEST', 'there is no such thing'), request, reply, log);
    return servePage(parts.page, request, reply);
  });
  for (const it of hubRoutes(parts)) {
    app.route({
      method: it.method,
      url: it.path,
      config: { isOpen: it.isOpen === true },
      handler: async (request, reply) => {
        const answer = await it.handle({ ...readAsk(it, request), request, reply });
        if (answer !== null) send(reply, answer);
        return reply;
      },
    });
  }
  return app;
}

declare module 'fastify' {
  interface FastifyContextConfig {
    readonly isOpen?: boolean;
  }
}

function send(reply: FastifyReply, { status, json, text, bytes, stream, headers = {} }: Answer): void {
  void reply.code(status).headers(headers);
  if (json !== undefined || text !== undefined) void reply.type('application/json; charset=utf-8').send(text ?? JSON.stringify(json));
  else if (bytes !== undefined || stream !== undefined) void reply.type('application/octet-stream').send(bytes ?? stream);
  else void reply.send();
}

function refuse(error: unknown, request: FastifyRequest, reply: FastifyReply, log: Log): void {
  const { status, body, retryAfter, isDefect } = errorAnswer(error);
  if (isDefect) log.error({ err: error instanceof Error ? (error.stack ?? error.message) : messageOf(error), method: request.method, path: request.url.split('?')[0] }, 'a request to the hub could not be answered');
  if (retryAfter !== null) void reply.header('retry-after', String(retryAfter));
  if (status === 401) void reply.header('www-authenticate', 'Bearer realm="rigbrain"');
  void reply.code(status).type('application/json; charset=utf-8').send(JSON.stringify(body));
}

/** Of an address that no route can be looked up by: fastify's own answer has it in it, and none of our headers. */
function refuseAddress(request: FastifyRequest, reply: FastifyReply, log: Log): void {
  void reply.headers({ ...SECURITY_HEADERS, 'cache-control': 'no-store' });
  refuse(new HubRefusal(400, 'E_HUB_REQUEST', 'the address cannot be read, or a part of it is too long'), request, reply, log);
}

function servePage(page: StaticFiles, request: FastifyRequest, reply: FastifyReply): void {
  const found = page.find(request.url.split('?')[0]!);
  if (found === null) return void reply.code(404).type('text/plain; charset=utf-8').send('There is no such file.\n');
  const { file, status } = found;
  void reply.headers({ etag: file.etag, 'cache-control': file.isImmutable ? 'public, max-age=31536000, immutable' : 'no-cache', vary: 'accept-encoding' });
  if (status === 200 && request.headers['if-none-match'] === file.etag) return void reply.code(304).send();
  const gzipped = /\bgzip\b/.test(String(request.headers['accept-encoding'] ?? '')) ? file.gzipped : null;
  if (gzipped !== null) void reply.header('content-encoding', 'gzip');
  void reply.code(status).type(file.type).send(gzipped ?? file.body);
}
