import { displayHash } from '../../protocol/bitcoin/header.ts';
import type { Clock, Timer } from '../../protocol/common/clock.ts';
import type { Log } from '../../protocol/common/log.ts';
import type { BlockTemplate } from '../../protocol/gbt/template.ts';
import type { EndpointState } from './endpoint-state.ts';
import { plainWords } from './gbt-node-check.ts';
import { LongPoll } from './long-poll.ts';
import { NodeRpcError, type Rpc } from './node-rpc.ts';
import { ZmqBlocks } from './zmq-blocks.ts';

export interface TemplateFeedOptions {
  readonly url: string;
  /** Pause between two looks at the node's best block. Default 1000. */
  readonly pollMs?: number;
  /** Let the node wait for news beside polling. Default true. */
  readonly longPoll?: boolean;
  /** tcp://host:port of the node's `zmqpubhashblock`; null = none. */
  readonly zmq?: string | null;
}

export interface TemplateFeedDeps {
  readonly rpc: Rpc;
  readonly clock: Clock;
  readonly log: Log;
  readonly endpoint: EndpointState;
}

/** Whose feed it is. */
export interface TemplateOwner {
  /** Whether this node may be mined on at all; asked at the beginning of every series. @throws when not */
  check(signal: AbortSignal): Promise<void>;
  /** Tries the first template of a series before any work goes into it. @throws when it must not be mined */
  prove(template: BlockTemplate, signal: AbortSignal): Promise<void>;
  /** A template to mine. False = it is not wanted (now). @param clean its parent is another than that of the last one */
  take(template: BlockTemplate, clean: boolean): boolean;
  /** The node gives no work any more: what was taken is void. */
  lost(reason: string): void;
}

/** What stands between two outages of the node. */
interface Series {
  readonly number: number;
  /** Display form of the block that the last template builds on; empty = the next template is clean whatever it builds on. */
  tip: string;
  /** When the last template came, monotonic. */
  lastTemplateAt: number;
}

const DEFAULT_POLL_MS = 1000;
const REFRESH_MS = 30_000;
/** Failed calls in a row after which work is withdrawn: a node that restarts within seconds costs nothing. */
const FAILURES_UNTIL_LOST = 3;
const MAX_BACKOFF_MS = 30_000;
const TEMPLATE_TIMEOUT_MS = 60_000;

/**
 * Keeps the newest template of a node. Its best block is asked for every `pollMs`; a new one means a template at once,
 * otherwise there is one every 30 s for new fees. Long poll and ZMQ only make it quicker.
 */
export class TemplateFeed {
  readonly #options: TemplateFeedOptions;
  readonly #deps: TemplateFeedDeps;
  readonly #owner: TemplateOwner;
  readonly #abort = new AbortController();
  readonly #longPoll: LongPoll | null;
  readonly #zmq: ZmqBlocks | null;
  #series: Series | null = null;
  #seriesCount = 0;
  #failures = 0;
  #timer: Timer | null = null;
  /** The look at the node under way, if any. */
  #cycle: Promise<void> | null = null;
  #again = false;
  /** News that was not looked at yet: the next look fetches a template without asking for the best block first. */
  #news: { readonly hash: string | null } | null = null;
  #stopped = false;

  /** @throws RigError E_POOL_URL for a ZMQ address that is none */
  constructor(options: TemplateFeedOptions, deps: TemplateFeedDeps, owner: TemplateOwner) {
    this.#options = options;
    this.#deps = deps;
    this.#owner = owner;
    this.#longPoll = options.longPoll === false ? null : new LongPoll(deps.rpc, deps.clock, deps.log, (template) => this.#onLongPoll(template));
    this.#zmq = typeof options.zmq === 'string' ? new ZmqBlocks({ url: options.zmq }, { clock: deps.clock, log: deps.log, onNews: (hash) => this.#onNews(hash) }) : null;
  }

  /** Number of this series of templates; 0 before the first. */
  get series(): number {
    return this.#seriesCount;
  }

  start(): void {
    this.#zmq?.start();
    this.look();
  }

  /** Ends all calls. Afterwards the owner hears nothing more. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#timer?.cancel();
    this.#zmq?.stop();
    this.#abort.abort(new Error('the source was stopped'));
    await Promise.all([this.#cycle, this.#longPoll?.stop()]);
  }

  /** Looks at the node now; when a look is under way, once more after it. */
  look(): void {
    if (this.#stopped) return;
    this.#timer?.cancel();
    if (this.#cycle) {
      this.#again = true;
      return;
    }
    this.#cycle = this.#refresh().then((pauseMs) => {
      this.#cycle = null;
      if (this.#stopped) return;
      this.#timer = this.#deps.clock.after(this.#again ? 0 : pauseMs, () => this.look());
      this.#again = false;
    });
  }

  /** The work on the last template came to nothing: the next one is clean, whatever it builds on. */
  forget(): void {
    if (this.#series) this.#series.tip = '';
  }

  /** One look: opens a series when there is none, else fetches a template when it is due. Gives the pause until the next. */
  async #refresh(): Promise<number> {
    try {
      if (!this.#series) await this.#openSeries();
      else await this.#poll(this.#series);
      this.#failures = 0;
      this.#deps.endpoint.heard();
      return this.#options.pollMs ?? DEFAULT_POLL_MS;
    } catch (error) {
      return this.#failed(error);
    }
  }

  async #openSeries(): Promise<void> {
    const { endpoint, log } = this.#deps;
    endpoint.to('handshaking', null);
    await this.#owner.check(this.#abort.signal);
    endpoint.to('waiting_for_job', null);
    const template = await this.#fetch();
    await this.#owner.prove(template, this.#abort.signal);
    if (this.#stopped) return;
    this.#series = { number: ++this.#seriesCount, tip: '', lastTemplateAt: 0 };
    log.info({ url: this.#options.url, series: this.#series.number }, 'node is ready, mining on its templates');
    this.#offer(this.#series, template);
    await this.#longPoll?.stop();
    this.#longPoll?.start(template.longPollId);
  }

  async #poll(series: Series): Promise<void> {
    const news = this.#news !== null && this.#news.hash !== series.tip;
    this.#news = null;
    // Asked also when a template is due anyway: a node that hangs shows within the short deadline of this call.
    const moved = news || (await this.#deps.rpc.call('getbestblockhash', [], { signal: this.#abort.signal })) !== series.tip;
    if (moved || this.#deps.clock.monotonic() - series.lastTemplateAt >= REFRESH_MS) {
      const askedAt = this.#deps.clock.monotonic();
      const template = await this.#fetch();
      // A long poll was quicker: this one was made before it, perhaps on the block before.
      if (askedAt < series.lastTemplateAt) this.#again ||= displayHash(template.prevHash) !== series.tip;
      else this.#offer(series, template);
    }
    this.#deps.endpoint.to('mining', null);
  }

  #fetch(): Promise<BlockTemplate> {
    return this.#deps.rpc.template({ rules: ['segwit'] }, { signal: this.#abort.signal, timeoutMs: TEMPLATE_TIMEOUT_MS });
  }

  #offer(series: Series, template: BlockTemplate): void {
    if (this.#stopped || series !== this.#series) return;
    const tip = displayHash(template.prevHash);
    if (!this.#owner.take(template, tip !== series.tip)) return;
    series.tip = tip;
    series.lastTemplateAt = this.#deps.clock.monotonic();
    this.#deps.endpoint.to('mining', null);
  }

  #onLongPoll(template: BlockTemplate): void {
    this.#deps.endpoint.heard();
    if (this.#series) this.#offer(this.#series, template);
  }

  #onNews(hash: string | null): void {
    if (this.#series === null || hash === this.#series.tip) return;
    this.#news = { hash };
    this.look();
  }

  #failed(error: unknown): number {
    if (this.#stopped) return 0;
    this.#failures += 1;
    const reason = plainWords(error);
    const lost = this.#series !== null && this.#failures >= FAILURES_UNTIL_LOST;
    if (lost) {
      this.#series = null;
      void this.#longPoll?.stop();
      this.#owner.lost(reason);
    }
    const refused = error instanceof NodeRpcError && error.failure === 'auth';
    const pollMs = this.#options.pollMs ?? DEFAULT_POLL_MS;
    const pauseMs = Math.min(MAX_BACKOFF_MS, pollMs * 2 ** Math.min(10, this.#failures - 1));
    if (this.#series === null) this.#deps.endpoint.failed({ reason, pauseMs, refused });
    if (this.#failures === 1 || lost) this.#deps.log.warn({ url: this.#options.url, err: reason }, 'node does not give work');
    return pauseMs;
  }
}
