import type { Clock } from '../../protocol/common/clock.ts';
import { messageOf } from '../../protocol/common/errors.ts';
import type { Log } from '../../protocol/common/log.ts';
import { wait } from '../../protocol/common/wait.ts';
import type { BlockTemplate } from '../../protocol/gbt/template.ts';
import { backoffMs } from './backoff.ts';
import { isNotNow } from './gbt-node-check.ts';
import { NodeRpcError, type Rpc } from './node-rpc.ts';

/** A node without news answers late; Bitcoin Core only when there is a block or, after a minute, a new transaction. */
const TIMEOUT_MS = 600_000;
/** An answer that comes sooner was not waited for. */
const HASTY_MS = 1000;
/** So many of those in a row, with nothing new in them, and the node does not know how to wait. */
const HASTY_LIMIT = 3;
const LEAST_PAUSE_MS = 100;

/**
 * Lets `getblocktemplate` wait for news (BIP22 long polling), one call at a time on a connection of its own. Whatever goes
 * wrong here costs nothing but time: the node is polled beside it.
 */
export class LongPoll {
  readonly #rpc: Rpc;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #onTemplate: (template: BlockTemplate) => void;
  #abort: AbortController | null = null;
  #running: Promise<void> = Promise.resolve();

  /** @param onTemplate called with every template the node answers with */
  constructor(rpc: Rpc, clock: Clock, log: Log, onTemplate: (template: BlockTemplate) => void) {
    this.#rpc = rpc;
    this.#clock = clock;
    this.#log = log;
    this.#onTemplate = onTemplate;
  }

  /** A call waits at the node, or will do so after a pause. */
  get active(): boolean {
    return this.#abort !== null;
  }

  /** Begins to wait for news after the template with this id. A node that gives no id is not waited for. */
  start(id: string | null): void {
    if (id === null || this.#abort !== null) return;
    const abort = new AbortController();
    this.#abort = abort;
    this.#running = this.#follow(id, abort.signal).finally(() => {
      if (this.#abort === abort) this.#abort = null;
    });
  }

  /** Ends the call under way; nothing comes after it. */
  async stop(): Promise<void> {
    this.#abort?.abort(new Error('the long poll ends'));
    await this.#running;
  }

  async #follow(first: string, signal: AbortSignal): Promise<void> {
    let id: string | null = first;
    let failures = 0;
    let hasty = 0;
    while (id !== null && !signal.aborted) {
      const askedAt = this.#clock.monotonic();
      try {
        const template: BlockTemplate = await this.#rpc.template({ rules: ['segwit'], longpollid: id }, { signal, timeoutMs: TIMEOUT_MS });
        if (signal.aborted) return;
        const lasted = this.#clock.monotonic() - askedAt;
        hasty = lasted < HASTY_MS && template.longPollId === id ? hasty + 1 : 0;
        if (hasty >= HASTY_LIMIT) return this.#giveUp('it answers at once, without news');
        failures = 0;
        id = template.longPollId;
        this.#onTemplate(template);
        if (lasted < LEAST_PAUSE_MS) await wait(this.#clock, LEAST_PAUSE_MS, signal);
      } catch (error) {
        if (signal.aborted) return;
        if (error instanceof NodeRpcError && error.failure === 'answer' && !isNotNow(error)) return this.#giveUp(messageOf(error));
        // No news within the deadline is no failure.
        if (this.#clock.monotonic() - askedAt >= TIMEOUT_MS) continue;
        await wait(this.#clock, backoffMs(failures++, Math.random), signal).catch(() => {});
      }
    }
  }

  #giveUp(reason: string): void {
    this.#log.warn({ err: reason }, 'the node has no long poll that works: it is polled');
  }
}
