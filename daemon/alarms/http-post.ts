/** One POST: no redirects followed, one deadline for all of it, nothing of address or token in what it says of a failure. */
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { Clock } from '../../protocol/common/clock.ts';
import { connectionWords } from '../connection-words.ts';
import type { Post } from './message.ts';

export type PostResult =
  | { readonly ok: true; readonly status: number }
  /** @param again whether it may work later @param waitMs how long the other side wants to be left alone; null = it did not say */
  | { readonly ok: false; readonly status: number | null; readonly reason: string; readonly again: boolean; readonly waitMs: number | null };

export interface PostTarget {
  readonly url: URL;
  /** Sent as Authorization: Bearer. */
  readonly token: string | null;
}

/** Longest time the other side is left alone on its own wish. */
const MOST_WAIT_MS = 60_000;

/** Sends it and waits for the status. Never rejects. */
export function postOnce({ url, token }: PostTarget, { headers, body }: Post, deadlineMs: number, clock: Clock, signal: AbortSignal): Promise<PostResult> {
  return new Promise((resolve) => {
    const bytes = Buffer.from(body, 'utf8');
    const send = url.protocol === 'https:' ? httpsRequest : httpRequest;
    const all = { ...headers, 'content-length': String(bytes.length), 'user-agent': 'rigbrain', ...(token === null ? {} : { authorization: `Bearer ${token}` }) };
    const finish = (result: PostResult): void => {
      timer.cancel();
      signal.removeEventListener('abort', aborted);
      resolve(result);
      // An error that this makes comes too late to be the result.
      request.destroy();
    };
    const failed = (reason: string, again = true): void => finish({ ok: false, status: null, reason, again, waitMs: null });
    // A connection of its own: one that is kept would outlive the daemon's stop.
    const request = send(url, { method: 'POST', headers: all, agent: false });
    const timer = clock.after(deadlineMs, () => failed(`no answer within ${deadlineMs / 1000} s`));
    const aborted = (): void => failed('given up: the daemon is stopping', false);
    signal.addEventListener('abort', aborted, { once: true });
    request.on('response', (response: IncomingMessage) => {
      response.resume();
      finish(judge(response));
    });
    // The message of a system error may hold the address: only its code is told.
    request.on('error', (error: NodeJS.ErrnoException) => failed(connectionWords(error.code) ?? `it failed (${error.code ?? 'unknown error'})`));
    if (signal.aborted) return aborted();
    request.end(bytes);
  });
}

function judge({ statusCode = 0, headers }: IncomingMessage): PostResult {
  if (statusCode >= 200 && statusCode < 300) return { ok: true, status: statusCode };
  if (statusCode >= 300 && statusCode < 400) return { ok: false, status: statusCode, reason: `answered ${statusCode}: it wants to redirect, which is not followed; configure the final address`, again: false, waitMs: null };
  const again = statusCode >= 500 || statusCode === 429 || statusCode === 408;
  const seconds = Number(headers['retry-after'] ?? NaN);
  return { ok: false, status: statusCode, reason: `answered ${statusCode}`, again, waitMs: seconds > 0 ? Math.min(MOST_WAIT_MS, seconds * 1000) : null };
}
