/** A ZMTP 3.0/3.1 subscriber (SUB socket, mechanism NULL) as a pure state machine: bytes in, bytes and messages out. */
import { concatBytes } from '../common/bytes.ts';
import { decodeCommand, decodeErrorReason, decodeMetadata, encodeCommand, encodePing, encodePong, encodeReady } from './commands.ts';
import { encodeFrame, FrameDecoder, type Frame } from './frames.ts';
import { decodeGreeting, encodeGreeting, GREETING_BYTES, greetingProblem } from './greeting.ts';

export type SubscriberEvent =
  /** Write these bytes. */
  | { readonly kind: 'send'; readonly bytes: Uint8Array }
  /** The handshake is over and the topics are subscribed to. `heartbeats`: the other side answers `ping()`. */
  | { readonly kind: 'ready'; readonly heartbeats: boolean }
  | { readonly kind: 'message'; readonly parts: readonly Uint8Array[] }
  /** The connection is of no use any more: close it. Nothing follows. */
  | { readonly kind: 'failed'; readonly reason: string };

export interface SubscriberOptions {
  /** Every message that begins with one of these comes. */
  readonly topics: readonly string[];
  /** Longest frame taken, bytes. Default 4096: notices of blocks are tiny. */
  readonly maxFrameBytes?: number;
  /** Most frames of one message. Default 8. */
  readonly maxParts?: number;
}

const PUBLISHERS = new Set(['PUB', 'XPUB']);

export class ZmtpSubscriber {
  readonly #options: SubscriberOptions;
  readonly #decoder: FrameDecoder;
  readonly #maxParts: number;
  #state: 'greeting' | 'handshake' | 'ready' | 'failed' = 'greeting';
  #greeting: Uint8Array = new Uint8Array(0);
  /** The other side speaks 3.1: subscriptions are commands, and it answers PING. */
  #modern = false;
  #parts: Uint8Array[] = [];

  constructor(options: SubscriberOptions) {
    this.#options = options;
    this.#decoder = new FrameDecoder(options.maxFrameBytes ?? 4096);
    this.#maxParts = options.maxParts ?? 8;
  }

  /** What to write as soon as the connection stands. */
  hello(): Uint8Array {
    return encodeGreeting();
  }

  /** A heartbeat to write; any bytes that come after it show that the other side lives. Only after `ready` with `heartbeats`. */
  ping(): Uint8Array {
    return encodePing(0);
  }

  /** Takes the next bytes of the connection, however they are cut. Never throws. */
  feed(chunk: Uint8Array): SubscriberEvent[] {
    if (this.#state === 'failed') return [];
    const events: SubscriberEvent[] = [];
    try {
      const rest = this.#state === 'greeting' ? this.#greet(chunk, events) : chunk;
      if (rest.length > 0) for (const frame of this.#decoder.feed(rest)) this.#take(frame, events);
    } catch (error) {
      this.#state = 'failed';
      events.push({ kind: 'failed', reason: (error as Error).message });
    }
    return events;
  }

  /** Collects the greeting; gives what comes after it. @throws RangeError when it is none we understand */
  #greet(chunk: Uint8Array, events: SubscriberEvent[]): Uint8Array {
    const missing = GREETING_BYTES - this.#greeting.length;
    this.#greeting = concatBytes(this.#greeting, chunk.subarray(0, missing));
    const problem = greetingProblem(this.#greeting);
    if (problem !== null) throw new RangeError(problem);
    if (this.#greeting.length < GREETING_BYTES) return new Uint8Array(0);
    const { major, minor, mechanism } = decodeGreeting(this.#greeting);
    if (mechanism !== 'NULL') throw new RangeError(`the other side wants the security mechanism "${mechanism}", only NULL is spoken`);
    this.#modern = major > 3 || minor >= 1;
    this.#state = 'handshake';
    events.push({ kind: 'send', bytes: encodeReady('SUB') });
    return chunk.subarray(missing);
  }

  #take(frame: Frame, events: SubscriberEvent[]): void {
    if (frame.command) return this.#command(frame.body, events);
    if (this.#state !== 'ready') throw new RangeError('a message before the end of the handshake');
    this.#parts.push(frame.body);
    if (this.#parts.length > this.#maxParts) throw new RangeError(`a message of more than ${this.#maxParts} frames`);
    if (frame.more) return;
    events.push({ kind: 'message', parts: this.#parts });
    this.#parts = [];
  }

  #command(body: Uint8Array, events: SubscriberEvent[]): void {
    const { name, data } = decodeCommand(body);
    if (name === 'ERROR') throw new RangeError(`the other side refuses: ${decodeErrorReason(data)}`);
    if (this.#state === 'handshake') {
      if (name !== 'READY') throw new RangeError(`"${name.slice(0, 20)}" in place of READY`);
      return this.#ready(decodeMetadata(data), events);
    }
    // PONG needs nothing: that bytes came is the answer. Commands we do not know are to be ignored.
    if (name === 'PING') events.push({ kind: 'send', bytes: encodePong(data) });
  }

  #ready(metadata: ReadonlyMap<string, string>, events: SubscriberEvent[]): void {
    const type = metadata.get('socket-type');
    if (type === undefined || !PUBLISHERS.has(type)) throw new RangeError(`the other side is a ${type ?? 'nameless'} socket, not a publisher`);
    this.#state = 'ready';
    for (const topic of this.#options.topics) events.push({ kind: 'send', bytes: this.#subscription(new TextEncoder().encode(topic)) });
    events.push({ kind: 'ready', heartbeats: this.#modern });
  }

  /** ZMTP 3.1 made a command of what was a message beginning with 1 before. */
  #subscription(topic: Uint8Array): Uint8Array {
    return this.#modern ? encodeCommand('SUBSCRIBE', topic) : encodeFrame({ command: false, more: false, body: concatBytes(Uint8Array.of(1), topic) });
  }
}
