/** Why a connection failed, for a person: system and OpenSSL errors are written for programmers. */
import { messageOf } from '../protocol/common/errors.ts';
import { sanitizeText } from '../protocol/stratum-v1/text.ts';

const MOST_CHARS = 300;

const WORDS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused',
  ECONNRESET: 'connection reset',
  ENOTFOUND: 'the name is not known',
  EAI_AGAIN: 'the name could not be looked up',
  EHOSTUNREACH: 'the host cannot be reached',
  ENETUNREACH: 'the network cannot be reached',
  ETIMEDOUT: 'no answer',
  EPIPE: 'connection closed',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'the certificate is self-signed',
  CERT_HAS_EXPIRED: 'the certificate has expired',
  ERR_TLS_CERT_ALTNAME_INVALID: 'the certificate is for another name',
};

/** @param code of a system or TLS error; null = there are no words for it. Holds nothing of the address. */
export function connectionWords(code: string | undefined): string | null {
  return WORDS[code ?? ''] ?? null;
}

/**
 * The same with what the error itself says of it: address and code, name, or OpenSSL's reason. One line of bounded length: with a
 * certificate, whose names are told, anybody on the way can write whatever he likes.
 */
export function describeConnectionError(error: Error & { code?: string; reason?: string }): string {
  return sanitizeText(describe(error), MOST_CHARS);
}

function describe(error: Error & { code?: string; reason?: string }): string {
  const { code = '' } = error;
  const words = connectionWords(code);
  // "IP: 127.0.0.1 is not in the cert's list: " of Node.js ends with a list that may be empty.
  const reason = (error.reason ?? '').trim().replace(/[\s:]+$/, '');
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID' && reason !== '') return `${words}: ${reason}`;
  // Stratum, or any other text, where a TLS record was expected.
  if (code === 'ERR_SSL_WRONG_VERSION_NUMBER' || code === 'ERR_SSL_PACKET_LENGTH_TOO_LONG') return `the port does not speak TLS (${reason || code}); perhaps the address is stratum+tcp://`;
  if (code.startsWith('ERR_SSL_') && reason !== '') return `TLS failed: ${reason}`;
  // Several addresses tried in vain give an AggregateError without a message of its own.
  const own = messageOf(error).trim() || code || error.name;
  if (words === null) return own;
  const { address, port } = error as { address?: string; port?: number };
  const where = address === undefined ? '' : ` ${address}${port === undefined ? '' : `:${port}`}`;
  return /^E[A-Z_]+$/.test(code) && !code.startsWith('ERR_') ? `${words} (${code}${where})` : words;
}
