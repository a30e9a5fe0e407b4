/** What the answers to our own requests say. Total functions over whatever a pool put into "result". */
import type { Extranonce, ResponseMessage } from './messages.ts';
import { LIMITS } from './limits.ts';
import { parseExtranonce, parseU32Hex, type Checked } from './notify.ts';
import { classifyReject, type RejectStatus } from './reject.ts';
import { sanitizeText } from './text.ts';

export interface SubscribeResult extends Extranonce {
  /** To resume the session with on a later connection; null when the pool names none. */
  readonly sessionId: string | null;
}

/** Ids that can be sent back without growing: printable ASCII that JSON does not escape. */
const SESSION_ID = new RegExp(`^[!#-\\[\\]-~]{1,${LIMITS.sessionIdChars}}$`);

/** Pairs of [method, id]; some pools send a single pair instead of a list of them. */
function readSessionId(subscriptions: readonly unknown[]): string | null {
  const pairs = typeof subscriptions[0] === 'string' ? [subscriptions] : subscriptions.filter((pair) => Array.isArray(pair));
  const pair = pairs.find((candidate) => candidate[0] === 'mining.notify') ?? pairs[0];
  const id = pair?.[1];
  return typeof id === 'string' && SESSION_ID.test(id) ? id : null;
}

/** [[[method, id], ...], extranonce1, extranonce2_size]. */
export function readSubscribeResult(response: ResponseMessage): Checked<SubscribeResult> {
  if (response.error !== null) return { reason: response.error.message ?? `error ${response.error.code ?? 'without words'}` };
  if (!Array.isArray(response.result)) return { reason: 'the result is not a list' };
  const [subscriptions, extranonce1, size] = response.result as unknown[];
  const extranonce = parseExtranonce(extranonce1, size);
  if ('reason' in extranonce) return extranonce;
  return { value: { ...extranonce.value, sessionId: Array.isArray(subscriptions) ? readSessionId(subscriptions) : null } };
}

export interface ConfigureResult {
  /** The mask the pool agreed to; null when version rolling is not agreed (refused, or no usable mask given). */
  readonly versionMask: number | null;
  readonly minimumDifficulty: boolean;
  readonly subscribeExtranonce: boolean;
  /** Why version rolling is not agreed, in the pool's words where it gave any. */
  readonly reason: string | null;
}

/** BIP310: every extension code maps to true, false or an error text. An error means that nothing is agreed. */
export function readConfigureResult(response: ResponseMessage): ConfigureResult {
  const nothing = { versionMask: null, minimumDifficulty: false, subscribeExtranonce: false };
  if (response.error !== null) return { ...nothing, reason: response.error.message ?? 'the pool answered with an error' };
  if (typeof response.result !== 'object' || response.result === null) return { ...nothing, reason: 'the pool does not know mining.configure' };
  const result = response.result as Readonly<Record<string, unknown>>;
  const rolling = result['version-rolling'];
  const mask = parseU32Hex(result['version-rolling.mask']);
  const agreed = rolling === true && mask !== null;
  const refusal = typeof rolling === 'string' ? sanitizeText(rolling) : rolling === true ? 'the pool gave no usable mask' : 'the pool refused';
  return {
    versionMask: agreed ? mask : null,
    minimumDifficulty: result['minimum-difficulty'] === true,
    subscribeExtranonce: result['subscribe-extranonce'] === true,
    reason: agreed ? null : refusal,
  };
}

/** True for `true` and for an object whose status is OK; null and everything else is no acceptance. */
export function isAccepted(response: ResponseMessage): boolean {
  if (response.error !== null) return false;
  const result = response.result;
  if (typeof result !== 'object' || result === null) return result === true;
  const status = (result as Readonly<Record<string, unknown>>)['status'];
  return typeof status === 'string' && status.toUpperCase() === 'OK';
}

export type SubmitResult = { readonly status: 'accepted' } | { readonly status: RejectStatus; readonly code: number | null; readonly reason: string };

/** The pool's answer to a share. */
export function readSubmitResult(response: ResponseMessage): SubmitResult {
  if (isAccepted(response)) return { status: 'accepted' };
  const { code, message } = response.error ?? { code: null, message: null };
  return { status: classifyReject(code, message), code, reason: message ?? 'refused without a reason' };
}
