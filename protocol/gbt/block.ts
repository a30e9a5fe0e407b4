import { bytesToHex } from '../common/bytes.ts';
import { compactSize } from './compact-size.ts';
import { withWitness } from './coinbase.ts';
import type { BlockTemplate } from './template.ts';

/**
 * The whole block as hex, ready for `submitblock`.
 * @param header 80 bytes
 * @param coinbase serialisation without witness data, extranonces in place
 */
export function assembleBlock(template: BlockTemplate, header: Uint8Array, coinbase: Uint8Array): string {
  const full = template.commitmentScript ? withWitness(coinbase) : coinbase;
  const count = compactSize(1 + template.transactions.length);
  return [header, count, full].map(bytesToHex).join('') + template.transactions.map((transaction) => transaction.dataHex).join('');
}
