import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { loadVectors } from '../../test/vectors.ts';
import { assembleCoinbase, heightOfCoinbase } from '../bitcoin/coinbase.ts';
import { sha256d } from '../bitcoin/hash.ts';
import { displayHash, hashHeader, serializeHeader } from '../bitcoin/header.ts';
import { foldBranch } from '../bitcoin/merkle.ts';
import { meetsTarget } from '../bitcoin/target.ts';
import { bytesToHex, hexToBytes } from '../common/bytes.ts';
import { RigError } from '../common/errors.ts';
import { assembleBlock } from './block.ts';
import { buildCoinbase, withWitness } from './coinbase.ts';
import { compactSize } from './compact-size.ts';
import { classifyProposalResult, classifySubmitResult } from './submit-result.ts';
import { decodeTemplate } from './template.ts';

interface BlockVector {
  getblocktemplate: Record<string, unknown>;
  coinb1: string;
  coinb2: string;
  extranonce1: string;
  extranonce2: string;
  coinbase_txid: string;
  coinbase_segwit: string;
  merkle_branch: string[];
  header: string;
  nonce: number;
  hash: string;
  block: string;
}

/** P2WSH of OP_TRUE. */
const PAYOUT = hexToBytes('00204ae81572f06e1b88fd5ced7a1a000945432e83e1551e6f721ee9c00b8cc33260');
/** Commitment of a block that holds nothing but its coinbase. */
const EMPTY_COMMITMENT = '6a24aa21a9ede2f61c3f71d1defd3fa999dfa36953755c690689799962b48bebd836974e8cf9';

/** What a regtest node answers for the block after genesis. */
const TEMPLATE = {
  version: 0x20000000,
  rules: ['csv', '!segwit'],
  vbrequired: 0,
  height: 1,
  previousblockhash: '0f9188f13cb7b2c71f2a335e3a4fc328bf5beb436012afca590b1a11466e2206',
  target: '7fffff0000000000000000000000000000000000000000000000000000000000',
  bits: '207fffff',
  curtime: 1_795_210_072,
  mintime: 1_296_688_603,
  longpollid: 'abc',
  coinbasevalue: 5_000_000_000,
  default_witness_commitment: EMPTY_COMMITMENT,
  transactions: [],
};

/** The block of a template for given extranonces, as the miner would build it. */
function mine(template: unknown, extranonces: Uint8Array, nonce: number) {
  const decoded = decodeTemplate(template);
  const { coinb1, coinb2 } = buildCoinbase({
    height: decoded.height,
    value: decoded.coinbaseValue,
    payoutScript: PAYOUT,
    commitmentScript: decoded.commitmentScript,
    extranonceSize: extranonces.length,
    tag: '',
  });
  const coinbase = assembleCoinbase(coinb1, extranonces, new Uint8Array(0), coinb2);
  const branch = decoded.merkleBranch;
  const header = serializeHeader({
    version: decoded.version,
    prevHash: decoded.prevHash,
    merkleRoot: foldBranch(sha256d(coinbase), branch),
    ntime: decoded.curtime,
    nbits: decoded.nbits,
    nonce,
  });
  return { decoded, coinb1, coinb2, coinbase, branch, header, block: Buffer.from(assembleBlock(decoded, header, coinbase)).toString('latin1') };
}

describe('template to block', () => {
  it('builds, byte for byte, blocks that a node accepted', (context) => {
    const { vectors } = loadVectors<{ vectors: BlockVector[] }>(context, 'stratum/gbt_regtest.json');
    expect(vectors.length).toBeGreaterThan(0);
    for (const vector of vectors) {
      const built = mine(vector.getblocktemplate, hexToBytes(vector.extranonce1 + vector.extranonce2), vector.nonce);
      expect(bytesToHex(built.coinb1)).toBe(vector.coinb1);
      expect(bytesToHex(built.coinb2)).toBe(vector.coinb2);
      expect(displayHash(sha256d(built.coinbase))).toBe(vector.coinbase_txid);
      expect(bytesToHex(withWitness(built.coinbase))).toBe(vector.coinbase_segwit);
      expect(built.branch.map(bytesToHex)).toEqual(vector.merkle_branch);
      expect(bytesToHex(built.header)).toBe(vector.header);
      expect(displayHash(hashHeader(built.header))).toBe(vector.hash);
      expect(meetsTarget(hashHeader(built.header), built.decoded.target)).toBe(true);
      expect(built.block).toBe(vector.block);
    }
  });

  it('counts the coinbase and appends the transactions in template order', () => {
    const transactions = ['aa', 'bb', 'cc'].map((byte) => ({ data: byte.repeat(70), txid: byte.repeat(32), hash: '00'.repeat(32) }));
    const { block, branch } = mine({ ...TEMPLATE, transactions }, new Uint8Array(12), 0);
    expect(block.slice(160, 162)).toBe('04');
    expect(block.endsWith('aa'.repeat(70) + 'bb'.repeat(70) + 'cc'.repeat(70))).toBe(true);
    expect(bytesToHex(branch[0]!)).toBe('aa'.repeat(32));
    expect(branch).toHaveLength(2);
  });

  it('leaves the witness out when the chain has no segwit yet', () => {
    const { default_witness_commitment: _unused, ...before } = TEMPLATE;
    const { block, coinbase, decoded } = mine(before, new Uint8Array(12), 0);
    expect(decoded.commitmentScript).toBeNull();
    expect(block).toBe(block.slice(0, 160) + '01' + bytesToHex(coinbase));
    expect(bytesToHex(coinbase)).not.toContain('aa21a9ed');
  });
});

describe('buildCoinbase', () => {
  const options = { height: 840_000, value: 312_500_000n, payoutScript: PAYOUT, commitmentScript: null, extranonceSize: 12, tag: '/rigbrain/' };

  it('writes height, tag and room for the extranonces into the script', () => {
    const { coinb1, coinb2 } = buildCoinbase(options);
    const script = `0340d10c${'0a'}${Buffer.from('/rigbrain/').toString('hex')}0c`;
    expect(bytesToHex(coinb1)).toBe(`0200000001${'00'.repeat(32)}ffffffff${(script.length / 2 + 12).toString(16)}${script}`);
    expect(bytesToHex(coinb2)).toBe(`ffffffff01205fa012000000002200204ae81572f06e1b88fd5ced7a1a000945432e83e1551e6f721ee9c00b8cc3326000000000`);
  });

  it('keeps values above 2^32 satoshi exact', () => {
    const { coinb2 } = buildCoinbase({ ...options, value: 2_099_999_997_690_000n });
    expect(Buffer.from(coinb2).readBigUInt64LE(5)).toBe(2_099_999_997_690_000n);
  });

  it('refuses what does not fit the 100 bytes of a coinbase script', () => {
    expect(() => buildCoinbase({ ...options, tag: 'x'.repeat(76) })).toThrow(RangeError);
    expect(() => buildCoinbase({ ...options, tag: 'x'.repeat(75), extranonceSize: 32 })).toThrow(/113 bytes, 100 at most/);
    expect(() => buildCoinbase({ ...options, extranonceSize: 0 })).toThrow(RangeError);
  });
});

describe('the coinbase script', () => {
  const script = (height: number, tag: string) => {
    const { coinb1 } = buildCoinbase({ height, value: 1n, payoutScript: PAYOUT, commitmentScript: null, extranonceSize: 12, tag });
    return { coinb1, length: coinb1[41]! };
  };

  it.each([0, 1, 2, 15, 16, 17, 127, 128, 255, 256, 32_767, 32_768, 65_535, 840_000, 8_388_607, 8_388_608, 0x7fff_ffff])('tells height %i and fits the 2 to 100 bytes, with and without a tag', (height) => {
    for (const tag of ['', '/rigbrain/', 'x'.repeat(75)]) {
      const { coinb1, length } = script(height, tag);
      expect(length).toBeGreaterThanOrEqual(2);
      expect(length).toBeLessThanOrEqual(100);
      expect(heightOfCoinbase(coinb1)).toBe(height);
      expect(coinb1).toHaveLength(42 + length - 12);
    }
  });
});

describe('decodeTemplate', () => {
  it('gives a template or says why not, whatever a node sends', () => {
    const members = Object.keys(TEMPLATE);
    fc.assert(
      fc.property(fc.constantFrom(...members), fc.anything(), fc.anything(), (member, value, whole) => {
        for (const input of [{ ...TEMPLATE, [member]: value }, { ...TEMPLATE, transactions: [value] }, whole]) {
          try {
            decodeTemplate(input);
          } catch (error) {
            expect(error).toBeInstanceOf(RigError);
          }
        }
      }),
      { numRuns: 2000 },
    );
  });

  it('reads what is needed, in header order', () => {
    const decoded = decodeTemplate(TEMPLATE);
    expect(displayHash(decoded.prevHash)).toBe(TEMPLATE.previousblockhash);
    expect(decoded.nbits).toBe(0x207fffff);
    expect(decoded.target).toBe(0x7fffffn << 232n);
    expect(decoded.coinbaseValue).toBe(5_000_000_000n);
    expect(decoded.longPollId).toBe('abc');
  });

  it('reads a signed version as the same 32 bits', () => {
    expect(decodeTemplate({ ...TEMPLATE, version: -0x60000000 }).version).toBe(0xa0000000);
  });

  it.each([
    ['previousblockhash', 'beef'],
    ['target', 'zz'.repeat(32)],
    ['target', '00'.repeat(32)],
    ['bits', undefined],
    ['height', '7'],
    ['curtime', -1],
    ['coinbasevalue', 1e17],
    ['coinbasevalue', 0.5],
    ['version', 2 ** 40],
    ['transactions', null],
    ['transactions[0]', [7]],
    ['transactions[0].data', [{ data: '012', txid: '00'.repeat(32) }]],
    ['transactions[0].txid', [{ data: '0102', txid: 7 }]],
    ['default_witness_commitment', 'odd'],
    ['rules', 'segwit'],
  ])('names "%s" when it is %j', (member, value) => {
    const key = member.replace(/\[.*/, '');
    try {
      decodeTemplate({ ...TEMPLATE, [key]: value });
      expect.unreachable();
    } catch (error) {
      expect(error).toBeInstanceOf(RigError);
      expect((error as RigError).code).toBe('E_NODE_RPC');
      expect((error as RigError).message).toContain(`"${member}"`);
    }
  });

  it('leaves a commitment out that comes before segwit is in force', () => {
    const commitment = (more: object) => decodeTemplate({ ...TEMPLATE, ...more }).commitmentScript;
    expect(commitment({ rules: ['csv'] })).toBeNull();
    expect(commitment({ rules: ['csv', 'segwit'] })).not.toBeNull();
    expect(commitment({ rules: undefined })).not.toBeNull();
    // Transactions with witness data need it, whatever the list says.
    expect(commitment({ rules: [], transactions: [{ data: '00', txid: '11'.repeat(32), hash: '22'.repeat(32) }] })).not.toBeNull();
    expect(commitment({ rules: [], transactions: [{ data: '00', txid: '11'.repeat(32), hash: '11'.repeat(32) }] })).toBeNull();
  });

  it('refuses an answer that is no object', () => {
    for (const value of [null, 'text', 7, []]) expect(() => decodeTemplate(value)).toThrow(RigError);
  });

  it('refuses to mine under a mandatory rule it does not know, and ignores optional ones', () => {
    expect(() => decodeTemplate({ ...TEMPLATE, rules: ['!signet'] })).toThrow(/"signet"/);
    expect(() => decodeTemplate({ ...TEMPLATE, rules: ['testdummy', '!segwit'] })).not.toThrow();
  });
});

describe('compactSize', () => {
  it.each([
    [0, '00'],
    [252, 'fc'],
    [253, 'fdfd00'],
    [65_535, 'fdffff'],
    [65_536, 'fe00000100'],
  ])('writes %i as %s', (count, hex) => {
    expect(bytesToHex(compactSize(count))).toBe(hex);
  });
});

describe('classifySubmitResult', () => {
  it.each([
    [null, 'accepted'],
    ['duplicate', 'accepted'],
    ['rejected: duplicate', 'accepted'],
    ['inconclusive', 'inconclusive'],
    ['duplicate-inconclusive', 'inconclusive'],
    ['stale-prevblk', 'stale'],
    ['bad-prevblk', 'stale'],
    ['rejected: high-hash', 'low_difficulty'],
    ['duplicate-invalid', 'rejected'],
    ['bad-txnmrklroot', 'rejected'],
    [{ odd: true }, 'rejected'],
  ])('reads %j as %s', (result, status) => {
    expect(classifySubmitResult(result).status).toBe(status);
  });

  it('keeps the words of the node without its prefix', () => {
    expect(classifySubmitResult('rejected: bad-cb-amount')).toEqual({ status: 'rejected', reason: 'bad-cb-amount' });
  });
});

describe('classifyProposalResult', () => {
  it.each([
    [null, 'good'],
    ['high-hash', 'good'],
    ['rejected: high-hash', 'good'],
    ['inconclusive-not-best-prevblk', 'late'],
    ['bad-prevblk', 'late'],
    ['bad-prevblk-of-another-kind', 'refused'],
    ['bad-cb-amount', 'refused'],
    ['rejected: bad-witness-merkle-match', 'refused'],
    [{ odd: true }, 'refused'],
  ])('reads %j as %s', (result, status) => {
    expect(classifyProposalResult(result).status).toBe(status);
  });
});
