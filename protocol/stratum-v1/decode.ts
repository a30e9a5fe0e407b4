/** One line of a server -> what it means. Total: any line gives a message, nothing is ever thrown. */
import type { WireId } from './encode.ts';
import type { MalformedMessage, ResponseMessage, ServerMessage, WireError } from './messages.ts';
import { LIMITS } from './limits.ts';
import { parseExtranonce, parseNotify, parseU32Hex, readCleanJobs } from './notify.ts';
import { sanitizeText } from './text.ts';
import { isObject } from '../common/json.ts';

type JsonObject = Readonly<Record<string, unknown>>;

function malformed(reason: string, method: string | null = null, cleanJobs = false): MalformedMessage {
  return { kind: 'malformed', reason, method, cleanJobs };
}

function readId(value: unknown): WireId {
  return typeof value === 'number' || typeof value === 'string' ? value : null;
}

/** A finite number, or a text that is one. */
function readNumber(value: unknown): number | null {
  const number = typeof value === 'string' && /^\s*[+-]?[\d.]+(e[+-]?\d+)?\s*$/i.test(value) ? Number(value) : value;
  return typeof number === 'number' && Number.isFinite(number) ? number : null;
}

function words(value: unknown): string | null {
  const text = typeof value === 'string' ? sanitizeText(value) : '';
  return text === '' ? null : text;
}

/** [code, message, trace], {code, message}, "text" or a bare code; null, false and empty ones mean no error. */
function readError(message: JsonObject): WireError | null {
  const error = message['error'];
  const reason = words(message['reject-reason']);
  if (Array.isArray(error) && error.length > 0) return { code: readNumber(error[0]), message: words(error[1]) ?? words(error[0]) ?? reason };
  if (isObject(error) && Object.keys(error).length > 0) return { code: readNumber(error['code']), message: words(error['message']) ?? reason };
  if (typeof error === 'string' && error !== '') return { code: null, message: words(error) ?? reason };
  if (typeof error === 'number') return { code: error, message: reason };
  if (error === true) return { code: null, message: reason };
  return reason === null ? null : { code: null, message: reason };
}

function readResponse(message: JsonObject): ResponseMessage | MalformedMessage {
  if (!('result' in message) && !('error' in message) && !('reject-reason' in message)) return malformed('neither method nor result nor error');
  return { kind: 'response', id: readId(message['id']), result: message['result'], error: readError(message) };
}

function readReconnect(params: readonly unknown[]): ServerMessage {
  const method = 'client.reconnect';
  const [hostParam, portParam, waitParam] = params;
  if (hostParam !== undefined && hostParam !== null && typeof hostParam !== 'string') return malformed('the host is not a text', method);
  const [, scheme, host] = /^(?:([a-z0-9+]+):\/\/)?(.*)$/is.exec((hostParam ?? '').trim()) ?? [];
  if (host === undefined || host.length > 255 || /[^a-z0-9.:[\]_-]/i.test(host)) return malformed('the host is not a host name', method);
  const port = portParam === undefined || portParam === null || portParam === '' ? 0 : readNumber(portParam);
  if (port === null || !Number.isInteger(port) || port < 0 || port > 65_535) return malformed('the port is not a number from 0 to 65535', method);
  const waitS = Math.min(Math.max(readNumber(waitParam) ?? 0, 0), LIMITS.reconnectWaitS);
  const tls = scheme === undefined ? null : /ssl|tls|tcps/i.test(scheme);
  return { kind: 'reconnect', host: host === '' ? null : host, port: port === 0 ? null : port, tls, waitS };
}

type Reader = (params: readonly unknown[], id: WireId) => ServerMessage;

const METHODS: ReadonlyMap<string, Reader> = new Map<string, Reader>([
  [
    'mining.notify',
    (params) => {
      const checked = parseNotify(params);
      return 'value' in checked ? { kind: 'notify', job: checked.value } : malformed(checked.reason, 'mining.notify', readCleanJobs(params));
    },
  ],
  [
    'mining.set_difficulty',
    ([value]) => {
      const difficulty = readNumber(value);
      return difficulty !== null && difficulty > 0 ? { kind: 'set_difficulty', difficulty } : malformed('the difficulty is not a number above 0', 'mining.set_difficulty');
    },
  ],
  [
    'mining.set_extranonce',
    ([extranonce1, size]) => {
      const checked = parseExtranonce(extranonce1, size);
      return 'value' in checked ? { kind: 'set_extranonce', extranonce: checked.value } : malformed(checked.reason, 'mining.set_extranonce');
    },
  ],
  [
    'mining.set_version_mask',
    ([value]) => {
      const mask = parseU32Hex(value);
      return mask === null ? malformed('the mask is not up to 8 hex digits', 'mining.set_version_mask') : { kind: 'set_version_mask', mask };
    },
  ],
  ['client.reconnect', readReconnect],
  [
    'client.show_message',
    ([text]) => (typeof text === 'string' ? { kind: 'show_message', text: sanitizeText(text) } : malformed('the message is not a text', 'client.show_message')),
  ],
  ['client.get_version', (_, id) => ({ kind: 'get_version', id })],
  ['mining.ping', (_, id) => ({ kind: 'ping', id })],
]);

/** Reads one line (without its line end) of a Stratum V1 server. Never throws. */
export function decodeLine(line: string): ServerMessage {
  let message: unknown;
  try {
    message = JSON.parse(line);
  } catch {
    return malformed(line.trim() === '' ? 'an empty line' : 'not JSON');
  }
  if (!isObject(message)) return malformed('not a JSON object');
  const method = message['method'];
  // Servers number their requests independently of ours: only a line without method can be an answer.
  if (method === undefined || method === null) return readResponse(message);
  if (typeof method !== 'string') return malformed('the method is not a text');
  const id = readId(message['id']);
  const reader = METHODS.get(method);
  if (reader === undefined) return { kind: 'unknown_method', method: sanitizeText(method, 60), id };
  const params = message['params'] ?? [];
  return Array.isArray(params) ? reader(params, id) : malformed('params is not a list', method);
}
