import type { Chain } from '../../protocol/bitcoin/address.ts';
import type { Clock } from '../../protocol/common/clock.ts';
import { messageOf } from '../../protocol/common/errors.ts';
import { wait } from '../../protocol/common/wait.ts';
import { classifySubmitResult, type SubmitResult } from '../../protocol/gbt/submit-result.ts';
import { chainOf, isNotNow } from './gbt-node-check.ts';
import { NodeRpcError, type Rpc } from './node-rpc.ts';

/** A block that meets the network target, ready to be sent. */
export interface SolvedBlock {
  readonly chain: Chain;
  readonly height: number;
  /** Display form. */
  readonly hash: string;
  /** The whole block, ASCII hex digits. */
  readonly hex: Uint8Array;
}

/** A node that blocks can be given to. */
export interface RelayNode {
  readonly id: string;
  readonly rpc: Rpc;
  /** The chain it is on, as far as is known; null = it was not asked yet. */
  chain(): Chain | null;
}

/** What became of a block at one node. `unknown`: it never answered. `other_chain`: not its block. */
export interface NodeAnswer {
  readonly nodeId: string;
  readonly status: SubmitResult['status'] | 'unknown' | 'other_chain';
  /** The node's own words, or why there are none. */
  readonly reason: string;
  readonly rpcCode: number | null;
  /** Of the call that was answered, ms. */
  readonly latencyMs: number;
}

const ATTEMPTS = 5;
/** Before the second attempt; doubles with each. */
const FIRST_PAUSE_MS = 500;
/** A full block takes a slow node seconds to check. */
const CALL_TIMEOUT_MS = 30_000;
/** All attempts together: after that the chain has gone on. */
const WHOLE_MS = 90_000;

/**
 * Hands a block to one node, again after a lost connection or while it is starting: a block is worth it, and a second copy
 * does no harm. Never rejects.
 */
export async function deliverBlock(node: RelayNode, block: SolvedBlock, clock: Clock, signal: AbortSignal): Promise<NodeAnswer> {
  const beganAt = clock.monotonic();
  let lastFailure = 'the source was stopped';
  for (let attempt = 1; attempt <= ATTEMPTS && !signal.aborted; attempt++) {
    const askedAt = clock.monotonic();
    const left = WHOLE_MS - (askedAt - beganAt);
    if (left <= 0) break;
    const answer = (status: NodeAnswer['status'], reason: string, rpcCode: number | null = null): NodeAnswer => ({ nodeId: node.id, status, reason, rpcCode, latencyMs: Math.max(0, clock.monotonic() - askedAt) });
    try {
      const chain = node.chain() ?? (await chainOf(node.rpc, signal));
      if (chain !== block.chain) return answer('other_chain', `it is on ${chain}`);
      const { status, reason } = classifySubmitResult(await node.rpc.call('submitblock', [block.hex], { timeoutMs: Math.min(left, CALL_TIMEOUT_MS), signal }));
      return answer(status, reason);
    } catch (error) {
      lastFailure = messageOf(error);
      if (error instanceof NodeRpcError && error.failure === 'answer' && !isNotNow(error)) return answer('rejected', lastFailure, error.rpcCode);
      if (attempt < ATTEMPTS) await wait(clock, FIRST_PAUSE_MS * 2 ** (attempt - 1), signal).catch(() => {});
    }
  }
  return { nodeId: node.id, status: 'unknown', reason: lastFailure, rpcCode: null, latencyMs: clock.monotonic() - beganAt };
}

/** Whether the block stands in the best chain of the node; null = the node cannot say. Never rejects. */
export async function isInBestChain(node: RelayNode, block: SolvedBlock, signal: AbortSignal): Promise<boolean | null> {
  try {
    // By height: bcoin counts confirmations also for blocks beside its best chain.
    return (await node.rpc.call('getblockhash', [block.height], { signal })) === block.hash;
  } catch (error) {
    // Bitcoin Core: "Block height out of range", the chain is not that long.
    return error instanceof NodeRpcError && error.rpcCode === -8 ? false : null;
  }
}
