import { readFileSync } from 'node:fs';
import net from 'node:net';
import tls from 'node:tls';
import type { Clock, Timer } from '../../protocol/common/clock.ts';
import { messageOf, RigError, type ErrorCode } from '../../protocol/common/errors.ts';
import { matchesPin, plainFingerprint, tlsOptions, type TlsTrust } from '../tls-trust.ts';

export interface PoolSocketOptions {
  readonly host: string;
  readonly port: number;
  /** Null = plain TCP. */
  readonly tls: TlsTrust | null;
  /** Deadline of name resolution and TCP connect, and again of the TLS handshake. */
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
const KEEPALIVE_IDLE_MS = 60_000;
/** A pool that reads nothing must not fill our memory. */
const MAX_UNSENT_BYTES = 256 * 1024;

function describe(error: Error & { code?: string }): string {
  // Several addresses tried in vain give an AggregateError without a message of its own.
  return error.message || error.code || error.name;
}

/** One connection to a pool over TCP or TLS. Owns its socket; `destroy` closes it at once. */
export class PoolSocket {
  readonly #options: PoolSocketOptions;
  readonly #handlers: PoolSocketHandlers;
  readonly #clock: Clock;
  #socket: net.Socket | null = null;
  #deadline: Timer | null = null;
  #stage: 'tcp' | 'tls' | 'open' | 'closed' = 'tcp';

  constructor(options: PoolSocketOptions, clock: Clock, handlers: PoolSocketHandlers) {
    this.#options = options;
    this.#clock = clock;
    this.#handlers = handlers;
  }

  /** Starts connecting. The outcome comes through the handlers, never from here. */
  open(): void {
    this.#waitFor('accept the connection');
    try {
      const { host, port } = this.#options;
      const socket = this.#options.tls === null ? net.connect({ host, port, noDelay: true }) : this.#connectTls(this.#options.tls);
      this.#socket = socket;
      this.#listen(socket);
    } catch (error) {
      // Reported like every other failure: after the call.
      const failure = error instanceof RigError ? error : new RigError('E_POOL_CONNECT', messageOf(error), { cause: error });
      queueMicrotask(() => this.#fail(failure));
    }
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
  }

  #connectTls(settings: TlsTrust): tls.TLSSocket {
    const { host, port } = this.#options;
    return tls.connect({ host, port, ...tlsOptions(host, settings, settings.ca === undefined ? undefined : this.#readCa(settings.ca)) });
  }

  /** Read at every connect: a renewed CA needs no restart. */
  #readCa(file: string): string {
    try {
      return readFileSync(file, 'utf8');
    } catch (error) {
      throw new RigError('E_POOL_TLS', `the CA file ${file} cannot be read: ${messageOf(error)}`, { cause: error });
    }
  }

  #listen(socket: net.Socket): void {
    socket.setKeepAlive(true, KEEPALIVE_IDLE_MS);
    socket.on('connect', () => {
      if (this.#stage !== 'tcp') return;
      socket.setNoDelay(true);
      if (this.#options.tls === null) return this.#opened();
      this.#stage = 'tls';
      this.#waitFor('complete the TLS handshake');
    });
    if (socket instanceof tls.TLSSocket) socket.on('secureConnect', () => this.#checkCertificate(socket));
    socket.on('data', (chunk: Buffer) => {
      if (this.#stage === 'open') this.#handlers.onData(chunk);
    });
    socket.on('error', (error) => this.#fail(new RigError(this.#failureCode(error), describe(error), { cause: error })));
    socket.on('close', () => this.#fail(new RigError(this.#stage === 'open' ? 'E_POOL_CLOSED' : this.#failureCode(null), 'the pool closed the connection')));
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
    this.#opened();
  }

  #opened(): void {
    this.#deadline?.cancel();
    this.#stage = 'open';
    this.#handlers.onConnect();
  }

  #failureCode(error: (Error & { code?: string }) | null): ErrorCode {
    if (this.#stage === 'tls') return error?.code === 'ECONNRESET' || error === null ? 'E_POOL_CONNECT' : 'E_POOL_TLS';
    return this.#stage === 'open' ? 'E_POOL_CLOSED' : 'E_POOL_CONNECT';
  }

  #waitFor(what: string): void {
    const { host, port, connectTimeoutMs } = this.#options;
    this.#deadline?.cancel();
    this.#deadline = this.#clock.after(connectTimeoutMs, () => {
      this.#fail(new RigError('E_POOL_CONNECT', `${host}:${port} did not ${what} within ${connectTimeoutMs / 1000} s`));
    });
  }

  #fail(error: RigError): void {
    if (this.#stage === 'closed') return;
    this.destroy();
    this.#handlers.onClose(error);
  }
}
