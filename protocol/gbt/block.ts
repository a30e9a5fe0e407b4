import { bytesToHex } from '../common/bytes.ts';
import { compactSize } from './compact-size.ts';
import { withWitness } from './coinbase.ts';
import type { BlockTemplate } from './template.ts';

/**
 * The whole block as ASCII hex digits, ready for `submitblock`. Bytes and not a string: it has up to eight million
 * digits, and so they are only copied.
 * @param header 80 bytes
 * @param coinbase serialisation without witness data, extranonces in place
 */
export function assembleBlock(template: BlockTemplate, header: Uint8Array, coinbase: Uint8Array): Uint8Array {
  const full = template.commitmentScript ? withWitness(coinbase) : coinbase;
  const count = compactSize(1 + template.transactionCount);
  const start = new TextEncoder().encode([header, count, full].map(bytesToHex).join(''));
  const block = new Uint8Array(start.length + template.transactionsHex.length);
  block.set(start);
  block.set(template.transactionsHex, start.length);
  return block;
}
