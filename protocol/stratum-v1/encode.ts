import { u32ToHex } from '../common/bytes.ts';
import { RigError } from '../common/errors.ts';
import { LIMITS } from './limits.ts';

/** An id of a JSON-RPC message as it stood on the wire. */
export type WireId = number | string | null;

const encoder = new TextEncoder();

function toLine(message: object): { readonly line: string; readonly bytes: number } {
  const line = `${JSON.stringify(message)}\n`;
  return { line, bytes: encoder.encode(line).length };
}

/** A request line, LF included. @throws RigError E_CONFIG_INVALID above 1000 bytes */
export function encodeRequest(id: number, method: string, params: readonly unknown[]): string {
  const { line, bytes } = toLine({ id, method, params });
  if (bytes <= LIMITS.outgoingLineBytes) return line;
  throw new RigError('E_CONFIG_INVALID', `${method} would have ${bytes} bytes; pools take at most ${LIMITS.outgoingLineBytes}`, {
    hint: 'Use a shorter worker name or password for this pool.',
    context: { method, bytes },
  });
}

/** The same, or null when the line would be too long: for requests that carry what a pool sent. */
export function tryEncodeRequest(id: number, method: string, params: readonly unknown[]): string | null {
  const { line, bytes } = toLine({ id, method, params });
  return bytes <= LIMITS.outgoingLineBytes ? line : null;
}

/** The answer to a request of the server, with its id as it came; null when it would be too long to send. */
export function encodeResult(id: WireId, result: unknown): string | null {
  const { line, bytes } = toLine({ id, result, error: null });
  return bytes <= LIMITS.outgoingLineBytes ? line : null;
}

export interface ConfigureOptions {
  /** Version bits we can and want to roll; 0 = do not ask. */
  readonly versionMask: number;
  readonly minimumDifficulty: number | null;
  readonly subscribeExtranonce: boolean;
}

/** Parameters of mining.configure (BIP310), or null when there is nothing to ask for. */
export function configureParams(options: ConfigureOptions): readonly unknown[] | null {
  const extensions: string[] = [];
  const values: Record<string, unknown> = {};
  if (options.versionMask !== 0) {
    extensions.push('version-rolling');
    values['version-rolling.mask'] = u32ToHex(options.versionMask);
    values['version-rolling.min-bit-count'] = 2;
  }
  if (options.minimumDifficulty !== null) {
    extensions.push('minimum-difficulty');
    values['minimum-difficulty.value'] = options.minimumDifficulty;
  }
  if (options.subscribeExtranonce) extensions.push('subscribe-extranonce');
  return extensions.length === 0 ? null : [extensions, values];
}

/** Parameters of mining.submit. Numbers become 8 hex digits, most significant first. */
export function submitParams(user: string, jobId: string, extranonce2: string, ntime: number, nonce: number, versionBits: number | null): readonly string[] {
  const params = [user, jobId, extranonce2, u32ToHex(ntime), u32ToHex(nonce)];
  return versionBits === null ? params : [...params, u32ToHex(versionBits)];
}
