import { readFileSync } from 'node:fs';
import https from 'node:https';
import type { Duplex } from 'node:stream';
import tls from 'node:tls';
import type { Clock } from '../../protocol/common/clock.ts';
import { messageOf } from '../../protocol/common/errors.ts';
import { matchesPin, plainFingerprint, tlsOptions, type TlsTrust } from '../tls-trust.ts';

/** For the connection and the handshake: the deadline of the request that wants it does not end it. */
const CONNECT_MS = 15_000;

type Ready = (error: Error | null, stream: Duplex) => void;

/** Keeps https connections to a host whose certificate a `tls` section judges, before a byte of a request is sent. */
export class TrustedAgent extends https.Agent {
  readonly #trust: TlsTrust;
  readonly #clock: Clock;
  readonly #connectMs: number;
  /** Not given to a request yet; the others are the agent's own business. */
  readonly #connecting = new Set<tls.TLSSocket>();

  constructor(trust: TlsTrust, options: https.AgentOptions, clock: Clock, connectMs = CONNECT_MS) {
    super(options);
    this.#trust = trust;
    this.#clock = clock;
    this.#connectMs = connectMs;
  }

  override destroy(): void {
    for (const socket of this.#connecting) socket.destroy();
    super.destroy();
  }

  /** What Node.js calls for a new connection; one that is given to `ready` later is returned as nothing. */
  override createConnection(options: https.RequestOptions, ready?: Ready): Duplex | null | undefined {
    const { ca: file, fingerprint_sha256: pin } = this.#trust;
    const host = (options.host ?? 'localhost').replace(/^\[|\]$/g, '');
    let ca: string | undefined;
    try {
      ca = file === undefined ? undefined : readFileSync(file, 'utf8');
    } catch (error) {
      queueMicrotask(() => ready?.(new Error(`the CA file ${file} cannot be read: ${messageOf(error)}`), undefined as never));
      return undefined;
    }
    const socket = tls.connect({ host, port: Number(options.port ?? 443), ...tlsOptions(host, this.#trust, ca) });
    this.#connecting.add(socket);
    const deadline = this.#clock.after(this.#connectMs, () => fail(new Error(`no TLS connection within ${this.#connectMs / 1000} s`)));
    socket.once('close', () => {
      deadline.cancel();
      this.#connecting.delete(socket);
    });
    const fail = (error: Error): void => {
      socket.destroy();
      ready?.(error, undefined as never);
    };
    socket.once('error', fail);
    socket.once('secureConnect', () => {
      const presented = socket.getPeerCertificate().fingerprint256 as string | undefined;
      if (pin !== undefined && !matchesPin(presented, pin)) return fail(new Error(`the certificate's SHA-256 fingerprint is ${presented === undefined ? 'none' : plainFingerprint(presented)}, not the one pinned in tls.fingerprint_sha256`));
      socket.off('error', fail);
      deadline.cancel();
      this.#connecting.delete(socket);
      ready?.(null, socket);
    });
    return undefined;
  }
}
