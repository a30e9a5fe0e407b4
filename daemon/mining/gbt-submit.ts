import type { Clock } from '../../protocol/common/clock.ts';
import { messageOf } from '../../protocol/common/errors.ts';
import { classifySubmitResult } from '../../protocol/gbt/submit-result.ts';
import type { Verdict } from './job.ts';
import { NodeRpcError, type Rpc } from './node-rpc.ts';

const ATTEMPTS = 5;
const PAUSE_MS = 1000;
const TIMEOUT_MS = 30_000;

function pause(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      timer.cancel();
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = clock.after(ms, done);
    signal.addEventListener('abort', done);
  });
}

/**
 * Hands a block to the node, again after a lost connection: a block is worth it, and a second copy does no harm.
 * Never rejects; `unknown` when the node never answered.
 */
export async function submitBlock(rpc: Rpc, blockHex: Uint8Array, clock: Clock, signal: AbortSignal): Promise<Verdict> {
  let lastFailure = 'the source was stopped';
  for (let attempt = 1; attempt <= ATTEMPTS && !signal.aborted; attempt++) {
    const startedAt = clock.monotonic();
    const latency = () => Math.max(0, clock.monotonic() - startedAt);
    try {
      const result = classifySubmitResult(await rpc.call('submitblock', [blockHex], { timeoutMs: TIMEOUT_MS, signal }));
      if (result.status === 'accepted') return { status: 'accepted', latency_ms: latency() };
      return { status: result.status, code: null, reason: result.reason, latency_ms: latency() };
    } catch (error) {
      lastFailure = messageOf(error);
      if (error instanceof NodeRpcError && error.failure === 'answer') return { status: 'rejected', code: error.rpcCode, reason: lastFailure, latency_ms: latency() };
      if (attempt < ATTEMPTS) await pause(clock, PAUSE_MS, signal);
    }
  }
  return { status: 'unknown', reason: lastFailure };
}
