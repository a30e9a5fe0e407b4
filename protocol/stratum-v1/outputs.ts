import type { ErrorCode } from '../common/errors.ts';
import type { V1Job } from './job-tracker.ts';
import type { RejectStatus } from './reject.ts';

/** What became of a share. `unknown` = sent, never answered; `withheld` = not sent, because the pool could only refuse it. */
export type ShareVerdict =
  | { readonly status: 'accepted'; readonly latencyMs: number }
  | { readonly status: RejectStatus; readonly code: number | null; readonly reason: string; readonly latencyMs: number }
  | { readonly status: 'unknown' | 'withheld'; readonly reason: string };

export type ClientPhase = 'idle' | 'handshaking' | 'waiting_for_job' | 'mining' | 'closed';

/** What the owner of a client has to do, in order. */
export type ClientOutput =
  /** Write this line (LF included). */
  | { readonly type: 'send'; readonly line: string }
  | { readonly type: 'job'; readonly job: V1Job }
  /** Work on every job so far is worthless: stop until the next one. */
  | { readonly type: 'invalidate'; readonly reason: string }
  | { readonly type: 'verdict'; readonly token: string; readonly verdict: ShareVerdict }
  /** The pool wants a person to read this. Sanitised. */
  | { readonly type: 'message'; readonly text: string }
  /** Something a person should know; the session goes on. Sanitised. */
  | { readonly type: 'warning'; readonly text: string }
  /** Close, wait, and connect there (null: to the present host or port; `tls` holds from then on). The request has passed the safety rules. */
  | { readonly type: 'reconnect'; readonly host: string | null; readonly port: number | null; readonly tls: boolean; readonly waitS: number }
  /** Close the connection. The client takes nothing more. */
  | { readonly type: 'close'; readonly code: ErrorCode; readonly reason: string }
  | { readonly type: 'status'; readonly phase: ClientPhase; readonly reason: string };
