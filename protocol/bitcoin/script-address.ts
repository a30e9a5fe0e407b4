/** Output scripts to addresses: what `address.ts` does, the other way round. */
import type { AddressKind, Chain } from './address.ts';
import { encodeBase58Check } from './base58.ts';
import { bytesToWords, encodeBech32 } from './bech32.ts';
import { concatBytes } from '../common/bytes.ts';

/** `p2pk`: to a bare key, as in the first blocks. `op_return`: data, unspendable. `commitment`: the one of BIP141. */
export type ScriptKind = AddressKind | 'p2pk' | 'op_return' | 'commitment' | 'other';

const OP_RETURN = 0x6a;
const OP_1 = 0x51;
const OP_16 = 0x60;
const COMMITMENT = [OP_RETURN, 0x24, 0xaa, 0x21, 0xa9, 0xed];

function startsWith(script: Uint8Array, bytes: readonly number[]): boolean {
  return script.length >= bytes.length && bytes.every((byte, index) => script[index] === byte);
}

/** What kind of script it is; never throws. */
export function scriptKind(script: Uint8Array): ScriptKind {
  const [first = -1, second = -1] = script;
  if (script.length === 25 && startsWith(script, [0x76, 0xa9, 20]) && script[23] === 0x88 && script[24] === 0xac) return 'p2pkh';
  if (script.length === 23 && startsWith(script, [0xa9, 20]) && script[22] === 0x87) return 'p2sh';
  if (script.length >= 38 && startsWith(script, COMMITMENT)) return 'commitment';
  if (first === OP_RETURN) return 'op_return';
  if ((first === 33 || first === 65) && script.length === first + 2 && script[first + 1] === 0xac) return 'p2pk';
  // BIP141: a version, then one push of 2 to 40 bytes.
  if (script.length >= 4 && script.length <= 42 && second === script.length - 2 && (first === 0 || (first >= OP_1 && first <= OP_16))) {
    if (first === 0) return second === 20 ? 'p2wpkh' : second === 32 ? 'p2wsh' : 'other';
    return first === OP_1 && second === 32 ? 'p2tr' : 'witness_unknown';
  }
  return 'other';
}

/** The address that stands for a script on a chain; null when there is none for it. */
export function addressOfScript(script: Uint8Array, chain: Chain): string | null {
  const kind = scriptKind(script);
  if (kind === 'p2pkh') return encodeBase58Check(concatBytes(Uint8Array.of(chain === 'main' ? 0 : 111), script.subarray(3, 23)));
  if (kind === 'p2sh') return encodeBase58Check(concatBytes(Uint8Array.of(chain === 'main' ? 5 : 196), script.subarray(2, 22)));
  if (kind === 'p2pk' || kind === 'op_return' || kind === 'commitment' || kind === 'other') return null;
  const version = script[0] === 0 ? 0 : script[0]! - OP_1 + 1;
  const prefix = chain === 'main' ? 'bc' : chain === 'regtest' ? 'bcrt' : 'tb';
  return encodeBech32({ prefix, words: [version, ...bytesToWords(script.subarray(2))], encoding: version === 0 ? 'bech32' : 'bech32m' });
}
