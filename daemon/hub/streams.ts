/** Live updates to any number of pages: Server-Sent Events. What nobody reads is not made, and what somebody does not read is not kept. */
import type { ServerResponse } from 'node:http';
import type { Clock, Timer } from '../../protocol/common/clock.ts';
import { messageOf } from '../../protocol/common/errors.ts';
import type { Log } from '../../protocol/common/log.ts';
import type { HuntNews, RigEvent } from './api-types.ts';
import type { StateText } from './state-text.ts';

export interface StreamLimits {
  readonly mostClients: number;
  /** Bytes that may wait for a client; one with more is sent away. */
  readonly mostWaiting: number;
  /** A client that has taken nothing of what waits for it for so long is sent away. */
  readonly stalledMs: number;
  /** Events a second to each; of more, the rest is left out: the counts are in the state. */
  readonly eventsPerSecond: number;
}

export const STREAM_LIMITS: StreamLimits = { mostClients: 32, mostWaiting: 1024 * 1024, stalledMs: 30_000, eventsPerSecond: 50 };

const STATE_MS = 1000;
const KEEP_ALIVE_MS = 15_000;

interface Client {
  readonly response: ServerResponse;
  /** A login may end while its stream is open. */
  readonly isWelcome: () => boolean;
  /** When the first byte that still waits was written, monotonic ms; null = nothing waits. */
  waitingSince: number | null;
  /** Bytes that waited at the last look: fewer of them is progress. */
  waiting: number;
  wantsState: boolean;
}

export class Streams {
  readonly #state: StateText;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #limits: StreamLimits;
  readonly #clients = new Set<Client>();
  #timers: Timer[] = [];
  #lastSeen: string | null = null;
  #eventsLeft: number;
  #ended = false;

  constructor(state: StateText, { clock, log, limits = STREAM_LIMITS }: { readonly clock: Clock; readonly log: Log; readonly limits?: StreamLimits }) {
    this.#state = state;
    this.#clock = clock;
    this.#log = log;
    this.#limits = limits;
    this.#eventsLeft = limits.eventsPerSecond;
  }

  get size(): number {
    return this.#clients.size;
  }

  get isFull(): boolean {
    return this.#ended || this.#clients.size >= this.#limits.mostClients;
  }

  /**
   * Takes over an answer whose head is not sent; the state is the first that comes.
   * @param headers of every answer @param isWelcome asked once a second: the stream ends when it is not so any more
   */
  add(response: ServerResponse, headers: Readonly<Record<string, string | number | string[] | undefined>>, isWelcome: () => boolean): void {
    const client: Client = { response, isWelcome, waitingSince: null, waiting: 0, wantsState: false };
    this.#clients.add(client);
    response.on('close', () => this.#forget(client));
    response.on('error', () => this.#forget(client));
    response.on('drain', () => {
      client.waitingSince = null;
      if (client.wantsState) this.#sendState(client);
    });
    response.writeHead(200, { ...headers, 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-store', connection: 'keep-alive', 'x-accel-buffering': 'no' });
    this.#write(client, 'retry: 2000\n\n');
    if (this.#timers.length === 0) {
      this.#timers = [this.#clock.every(STATE_MS, () => this.#safely(() => this.#tick())), this.#clock.every(KEEP_ALIVE_MS, () => this.#broadcast(': still here\n\n'))];
      this.#lastSeen = this.#state.read(0).comparable;
    }
    this.#sendState(client);
  }

  hunt(news: HuntNews): void {
    this.#event('hunt', news);
  }

  rig(event: RigEvent): void {
    this.#event('rig', event);
  }

  /** Ends every stream. */
  close(): void {
    this.#ended = true;
    for (const { response } of [...this.#clients]) {
      response.end();
      response.destroy();
    }
    this.#clients.clear();
    this.#rest();
  }

  #event(name: string, data: unknown): void {
    if (this.#clients.size === 0 || this.#eventsLeft <= 0) return;
    this.#eventsLeft -= 1;
    this.#safely(() => this.#broadcast(`event: ${name}\ndata: ${JSON.stringify(data)}\n\n`));
  }

  /** Called by timers and by what mines: nothing may come back to those. */
  #safely(work: () => void): void {
    try {
      work();
    } catch (error) {
      this.#log.error({ err: messageOf(error) }, 'the live streams could not be served');
    }
  }

  #tick(): void {
    this.#eventsLeft = this.#limits.eventsPerSecond;
    for (const client of [...this.#clients]) {
      if (client.isWelcome()) this.#dropStalled(client);
      else this.#drop(client, 'its login has ended');
    }
    if (this.#clients.size === 0) return;
    const { comparable } = this.#state.read(0);
    if (comparable === this.#lastSeen) return;
    this.#lastSeen = comparable;
    for (const client of [...this.#clients]) this.#sendState(client);
  }

  /** The newest state wins: one that has not taken the last yet gets the next when it has. */
  #sendState(client: Client): void {
    client.wantsState = client.waitingSince !== null;
    if (!client.wantsState) this.#write(client, `event: state\ndata: ${this.#state.read(STATE_MS).text}\n\n`);
  }

  #broadcast(text: string): void {
    for (const client of [...this.#clients]) this.#write(client, text);
  }

  #write(client: Client, text: string): void {
    const { response } = client;
    if (!response.write(text) && client.waitingSince === null) {
      client.waitingSince = this.#clock.monotonic();
      client.waiting = response.writableLength;
    }
    if (response.writableLength > this.#limits.mostWaiting) this.#drop(client, 'too much waits for it');
  }

  #dropStalled(client: Client): void {
    if (client.waitingSince === null) return;
    const now = this.#clock.monotonic();
    const waiting = client.response.writableLength;
    if (waiting < client.waiting) client.waitingSince = now;
    client.waiting = waiting;
    if (now - client.waitingSince >= this.#limits.stalledMs) this.#drop(client, 'it takes nothing');
  }

  #drop(client: Client, reason: string): void {
    this.#log.debug({ reason }, 'a live stream was ended by us');
    client.response.destroy();
    this.#forget(client);
  }

  #forget(client: Client): void {
    this.#clients.delete(client);
    if (this.#clients.size === 0) this.#rest();
  }

  #rest(): void {
    for (const timer of this.#timers.splice(0)) timer.cancel();
    this.#lastSeen = null;
  }
}
