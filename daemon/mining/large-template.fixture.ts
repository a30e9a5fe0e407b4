import { createHash } from 'node:crypto';

/** The body of a getblocktemplate answer as large as that of a full block: so many transactions of so many bytes each. */
export function largeTemplateAnswer(transactions: number, bytesEach: number): Buffer {
  const list = Array.from({ length: transactions }, (_, index) => {
    const id = createHash('sha256').update(String(index)).digest('hex');
    return { data: id.repeat(Math.ceil(bytesEach / 32)).slice(0, 2 * bytesEach), txid: id, hash: id, depends: [], fee: 1000 + index, sigops: 4, weight: 4 * bytesEach };
  });
  const result = {
    capabilities: ['proposal'],
    version: 0x20000000,
    rules: ['csv', '!segwit', 'taproot'],
    vbavailable: {},
    vbrequired: 0,
    previousblockhash: '00000000000000000002a7c4c1e48d76c5a37902165a270156b7a8d72728a054',
    transactions: list,
    coinbaseaux: {},
    coinbasevalue: 312_500_000,
    longpollid: 'id',
    target: '00000000000000000002a7c40000000000000000000000000000000000000000',
    mintime: 1_795_000_000,
    mutable: ['time', 'transactions', 'prevblock'],
    noncerange: '00000000ffffffff',
    sigoplimit: 80_000,
    sizelimit: 4_000_000,
    weightlimit: 4_000_000,
    curtime: 1_795_210_072,
    bits: '1702a7c4',
    height: 925_000,
    default_witness_commitment: `6a24aa21a9ed${'11'.repeat(32)}`,
  };
  return Buffer.from(JSON.stringify({ result, error: null, id: 1 }));
}
