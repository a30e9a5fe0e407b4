/** The thread that reads large block templates: JSON in, a decoded template out, its transactions moved and not copied. */
import { parentPort } from 'node:worker_threads';
import { messageOf } from '../../protocol/common/errors.ts';
import { decodeTemplate, type BlockTemplate } from '../../protocol/gbt/template.ts';
import { NodeRpcError, readRpcAnswer, type HttpAnswer, type NodeRpcFailure } from './rpc-answer.ts';

export interface TemplateTask extends HttpAnswer {
  readonly number: number;
}

/** `failure` null: the node answered, with a template that cannot be used. */
export type TemplateResult =
  | { readonly number: number; readonly template: BlockTemplate }
  | { readonly number: number; readonly error: { readonly failure: NodeRpcFailure | null; readonly message: string; readonly rpcCode: number | null } };

function read({ number, status, body }: TemplateTask): TemplateResult {
  try {
    const template = decodeTemplate(readRpcAnswer('getblocktemplate', { status, body }));
    // A digest may lie in a buffer shared with others, which would be sent along with it.
    return { number, template: { ...template, merkleBranch: template.merkleBranch.map((digest) => Uint8Array.from(digest)) } };
  } catch (error) {
    const rpc = error instanceof NodeRpcError ? error : null;
    return { number, error: { failure: rpc?.failure ?? null, message: messageOf(error), rpcCode: rpc?.rpcCode ?? null } };
  }
}

parentPort?.on('message', (task: TemplateTask) => {
  const result = read(task);
  parentPort?.postMessage(result, 'template' in result ? [result.template.transactionsHex.buffer as ArrayBuffer] : []);
});
