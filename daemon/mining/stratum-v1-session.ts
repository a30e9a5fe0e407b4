import type { PeerCertificate } from 'node:tls';
import type { Clock, Timer } from '../../protocol/common/clock.ts';
import type { ErrorCode } from '../../protocol/common/errors.ts';
import { StratumV1Client } from '../../protocol/stratum-v1/client.ts';
import { hidePassword } from '../../protocol/stratum-v1/hide-password.ts';
import type { V1Job } from '../../protocol/stratum-v1/job-tracker.ts';
import type { ClientHints, ClientOptions, Submission } from '../../protocol/stratum-v1/options.ts';
import type { ClientOutput, ClientPhase, ShareVerdict } from '../../protocol/stratum-v1/outputs.ts';
import { PoolSocket, type PoolSocketOptions } from './pool-socket.ts';

/** Why a session is over, and what the next one should know. */
export interface SessionEnd {
  readonly code: ErrorCode;
  readonly reason: string;
  /** Where the pool asked to reconnect to; null when it did not ask. */
  readonly redirect: { readonly host: string | null; readonly port: number | null; readonly tls: boolean; readonly waitS: number } | null;
  /** Null when the connection never stood: then nothing was learned. */
  readonly hints: ClientHints | null;
  /** How long there was work, in ms. */
  readonly minedMs: number;
}

export interface SessionHandlers {
  onPhase(phase: ClientPhase, reason: string): void;
  /** @param readAt when its bytes were read, monotonic ms */
  onJob(job: V1Job, readAt: number): void;
  /** A whole line came in. */
  onHeard(): void;
  onInvalidate(reason: string): void;
  onMessage(text: string): void;
  onWarning(text: string): void;
  /** Called once, after every open share got its verdict; never after `close`. */
  onEnd(end: SessionEnd): void;
}

/** One connection to a pool: drives the protocol's state machine with a socket and a clock. */
export class StratumV1Session {
  readonly client: StratumV1Client;
  readonly #socket: PoolSocket;
  readonly #clock: Clock;
  readonly #password: string;
  readonly #handlers: SessionHandlers;
  #readAt = 0;
  readonly #verdicts = new Map<string, (verdict: ShareVerdict) => void>();
  #tokens = 0;
  #timer: Timer | null = null;
  #stood = false;
  #miningSince: number | null = null;
  #ended = false;
  #redirect: SessionEnd['redirect'] = null;
  #settled: (() => void) | null = null;

  constructor(clientOptions: ClientOptions, socketOptions: PoolSocketOptions, clock: Clock, handlers: SessionHandlers) {
    this.client = new StratumV1Client(clientOptions);
    this.#password = clientOptions.password;
    this.#clock = clock;
    this.#handlers = handlers;
    this.#socket = new PoolSocket(socketOptions, clock, {
      onConnect: () => {
        this.#stood = true;
        this.#perform(this.client.connected(clock.monotonic()));
      },
      onData: (chunk) => {
        this.#readAt = clock.monotonic();
        const outputs = this.client.receive(chunk, this.#readAt);
        if (this.client.lastLineAt === this.#readAt) handlers.onHeard();
        this.#perform(outputs);
      },
      onClose: (error) => this.#end(error.code, error.message),
    });
  }

  open(): void {
    this.#socket.open();
  }

  /** Address at the other end (of a proxy, with one) while connected. */
  get remoteAddress(): string | null {
    return this.#socket.remoteAddress;
  }

  /** What the pool presented; null without TLS or before the connection stands. */
  get certificate(): PeerCertificate | null {
    return this.#socket.certificate;
  }

  /** Sends a share and resolves with its verdict. Never rejects. */
  submit(share: Omit<Submission, 'token'>): Promise<ShareVerdict> {
    if (this.#ended) return Promise.resolve({ status: 'withheld', reason: 'the session its job came from is over' });
    return new Promise((resolve) => {
      const token = String((this.#tokens += 1));
      this.#verdicts.set(token, resolve);
      this.#perform(this.client.submit({ ...share, token }, this.#clock.monotonic()));
    });
  }

  /** Resolves when no share waits for an answer any more, at the latest after `ms`. */
  settle(ms: number): Promise<void> {
    if (this.#verdicts.size === 0) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = this.#clock.after(ms, resolve);
      this.#settled = () => {
        timer.cancel();
        resolve();
      };
    });
  }

  /** Ends the session from our side: open shares become unknown, work is void, `onEnd` is not called. */
  close(reason: string): void {
    if (!this.#ended) this.#tearDown(reason);
  }

  #perform(outputs: readonly ClientOutput[]): void {
    for (const raw of outputs) {
      const output = hidePassword(raw, this.#password);
      switch (output.type) {
        case 'send':
          this.#socket.write(output.line);
          break;
        case 'job':
          this.#miningSince ??= this.#clock.monotonic();
          this.#handlers.onJob(output.job, this.#readAt);
          break;
        case 'invalidate':
          this.#handlers.onInvalidate(output.reason);
          break;
        case 'verdict':
          this.#settleShare(output.token, output.verdict);
          break;
        case 'message':
          this.#handlers.onMessage(output.text);
          break;
        case 'warning':
          this.#handlers.onWarning(output.text);
          break;
        case 'status':
          if (output.phase !== 'closed') this.#handlers.onPhase(output.phase, output.reason);
          break;
        case 'reconnect':
          this.#redirect = output;
          return this.#end('E_POOL_CLOSED', 'the pool asked to reconnect');
        case 'close':
          return this.#end(output.code, output.reason);
      }
    }
    this.#wakeAtDeadline();
  }

  #wakeAtDeadline(): void {
    this.#timer?.cancel();
    this.#timer = null;
    const next = this.#ended ? null : this.client.nextDeadline();
    if (next === null) return;
    const wait = Math.max(1, Math.ceil(next - this.#clock.monotonic()));
    this.#timer = this.#clock.after(wait, () => this.#perform(this.client.tick(this.#clock.monotonic())));
  }

  #settleShare(token: string, verdict: ShareVerdict): void {
    const resolve = this.#verdicts.get(token);
    this.#verdicts.delete(token);
    resolve?.(verdict);
    if (this.#verdicts.size === 0) this.#settled?.();
  }

  #tearDown(reason: string): void {
    this.#ended = true;
    this.#timer?.cancel();
    this.#socket.destroy();
    this.#perform(this.client.disconnected(reason));
  }

  #end(code: ErrorCode, reason: string): void {
    if (this.#ended) return;
    const minedMs = this.#miningSince === null ? 0 : this.#clock.monotonic() - this.#miningSince;
    this.#tearDown(reason);
    this.#handlers.onEnd({ code, reason, redirect: this.#redirect, hints: this.#stood ? this.client.hints() : null, minedMs });
  }
}
