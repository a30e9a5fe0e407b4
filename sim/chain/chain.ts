/** The demo chain: blocks in memory, every one checked, the branch with the most work is the tip. */
import { EventEmitter } from 'node:events';
import { RigError } from '../../protocol/common/errors.ts';
import { systemClock, type Clock } from '../../protocol/common/clock.ts';
import { hashHeader, parseBlock, serializeBlock, type Block, type BlockHeader } from './block.ts';
import { displayHex } from './bytes.ts';
import { DEFAULT_PARAMS, GENESIS, MEDIAN_TIME_BLOCKS, subsidy, type ChainParams } from './params.ts';
import { nextBits, type TimedBlock } from './retarget.ts';
import { syntheticTransactions } from './synthetic.ts';
import { difficultyOf, targetFromBits, workOfTarget } from './target.ts';
import type { BlockTemplate } from './template.ts';
import { checkBlock, type BlockFault } from './validate.ts';

/** A block the chain knows. */
export interface ChainBlock {
  /** Display form. */
  readonly hash: string;
  readonly header: BlockHeader;
  readonly height: number;
  readonly target: bigint;
  /** Work of this block and all before it, in hashes. */
  readonly chainWork: bigint;
  /** The whole block as it came. */
  readonly raw: Buffer;
}

export type BlockVerdict =
  | { readonly accepted: true; readonly block: ChainBlock; /** False for a block of a side branch. */ readonly isTip: boolean }
  | { readonly accepted: false; readonly reason: BlockFault };

export interface TipChange {
  readonly tip: ChainBlock;
  readonly previous: ChainBlock;
  /** True when the previous tip is not the block before the new one. */
  readonly reorg: boolean;
}

export interface DemoChainOptions {
  readonly clock?: Clock;
  readonly params?: Partial<ChainParams>;
}

export interface ChainTotals {
  readonly height: number;
  readonly tip: string;
  readonly difficulty: number;
  /** Hashes in the active chain, on average. */
  readonly chain_work: bigint;
  readonly blocks_accepted: number;
  readonly blocks_rejected: number;
  readonly reorgs: number;
}

export class DemoChain {
  /** Never a name of Bitcoin's own networks. */
  readonly name = 'demo';
  readonly params: ChainParams;
  readonly events = new EventEmitter<{ tip: [TipChange] }>();
  readonly genesis: ChainBlock;
  readonly #clock: Clock;
  readonly #blocks = new Map<string, ChainBlock>();
  readonly #invalid = new Set<string>();
  #tip: ChainBlock;
  #accepted = 0;
  #rejected = 0;
  #reorgs = 0;
  #series = 0;

  constructor(options: DemoChainOptions = {}) {
    this.#clock = options.clock ?? systemClock;
    this.params = { ...DEFAULT_PARAMS, ...options.params };
    const target = targetFromBits(GENESIS.header.bits);
    this.genesis = { hash: displayHex(hashHeader(GENESIS.header)), header: GENESIS.header, height: 0, target, chainWork: workOfTarget(target), raw: serializeBlock(GENESIS) };
    this.#blocks.set(this.genesis.hash, this.genesis);
    this.#tip = this.genesis;
  }

  get tip(): ChainBlock {
    return this.#tip;
  }

  get height(): number {
    return this.#tip.height;
  }

  /** @param hash display form; null when unknown or older than the chain keeps */
  block(hash: string): ChainBlock | null {
    return this.#blocks.get(hash) ?? null;
  }

  totals(): ChainTotals {
    return {
      height: this.#tip.height,
      tip: this.#tip.hash,
      difficulty: difficultyOf(targetFromBits(this.#nextBits(this.#tip))),
      chain_work: this.#tip.chainWork,
      blocks_accepted: this.#accepted,
      blocks_rejected: this.#rejected,
      reorgs: this.#reorgs,
    };
  }

  /** A template on the tip with `transactions` synthetic transactions, different at every call. */
  template(transactions: number): BlockTemplate {
    const height = this.#tip.height + 1;
    const bits = this.#nextBits(this.#tip);
    const minTime = this.#medianTime(this.#tip) + 1;
    return {
      height,
      version: 0x20000000,
      prevHash: hashHeader(this.#tip.header),
      bits,
      target: targetFromBits(bits),
      time: Math.max(minTime, Math.floor(this.#clock.now() / 1000)),
      minTime,
      coinbaseValue: subsidy(height),
      transactions: syntheticTransactions(transactions, height, this.#series++),
    };
  }

  /** Checks a serialised block and, when it is valid, adds it. The most work wins; of equal work the first seen stays. */
  submit(raw: Uint8Array): BlockVerdict {
    const verdict = this.#judge(Buffer.from(raw));
    if (verdict.accepted) this.#accepted++;
    else this.#rejected++;
    if (verdict.accepted && verdict.isTip) this.#setTip(verdict.block);
    return verdict;
  }

  /**
   * Declares a block of the active chain invalid, as a node's `invalidateblock` does: the tip goes back to the best branch
   * without it. A reorganisation on demand that needs no hashing.
   */
  invalidate(hash: string): void {
    const block = this.#blocks.get(hash);
    const parent = block && this.#parent(block);
    if (!parent) throw new RigError('E_COMMAND_INVALID', `block ${hash} cannot be invalidated: the demo chain does not have it or its parent`);
    this.#invalid.add(hash);
    let best = parent;
    for (const candidate of this.#blocks.values()) {
      if (candidate.chainWork > best.chainWork && !this.#isInvalid(candidate)) best = candidate;
    }
    if (best !== this.#tip) this.#setTip(best);
  }

  #judge(raw: Buffer): BlockVerdict {
    let parsed: Block;
    try {
      parsed = parseBlock(raw);
    } catch (error) {
      if (error instanceof RangeError) return { accepted: false, reason: 'malformed-block' };
      throw error;
    }
    const hash = displayHex(hashHeader(parsed.header));
    if (this.#blocks.has(hash)) return { accepted: false, reason: 'duplicate' };
    const parent = this.#blocks.get(displayHex(parsed.header.prevHash));
    if (!parent) return { accepted: false, reason: 'prev-blk-not-found' };
    if (this.#isInvalid(parent)) return { accepted: false, reason: 'bad-prevblk' };
    const height = parent.height + 1;
    const fault = checkBlock(parsed, { height, bits: this.#nextBits(parent), medianTime_s: this.#medianTime(parent), now_s: Math.floor(this.#clock.now() / 1000) });
    if (fault) return { accepted: false, reason: fault };
    const target = targetFromBits(parsed.header.bits);
    const block: ChainBlock = { hash, header: parsed.header, height, target, chainWork: parent.chainWork + workOfTarget(target), raw };
    this.#blocks.set(hash, block);
    return { accepted: true, block, isTip: block.chainWork > this.#tip.chainWork };
  }

  #setTip(tip: ChainBlock): void {
    const previous = this.#tip;
    const reorg = displayHex(tip.header.prevHash) !== previous.hash;
    this.#tip = tip;
    if (reorg) this.#reorgs++;
    this.#prune();
    this.events.emit('tip', { tip, previous, reorg });
  }

  /** The map is in order of arrival, so what is too old stands at its front. */
  #prune(): void {
    for (const [hash, block] of this.#blocks) {
      if (block.height >= this.#tip.height - this.params.keepBlocks) return;
      this.#blocks.delete(hash);
      this.#invalid.delete(hash);
    }
  }

  #isInvalid(block: ChainBlock): boolean {
    if (this.#invalid.size === 0) return false;
    for (let at: ChainBlock | undefined = block; at; at = this.#parent(at)) if (this.#invalid.has(at.hash)) return true;
    return false;
  }

  #parent(block: ChainBlock): ChainBlock | undefined {
    return this.#blocks.get(displayHex(block.header.prevHash));
  }

  /** The last `count` blocks up to and with `block`, oldest first. */
  #ancestry(block: ChainBlock, count: number): ChainBlock[] {
    const found: ChainBlock[] = [];
    for (let at: ChainBlock | undefined = block; at && found.length < count; at = this.#parent(at)) found.push(at);
    return found.reverse();
  }

  #medianTime(block: ChainBlock): number {
    const times = this.#ancestry(block, MEDIAN_TIME_BLOCKS).map((at) => at.header.time);
    return times.sort((a, b) => a - b)[Math.floor(times.length / 2)]!;
  }

  #nextBits(parent: ChainBlock): number {
    const recent: TimedBlock[] = this.#ancestry(parent, this.params.retargetWindow + 1)
      .filter((block) => block.height > 0)
      .map((block) => ({ time: block.header.time, target: block.target }));
    return nextBits(recent, this.params);
  }
}
