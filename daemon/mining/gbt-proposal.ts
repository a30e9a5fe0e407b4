import { assembleCoinbase } from '../../protocol/bitcoin/coinbase.ts';
import { sha256d } from '../../protocol/bitcoin/hash.ts';
import { serializeHeader } from '../../protocol/bitcoin/header.ts';
import { foldBranch } from '../../protocol/bitcoin/merkle.ts';
import { messageOf } from '../../protocol/common/errors.ts';
import { assembleBlock } from '../../protocol/gbt/block.ts';
import { classifyProposalResult, type ProposalResult } from '../../protocol/gbt/submit-result.ts';
import type { BlockTemplate } from '../../protocol/gbt/template.ts';
import type { Job } from './job.ts';
import { NodeRpcError, type Rpc } from './node-rpc.ts';

const TIMEOUT_MS = 60_000;
/** The block could not even be read (Bitcoin Core: RPC_DESERIALIZATION_ERROR): that is about the block, not about the call. */
const DESERIALIZATION_ERROR = -22;

/** The block of a job as it would be found, but for its proof of work: nonce 0, extranonce2 of zeros. */
function unsolvedBlock(template: BlockTemplate, job: Job): Uint8Array {
  const coinbase = assembleCoinbase(job.coinb1, job.extranonce1, new Uint8Array(job.extranonce2Size), job.coinb2);
  const header = serializeHeader({ ...job, merkleRoot: foldBranch(sha256d(coinbase), job.merkleBranch), nonce: 0 });
  return assembleBlock(template, header, coinbase);
}

/**
 * Asks the node what it would make of the block of this job (BIP23 proposal), so that a coinbase it refuses is known
 * before any work goes into it. `unsupported`: the node does not answer such questions.
 * @throws NodeRpcError when the node cannot be reached
 */
export async function proposeBlock(rpc: Rpc, template: BlockTemplate, job: Job, signal: AbortSignal): Promise<ProposalResult | { readonly status: 'unsupported'; readonly reason: string }> {
  const request = { mode: 'proposal', data: unsolvedBlock(template, job), rules: ['segwit'] };
  try {
    const answer = await rpc.call('getblocktemplate', [request], { signal, timeoutMs: TIMEOUT_MS });
    // A node that does not know proposals may answer with a template, as to any other call.
    if (typeof answer === 'object' && answer !== null) return { status: 'unsupported', reason: 'it answered a proposal with something else' };
    return classifyProposalResult(answer);
  } catch (error) {
    if (!(error instanceof NodeRpcError) || error.failure !== 'answer') throw error;
    const reason = messageOf(error);
    return { status: error.rpcCode === DESERIALIZATION_ERROR ? 'refused' : 'unsupported', reason };
  }
}
