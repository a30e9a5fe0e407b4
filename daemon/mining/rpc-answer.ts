/** What an HTTP answer of a node's JSON-RPC means. Apart from the connection, because a thread reads the large ones. */
import { RigError } from '../../protocol/common/errors.ts';
import { sanitizeText } from '../../protocol/stratum-v1/text.ts';

/** `transport` no answer · `auth` credentials refused or unreadable · `answer` the node answered with an error. */
export type NodeRpcFailure = 'transport' | 'auth' | 'answer';

export class NodeRpcError extends RigError {
  readonly failure: NodeRpcFailure;
  /** Error code of the node's answer, e.g. -10 while it downloads the chain. */
  readonly rpcCode: number | null;

  constructor(failure: NodeRpcFailure, message: string, options: { cause?: unknown; method?: string; rpcCode?: number | null } = {}) {
    super('E_NODE_RPC', message, { cause: options.cause, context: { method: options.method, rpc_code: options.rpcCode ?? null } });
    this.failure = failure;
    this.rpcCode = options.rpcCode ?? null;
  }
}

export interface HttpAnswer {
  readonly status: number;
  readonly body: Uint8Array;
}

/** Enough of a page to know it by, e.g. "Work queue depth exceeded". */
const EXCERPT = 60;

/** The `error` member of an answer: an object with code and message, or anything else a proxy may have put there. */
function answerError(method: string, error: unknown): NodeRpcError {
  const { code, message } = typeof error === 'object' && error !== null ? (error as { code?: unknown; message?: unknown }) : {};
  const text = typeof message === 'string' ? message : JSON.stringify(error);
  // It goes into logs, screens and messages: without what a terminal acts upon, and not by the megabyte.
  return new NodeRpcError('answer', `${method}: ${sanitizeText(text)}`, { method, rpcCode: typeof code === 'number' ? code : null });
}

/** The `result` of a JSON-RPC answer. @throws NodeRpcError */
export function readRpcAnswer(method: string, { status, body }: HttpAnswer): unknown {
  if (status === 401) throw new NodeRpcError('auth', 'the node refused the credentials (HTTP 401)', { method });
  if (status === 403) throw new NodeRpcError('auth', 'the node refused this address or the credentials (HTTP 403): see rpcallowip in bitcoin.conf', { method });
  const text = Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('utf8');
  let answer: unknown;
  try {
    answer = JSON.parse(text);
  } catch (cause) {
    const excerpt = text.slice(0, EXCERPT).replaceAll(/[^\x20-\x7e]+/g, ' ').trim();
    throw new NodeRpcError('transport', `${method}: HTTP ${status} with an answer that is not JSON${excerpt === '' ? '' : ` ("${excerpt}")`}`, { cause, method });
  }
  // Bitcoin Core answers errors with HTTP 500 or 404 and a JSON body, bcoin with 200.
  const { result, error } = typeof answer === 'object' && answer !== null ? (answer as { result?: unknown; error?: unknown }) : {};
  if (error !== null && error !== undefined) throw answerError(method, error);
  if (status !== 200 || result === undefined) throw new NodeRpcError('transport', `${method}: HTTP ${status} without a result`, { method });
  return result;
}
