import { describe, expect, it } from 'vitest';
import { loadVectors } from '../../test/vectors.ts';
import { bytesToHex, hexToBytes, reverseBytes } from '../common/bytes.ts';
import { assembleCoinbase } from './coinbase.ts';
import { sha256, sha256d } from './hash.ts';
import { displayHash } from './header.ts';
import { foldBranch, merkleBranch, merkleRoot } from './merkle.ts';

const raw = (display: string) => reverseBytes(hexToBytes(display));

/** Transactions of mainnet block 100000. */
const BLOCK_100000 = [
  '8c14f0db3df150123e6f3dbbf30f8b955a8249b62ac1d1ff16284aefa3d06d87',
  'fff2525b8931402dd09222c50775608f75787bd2b87e56995a7bdd30f79702c4',
  '6359f0868171b1d194cbee1af2f16ea598ae8fad666d9b012c8ed2b79a236ec4',
  'e9a66845e05d5abc0ad04ec80f774a7e585c6e8db975962d069a522137b80c1d',
].map(raw);

describe('merkle tree', () => {
  it('gives the root of block 100000, whole and from its branch', () => {
    const display = 'f3e94742aca4b5ef85488dc37c06c3282295ffec960994b2c0d5ac2a25a95766';
    expect(displayHash(merkleRoot(BLOCK_100000))).toBe(display);
    const branch = merkleBranch(BLOCK_100000.slice(1));
    expect(branch.map(bytesToHex)).toEqual([
      'c40297f730dd7b5a99567eb8d27b78758f607507c52292d02d4031895b52f2ff',
      '49aef42d78e3e9999c9e6ec9e1dddd6cb880bf3b076a03be1318ca789089308e',
    ]);
    expect(displayHash(foldBranch(BLOCK_100000[0]!, branch))).toBe(display);
  });

  it('is the coinbase itself when there is nothing else', () => {
    expect(merkleBranch([])).toEqual([]);
    expect(merkleRoot([BLOCK_100000[0]!])).toEqual(BLOCK_100000[0]);
    expect(foldBranch(BLOCK_100000[0]!, [])).toEqual(BLOCK_100000[0]);
    expect(() => merkleRoot([])).toThrow(RangeError);
  });

  it('folds the branch to the same root for every number of transactions', () => {
    for (let count = 1; count <= 40; count++) {
      const ids = Array.from({ length: count }, (_, i) => sha256(Uint8Array.of(count, i)));
      expect(foldBranch(ids[0]!, merkleBranch(ids.slice(1))), `${count}`).toEqual(merkleRoot(ids));
    }
  });

  it('agrees with the external vectors', (context) => {
    interface Coinbase { name: string; coinb1: string; extranonce1: string; extranonce2: string; coinb2: string; coinbase_hash_raw: string; merkle_branch: string[]; merkle_root_raw: string }
    interface List { name: string; txids_display?: string[]; count?: number; leaf_rule?: string; merkle_root_raw?: string; merkle_root_display?: string; coinbase_branch_raw: string[] }
    const { vectors, lists } = loadVectors<{ vectors: Coinbase[]; lists: List[] }>(context, 'stratum/merkle.json');
    for (const v of vectors) {
      const coinbase = sha256d(assembleCoinbase(hexToBytes(v.coinb1), hexToBytes(v.extranonce1), hexToBytes(v.extranonce2), hexToBytes(v.coinb2)));
      expect(bytesToHex(coinbase), v.name).toBe(v.coinbase_hash_raw);
      expect(bytesToHex(foldBranch(coinbase, v.merkle_branch.map(hexToBytes))), v.name).toBe(v.merkle_root_raw);
    }
    for (const v of lists) {
      const ids = v.txids_display?.map(raw) ?? Array.from({ length: v.count! }, (_, i) => sha256(new TextEncoder().encode(`tx${v.count}/${i}`)));
      const root = merkleRoot(ids);
      expect([bytesToHex(root), displayHash(root)], v.name).toContain(v.merkle_root_raw ?? v.merkle_root_display);
      expect(merkleBranch(ids.slice(1)).map(bytesToHex), v.name).toEqual(v.coinbase_branch_raw);
    }
    expect(vectors.length + lists.length).toBeGreaterThan(0);
  });
});
