/** The one gate of the hub: every request comes through here before anything else is done for it. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Log } from '../../protocol/common/log.ts';
import { HubRefusal } from './answers.ts';
import type { LoginLimiter } from './login-limiter.ts';
import { foreignReason, isKnownHost, type NameRules } from './origins.ts';
import type { Sessions } from './sessions.ts';

export interface GateParts {
  readonly names: NameRules;
  readonly sessions: Sessions;
  readonly limiter: LoginLimiter;
  readonly log: Log;
}

const CONTENT_POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; font-src 'self'; connect-src 'self'; manifest-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

/** Of every answer. */
export const SECURITY_HEADERS: Readonly<Record<string, string>> = {
  'content-security-policy': CONTENT_POLICY,
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'permissions-policy': 'camera=(), microphone=(), geolocation=()',
};

export class Gate {
  readonly #parts: GateParts;
  /** Called once. */
  onLogin: (() => void) | null = null;

  constructor(parts: GateParts) {
    this.#parts = parts;
  }

  /** Whether the hub is known by this name, and no other page asks. @throws HubRefusal 403 */
  checkPlace(request: FastifyRequest, isApi: boolean): void {
    const { headers, method } = request;
    if (!isKnownHost(this.#parts.names, headers.host)) {
      throw new HubRefusal(403, 'E_HUB_AUTH', 'the hub is not served by this name', { hint: 'Use an address or a name of this machine, or add the name to hub.allowed_hosts.' });
    }
    if (!isApi) return;
    const changes = method !== 'GET' && method !== 'HEAD';
    // Who shows the token itself is no browser that was talked into it; headers that say otherwise count all the same.
    const reason = foreignReason(headers, changes && headers.authorization === undefined && headers.cookie !== undefined);
    if (reason !== null) throw new HubRefusal(403, 'E_HUB_AUTH', `the request is refused: ${reason}`);
  }

  /** Whether a request shows a token or a cookie of a login. Wrong tokens count. @throws HubRefusal 401, 429 */
  checkLogin(request: FastifyRequest): void {
    if (!this.isLoggedIn(request)) throw new HubRefusal(401, 'E_HUB_AUTH', 'not logged in');
  }

  /** @throws HubRefusal 401 for a wrong token, 429 */
  isLoggedIn({ headers, ip }: FastifyRequest): boolean {
    const { authorization } = headers;
    if (authorization === undefined) return this.#parts.sessions.isLoggedIn(headers.cookie);
    const token = /^Bearer +(\S+) *$/i.exec(authorization)?.[1];
    if (token === undefined) throw new HubRefusal(401, 'E_HUB_AUTH', 'Authorization must be `Bearer TOKEN`');
    this.checkToken(token, ip);
    return true;
  }

  /** Of a request that was let in: says later whether it still would be. */
  welcome({ headers: { authorization, cookie } }: FastifyRequest): () => boolean {
    return authorization === undefined ? () => this.#parts.sessions.isLoggedIn(cookie) : () => true;
  }

  /** @throws HubRefusal 401, 429 */
  checkToken(token: string, address: string): void {
    const { limiter, sessions, log } = this.#parts;
    const wait = limiter.waitSeconds(address);
    if (wait > 0) throw new HubRefusal(429, 'E_HUB_AUTH', `too many wrong tokens: wait ${wait} s`, { retryAfter: wait });
    if (sessions.isToken(token)) return limiter.succeeded(address);
    limiter.failed(address);
    // One line for each time an address has used up its tries: the log is no place to fill.
    if (limiter.waitSeconds(address) > 0) log.warn({ address }, 'wrong tokens at the hub: this address has to wait');
    throw new HubRefusal(401, 'E_HUB_AUTH', 'the token is wrong');
  }

  logIn(token: string, request: FastifyRequest, reply: FastifyReply): void {
    this.checkToken(token, request.ip);
    void reply.header('set-cookie', this.#parts.sessions.begin());
    this.onLogin?.();
    this.onLogin = null;
  }

  logOut(request: FastifyRequest, reply: FastifyReply): void {
    void reply.header('set-cookie', this.#parts.sessions.end(request.headers.cookie));
  }
}
