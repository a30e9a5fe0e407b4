import type { Clock } from '../../protocol/common/clock.ts';
import type { Log } from '../../protocol/common/log.ts';
import { postOnce, type PostResult, type PostTarget } from './http-post.ts';
import { postOf, type AlarmMessage } from './message.ts';

/** One place alarms go to. */
export interface WebhookTarget extends PostTarget {
  /** Shown in logs: has neither address nor token. */
  readonly label: string;
  readonly format: 'json' | 'ntfy';
}

export interface WebhookStats {
  readonly delivered: number;
  readonly failed: number;
  /** Left out because too many were waiting. */
  readonly dropped: number;
}

const QUEUE_LIMIT = 32;
const DEADLINE_MS = 10_000;
/** Pauses before the second, third and fourth attempt. */
const PAUSES_MS = [2_000, 10_000, 30_000] as const;

/**
 * Delivers to one webhook, one message after the other in their order. What cannot be delivered is given up after four attempts,
 * so that a webhook that is gone for a day does not ring with the whole day when it is back.
 */
export class Webhook {
  readonly target: WebhookTarget;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #queue: AlarmMessage[] = [];
  readonly #life = new AbortController();
  readonly #counts = { delivered: 0, failed: 0, dropped: 0 };
  #running: Promise<void> | null = null;
  #closed = false;
  /** Told since the last success. */
  #told = false;

  constructor(target: WebhookTarget, deps: { readonly clock: Clock; readonly log: Log }) {
    this.target = target;
    this.#clock = deps.clock;
    this.#log = deps.log;
  }

  stats(): WebhookStats {
    return { ...this.#counts };
  }

  /** Puts a message in the queue; the oldest gives way when it is full. */
  send(message: AlarmMessage): void {
    if (this.#closed) return;
    this.#queue.push(message);
    if (this.#queue.length > QUEUE_LIMIT) {
      this.#queue.shift();
      this.#counts.dropped += 1;
    }
    this.#running ??= this.#run().finally(() => {
      this.#running = null;
    });
  }

  /** Takes no more, and gives what is on its way `graceMs`. Never rejects. */
  async close(graceMs: number): Promise<void> {
    this.#closed = true;
    if (this.#running === null) return;
    const timer = this.#clock.after(graceMs, () => this.#life.abort());
    await this.#running;
    timer.cancel();
  }

  async #run(): Promise<void> {
    for (let message = this.#queue.shift(); message; message = this.#queue.shift()) {
      const result = await this.#deliver(message);
      if (result.ok) {
        this.#counts.delivered += 1;
        if (this.#told) this.#log.info({ webhook: this.target.label }, 'alarms are delivered to this webhook again');
        this.#told = false;
      } else {
        this.#counts.failed += 1;
        if (!this.#told) this.#log.warn({ code: 'E_ALARM_DELIVERY', webhook: this.target.label, reason: result.reason, alarm: message.kind, ...this.#counts }, 'an alarm could not be delivered to a webhook');
        this.#told = true;
      }
    }
  }

  async #deliver(message: AlarmMessage): Promise<PostResult> {
    const post = postOf(message, this.target.format);
    for (let attempt = 0; ; attempt++) {
      const result = await postOnce(this.target, post, DEADLINE_MS, this.#clock, this.#life.signal);
      const pause = PAUSES_MS[attempt];
      // Going down there is no time for a second attempt.
      if (result.ok || !result.again || pause === undefined || this.#closed) return result;
      await this.#pause(Math.max(pause, result.waitMs ?? 0));
      if (this.#life.signal.aborted) return result;
    }
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        timer.cancel();
        this.#life.signal.removeEventListener('abort', done);
        resolve();
      };
      const timer = this.#clock.after(ms, done);
      this.#life.signal.addEventListener('abort', done, { once: true });
      if (this.#life.signal.aborted) done();
    });
  }
}
