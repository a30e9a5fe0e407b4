/**
 * Solo mining: jobs from the operator's own node by getblocktemplate, blocks back by submitblock. The node is asked for
 * its best block every `pollMs`; a new one means a new template at once, otherwise one every 30 s for new fees.
 */
import { randomBytes } from 'node:crypto';
import { EventEmitter } from 'node:events';
import { decodeAddress } from '../../protocol/bitcoin/address.ts';
import { assembleCoinbase } from '../../protocol/bitcoin/coinbase.ts';
import { displayHash } from '../../protocol/bitcoin/header.ts';
import { BIP320_MASK } from '../../protocol/bitcoin/version-rolling.ts';
import type { Clock, Timer } from '../../protocol/common/clock.ts';
import { messageOf } from '../../protocol/common/errors.ts';
import type { Log } from '../../protocol/common/log.ts';
import { assembleBlock } from '../../protocol/gbt/block.ts';
import type { BlockTemplate } from '../../protocol/gbt/template.ts';
import { EndpointState } from './endpoint-state.ts';
import { buildSoloJob, EXTRANONCE1_BYTES } from './gbt-job.ts';
import { checkNode } from './gbt-node-check.ts';
import { submitBlock } from './gbt-submit.ts';
import type { Job, JobSource, Share, SourceEvents, SourceState, Verdict } from './job.ts';
import { NodeRpc, NodeRpcError, type NodeRpcOptions, type Rpc } from './node-rpc.ts';

export interface GbtSourceOptions extends NodeRpcOptions {
  readonly id: string;
  readonly payoutAddress: string;
  /** False: only regtest is mined. True: whatever chain the node is on. */
  readonly allowMainnet: boolean;
  /** Pause between two looks at the node's best block. Default 1000. */
  readonly pollMs?: number;
  /** Version bits that may be rolled. Default BIP320's 16 bits; 0 = none. */
  readonly versionMask?: number;
  /** Report hashes at this difficulty too, although only blocks are sent. Default: the network's, so only blocks. */
  readonly shareDifficulty?: number;
  /** Text in the coinbase. Default `/rigbrain/`. */
  readonly tag?: string;
}

export interface GbtSourceDeps {
  readonly clock: Clock;
  readonly log: Log;
  /** In place of HTTP; for tests. */
  readonly rpc?: Rpc;
}

interface Series {
  readonly number: number;
  readonly payoutScript: Uint8Array;
  /** Display form of the block that the last template builds on. */
  tip: string;
  lastTemplateAt: number;
}

const DEFAULT_POLL_MS = 1000;
const REFRESH_MS = 30_000;
/** Failed calls in a row after which work is withdrawn: a node that restarts within seconds costs nothing. */
const FAILURES_UNTIL_LOST = 3;
const MAX_BACKOFF_MS = 30_000;
/** Devices are told to switch at once; older templates only matter for nonces already on the wire. */
const TEMPLATES_KEPT = 4;
const TEMPLATE_TIMEOUT_MS = 60_000;
/** How long a stop waits for the node to answer for a block on its way; the daemon gives the whole of mining 1.5 s. */
const STOP_GRACE_MS = 1000;

export class GbtSource implements JobSource {
  readonly id: string;
  readonly events = new EventEmitter<SourceEvents>();
  readonly #options: GbtSourceOptions;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #rpc: Rpc;
  readonly #endpoint: EndpointState;
  readonly #extranonce1 = new Uint8Array(randomBytes(EXTRANONCE1_BYTES));
  /** Job key to template, oldest first. */
  readonly #templates = new Map<string, BlockTemplate>();
  readonly #abort = new AbortController();
  #series: Series | null = null;
  #seriesCount = 0;
  #jobCount = 0;
  #failures = 0;
  readonly #submitting = new Set<Promise<Verdict>>();
  /** Parent of a block that is on its way to the node or was accepted by it: a second child would only be an orphan. */
  #solvedParent: string | null = null;
  #timer: Timer | null = null;
  /** The look at the node under way, if any. */
  #cycle: Promise<void> | null = null;
  #again = false;
  #lastJobAt: number | null = null;
  #difficulty: number | null = null;
  #latencyMs: number | null = null;
  #stopping: Promise<void> | null = null;

  /** @throws RigError E_POOL_URL */
  constructor(options: GbtSourceOptions, deps: GbtSourceDeps) {
    this.id = options.id;
    this.#options = options;
    this.#clock = deps.clock;
    this.#log = deps.log.child({ pool: options.id });
    this.#rpc = deps.rpc ?? new NodeRpc(options, deps.clock);
    this.#endpoint = new EndpointState(deps.clock, () => this.events.emit('change'));
  }

  /**
   * Returns at once; a node that is down, busy or on the wrong chain shows in `state()` and is tried again.
   * @throws RigError E_ADDRESS_INVALID when the payout address is of no chain at all
   */
  async start(signal: AbortSignal): Promise<void> {
    if (this.#endpoint.status !== 'idle') return;
    decodeAddress(this.#options.payoutAddress);
    signal.addEventListener('abort', () => void this.stop(), { once: true });
    if (signal.aborted) return this.stop();
    this.#endpoint.to('connecting', null);
    this.#look();
  }

  /** Waits a moment for a block on its way, whoever asks and however often. */
  stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  async #stop(): Promise<void> {
    this.#endpoint.to('stopped', null);
    this.#timer?.cancel();
    await this.#lastSubmits();
    this.#abort.abort();
    await this.#cycle;
    this.#rpc.close();
    this.#templates.clear();
  }

  state(): SourceState {
    const mask = this.#options.versionMask ?? BIP320_MASK;
    return {
      id: this.id,
      kind: 'gbt',
      url: this.#options.url,
      user: this.#options.user,
      ...this.#endpoint.facts(),
      difficulty: this.#difficulty,
      version_mask: mask === 0 ? null : mask.toString(16).padStart(8, '0'),
      jobs_received: this.#jobCount,
      last_job_at: this.#lastJobAt,
      bad_lines: 0,
      reconnects: Math.max(0, this.#seriesCount - 1),
      latency_ms: this.#latencyMs,
      message: null,
    };
  }

  /** Sends a share that is a block as a whole block; any other has nobody to go to. Never rejects. */
  async submit(share: Share): Promise<Verdict> {
    if (!share.isBlock) return { status: 'withheld', reason: 'solo: above the network target, not a block' };
    const template = this.#templates.get(share.job.key);
    if (!template) return { status: 'withheld', reason: 'its template is no longer kept' };
    const parent = displayHash(template.prevHash);
    if (parent === this.#solvedParent) return { status: 'withheld', reason: 'solo: a block on the same parent has already been found' };
    this.#solvedParent = parent;
    this.events.emit('invalidate', `block ${template.height} found: waiting for the next template`);
    const { coinb1, extranonce1, coinb2 } = share.job;
    const block = assembleBlock(template, share.header, assembleCoinbase(coinb1, extranonce1, share.extranonce2, coinb2));
    this.#log.info({ height: template.height, hash: displayHash(share.hash) }, 'submitting a block to the node');
    const submit = submitBlock(this.#rpc, block, this.#clock, this.#abort.signal);
    this.#submitting.add(submit);
    const verdict = await submit;
    this.#submitting.delete(submit);
    if ('latency_ms' in verdict) this.#latencyMs = verdict.latency_ms;
    if (verdict.status !== 'accepted') {
      // Refused or unanswered: the height is still to be won, on a fresh template.
      this.#solvedParent = null;
      if (this.#series) this.#series.tip = '';
    }
    this.#look();
    return verdict;
  }

  /** A block that may not be sent still solves its template: there is nothing new to find on it before the next one. */
  heldBack(share: Share): void {
    if (share.isBlock && this.#templates.has(share.job.key)) this.events.emit('invalidate', `block ${share.job.height ?? ''} found and not sent: waiting for the next template`);
  }

  /** Resolves when no block is on its way any more, or after the grace time. */
  #lastSubmits(): Promise<void> {
    if (this.#submitting.size === 0) return Promise.resolve();
    return new Promise<void>((resolve) => {
      const timer = this.#clock.after(STOP_GRACE_MS, resolve);
      void Promise.all(this.#submitting).then(() => {
        timer.cancel();
        resolve();
      });
    });
  }

  /** Looks at the node now; when a look is under way, once more after it. */
  #look(): void {
    if (this.#endpoint.stopped) return;
    this.#timer?.cancel();
    if (this.#cycle) {
      this.#again = true;
      return;
    }
    this.#cycle = this.#refresh().then((pauseMs) => {
      this.#cycle = null;
      if (this.#endpoint.stopped) return;
      this.#timer = this.#clock.after(this.#again ? 0 : pauseMs, () => this.#look());
      this.#again = false;
    });
  }

  /** One look: opens a series when there is none, else fetches a template when it is due. Gives the pause until the next. */
  async #refresh(): Promise<number> {
    try {
      if (!this.#series) await this.#openSeries();
      else await this.#poll(this.#series);
      this.#failures = 0;
      this.#endpoint.heard();
      return this.#options.pollMs ?? DEFAULT_POLL_MS;
    } catch (error) {
      return this.#failed(error);
    }
  }

  async #openSeries(): Promise<void> {
    this.#endpoint.to('handshaking', null);
    const payoutScript = await checkNode(this.#rpc, this.#options, this.#abort.signal);
    this.#endpoint.to('waiting_for_job', null);
    const series = { number: this.#seriesCount + 1, payoutScript, tip: '', lastTemplateAt: 0 };
    await this.#fetchTemplate(series);
    this.#seriesCount = series.number;
    this.#series = series;
    this.#log.info({ url: this.#options.url, series: series.number }, 'node is ready, mining on its templates');
  }

  async #poll(series: Series): Promise<void> {
    const tip = await this.#rpc.call('getbestblockhash', [], { signal: this.#abort.signal });
    if (tip !== series.tip || this.#clock.monotonic() - series.lastTemplateAt >= REFRESH_MS) await this.#fetchTemplate(series);
    this.#endpoint.to('mining', null);
  }

  async #fetchTemplate(series: Series): Promise<void> {
    const template = await this.#rpc.template({ rules: ['segwit'] }, { signal: this.#abort.signal, timeoutMs: TEMPLATE_TIMEOUT_MS });
    if (this.#endpoint.stopped) return;
    const tip = displayHash(template.prevHash);
    if (tip === this.#solvedParent) {
      // Asked for before our block arrived there; the look after the submit brings the next one.
      if (this.#submitting.size > 0) return;
      // The node went back to that parent (a reorganisation): the height is to be won again.
      this.#solvedParent = null;
    }
    const clean = tip !== series.tip;
    series.tip = tip;
    series.lastTemplateAt = this.#clock.monotonic();
    this.#publish(series, template, clean);
  }

  #publish(series: Series, template: BlockTemplate, clean: boolean): void {
    const sequence = ++this.#jobCount;
    const job: Job = buildSoloJob(template, {
      sourceId: this.id,
      session: series.number,
      sequence,
      clean,
      extranonce1: this.#extranonce1,
      payoutScript: series.payoutScript,
      versionMask: this.#options.versionMask ?? BIP320_MASK,
      shareDifficulty: this.#options.shareDifficulty ?? null,
      tag: this.#options.tag ?? '/rigbrain/',
      receivedAt: this.#clock.now(),
      receivedMono: this.#clock.monotonic(),
    });
    this.#templates.set(job.key, template);
    for (const key of this.#templates.keys()) {
      if (this.#templates.size <= TEMPLATES_KEPT) break;
      this.#templates.delete(key);
    }
    this.#lastJobAt = job.receivedAt;
    this.#difficulty = job.shareDifficulty;
    this.#endpoint.to('mining', null);
    this.events.emit('job', job);
  }

  #failed(error: unknown): number {
    if (this.#endpoint.stopped) return 0;
    this.#failures += 1;
    const reason = messageOf(error);
    const lost = this.#series !== null && this.#failures >= FAILURES_UNTIL_LOST;
    if (lost) {
      this.#series = null;
      this.events.emit('invalidate', reason);
    }
    const refused = error instanceof NodeRpcError && error.failure === 'auth';
    const pollMs = this.#options.pollMs ?? DEFAULT_POLL_MS;
    const pauseMs = Math.min(MAX_BACKOFF_MS, pollMs * 2 ** Math.min(10, this.#failures - 1));
    if (this.#series === null) this.#endpoint.failed({ reason, pauseMs, refused });
    if (this.#failures === 1 || lost) this.#log.warn({ url: this.#options.url, err: reason }, 'node does not give work');
    return pauseMs;
  }
}
