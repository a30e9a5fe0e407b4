import type { ErrorCode } from '../common/errors.ts';
import { DeadlineSet } from './deadlines.ts';
import { encodeRequest, tryEncodeRequest } from './encode.ts';
import type { ClientOutput, ClientPhase } from './outputs.ts';
import { PendingRequests, type RequestKind } from './pending.ts';

export type DeadlineName = 'subscribe' | 'authorize' | 'first_job' | 'silence' | 'silence_warning' | 'submit';

/** What the parts of a client share: the outputs they add to, the phase, the requests that wait, and the deadlines. */
export class Outbox {
  readonly pending = new PendingRequests();
  readonly deadlines = new DeadlineSet<DeadlineName>();
  #outputs: ClientOutput[] = [];
  #phase: ClientPhase = 'idle';

  get phase(): ClientPhase {
    return this.#phase;
  }

  /** True between `connected` and the end of the session. */
  get isOpen(): boolean {
    return this.#phase !== 'idle' && this.#phase !== 'closed';
  }

  push(output: ClientOutput): void {
    this.#outputs.push(output);
  }

  warn(text: string): void {
    this.#outputs.push({ type: 'warning', text });
  }

  setPhase(phase: ClientPhase, reason: string): void {
    this.#phase = phase;
    if (phase === 'closed') this.deadlines.clearAll();
    this.#outputs.push({ type: 'status', phase, reason });
  }

  /** Ends the session with an error. */
  close(code: ErrorCode, reason: string): void {
    this.#outputs.push({ type: 'close', code, reason });
    this.setPhase('closed', reason);
  }

  /** Sends a request of bounded length. @throws RigError E_CONFIG_INVALID above 1000 bytes */
  request(kind: RequestKind, method: string, params: readonly unknown[], now: number): void {
    this.#outputs.push({ type: 'send', line: encodeRequest(this.pending.add(kind, now), method, params) });
  }

  /** Sends a share; false when its line would be longer than pools take. */
  requestSubmit(params: readonly unknown[], now: number, token: string): boolean {
    const id = this.pending.add('submit', now, token);
    const line = tryEncodeRequest(id, 'mining.submit', params);
    if (line === null) this.pending.take(id);
    else this.#outputs.push({ type: 'send', line });
    return line !== null;
  }

  /** Everything collected since the last call, in order. */
  flush(): ClientOutput[] {
    const outputs = this.#outputs;
    this.#outputs = [];
    return outputs;
  }
}
