import { LIMITS } from './limits.ts';
import type { JobTracker } from './job-tracker.ts';
import type { ResponseMessage } from './messages.ts';
import type { Submission } from './options.ts';
import type { Outbox } from './outbox.ts';
import type { PendingRequest } from './pending.ts';
import { readSubmitResult } from './results.ts';
import { prepareSubmit } from './share-gate.ts';

export interface SubmitOptions {
  readonly user: string;
  readonly submitStale: boolean;
  readonly deadlines: { readonly submitMs: number };
}

/** Sends the shares of one session and sees to it that each gets exactly one verdict. */
export class Submits {
  readonly #options: SubmitOptions;
  readonly #outbox: Outbox;
  readonly #jobs: JobTracker;
  /** Shares that ran out of time since the last answer. */
  #unanswered = 0;
  /** Shares in a row that the pool took for somebody's it does not know. */
  #unauthorized = 0;

  constructor(options: SubmitOptions, outbox: Outbox, jobs: JobTracker) {
    this.#options = options;
    this.#outbox = outbox;
    this.#jobs = jobs;
  }

  /** Sends a share, or withholds it with the reason. */
  submit(share: Submission, now: number): void {
    const refusal = this.#refusal(share);
    if (refusal !== null) return this.#withhold(share, refusal);
    const gate = prepareSubmit(this.#jobs, share, this.#options.user, this.#options.submitStale);
    if ('withheld' in gate) return this.#withhold(share, gate.withheld);
    if (!this.#outbox.requestSubmit(gate.params, now, share.token)) return this.#withhold(share, `its line would be longer than ${LIMITS.outgoingLineBytes} bytes`);
    this.#watch();
  }

  /** The pool's answer to a share. */
  answered(request: PendingRequest, response: ResponseMessage, now: number): void {
    this.#unanswered = 0;
    const latencyMs = Math.max(0, now - request.sentAt);
    const result = readSubmitResult(response);
    this.#outbox.push({ type: 'verdict', token: request.token ?? '', verdict: { ...result, latencyMs } });
    this.#watch();
    this.#unauthorized = result.status === 'unauthorized' ? this.#unauthorized + 1 : 0;
    // It let us in and does not know us any more: only a new login can help.
    if (result.status === 'unauthorized' && this.#unauthorized >= LIMITS.unauthorizedShares) this.#outbox.close('E_POOL_AUTH', `the pool refused ${this.#unauthorized} shares in a row: ${result.reason}`);
  }

  /** The oldest share has waited too long. @param lastLineAt when the pool was last heard */
  expire(now: number, lastLineAt: number): void {
    const { submitMs } = this.#options.deadlines;
    const unanswered = this.#unanswered + this.#outbox.pending.submits;
    const expired = this.#outbox.pending.takeSubmitsUntil(now - submitMs);
    this.#unanswered += expired.length;
    this.#unknown(expired, `the pool did not answer within ${submitMs / 1000} s`);
    this.#watch();
    // A pool that talks but leaves one share unanswered is odd; one that has said nothing since is gone.
    const isSilent = expired.some((request) => lastLineAt <= request.sentAt);
    if (isSilent) this.#outbox.close('E_POOL_UNANSWERED', `nothing came from the pool for ${submitMs / 1000} s after a share`);
    else if (unanswered >= LIMITS.unansweredSubmits) this.#outbox.close('E_POOL_UNANSWERED', `${unanswered} shares without an answer`);
  }

  /** The connection is gone. */
  abandon(reason: string): void {
    this.#unknown(this.#outbox.pending.takeSubmitsUntil(Infinity), `the connection ended before the answer: ${reason}`);
  }

  #refusal({ isBlock }: Submission): string | null {
    if (!this.#outbox.isOpen) return 'the session its job came from is over';
    const most = isBlock ? LIMITS.pendingBlocks : LIMITS.pendingSubmits;
    return this.#outbox.pending.submits >= most ? `the pool has not answered the last ${most} shares` : null;
  }

  #withhold(share: Submission, reason: string): void {
    this.#outbox.push({ type: 'verdict', token: share.token, verdict: { status: 'withheld', reason } });
  }

  #unknown(requests: readonly PendingRequest[], reason: string): void {
    for (const { token } of requests) this.#outbox.push({ type: 'verdict', token: token ?? '', verdict: { status: 'unknown', reason } });
  }

  #watch(): void {
    const oldest = this.#outbox.pending.oldestSubmit();
    if (oldest === null) this.#outbox.deadlines.clear('submit');
    else this.#outbox.deadlines.set('submit', oldest.sentAt + this.#options.deadlines.submitMs);
  }
}
