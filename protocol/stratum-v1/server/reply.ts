/** Lines from the server to a miner, LF included. Ids are JSON texts: they go back exactly as they came. */
import { u32ToHex } from '../../common/bytes.ts';

/** A refusal: code and words as pools write them (20 other, 21 stale, 22 duplicate, 23 low difficulty, 24 unauthorized, 25 not subscribed). */
export interface Refusal {
  readonly code: number;
  readonly text: string;
}

/** Every refusal that is always the same. */
export const REFUSALS = {
  tooFewParams: { code: 20, text: 'Invalid array size' },
  extranonce2: { code: 20, text: 'Incorrect size of extranonce2' },
  extranonce2Hex: { code: 20, text: 'Invalid extranonce2' },
  ntime: { code: 20, text: 'Invalid ntime' },
  ntimeRange: { code: 20, text: 'Ntime out of range' },
  nonce: { code: 20, text: 'Invalid nonce' },
  versionBits: { code: 20, text: 'Invalid version bits' },
  versionMask: { code: 20, text: 'Invalid version mask' },
  jobNotFound: { code: 21, text: 'Job not found' },
  stale: { code: 21, text: 'Stale' },
  duplicate: { code: 22, text: 'Duplicate share' },
  lowDifficulty: { code: 23, text: 'Low difficulty share' },
  unauthorized: { code: 24, text: 'Unauthorized worker' },
  notSubscribed: { code: 25, text: 'Not subscribed' },
  transactions: { code: 20, text: 'Transactions are not given out' },
  notARequest: { code: -32600, text: 'Not a request' },
  unknownMethod: { code: -3, text: 'Method not found' },
  lineTooLong: { code: 20, text: 'Line too long' },
} as const satisfies Record<string, Refusal>;

/** The answer `true`, by far the most frequent one. */
export function trueLine(id: string): string {
  return `{"id":${id},"result":true,"error":null}\n`;
}

export function resultLine(id: string, result: unknown): string {
  return `{"id":${id},"result":${JSON.stringify(result)},"error":null}\n`;
}

export function refusalLine(id: string, { code, text }: Refusal): string {
  return `{"id":${id},"result":null,"error":[${code},${JSON.stringify(text)},null]}\n`;
}

export function setDifficultyLine(difficulty: number): string {
  return `{"id":null,"method":"mining.set_difficulty","params":[${difficulty}]}\n`;
}

export function setVersionMaskLine(mask: number): string {
  return `{"id":null,"method":"mining.set_version_mask","params":["${u32ToHex(mask)}"]}\n`;
}

export function setExtranonceLine(extranonce1Hex: string, extranonce2Size: number): string {
  return `{"id":null,"method":"mining.set_extranonce","params":["${extranonce1Hex}",${extranonce2Size}]}\n`;
}

/** To the same address again. */
export const RECONNECT_LINE = '{"id":null,"method":"client.reconnect","params":[]}\n';
