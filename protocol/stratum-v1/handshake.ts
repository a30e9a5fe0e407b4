import { configureParams, encodeRequest } from './encode.ts';
import { LIMITS } from './limits.ts';
import type { Extranonce, ResponseMessage } from './messages.ts';
import type { ClientHints, ClientOptions } from './options.ts';
import type { Outbox } from './outbox.ts';
import { isAccepted, readConfigureResult, readSubscribeResult } from './results.ts';

/** What the rest of the client does with the results of the handshake. */
export interface HandshakeEvents {
  /** The pool's mask for version rolling; null = refused. */
  onMask(mask: number | null): void;
  onExtranonce(extranonce: Extranonce): void;
  /** Subscribed and authorised, in whichever order. */
  onReady(now: number): void;
}

/** mining.configure, mining.subscribe and mining.authorize of one connection, and what is worth remembering of them. */
export class Handshake {
  readonly #options: ClientOptions;
  readonly #outbox: Outbox;
  readonly #events: HandshakeEvents;
  #sentConfigure = false;
  #configureAnswered = false;
  #rollingRefused = false;
  #extranonceAgreed = false;
  #subscribed = false;
  #authorized = false;
  #sessionId: string | null;

  /** @throws RigError E_CONFIG_INVALID when the worker name, password or user agent make lines no pool would take */
  constructor(options: ClientOptions, outbox: Outbox, events: HandshakeEvents) {
    this.#options = options;
    this.#outbox = outbox;
    this.#events = events;
    this.#sessionId = options.hints.sessionId;
    encodeRequest(1, 'mining.authorize', [options.user, options.password]);
    encodeRequest(1, 'mining.subscribe', [options.userAgent, 'x'.repeat(LIMITS.sessionIdChars)]);
  }

  get subscribed(): boolean {
    return this.#subscribed;
  }

  /**
   * True unless version rolling was refused or never asked for. Then a mask means nothing, and the sixth submit
   * parameter it would bring would be rejected.
   */
  get acceptsMask(): boolean {
    return this.#sentConfigure && this.#options.versionMask !== 0 && !this.#rollingRefused;
  }

  /** Sends all of it at once: some servers never answer some requests, so none may wait for another. */
  start(now: number): void {
    const { userAgent, user, password, hints, deadlines } = this.#options;
    const configure = hints.configure === 'send' ? configureParams(this.#options) : null;
    if (configure !== null) this.#outbox.request('configure', 'mining.configure', configure, now);
    this.#sentConfigure = configure !== null;
    this.#outbox.request('subscribe', 'mining.subscribe', this.#sessionId === null ? [userAgent] : [userAgent, this.#sessionId], now);
    this.#outbox.request('authorize', 'mining.authorize', [user, password], now);
    this.#outbox.deadlines.set('subscribe', now + deadlines.subscribeMs);
    this.#outbox.deadlines.set('authorize', now + deadlines.authorizeMs);
  }

  onConfigure(response: ResponseMessage): void {
    this.#configureAnswered = true;
    const result = readConfigureResult(response);
    this.#extranonceAgreed = result.subscribeExtranonce;
    if (this.#options.versionMask === 0) return;
    this.#rollingRefused = result.versionMask === null;
    if (result.reason !== null) this.#outbox.warn(`no version rolling with this pool: ${result.reason}`);
    this.#events.onMask(result.versionMask);
  }

  onSubscribe(response: ResponseMessage, now: number): void {
    const result = readSubscribeResult(response);
    if ('reason' in result && this.#sessionId !== null) {
      // The old session is not known any more: ask for a new one.
      this.#sessionId = null;
      return this.#outbox.request('subscribe', 'mining.subscribe', [this.#options.userAgent], now);
    }
    if ('reason' in result) return this.#outbox.close('E_POOL_PROTOCOL', `the pool's answer to mining.subscribe cannot be used: ${result.reason}`);
    this.#outbox.deadlines.clear('subscribe');
    this.#subscribed = true;
    this.#sessionId = result.value.sessionId;
    this.#events.onExtranonce(result.value);
    if (this.#authorized) this.#events.onReady(now);
  }

  onAuthorize(response: ResponseMessage, now: number): void {
    if (!isAccepted(response)) {
      const why = response.error?.message ?? 'no reason given';
      return this.#outbox.close('E_POOL_AUTH', `the pool refused worker "${this.#options.user}": ${why}`);
    }
    this.#outbox.deadlines.clear('authorize');
    this.#authorized = true;
    const { suggestDifficulty, subscribeExtranonce } = this.#options;
    // As a request with an id: OCEAN closes the connection when it comes as a notification.
    if (suggestDifficulty !== null) this.#outbox.request('suggest_difficulty', 'mining.suggest_difficulty', [suggestDifficulty], now);
    if (subscribeExtranonce && !this.#extranonceAgreed) this.#outbox.request('extranonce_subscribe', 'mining.extranonce.subscribe', [], now);
    if (this.#subscribed) this.#events.onReady(now);
  }

  /** What the next connection to this pool should know; ask after this one has ended. */
  hints(): ClientHints {
    const before = this.#options.hints.configure;
    const closedOnConfigure = this.#sentConfigure && !this.#configureAnswered && !this.#subscribed;
    // Leaving it out is only remembered once that has worked; else the pool was simply down.
    const isNotForThisPool = before === 'skip' || (before === 'try_without' && this.#subscribed);
    return {
      configure: closedOnConfigure ? 'try_without' : isNotForThisPool ? 'skip' : 'send',
      sessionId: this.#subscribed ? this.#sessionId : null,
    };
  }
}
