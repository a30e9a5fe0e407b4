import type { Socket } from 'node:net';
import type { Clock } from '../../protocol/common/clock.ts';

/*
 * The socket that locks a folder is also the way to ask its daemon to bring the files up to date: a visitor writes
 * `flush` LF and gets `done` LF when it is so. Any process of this host can reach an abstract socket, and Node cannot say
 * whose it is: so there is only this one word, which gives nothing away and changes nothing.
 */

export const QUESTION = 'flush\n';
export const ANSWER = 'done\n';

/** Visitors at a time; a further one is sent away and may come again. */
const MOST_VISITORS = 16;
/** For the word to arrive, and for the whole visit, milliseconds. */
const WORD_MS = 2000;
const VISIT_MS = 60_000;

/** The daemon's side: admits visitors, hears the word, answers when the work is done. */
export class FlushDoor {
  readonly #clock: Clock;
  readonly #visitors = new Set<Socket>();
  #flush: (() => Promise<void>) | null = null;
  /** Those who said the word before `open`. */
  readonly #early = new Set<Socket>();
  #running: Promise<void> | null = null;
  #next: Promise<void> | null = null;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** From now on visitors are served, also those who came before. */
  open(flush: () => Promise<void>): void {
    this.#flush = flush;
    for (const socket of this.#early) this.#serve(socket, flush);
    this.#early.clear();
  }

  /** Sends everybody away. */
  close(): void {
    for (const socket of this.#visitors) socket.destroy();
  }

  admit(socket: Socket): void {
    socket.on('error', () => {});
    if (this.#visitors.size >= MOST_VISITORS) {
      socket.destroy();
      return;
    }
    this.#visitors.add(socket);
    socket.unref();
    const leave = this.#clock.after(VISIT_MS, () => socket.destroy());
    const word = this.#clock.after(WORD_MS, () => socket.destroy());
    socket.once('close', () => {
      leave.cancel();
      word.cancel();
      this.#visitors.delete(socket);
      this.#early.delete(socket);
    });
    let heard = '';
    socket.on('data', (chunk: Buffer) => {
      heard += chunk.toString('latin1');
      if (!QUESTION.startsWith(heard)) socket.destroy();
      else if (heard === QUESTION) {
        word.cancel();
        if (this.#flush === null) this.#early.add(socket);
        else this.#serve(socket, this.#flush);
      }
    });
  }

  #serve(socket: Socket, flush: () => Promise<void>): void {
    // A flush that fails is not answered: the visitor learns at his deadline that it was not done.
    this.#freshFlush(flush).then(
      () => socket.end(ANSWER),
      () => {},
    );
  }

  /** A flush that begins from now on: one that runs already may have passed the newest entries by. Any number share the next. */
  #freshFlush(flush: () => Promise<void>): Promise<void> {
    if (this.#next !== null) return this.#next;
    if (this.#running === null) return this.#run(flush);
    const run = (): Promise<void> => this.#run(flush);
    this.#next = this.#running.then(run, run);
    return this.#next;
  }

  async #run(flush: () => Promise<void>): Promise<void> {
    this.#next = null;
    const running = (async () => flush())();
    this.#running = running;
    try {
      await running;
    } finally {
      this.#running = null;
    }
  }
}
