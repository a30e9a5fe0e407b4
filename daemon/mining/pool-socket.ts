import dns, { type LookupAddress } from 'node:dns';
import { readFileSync } from 'node:fs';
import net from 'node:net';
import tls from 'node:tls';
import type { Clock, Timer } from '../../protocol/common/clock.ts';
import { messageOf, RigError } from '../../protocol/common/errors.ts';
import { isPrivateAddress } from '../../protocol/common/ip.ts';
import { Socks5Handshake, type Socks5Credentials } from '../../protocol/socks5/handshake.ts';
import { describeConnectionError } from '../connection-words.ts';
import { matchesPin, plainFingerprint, tlsOptions, type TlsTrust } from '../tls-trust.ts';

/** A SOCKS5 proxy on the way to a pool. It resolves the pool's name; this machine never does. */
export interface PoolProxy {
  readonly host: string;
  readonly port: number;
  /** Of this pool alone, so that Tor uses circuits of its own for it; null = none are offered. */
  readonly credentials: Socks5Credentials | null;
}

export interface PoolSocketOptions {
  readonly host: string;
  readonly port: number;
  /** Null = plain TCP. */
  readonly tls: TlsTrust | null;
  /** Null or left out: straight to the pool. */
  readonly proxy?: PoolProxy | null;
  /** True: a name that leads to an address of this machine or the networks around it is refused. */
  readonly publicOnly?: boolean;
  /** In place of the system's name resolution; for tests. */
  readonly lookup?: typeof dns.lookup;
  /** Deadline of name resolution and TCP connect, again of the proxy's answer, and again of the TLS handshake. */
  readonly connectTimeoutMs: number;
}

export interface PoolSocketHandlers {
  /** Ready to write: the certificate, if there is one, has been accepted. */
  onConnect(): void;
  onData(chunk: Uint8Array): void;
  /** The connection ended or never came to be. Called once, and never after `destroy`. */
  onClose(error: RigError): void;
}

export const CONNECT_TIMEOUT_MS = 10_000;
/** Building a circuit takes Tor its time. */
export const PROXY_CONNECT_TIMEOUT_MS = 30_000;
/**
 * Of several addresses each but the last has this part of the deadline. Node's own 250 ms would make a pool unreachable over a
 * slow line when its last address is dead.
 */
const ADDRESS_SHARE = 1 / 4;
const KEEPALIVE_IDLE_MS = 60_000;
/** A pool that reads nothing must not fill our memory. */
const MAX_UNSENT_BYTES = 256 * 1024;

type Stage = 'tcp' | 'proxy' | 'tls' | 'open' | 'closed';

/** One connection to a pool over TCP or TLS, straight or through a proxy. Owns its sockets; `destroy` closes them at once. */
export class PoolSocket {
  readonly #options: PoolSocketOptions;
  readonly #proxy: PoolProxy | null;
  readonly #handlers: PoolSocketHandlers;
  readonly #clock: Clock;
  /** The connection itself: to the pool, or to the proxy. */
  #wire: net.Socket | null = null;
  /** What lines are written to: the wire, or TLS on it. */
  #socket: net.Socket | null = null;
  #deadline: Timer | null = null;
  #stage: Stage = 'tcp';
  #handshake: Socks5Handshake | null = null;

  constructor(options: PoolSocketOptions, clock: Clock, handlers: PoolSocketHandlers) {
    this.#options = options;
    this.#proxy = options.proxy ?? null;
    this.#clock = clock;
    this.#handlers = handlers;
  }

  /** Starts connecting. The outcome comes through the handlers, never from here. */
  open(): void {
    this.#waitFor(this.#proxy === null ? 'accept the connection' : 'accept a connection');
    try {
      const { host, port } = this.#options;
      if (this.#proxy === null && /\.onion\.?$/i.test(host)) throw new RigError('E_POOL_PROXY', `${host} can only be reached through a proxy, and none is configured`);
      if (this.#proxy !== null) this.#handshake = new Socks5Handshake({ host, port, credentials: this.#proxy.credentials });
      // Read before connecting, so that a file that cannot be read is told as that.
      const secure = this.#options.tls === null ? null : this.#secureOptions(this.#options.tls);
      const { publicOnly, lookup = dns.lookup, connectTimeoutMs } = this.#options;
      // The name is resolved at every attempt, and every address it has is tried.
      const wire = net.connect({
        ...(this.#proxy ?? { host, port }),
        noDelay: true,
        autoSelectFamily: true,
        autoSelectFamilyAttemptTimeout: Math.max(250, Math.floor(connectTimeoutMs * ADDRESS_SHARE)),
        lookup: publicOnly === true && this.#proxy === null ? publicLookup(lookup) : lookup,
      });
      this.#wire = wire;
      this.#listen(wire, secure);
    } catch (error) {
      // Reported like every other failure: after the call.
      const failure = error instanceof RigError ? error : new RigError('E_POOL_CONNECT', messageOf(error), { cause: error });
      queueMicrotask(() => this.#fail(failure));
    }
  }

  /** Address at the other end while connected: the pool's, or the proxy's. */
  get remoteAddress(): string | null {
    return this.#wire?.remoteAddress ?? null;
  }

  /** What the pool presented; null without TLS or before it is open. */
  get certificate(): tls.PeerCertificate | null {
    return this.#stage === 'open' && this.#socket instanceof tls.TLSSocket ? this.#socket.getPeerCertificate() : null;
  }

  /** Sends a line. Lost without a word when the connection is not open. */
  write(line: string): void {
    if (this.#stage !== 'open' || this.#socket === null) return;
    this.#socket.write(line);
    if (this.#socket.writableLength <= MAX_UNSENT_BYTES) return;
    // After the call: the caller is in the middle of its own list of things to do.
    queueMicrotask(() => this.#fail(new RigError('E_POOL_CLOSED', 'the pool does not read what it is sent')));
  }

  /** Closes at once; no handler is called any more. */
  destroy(): void {
    this.#stage = 'closed';
    this.#deadline?.cancel();
    this.#socket?.destroy();
    this.#wire?.destroy();
  }

  #secureOptions(settings: TlsTrust): tls.ConnectionOptions {
    return tlsOptions(this.#options.host, settings, settings.ca === undefined ? undefined : this.#readCa(settings.ca));
  }

  /** Read at every connect: a renewed CA needs no restart. */
  #readCa(file: string): string {
    try {
      return readFileSync(file, 'utf8');
    } catch (error) {
      throw new RigError('E_POOL_TLS', `the CA file ${file} cannot be read: ${messageOf(error)}`, { cause: error });
    }
  }

  #listen(wire: net.Socket, secure: tls.ConnectionOptions | null): void {
    wire.setKeepAlive(true, KEEPALIVE_IDLE_MS);
    this.#hearEnd(wire);
    wire.on('connect', () => {
      if (this.#stage !== 'tcp') return;
      if (this.#handshake === null) return this.#wireStands(wire, secure, null);
      this.#stage = 'proxy';
      this.#waitFor('answer');
      wire.on('data', (chunk) => this.#onProxyData(wire, secure, chunk));
      wire.write(this.#handshake.greeting());
    });
  }

  #hearEnd(socket: net.Socket): void {
    socket.on('error', (error) => this.#fail(this.#failure(error)));
    socket.on('close', () => this.#fail(this.#failure(null)));
  }

  #onProxyData(wire: net.Socket, secure: tls.ConnectionOptions | null, chunk: Buffer): void {
    if (this.#stage !== 'proxy' || this.#handshake === null) return;
    const step = this.#handshake.receive(chunk);
    const { host, port } = this.#options;
    switch (step.kind) {
      case 'more':
        if (step.send.length > 0) wire.write(step.send);
        if (this.#handshake.waitsForTarget) this.#waitFor(`connect to ${host}:${port}`);
        return;
      case 'failed':
        if (step.blame === 'proxy') return this.#fail(new RigError('E_POOL_PROXY', `the proxy ${this.#proxyName()}: ${step.reason}`));
        return this.#fail(new RigError('E_POOL_CONNECT', `the proxy could not reach ${host}:${port}: ${step.reason}`));
      case 'open':
        wire.removeAllListeners('data');
        return this.#wireStands(wire, secure, step.rest.length === 0 ? null : step.rest);
    }
  }

  /** Bytes go to and from the pool now. @param early what came from it already */
  #wireStands(wire: net.Socket, secure: tls.ConnectionOptions | null, early: Uint8Array | null): void {
    if (secure === null) {
      this.#hearLines(wire);
      this.#opened(wire);
      if (early !== null && this.#is('open')) this.#handlers.onData(early);
      return;
    }
    this.#stage = 'tls';
    this.#waitFor('complete the TLS handshake');
    // Nothing may run past TLS, which takes over what is read from here.
    wire.pause();
    if (early !== null) wire.unshift(early);
    const socket = tls.connect({ ...secure, socket: wire, host: this.#options.host });
    this.#socket = socket;
    this.#hearEnd(socket);
    this.#hearLines(socket);
    socket.on('secureConnect', () => this.#checkCertificate(socket));
  }

  #hearLines(socket: net.Socket): void {
    socket.on('data', (chunk: Buffer) => {
      if (this.#stage === 'open') this.#handlers.onData(chunk);
    });
  }

  #checkCertificate(socket: tls.TLSSocket): void {
    if (this.#stage !== 'tls') return;
    const pinned = this.#options.tls?.fingerprint_sha256;
    if (pinned !== undefined) {
      const presented = socket.getPeerCertificate().fingerprint256 as string | undefined;
      if (!matchesPin(presented, pinned)) {
        const text = presented === undefined ? 'none' : plainFingerprint(presented);
        return this.#fail(new RigError('E_POOL_TLS', `the certificate's SHA-256 fingerprint is ${text}, not the one pinned in tls.fingerprint_sha256`));
      }
    }
    this.#opened(socket);
  }

  #opened(socket: net.Socket): void {
    this.#deadline?.cancel();
    this.#socket = socket;
    this.#stage = 'open';
    this.#handlers.onConnect();
  }

  /** The stage may have changed in a call; TypeScript does not see that. */
  #is(stage: Stage): boolean {
    return this.#stage === stage;
  }

  /** @param error null = closed without one */
  #failure(error: (Error & { code?: string }) | null): RigError {
    const options = error === null ? {} : { cause: error };
    const words = error === null ? 'the pool closed the connection' : describeConnectionError(error);
    switch (this.#stage) {
      case 'tcp':
        return this.#proxy === null ? new RigError('E_POOL_CONNECT', words, options) : new RigError('E_POOL_PROXY', `the proxy ${this.#proxyName()} cannot be reached: ${error === null ? 'it closed the connection' : words}`, options);
      case 'proxy':
        return new RigError('E_POOL_PROXY', `the proxy ${this.#proxyName()} ended the connection: ${error === null ? 'without an answer' : words}`, options);
      case 'tls':
        return new RigError(error?.code === 'ECONNRESET' || error === null ? 'E_POOL_CONNECT' : 'E_POOL_TLS', words, options);
      default:
        return new RigError('E_POOL_CLOSED', words, options);
    }
  }

  #proxyName(): string {
    const { host, port } = this.#proxy!;
    return `${host}:${port}`;
  }

  #waitFor(what: string): void {
    const { host, port, connectTimeoutMs } = this.#options;
    this.#deadline?.cancel();
    this.#deadline = this.#clock.after(connectTimeoutMs, () => {
      const late = `did not ${what} within ${connectTimeoutMs / 1000} s`;
      const proxysTurn = this.#proxy !== null && (this.#stage === 'tcp' || (this.#stage === 'proxy' && this.#handshake?.waitsForTarget !== true));
      if (proxysTurn) return this.#fail(new RigError('E_POOL_PROXY', `the proxy ${this.#proxyName()} ${late}`));
      const who = this.#stage === 'proxy' ? `the proxy ${this.#proxyName()}` : `${host}:${port}`;
      this.#fail(new RigError('E_POOL_CONNECT', `${who} ${late}`));
    });
  }

  #fail(error: RigError): void {
    if (this.#stage === 'closed') return;
    this.destroy();
    this.#handlers.onClose(error);
  }
}

type LookupAnswer = (error: NodeJS.ErrnoException | null, address: string | LookupAddress[], family?: number) => void;

/** Resolves like everybody does, but gives no addresses of this machine or the networks around it. */
function publicLookup(lookup: typeof dns.lookup) {
  return (host: string, options: object, answer: LookupAnswer): void => {
    lookup(host, { ...options, all: true }, (error, found) => {
      if (error !== null) return answer(error, []);
      const usable = found.filter(({ address }) => !isPrivateAddress(address));
      const first = usable[0];
      if (first === undefined) return answer(new Error(`${host} leads into a private network, which a pool may not send a miner to`), []);
      if ('all' in options && options.all === true) return answer(null, usable);
      answer(null, first.address, first.family);
    });
  };
}
