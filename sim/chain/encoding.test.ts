import { expect, test } from 'vitest';
import { loadVectors } from '../../test/vectors.ts';
import { hashHeader, parseBlock, serializeBlock, serializeHeader } from './block.ts';
import { ByteReader, compactSize, displayHex } from './bytes.ts';
import { branchOfFirst, foldBranch, merkleRoot } from './merkle.ts';
import { heightScript } from './script.ts';
import { serializeTx, txid } from './transaction.ts';
import { witnessCommitment } from './validate.ts';

const fromDisplay = (hex: string) => Buffer.from(hex, 'hex').reverse();

/** Bitcoin's block 0, public data. */
const BITCOIN_GENESIS =
  '0100000000000000000000000000000000000000000000000000000000000000000000003ba3edfd7a7b12b27ac72c3e67768f617fc81bc3888a51323a9fb8aa4b1e5e4a29ab5f49ffff001d1dac2b7c' +
  '0101000000010000000000000000000000000000000000000000000000000000000000000000ffffffff4d04ffff001d0104455468652054696d65732030332f4a616e2f32303039204368616e63656c6c6f72206f6e206272696e6b206f66207365636f6e64206261696c6f757420666f722062616e6b73ffffffff0100f2052a01000000434104678afdb0fe5548271967f1a67130b7105cd6a828e03909a67962e0ea1f61deb649f6bc3f4cef38c4f35504e51ec112de5c384df7ba0b8d578a4c702b6bf11d5fac00000000';

test('reads and writes a known block byte for byte', () => {
  const raw = Buffer.from(BITCOIN_GENESIS, 'hex');
  const block = parseBlock(raw);
  expect(displayHex(hashHeader(block.header))).toBe('000000000019d6689c085ae165831e934ff763ae46a2a6c172b3f1b60a8ce26f');
  expect(displayHex(txid(block.transactions[0]!))).toBe('4a5e1e4baab89f3a32518a88c31bc87f618f76673e2cc77ab2127b7afdeda33b');
  expect(block.transactions[0]!.outputs[0]!.value).toBe(5_000_000_000n);
  expect(serializeBlock(block).equals(raw)).toBe(true);
});

test('merkle root of block 170 and of odd lists', () => {
  const leaves = ['b1fea52486ce0c62bb442b530a3f0132b826c74e473d1f2c220bfa78111c5082', 'f4184fc596403b9d638783cf57adfe4c75c605f6356fbc91338530e9831e9e16'].map(fromDisplay);
  expect(displayHex(merkleRoot(leaves))).toBe('7dac2c5666815c17a3b36427de37bb9d2e2c5ccec3f8633eb91a4205cb4c10ff');
  for (let count = 1; count <= 17; count++) {
    const list = Array.from({ length: count }, (_, i) => Buffer.alloc(32, i + 1));
    expect(foldBranch(list[0]!, branchOfFirst(list.slice(1))).equals(merkleRoot(list))).toBe(true);
  }
});

test('heights are pushed the way BIP34 checks them', () => {
  const known: [number, string][] = [[1, '51'], [16, '60'], [17, '0111'], [127, '017f'], [128, '028000'], [256, '020001'], [32768, '03008000'], [227836, '03fc7903'], [840000, '0340d10c'], [16777215, '04ffffff00']];
  for (const [height, script] of known) expect(heightScript(height).toString('hex')).toBe(script);
});

test('the commitment of a block with only a coinbase is the known one', () => {
  expect(witnessCommitment([], Buffer.alloc(32)).toString('hex')).toBe('e2f61c3f71d1defd3fa999dfa36953755c690689799962b48bebd836974e8cf9');
});

test('length prefixes round-trip and longer forms than needed are refused', () => {
  for (const length of [0, 0xfc, 0xfd, 0xffff, 0x10000, 0xffffffff]) expect(new ByteReader(compactSize(length)).size()).toBe(length);
  for (const long of ['fd0500', 'fe00100000', 'ff0000000001000000'.slice(0, 10) + '00000000']) expect(() => new ByteReader(Buffer.from(long, 'hex')).size()).toThrow(RangeError);
});

test('agrees with the external header vectors', (context) => {
  const { vectors } = loadVectors<{ vectors: { name: string; header: string; hash_display: string }[] }>(context, 'stratum/headers.json');
  for (const { name, header, hash_display } of vectors) {
    const parsed = parseBlock(Buffer.from(`${header}00`, 'hex')).header;
    expect(serializeHeader(parsed).toString('hex'), name).toBe(header);
    expect(displayHex(hashHeader(parsed)), name).toBe(hash_display);
  }
});

test('reads the blocks a real regtest node accepted: ids, root and commitment', (context) => {
  const { vectors } = loadVectors<{ vectors: { block?: string }[] }>(context, 'stratum/gbt_regtest.json');
  const blocks = vectors.flatMap(({ block }) => (block === undefined ? [] : [Buffer.from(block, 'hex')]));
  expect(blocks.length).toBeGreaterThan(0);
  for (const raw of blocks) {
    const block = parseBlock(raw);
    expect(serializeBlock(block).equals(raw)).toBe(true);
    expect(merkleRoot(block.transactions.map(txid)).equals(block.header.merkleRoot)).toBe(true);
    const coinbase = serializeTx(block.transactions[0]!, false);
    expect(coinbase.includes(witnessCommitment(block.transactions.slice(1), Buffer.alloc(32)))).toBe(true);
  }
});
