import net from 'node:net';
import type { Clock, Timer } from '../../protocol/common/clock.ts';
import { RigError } from '../../protocol/common/errors.ts';
import type { Log } from '../../protocol/common/log.ts';
import { decodeHashBlock, HASHBLOCK } from '../../protocol/zmtp/hashblock.ts';
import { ZmtpSubscriber, type SubscriberEvent } from '../../protocol/zmtp/subscriber.ts';
import { backoffMs } from './backoff.ts';

export interface ZmqBlocksOptions {
  /** tcp://host:port of the node's `zmqpubhashblock`. */
  readonly url: string;
  /** Between 0 and 1; for tests. */
  readonly random?: () => number;
}

export interface ZmqBlocksDeps {
  readonly clock: Clock;
  readonly log: Log;
  /**
   * There may be a new best block: look at the node now. @param hash its display form; null = something was missed
   * (the connection is new, or a number was left out), so nobody knows
   */
  onNews(hash: string | null): void;
}

const CONNECT_MS = 10_000;
const HANDSHAKE_MS = 10_000;
/** How often a silent connection is asked whether it lives; two questions without any bytes in between end it. */
const PING_MS = 30_000;

/** `tcp://host:port` as host and port. @throws RigError E_POOL_URL */
function parseZmqUrl(url: string): { host: string; port: number } {
  const match = /^tcp:\/\/(.+):(\d{1,5})$/.exec(url);
  const port = Number(match?.[2]);
  if (!match || port < 1 || port > 65_535) throw new RigError('E_POOL_URL', `"${url}" is not a ZMQ address`, { hint: 'Write zmq: tcp://127.0.0.1:28332, as zmqpubhashblock has it in bitcoin.conf.' });
  return { host: match[1]!.replace(/^\[(.*)\]$/, '$1'), port };
}

/**
 * Hears of new blocks from the node's ZMQ publisher and says so. Only a hint to look at the node: when the publisher is
 * away, or numbers are missing, nothing is lost but time, because the node is polled beside it.
 */
export class ZmqBlocks {
  readonly #address: { host: string; port: number };
  readonly #url: string;
  readonly #deps: ZmqBlocksDeps;
  readonly #random: () => number;
  /** Connections in a row that did not get to a subscription. */
  #failures = 0;
  #socket: net.Socket | null = null;
  #timer: Timer | null = null;
  #stopped = false;
  #connected = false;
  #told = false;
  #lastSequence: number | null = null;
  #heard = false;

  /** @throws RigError E_POOL_URL */
  constructor(options: ZmqBlocksOptions, deps: ZmqBlocksDeps) {
    this.#address = parseZmqUrl(options.url);
    this.#url = options.url;
    this.#deps = deps;
    this.#random = options.random ?? Math.random;
  }

  /** Subscribed now. */
  get connected(): boolean {
    return this.#connected;
  }

  start(): void {
    if (!this.#stopped && this.#socket === null) this.#connect();
  }

  stop(): void {
    this.#stopped = true;
    this.#timer?.cancel();
    this.#socket?.destroy();
  }

  #connect(): void {
    const subscriber = new ZmtpSubscriber({ topics: [HASHBLOCK] });
    const socket = net.connect({ ...this.#address, noDelay: true, keepAlive: true, keepAliveInitialDelay: PING_MS });
    let why = 'the publisher closed the connection';
    const give = (reason: string): void => {
      why = reason;
      socket.destroy();
    };
    this.#socket = socket;
    this.#lastSequence = null;
    this.#deadline(CONNECT_MS, () => give('no connection within 10 s'));
    socket.on('connect', () => {
      socket.write(subscriber.hello());
      this.#deadline(HANDSHAKE_MS, () => give('no ZMTP handshake within 10 s'));
    });
    socket.on('data', (chunk: Buffer) => {
      this.#heard = true;
      for (const event of subscriber.feed(chunk)) this.#on(event, socket, subscriber, give);
    });
    socket.on('error', (error: NodeJS.ErrnoException) => (why = error.message || error.code || 'connection failed'));
    socket.on('close', () => this.#closed(why));
  }

  #on(event: SubscriberEvent, socket: net.Socket, subscriber: ZmtpSubscriber, give: (reason: string) => void): void {
    switch (event.kind) {
      case 'send':
        socket.write(event.bytes);
        return;
      case 'failed':
        return give(event.reason);
      case 'ready':
        this.#connected = true;
        this.#told = false;
        this.#failures = 0;
        this.#timer?.cancel();
        this.#timer = event.heartbeats ? this.#deps.clock.every(PING_MS, () => this.#heartbeat(() => socket.write(subscriber.ping()), give)) : null;
        this.#deps.log.info({ zmq: this.#url }, 'new blocks are told by ZMQ');
        // Whatever came while there was no connection was missed.
        return this.#deps.onNews(null);
      case 'message':
        return this.#onMessage(event.parts);
    }
  }

  #heartbeat(ping: () => void, give: (reason: string) => void): void {
    if (!this.#heard) return give('the publisher does not answer any more');
    this.#heard = false;
    ping();
  }

  #onMessage(parts: readonly Uint8Array[]): void {
    const notice = decodeHashBlock(parts);
    if (!notice) return;
    const { sequence } = notice;
    const expected = this.#lastSequence === null ? null : (this.#lastSequence + 1) >>> 0;
    this.#lastSequence = sequence;
    const gap = sequence !== null && expected !== null && sequence !== expected;
    if (gap) this.#deps.log.warn({ zmq: this.#url, expected, got: sequence }, 'block notices were missed');
    this.#deps.onNews(gap ? null : notice.hash);
  }

  #closed(why: string): void {
    this.#timer?.cancel();
    this.#connected = false;
    this.#socket = null;
    if (this.#stopped) return;
    const pauseMs = backoffMs(this.#failures++, this.#random);
    // Once an outage: the node is polled beside it, so nothing else is wrong.
    if (!this.#told) this.#deps.log.warn({ zmq: this.#url, err: why }, 'no block notices by ZMQ: the node is polled');
    this.#told = true;
    this.#deadline(pauseMs, () => this.#connect());
  }

  #deadline(ms: number, act: () => void): void {
    this.#timer?.cancel();
    this.#timer = this.#deps.clock.after(ms, act);
  }
}
