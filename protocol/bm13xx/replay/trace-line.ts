/** One line of a bus capture: JSON with `dir` ("tx" host to chips, "rx" chips to host) and `hex`; other keys are free. */
import { tryHexToBytes } from '../../common/bytes.ts';

export interface TraceChunk {
  readonly direction: 'tx' | 'rx';
  /** Bytes as they went over the line; a chunk need not be a whole frame. */
  readonly bytes: Uint8Array;
}

export type TraceLine =
  | { readonly kind: 'chunk'; readonly chunk: TraceChunk }
  /** An empty line, or an object without bytes: the header line of a file, a change of speed. */
  | { readonly kind: 'other' }
  | { readonly kind: 'bad'; readonly problem: string };

/** Reads a line. Never throws. */
export function decodeTraceLine(text: string): TraceLine {
  if (text.trim() === '') return { kind: 'other' };
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { kind: 'bad', problem: 'not JSON' };
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return { kind: 'bad', problem: 'not a JSON object' };
  const { dir, hex } = value as { dir?: unknown; hex?: unknown };
  if (hex === undefined && dir !== 'tx' && dir !== 'rx') return { kind: 'other' };
  if (dir !== 'tx' && dir !== 'rx') return { kind: 'bad', problem: '"dir" is neither "tx" nor "rx"' };
  const bytes = typeof hex === 'string' ? tryHexToBytes(hex) : null;
  if (bytes === null) return { kind: 'bad', problem: '"hex" is not a hex string of whole bytes' };
  return { kind: 'chunk', chunk: { direction: dir, bytes } };
}
