/**
 * The client's side of SOCKS5 (RFC 1928, user and password by RFC 1929) as a state machine: bytes go in, in any cut,
 * bytes to send and the outcome come out. Names are never resolved here: they go to the proxy as they are (socks5h).
 */
import { concatBytes } from '../common/bytes.ts';
import { RigError } from '../common/errors.ts';
import { addressBytes } from './address.ts';
import { replyMeaning, type Blame } from './replies.ts';

export interface Socks5Credentials {
  /** 1 to 255 bytes of ASCII. */
  readonly user: string;
  readonly password: string;
}

export interface Socks5Target {
  /** Name, IPv4 or IPv6 address (without brackets). */
  readonly host: string;
  readonly port: number;
  /** Offered beside "no authentication"; Tor takes them and gives each pair circuits of its own. Null = not offered. */
  readonly credentials: Socks5Credentials | null;
}

export type Socks5Step =
  /** More bytes are needed; `send` first, unless it is empty. */
  | { readonly kind: 'more'; readonly send: Uint8Array }
  /** The way stands. `rest` came after the answer and belongs to the pool. `authenticated`: the proxy took the credentials. */
  | { readonly kind: 'open'; readonly rest: Uint8Array; readonly authenticated: boolean }
  | { readonly kind: 'failed'; readonly reason: string; readonly blame: Blame };

const VERSION = 5;
const NO_AUTH = 0;
const USER_PASSWORD = 2;
const NONE_ACCEPTABLE = 0xff;
const CONNECT = 1;
const ATYP_IPV4 = 1;
const ATYP_NAME = 3;
const ATYP_IPV6 = 4;
const NOTHING = new Uint8Array(0);

type State = 'method' | 'authentication' | 'reply' | 'over';

export class Socks5Handshake {
  readonly #target: Socks5Target;
  readonly #request: Uint8Array;
  #state: State = 'method';
  /** Never longer than one answer (262 bytes) and the chunk that completed it. */
  #buffer: Uint8Array = NOTHING;
  #authenticated = false;

  /** @throws RigError E_POOL_URL for a host or port, E_POOL_PROXY for credentials, that SOCKS5 cannot carry */
  constructor(target: Socks5Target) {
    this.#target = target;
    const { port, credentials } = target;
    if (!Number.isInteger(port) || port < 1 || port > 65_535) throw new RigError('E_POOL_URL', `port ${port} is out of range`);
    if (credentials !== null) for (const text of [credentials.user, credentials.password]) if (!/^[\x21-\x7e]{1,255}$/.test(text)) throw new RigError('E_POOL_PROXY', 'credentials for a SOCKS proxy are 1 to 255 printable characters');
    const { type, bytes } = addressBytes(target.host);
    const atyp = { name: ATYP_NAME, ipv4: ATYP_IPV4, ipv6: ATYP_IPV6 }[type];
    const length = type === 'name' ? Uint8Array.of(bytes.length) : NOTHING;
    this.#request = concatBytes(Uint8Array.of(VERSION, CONNECT, 0, atyp), length, bytes, Uint8Array.of(port >> 8, port & 0xff));
  }

  /** What to send first. */
  greeting(): Uint8Array {
    return this.#target.credentials === null ? Uint8Array.of(VERSION, 1, NO_AUTH) : Uint8Array.of(VERSION, 2, NO_AUTH, USER_PASSWORD);
  }

  /** True while it is the pool that is waited for: the proxy has answered everything else. */
  get waitsForTarget(): boolean {
    return this.#state === 'reply';
  }

  /** Takes what the proxy sent. Never throws. After `open` or `failed` nothing more may be given. */
  receive(chunk: Uint8Array): Socks5Step {
    if (this.#state === 'over') return this.#fail('it was not asked any more', 'proxy');
    this.#buffer = this.#buffer.length === 0 ? chunk : concatBytes(this.#buffer, chunk);
    let send: Uint8Array = NOTHING;
    for (;;) {
      const step = this.#next();
      if (step === null) return { kind: 'more', send };
      if (step.kind !== 'more') return step;
      send = concatBytes(send, step.send);
    }
  }

  /** One answer, or null when it is not complete. */
  #next(): Socks5Step | null {
    switch (this.#state) {
      case 'method':
        return this.#buffer.length < 2 ? this.#checkVersion() : (this.#checkVersion() ?? this.#onMethod(this.#take(2)[1]!));
      case 'authentication':
        // The version of this sub-negotiation is 1 (RFC 1929), though some proxies say 5.
        return this.#buffer.length < 2 ? null : this.#onAuthenticated(this.#take(2)[1]!);
      case 'reply':
        return this.#checkVersion() ?? this.#onReply();
      case 'over':
        return null;
    }
  }

  #checkVersion(): Socks5Step | null {
    const version = this.#buffer[0];
    if (version === undefined || version === VERSION) return null;
    const what = version === 0x48 ? 'it is an HTTP server' : version === 4 || version === 0 ? 'it speaks SOCKS4' : 'it does not speak SOCKS5';
    return this.#fail(what, 'proxy');
  }

  #onMethod(method: number): Socks5Step {
    const { credentials } = this.#target;
    if (method === NO_AUTH) return this.#sendRequest();
    if (method === USER_PASSWORD && credentials !== null) {
      this.#state = 'authentication';
      const text = (value: string): Uint8Array => Uint8Array.from([value.length, ...[...value].map((char) => char.charCodeAt(0))]);
      return { kind: 'more', send: concatBytes(Uint8Array.of(1), text(credentials.user), text(credentials.password)) };
    }
    if (method === NONE_ACCEPTABLE) return this.#fail(credentials === null ? 'it wants a user and password' : 'it takes neither no authentication nor user and password', 'proxy');
    return this.#fail(`it chose authentication method ${method}, which was not offered`, 'proxy');
  }

  #onAuthenticated(status: number): Socks5Step {
    if (status !== 0) return this.#fail('it refused the user and password', 'proxy');
    this.#authenticated = true;
    return this.#sendRequest();
  }

  #sendRequest(): Socks5Step {
    this.#state = 'reply';
    return { kind: 'more', send: this.#request };
  }

  #onReply(): Socks5Step | null {
    if (this.#buffer.length < 2) return null;
    // What comes after a refusal is not worth waiting for: some proxies close right behind the code.
    const code = this.#buffer[1]!;
    if (code !== 0) {
      const { reason, blame } = replyMeaning(code);
      return this.#fail(reason, blame);
    }
    if (this.#buffer.length < 5) return null;
    const lengths: Record<number, number> = { [ATYP_IPV4]: 4, [ATYP_IPV6]: 16, [ATYP_NAME]: 1 + this.#buffer[4]! };
    const addressLength = lengths[this.#buffer[3]!];
    if (addressLength === undefined) return this.#fail(`its answer has an unknown address type ${this.#buffer[3]}`, 'proxy');
    const total = 4 + addressLength + 2;
    if (this.#buffer.length < total) return null;
    this.#take(total);
    this.#state = 'over';
    return { kind: 'open', rest: this.#buffer, authenticated: this.#authenticated };
  }

  #take(count: number): Uint8Array {
    const taken = this.#buffer.subarray(0, count);
    this.#buffer = this.#buffer.subarray(count);
    return taken;
  }

  #fail(reason: string, blame: Blame): Socks5Step {
    this.#state = 'over';
    return { kind: 'failed', reason, blame };
  }
}
