/** One line of a miner -> what it asks. Total: any line gives a request, nothing is ever thrown. */
import { isObject } from '../../common/json.ts';
import { tryHexToBytes } from '../../common/bytes.ts';
import { difficultyFromTarget, hashToBigInt } from '../../bitcoin/target.ts';

/** What a miner asks for. `params` of a submit are judged by the share check, field by field. */
export type MinerAsk =
  | { readonly method: 'configure'; readonly extensions: readonly unknown[]; readonly values: Readonly<Record<string, unknown>> }
  | { readonly method: 'subscribe'; readonly userAgent: string | null; readonly sessionId: string | null }
  | { readonly method: 'authorize'; readonly worker: string; readonly password: string }
  | { readonly method: 'submit'; readonly params: readonly unknown[] }
  /** Of mining.suggest_difficulty and mining.suggest_target. */
  | { readonly method: 'suggest_difficulty'; readonly difficulty: number }
  | { readonly method: 'extranonce_subscribe' | 'get_transactions' | 'ping' | 'multi_version' }
  | { readonly method: 'unknown' }
  /** A known method with parameters that cannot be used. */
  | { readonly method: 'invalid'; readonly reason: string };

export interface MinerRequest {
  readonly kind: 'request';
  /** The id as JSON text, whatever its type; null = the line has none and wants no answer. */
  readonly id: string | null;
  readonly ask: MinerAsk;
}

export type MinerLine =
  | MinerRequest
  /** An answer to something, or an empty line: nothing is to be done. */
  | { readonly kind: 'ignored' }
  /** Not a request at all. */
  | { readonly kind: 'garbage'; readonly id: string | null };

const IGNORED: MinerLine = { kind: 'ignored' };
const NOT_JSON: MinerLine = { kind: 'garbage', id: null };
const NO_PARAMS: readonly unknown[] = [];

const invalid = (reason: string): MinerAsk => ({ method: 'invalid', reason });
const textOrNull = (value: unknown): string | null => (typeof value === 'string' ? value : null);

/** Longest text that is read as a number. The pattern below takes the square of the length for what is none. */
const NUMBER_CHARS = 64;

/** A number above 0, or a text that is one: cpuminer-opt sends texts. */
export function readDifficulty(value: unknown): number | null {
  const number = typeof value === 'string' && value.length <= NUMBER_CHARS && /^\s*\d*\.?\d+(e[+-]?\d{1,3})?\s*$/i.test(value) ? Number(value) : value;
  return typeof number === 'number' && Number.isFinite(number) && number > 0 ? number : null;
}

function readConfigure([extensions, values]: readonly unknown[]): MinerAsk {
  if (!Array.isArray(extensions)) return invalid('mining.configure needs [[extensions], {parameters}]');
  return { method: 'configure', extensions, values: isObject(values) ? values : {} };
}

function readAuthorize([worker, password]: readonly unknown[]): MinerAsk {
  if (typeof worker !== 'string' || worker === '') return invalid('mining.authorize needs a worker name');
  return { method: 'authorize', worker, password: typeof password === 'string' ? password : typeof password === 'number' ? String(password) : '' };
}

function readSuggestedDifficulty([value]: readonly unknown[]): MinerAsk {
  const difficulty = readDifficulty(value);
  return difficulty === null ? invalid('mining.suggest_difficulty needs a number above 0') : { method: 'suggest_difficulty', difficulty };
}

/** The target as 64 hex digits, most significant first. */
function readSuggestedTarget([value]: readonly unknown[]): MinerAsk {
  const bytes = typeof value === 'string' && value.length === 64 ? tryHexToBytes(value) : null;
  const difficulty = bytes === null ? Infinity : difficultyFromTarget(hashToBigInt(bytes.reverse()));
  return Number.isFinite(difficulty) ? { method: 'suggest_difficulty', difficulty } : invalid('mining.suggest_target needs 64 hex digits that are not all zero');
}

function readAsk(method: string, params: readonly unknown[]): MinerAsk {
  switch (method) {
    case 'mining.submit':
      return { method: 'submit', params };
    case 'mining.configure':
      return readConfigure(params);
    case 'mining.subscribe':
      return { method: 'subscribe', userAgent: textOrNull(params[0]), sessionId: textOrNull(params[1]) };
    case 'mining.authorize':
      return readAuthorize(params);
    case 'mining.suggest_difficulty':
      return readSuggestedDifficulty(params);
    case 'mining.suggest_target':
      return readSuggestedTarget(params);
    case 'mining.extranonce.subscribe':
      return { method: 'extranonce_subscribe' };
    case 'mining.get_transactions':
      return { method: 'get_transactions' };
    case 'mining.ping':
      return { method: 'ping' };
    case 'mining.multi_version':
      return { method: 'multi_version' };
    default:
      return { method: 'unknown' };
  }
}

/** Reads one line (without its line end) of a miner. Never throws. */
export function decodeMinerLine(line: string): MinerLine {
  let message: unknown;
  try {
    message = JSON.parse(line);
  } catch {
    return line.trim() === '' ? IGNORED : NOT_JSON;
  }
  if (!isObject(message)) return NOT_JSON;
  const id = message['id'] === undefined ? null : JSON.stringify(message['id']);
  const method = message['method'];
  if (method === undefined || method === null) return 'result' in message || 'error' in message ? IGNORED : { kind: 'garbage', id };
  if (typeof method !== 'string') return { kind: 'garbage', id };
  const params = message['params'] ?? NO_PARAMS;
  if (!Array.isArray(params)) return { kind: 'request', id, ask: { method: 'invalid', reason: 'Params not array' } };
  return { kind: 'request', id, ask: readAsk(method, params as unknown[]) };
}
