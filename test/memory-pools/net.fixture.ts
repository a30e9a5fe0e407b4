/**
 * A network in memory on a clock moved by hand: pools at addresses, sockets with a latency. It stands in for
 * `daemon/mining/pool-socket.ts` (the test mocks that module), so that days of pool life take seconds and every
 * run with the same numbers is the same to the millisecond.
 */
import type { Clock, Timer } from '../../protocol/common/clock.ts';
import { RigError, type ErrorCode } from '../../protocol/common/errors.ts';

/** What listens at an address. */
export interface Listener {
  /** False: the address refuses connections. */
  readonly up: boolean;
  accept(line: PoolEnd): Accepted;
}

/** The pool's side of a connection that was accepted. */
export interface Accepted {
  receive(text: string): void;
  /** The miner's end is gone. */
  gone(): void;
}

/** What a pool can do with a connection. */
export interface PoolEnd {
  /** One-way travel time of this connection, ms. */
  readonly latencyMs: number;
  send(message: object | string): void;
  close(): void;
}

export interface MemoryNetOptions {
  readonly clock: Clock;
  /** Numbers from 0 up to, but not including, 1: latencies, and where a chunk is cut in two. */
  readonly random: () => number;
  readonly maxLatencyMs?: number;
}

export class MemoryNet {
  readonly clock: Clock;
  readonly random: () => number;
  readonly maxLatencyMs: number;
  readonly listeners = new Map<string, Listener>();
  /** Open or opening, as the miner sees it. */
  readonly sockets = new Set<MemorySocket>();
  opened = 0;

  constructor({ clock, random, maxLatencyMs = 50 }: MemoryNetOptions) {
    this.clock = clock;
    this.random = random;
    this.maxLatencyMs = maxLatencyMs;
  }

  listen(host: string, port: number, listener: Listener): void {
    this.listeners.set(`${host}:${port}`, listener);
  }
}

let present: MemoryNet | null = null;

/** Every socket made from now on is of this network; null = none may be made. */
export function useNet(net: MemoryNet | null): void {
  present = net;
}

interface SocketOptions {
  readonly host: string;
  readonly port: number;
  readonly connectTimeoutMs: number;
}

interface SocketHandlers {
  onConnect(): void;
  onData(chunk: Uint8Array): void;
  onClose(error: RigError): void;
}

/** The miner's end; the public face of PoolSocket. */
export class MemorySocket {
  readonly latencyMs: number;
  readonly #net: MemoryNet;
  readonly #options: SocketOptions;
  readonly #handlers: SocketHandlers;
  readonly #timers = new Set<Timer>();
  #pool: Accepted | null = null;
  #closed = false;

  constructor(options: SocketOptions, _clock: Clock, handlers: SocketHandlers) {
    if (present === null) throw new Error('no network in memory: call useNet first');
    this.#net = present;
    this.#options = options;
    this.#handlers = handlers;
    this.latencyMs = 1 + Math.floor(this.#net.random() * this.#net.maxLatencyMs);
  }

  open(): void {
    this.#net.sockets.add(this);
    this.#net.opened += 1;
    const { host, port } = this.#options;
    this.#later(2 * this.latencyMs, () => {
      const listener = this.#net.listeners.get(`${host}:${port}`);
      if (!listener?.up) return this.#fail('E_POOL_CONNECT', `connect ECONNREFUSED ${host}:${port}`);
      this.#pool = listener.accept({ latencyMs: this.latencyMs, send: (message) => this.#deliver(message), close: () => this.#later(this.latencyMs, () => this.#fail('E_POOL_CLOSED', 'the pool closed the connection')) });
      this.#handlers.onConnect();
    });
  }

  write(line: string): void {
    if (this.#closed || this.#pool === null) return;
    const pool = this.#pool;
    // On its way even when the socket is closed meanwhile.
    this.#net.clock.after(this.latencyMs, () => pool.receive(line));
  }

  destroy(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#net.sockets.delete(this);
    for (const timer of this.#timers) timer.cancel();
    this.#timers.clear();
    const pool = this.#pool;
    this.#pool = null;
    if (pool !== null) this.#net.clock.after(this.latencyMs, () => pool.gone());
  }

  #deliver(message: object | string): void {
    const text = typeof message === 'string' ? message : `${JSON.stringify(message)}\n`;
    this.#later(this.latencyMs, () => {
      const bytes = Buffer.from(text);
      const cut = Math.floor(this.#net.random() * bytes.length);
      for (const chunk of [bytes.subarray(0, cut), bytes.subarray(cut)]) if (!this.#closed && chunk.length > 0) this.#handlers.onData(chunk);
    });
  }

  #later(ms: number, act: () => void): void {
    const timer = this.#net.clock.after(ms, () => {
      this.#timers.delete(timer);
      if (!this.#closed) act();
    });
    this.#timers.add(timer);
  }

  #fail(code: ErrorCode, reason: string): void {
    this.destroy();
    this.#handlers.onClose(new RigError(code, reason));
  }
}
