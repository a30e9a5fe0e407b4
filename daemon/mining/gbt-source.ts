/**
 * Solo mining: jobs from the operator's own node by getblocktemplate, blocks back by submitblock. When there is a new
 * template is the business of `TemplateFeed`, where blocks go that of `BlockRelay`.
 */
import { randomBytes } from 'node:crypto';
import { EventEmitter } from 'node:events';
import { decodeAddress, type Chain } from '../../protocol/bitcoin/address.ts';
import { assembleCoinbase } from '../../protocol/bitcoin/coinbase.ts';
import { displayHash } from '../../protocol/bitcoin/header.ts';
import { BIP320_MASK } from '../../protocol/bitcoin/version-rolling.ts';
import type { Clock, Timer } from '../../protocol/common/clock.ts';
import { RigError } from '../../protocol/common/errors.ts';
import type { Log } from '../../protocol/common/log.ts';
import { assembleBlock } from '../../protocol/gbt/block.ts';
import { checkTag } from '../../protocol/gbt/coinbase.ts';
import type { BlockTemplate } from '../../protocol/gbt/template.ts';
import type { RelayNode, SolvedBlock } from './block-delivery.ts';
import { BlockRelay } from './block-relay.ts';
import { EndpointState } from './endpoint-state.ts';
import { buildSoloJob, EXTRANONCE1_BYTES } from './gbt-job.ts';
import { checkNode } from './gbt-node-check.ts';
import { proposeBlock } from './gbt-proposal.ts';
import type { Job, JobSource, Share, SourceEvents, SourceState, Verdict } from './job.ts';
import { NodeRpc, type NodeRpcOptions, type Rpc } from './node-rpc.ts';
import { TemplateFeed, type TemplateFeedOptions } from './template-feed.ts';

export interface GbtSourceOptions extends NodeRpcOptions, TemplateFeedOptions {
  readonly id: string;
  readonly payoutAddress: string;
  /** False: only regtest is mined. True: whatever chain the node is on. */
  readonly allowMainnet: boolean;
  /** Version bits that may be rolled. Default BIP320's 16 bits; 0 = none. */
  readonly versionMask?: number;
  /** Report hashes at this difficulty too, although only blocks are sent. Default: the network's, so only blocks. */
  readonly shareDifficulty?: number;
  /** Printable ASCII text in the coinbase. Default `/rigbrain/`. */
  readonly tag?: string;
}

export interface GbtSourceDeps {
  readonly clock: Clock;
  readonly log: Log;
  /** Shared by all nodes of the rig, so that each gets the blocks of the others. Default: one of its own. */
  readonly relay?: BlockRelay;
  /** In place of HTTP; for tests. */
  readonly rpc?: Rpc;
}

/** Older templates matter for nonces already on the wire, and for miners in the house, who may stay with a job for minutes. */
const TEMPLATES_KEPT = 32;
/** But no more than this of their transactions (a full block has up to 8 MB as hex), down to the last few. */
const TEMPLATE_BYTES_KEPT = 64 * 1024 * 1024;
const LEAST_TEMPLATES_KEPT = 4;
/** How long a stop waits for nodes to answer for a block on its way; the daemon gives the whole of mining 1.5 s. */
const STOP_GRACE_MS = 1000;

/** Pauses after the second and later blocks in a row that were refused. */
const FIRST_RETRY_MS = 1000;
const MAX_RETRY_MS = 30_000;

export class GbtSource implements JobSource {
  readonly id: string;
  readonly events = new EventEmitter<SourceEvents>();
  readonly #options: GbtSourceOptions;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #rpc: Rpc;
  readonly #relay: BlockRelay;
  readonly #node: RelayNode;
  readonly #endpoint: EndpointState;
  readonly #feed: TemplateFeed;
  readonly #extranonce1 = new Uint8Array(randomBytes(EXTRANONCE1_BYTES));
  /** Job key to template, oldest first. */
  readonly #templates = new Map<string, BlockTemplate>();
  /** Ends what is under way at nodes. */
  readonly #abort = new AbortController();
  readonly #submitting = new Set<Promise<Verdict>>();
  #chain: Chain | null = null;
  #payoutScript = new Uint8Array(0);
  #jobCount = 0;
  /** Parent of a block that is on its way to the node or was accepted by it: a second child would only be an orphan. */
  #solvedParent: string | null = null;
  /** Blocks refused in a row. */
  #refusals = 0;
  #retry: Timer | null = null;
  #toldOfProposals = false;
  #lastJobAt: number | null = null;
  #difficulty: number | null = null;
  #latencyMs: number | null = null;
  #stopping: Promise<void> | null = null;

  /** @throws RigError E_POOL_URL for addresses that are none, E_CONFIG_INVALID for a tag that cannot stand in a coinbase */
  constructor(options: GbtSourceOptions, deps: GbtSourceDeps) {
    this.id = options.id;
    this.#options = options;
    checkTag(this.#tag);
    this.#clock = deps.clock;
    this.#log = deps.log.child({ pool: options.id });
    this.#rpc = deps.rpc ?? new NodeRpc(options, deps.clock);
    this.#endpoint = new EndpointState(deps.clock, () => this.events.emit('change'));
    this.#relay = deps.relay ?? new BlockRelay({ clock: deps.clock, log: this.#log });
    this.#node = { id: this.id, rpc: this.#rpc, chain: () => this.#chain };
    this.#relay.add(this.#node);
    this.#feed = new TemplateFeed(
      options,
      { rpc: this.#rpc, clock: deps.clock, log: this.#log, endpoint: this.#endpoint },
      {
        check: (signal) => this.#check(signal),
        prove: (template, signal) => this.#prove(template, signal),
        take: (template, clean) => this.#take(template, clean),
        lost: (reason) => this.events.emit('invalidate', reason),
      },
    );
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
    this.#feed.start();
  }

  /** Waits a moment for blocks on their way, whoever asks and however often. */
  stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  async #stop(): Promise<void> {
    this.#endpoint.to('stopped', null);
    this.#retry?.cancel();
    const fed = this.#feed.stop();
    // Those of other nodes go through this one too.
    await this.#relay.settled(STOP_GRACE_MS);
    this.#abort.abort(new Error('the source was stopped'));
    // What no node has taken goes to the disk now.
    await Promise.all(this.#submitting);
    this.#relay.remove(this.#node);
    // Before the feed is waited for: this also ends a template that is being read.
    this.#rpc.close();
    await fed;
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
      reconnects: Math.max(0, this.#feed.series - 1),
      latency_ms: this.#latencyMs,
      message: null,
    };
  }

  /** Sends a share that is a block as a whole block; any other has nobody to go to. Never rejects. */
  async submit(share: Share): Promise<Verdict> {
    if (!share.isBlock) return { status: 'withheld', reason: 'solo: above the network target, not a block' };
    const template = this.#templates.get(share.job.key);
    if (!template || this.#chain === null) return { status: 'withheld', reason: 'its template is no longer kept' };
    const parent = displayHash(template.prevHash);
    if (parent === this.#solvedParent) return { status: 'withheld', reason: 'solo: a block on the same parent has already been found' };
    this.#solvedParent = parent;
    const submit = this.#relay.submit(blockOf(share, template, this.#chain), this.#node, this.#abort.signal);
    this.#submitting.add(submit);
    this.events.emit('invalidate', `block ${template.height} found: waiting for the next template`);
    const verdict = await submit;
    this.#submitting.delete(submit);
    if ('latency_ms' in verdict) this.#latencyMs = verdict.latency_ms;
    this.#afterBlock(verdict);
    return verdict;
  }

  #afterBlock({ status }: Verdict): void {
    this.#refusals = status === 'rejected' ? this.#refusals + 1 : 0;
    if (status === 'accepted') return this.#feed.look();
    // Refused or unanswered: the height is still to be won, on a fresh template.
    this.#solvedParent = null;
    const again = (): void => {
      this.#feed.forget();
      this.#feed.look();
    };
    if (this.#refusals < 2) return again();
    // A node with something against every block would be given them as fast as they are found.
    if (this.#endpoint.stopped) return;
    this.#retry?.cancel();
    this.#retry = this.#clock.after(Math.min(MAX_RETRY_MS, FIRST_RETRY_MS * 2 ** (this.#refusals - 2)), again);
  }

  /** A block that may not be sent still solves its template: there is nothing new to find on it before the next one. */
  heldBack(share: Share): void {
    const template = this.#templates.get(share.job.key);
    if (!share.isBlock || !template) return;
    this.events.emit('invalidate', `block ${template.height} found and not sent: waiting for the next template`);
    // One that is worth something is kept: a person may think otherwise than the settings.
    if (this.#chain !== null && this.#chain !== 'regtest') this.#relay.keep(blockOf(share, template, this.#chain));
  }

  get #tag(): string {
    return this.#options.tag ?? '/rigbrain/';
  }

  async #check(signal: AbortSignal): Promise<void> {
    const checked = await checkNode(this.#rpc, this.#options, signal);
    this.#chain = checked.chain;
    this.#payoutScript = Uint8Array.from(checked.payoutScript);
  }

  /** @throws RigError E_NODE_RPC with the node's words when it would refuse our block */
  async #prove(template: BlockTemplate, signal: AbortSignal): Promise<void> {
    const result = await proposeBlock(this.#rpc, template, this.#jobOf(template, true), signal);
    if (result.status === 'refused') throw new RigError('E_NODE_RPC', `the node would refuse our block: ${result.reason}`, { hint: 'Report this with the version of the node: nothing is mined for a block that would be refused.' });
    if (result.status !== 'unsupported' || this.#toldOfProposals) return;
    this.#toldOfProposals = true;
    this.#log.warn({ err: result.reason }, 'the node does not check block proposals: whether it likes our blocks shows with the first one');
  }

  /** False while a block on the same parent is on its way. */
  #take(template: BlockTemplate, clean: boolean): boolean {
    if (displayHash(template.prevHash) === this.#solvedParent) {
      // Asked for before our block arrived there; the look after the submit brings the next one.
      if (this.#submitting.size > 0) return false;
      // The node went back to that parent (a reorganisation): the height is to be won again.
      this.#solvedParent = null;
    }
    this.#jobCount += 1;
    const job = this.#jobOf(template, clean);
    this.#templates.set(job.key, template);
    this.#forgetOldTemplates();
    this.#lastJobAt = job.receivedAt;
    this.#difficulty = job.shareDifficulty;
    this.#endpoint.to('mining', null);
    this.events.emit('job', job);
    return true;
  }

  #forgetOldTemplates(): void {
    let bytes = 0;
    for (const { transactionsHex } of this.#templates.values()) bytes += transactionsHex.length;
    for (const [key, { transactionsHex }] of this.#templates) {
      const { size } = this.#templates;
      if (size <= LEAST_TEMPLATES_KEPT || (size <= TEMPLATES_KEPT && bytes <= TEMPLATE_BYTES_KEPT)) return;
      this.#templates.delete(key);
      bytes -= transactionsHex.length;
    }
  }

  #jobOf(template: BlockTemplate, clean: boolean): Job {
    return buildSoloJob(template, {
      sourceId: this.id,
      session: this.#feed.series,
      sequence: this.#jobCount,
      clean,
      extranonce1: this.#extranonce1,
      payoutScript: this.#payoutScript,
      versionMask: this.#options.versionMask ?? BIP320_MASK,
      shareDifficulty: this.#options.shareDifficulty ?? null,
      tag: this.#tag,
      receivedAt: this.#clock.now(),
      receivedMono: this.#clock.monotonic(),
    });
  }
}

function blockOf(share: Share, template: BlockTemplate, chain: Chain): SolvedBlock {
  const { coinb1, extranonce1, coinb2 } = share.job;
  const hex = assembleBlock(template, share.header, assembleCoinbase(coinb1, extranonce1, share.extranonce2, coinb2));
  return { chain, height: template.height, hash: displayHash(share.hash), hex };
}
