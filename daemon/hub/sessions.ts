/** Who is logged in. A session is a signed cookie, so that it outlives a restart; only those logged out are remembered. */
import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Clock } from '../../protocol/common/clock.ts';

export interface SessionOptions {
  /** Sessions are signed with what follows from it: a new token ends all of them. */
  readonly token: string;
  readonly lifeMs: number;
  /** Whether cookies go over TLS only. */
  readonly secure: boolean;
  readonly clock: Clock;
  /** Logged out before, by id, and until when they would have been good, ms since the epoch. */
  readonly revoked?: Readonly<Record<string, number>>;
  /** Told when that changes. */
  readonly onRevoked?: (revoked: Readonly<Record<string, number>>) => void;
}

/** Logged out and not yet expired; of more, the first to expire are forgotten. */
const MOST_REVOKED = 1024;
const ID_BYTES = 16;

export class Sessions {
  readonly #options: SessionOptions;
  readonly #key: Buffer;
  readonly #tokenDigest: Buffer;
  readonly #revoked: Map<string, number>;
  /** Cookies know no ports: two rigs reached through tunnels on one host must not take each other's. */
  readonly cookieName: string;

  constructor(options: SessionOptions) {
    this.#options = options;
    this.#key = createHmac('sha256', options.token).update('rigbrain hub session').digest();
    this.#tokenDigest = digest(options.token);
    this.#revoked = new Map(Object.entries(options.revoked ?? {}));
    const own = createHmac('sha256', this.#key).update('cookie name').digest('hex').slice(0, 8);
    this.cookieName = `${options.secure ? '__Host-' : ''}rigbrain_${own}`;
  }

  /** In a time that does not tell where they differ, or how long the token is. */
  isToken(given: string): boolean {
    return timingSafeEqual(digest(given), this.#tokenDigest);
  }

  /** A new session. @returns the Set-Cookie header */
  begin(): string {
    const { clock, lifeMs } = this.#options;
    const body = `${randomBytes(ID_BYTES).toString('base64url')}.${Math.floor(clock.now() + lifeMs).toString(36)}`;
    return this.#cookie(`${body}.${this.#sign(body)}`, Math.floor(lifeMs / 1000));
  }

  /** @param header Cookie header @returns whether a valid session is in it */
  isLoggedIn(header: string | undefined): boolean {
    return this.#sessionIn(header) !== null;
  }

  /** Ends the session of a cookie, also for whoever has a copy. @returns the Set-Cookie header that removes it */
  end(header: string | undefined): string {
    const session = this.#sessionIn(header);
    if (session !== null) {
      const now = this.#options.clock.now();
      for (const [id, until] of this.#revoked) if (until <= now) this.#revoked.delete(id);
      if (this.#revoked.size >= MOST_REVOKED) this.#revoked.delete([...this.#revoked].sort((a, b) => a[1] - b[1])[0]![0]);
      this.#revoked.set(session.id, session.until);
      this.#options.onRevoked?.(Object.fromEntries(this.#revoked));
    }
    return this.#cookie('', 0);
  }

  #sessionIn(header: string | undefined): { readonly id: string; readonly until: number } | null {
    for (const value of cookieValues(header ?? '', this.cookieName)) {
      const [id, expiry, signature, ...rest] = value.split('.');
      if (!id || !expiry || !signature || rest.length > 0 || !sameText(signature, this.#sign(`${id}.${expiry}`))) continue;
      const until = Number.parseInt(expiry, 36);
      if (until > this.#options.clock.now() && !this.#revoked.has(id)) return { id, until };
    }
    return null;
  }

  #sign(body: string): string {
    return createHmac('sha256', this.#key).update(body).digest('base64url');
  }

  #cookie(value: string, maxAge: number): string {
    return `${this.cookieName}=${value}; Max-Age=${maxAge}; Path=/; HttpOnly; SameSite=Strict${this.#options.secure ? '; Secure' : ''}`;
  }
}

function* cookieValues(header: string, name: string): Generator<string> {
  for (const part of header.split(';')) {
    const at = part.indexOf('=');
    if (at > 0 && part.slice(0, at).trim() === name) yield part.slice(at + 1).trim();
  }
}

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
const sameText = (a: string, b: string): boolean => timingSafeEqual(digest(a), digest(b));
