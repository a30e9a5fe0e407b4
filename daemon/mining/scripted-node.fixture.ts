import { assembleCoinbase } from '../../protocol/bitcoin/coinbase.ts';
import { sha256d } from '../../protocol/bitcoin/hash.ts';
import { hashHeader, serializeHeader } from '../../protocol/bitcoin/header.ts';
import { foldBranch } from '../../protocol/bitcoin/merkle.ts';
import { meetsTarget } from '../../protocol/bitcoin/target.ts';
import { decodeTemplate, type BlockTemplate } from '../../protocol/gbt/template.ts';
import type { Job, Share } from './job.ts';
import { NodeRpcError, type CallOptions, type Rpc } from './node-rpc.ts';

/** P2WSH of OP_TRUE on regtest. */
export const PAYOUT = 'bcrt1qft5p2uhsdcdc3l2ua4ap5qqfg4pjaqlp250x7us7a8qqhrxrxfsqseac85';

/** A node that answers from fields a test can change. */
export class ScriptedNode implements Rpc {
  chain = 'regtest';
  tip = '11'.repeat(32);
  down: NodeRpcError | null = null;
  submitAnswers: unknown[] = [null];
  proposalAnswer: unknown = null;
  /** More members of getblockchaininfo. */
  info: object = {};
  /** More members of every template. */
  extra: object = {};
  /** Height to hash of its best chain; null = it does not tell. */
  chainHashes: Map<number, string> | null = null;
  /** Long polls that wait. */
  readonly polls: { readonly id: string; readonly answer: () => void; readonly fail: (error: Error) => void }[] = [];
  readonly proposed: string[] = [];
  readonly submitted: string[] = [];
  readonly calls: string[] = [];
  closed = false;

  async call(method: string, params: readonly unknown[] = []): Promise<unknown> {
    this.calls.push(method);
    if (this.down) throw this.down;
    if (method === 'getblockchaininfo') return { chain: this.chain, ...this.info };
    if (method === 'getbestblockhash') return this.tip;
    if (method === 'getblocktemplate' && (params[0] as { mode?: string }).mode === 'proposal') return this.#proposal((params[0] as { data: Uint8Array }).data);
    if (method === 'getblocktemplate') return this.#template();
    if (method === 'getblockhash' && this.chainHashes) {
      const hash = this.chainHashes.get(params[0] as number);
      if (hash === undefined) throw new NodeRpcError('answer', 'Block height out of range', { rpcCode: -8 });
      return hash;
    }
    if (method !== 'submitblock') throw new NodeRpcError('answer', 'Method not found', { rpcCode: -32601 });
    this.submitted.push(Buffer.from(params[0] as Uint8Array).toString('latin1'));
    const answer = this.submitAnswers.length > 1 ? this.submitAnswers.shift() : this.submitAnswers[0];
    if (answer instanceof Error) throw answer;
    return answer;
  }

  async template(request: Readonly<Record<string, unknown>>, { signal }: CallOptions = {}): Promise<BlockTemplate> {
    if (typeof request.longpollid === 'string') await this.#waitForNews(request.longpollid, signal);
    return decodeTemplate(await this.call('getblocktemplate', [request]));
  }

  close(): void {
    this.closed = true;
  }

  #waitForNews(id: string, signal: AbortSignal | undefined): Promise<void> {
    if (this.down) throw this.down;
    return new Promise((resolve, reject) => {
      this.polls.push({ id, answer: resolve, fail: reject });
      signal?.addEventListener('abort', () => reject(new NodeRpcError('transport', 'aborted')), { once: true });
    });
  }

  #proposal(data: Uint8Array): unknown {
    this.proposed.push(Buffer.from(data).toString('latin1'));
    if (this.proposalAnswer instanceof Error) throw this.proposalAnswer;
    return this.proposalAnswer;
  }

  #template(): unknown {
    return {
      version: 0x20000000,
      vbrequired: 0x2000,
      height: 441,
      previousblockhash: this.tip,
      target: '7fffff0000000000000000000000000000000000000000000000000000000000',
      bits: '207fffff',
      curtime: 1_795_210_072,
      coinbasevalue: 1_250_000_000,
      default_witness_commitment: '6a24aa21a9ede2f61c3f71d1defd3fa999dfa36953755c690689799962b48bebd836974e8cf9',
      transactions: [],
      ...this.extra,
    };
  }
}

/** Searches nonces of a job: on regtest every second hash is a block. */
export function mine(job: Job, wantBlock = true): Share {
  const extranonce2 = new Uint8Array(job.extranonce2Size);
  const merkleRoot = foldBranch(sha256d(assembleCoinbase(job.coinb1, job.extranonce1, extranonce2, job.coinb2)), job.merkleBranch);
  for (let nonce = 0; ; nonce++) {
    const header = serializeHeader({ ...job, merkleRoot, nonce });
    const hash = hashHeader(header);
    if (meetsTarget(hash, job.networkTarget) !== wantBlock) continue;
    const share = { id: `s${nonce}`, job, deviceId: 'test', extranonce2, ntime: job.ntime, nonce, version: job.version, versionBits: null };
    return { ...share, header, hash, difficulty: 0, leadingZeros: 0, isBlock: wantBlock, foundAt: 0 };
  }
}
