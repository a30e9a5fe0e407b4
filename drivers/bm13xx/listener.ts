/** What comes in from a chain: bytes to replies, and counts of what was none. */
import { ReceiveFramer, type ReplyLength } from '../../protocol/bm13xx/receive-framer.ts';
import { decodeReply, type Reply } from '../../protocol/bm13xx/reply.ts';
import type { Clock } from '../../protocol/common/clock.ts';
import type { Transport } from '../transport/contract.ts';

/** @param receivedMono when its last byte was read, `Clock.monotonic()` */
export type OnReply = (reply: Reply, receivedMono: number) => void;

export class Listener {
  readonly #framer = new ReceiveFramer(9);
  readonly #transport: Transport;
  readonly #clock: Clock;
  #onReply: OnReply = () => {};
  #onGone: (reason: string) => void = () => {};
  #attached = false;
  bytesSkipped = 0;
  crcErrors = 0;
  frames = 0;

  constructor(transport: Transport, clock: Clock) {
    this.#transport = transport;
    this.#clock = clock;
  }

  readonly #onData = (bytes: Uint8Array): void => this.#take(this.#framer.push(bytes));
  readonly #onLineGone = (reason: string): void => this.#onGone(reason);

  /** From now on replies are handed on. */
  attach(onReply: OnReply, onGone: (reason: string) => void): void {
    this.#onReply = onReply;
    this.#onGone = onGone;
    if (this.#attached) return;
    this.#attached = true;
    this.#transport.events.on('data', this.#onData);
    this.#transport.events.on('gone', this.#onLineGone);
  }

  detach(): void {
    this.#attached = false;
    this.#transport.events.off('data', this.#onData);
    this.#transport.events.off('gone', this.#onLineGone);
    this.#framer.reset();
  }

  /** Who takes replies instead, while chips are counted. @returns who did before */
  redirect(onReply: OnReply): OnReply {
    const before = this.#onReply;
    this.#onReply = onReply;
    return before;
  }

  expect(length: ReplyLength): void {
    this.#framer.expect(length);
  }

  /** Throws away what has come in, told or not. */
  async flush(): Promise<void> {
    await this.#transport.flushInput();
    this.#framer.reset();
  }

  /** The line is silent: what could have become a longer reply is taken as it is. */
  silence(): void {
    this.#take(this.#framer.flush());
  }

  #take({ frames, skippedBytes, crcErrors }: { readonly frames: readonly Uint8Array[]; readonly skippedBytes: number; readonly crcErrors: number }): void {
    this.bytesSkipped += skippedBytes;
    this.crcErrors += crcErrors;
    const receivedMono = this.#clock.monotonic();
    for (const frame of frames) {
      const result = decodeReply(frame);
      if (!result.ok) continue;
      this.frames += 1;
      this.#onReply(result.reply, receivedMono);
    }
  }
}
