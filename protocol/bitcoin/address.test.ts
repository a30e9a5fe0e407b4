import { describe, expect, it } from 'vitest';
import { loadVectors } from '../../test/vectors.ts';
import { RigError } from '../common/errors.ts';
import { decodeAddress, payoutScript } from './address.ts';

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');

interface AddressVector {
  address: string;
  valid: boolean;
  script?: string;
  network?: string;
}

const CHAIN_OF_NETWORK: Record<string, string> = { mainnet: 'main', testnet: 'test', regtest: 'regtest', signet: 'signet' };

function codeOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    return error instanceof RigError ? error.code : String(error);
  }
  return 'no error';
}

describe('decodeAddress', () => {
  // BIP173, BIP350 and the genesis block.
  it.each([
    ['1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa', 'p2pkh', '76a91462e907b15cbf27d5425399ebf6f0fb50ebb88f1888ac'],
    ['3Ai1JZ8pdJb2ksieUV8FsxSNVJCpoPi8W6', 'p2sh', 'a91462e907b15cbf27d5425399ebf6f0fb50ebb88f1887'],
    ['BC1QW508D6QEJXTDG4Y5R3ZARVARY0C5XW7KV8F3T4', 'p2wpkh', '0014751e76e8199196d454941c45d1b3a323f1433bd6'],
    ['tb1qrp33g0q5c5txsp9arysrx4k6zdkfs4nce4xj0gdcccefvpysxf3q0sl5k7', 'p2wsh', '00201863143c14c5166804bd19203356da136c985678cd4d27a1b8c6329604903262'],
    ['bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqzk5jj0', 'p2tr', '512079be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798'],
    ['bc1sw50qgdz25j', 'witness_unknown', '6002751e'],
  ])('turns %s into its %s script', (address, kind, script) => {
    const decoded = decodeAddress(address);
    expect(decoded.kind).toBe(kind);
    expect(hex(decoded.script)).toBe(script);
  });

  it.each([
    ['1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNb', 'one character changed'],
    ['bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqh2y7hd', 'bech32 checksum on witness version 1'],
    ['tb1q0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vq24jc47', 'bech32m checksum on witness version 0'],
    ['tb1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vq47Zagq', 'mixed case'],
    ['BC1QR508D6QEJXTDG4Y5R3ZARVARYV98GJ9P', 'version 0 program of 16 bytes'],
    ['bc1gmk9yu', 'no data'],
    ['', 'nothing at all'],
  ])('refuses %s (%s)', (address) => {
    expect(codeOf(() => decodeAddress(address))).toBe('E_ADDRESS_INVALID');
  });

  it('agrees with every external address vector', (context) => {
    const { vectors } = loadVectors<{ vectors: AddressVector[] }>(context, 'stratum/payout_addresses.json');
    for (const vector of vectors) {
      if (!vector.valid) {
        expect(codeOf(() => decodeAddress(vector.address)), vector.address).toBe('E_ADDRESS_INVALID');
        continue;
      }
      const decoded = decodeAddress(vector.address);
      expect(hex(decoded.script), vector.address).toBe(vector.script);
      for (const network of vector.network?.split('/') ?? []) expect(decoded.chains, vector.address).toContain(CHAIN_OF_NETWORK[network]);
    }
  });
});

describe('payoutScript', () => {
  const regtest = 'bcrt1qft5p2uhsdcdc3l2ua4ap5qqfg4pjaqlp250x7us7a8qqhrxrxfsqseac85';

  it('gives the script when the address belongs to the chain', () => {
    expect(hex(payoutScript(regtest, 'regtest'))).toBe('00204ae81572f06e1b88fd5ced7a1a000945432e83e1551e6f721ee9c00b8cc33260');
  });

  it('refuses an address of another chain and names both', () => {
    expect(() => payoutScript(regtest, 'main')).toThrow(/belongs to regtest, the node is on main/);
    expect(() => payoutScript('1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa', 'regtest')).toThrow(/belongs to main/);
  });

  it('refuses witness versions that anybody could spend', () => {
    expect(codeOf(() => payoutScript('bc1sw50qgdz25j', 'main'))).toBe('E_ADDRESS_INVALID');
    // Version 1, but not the 32 bytes of taproot.
    expect(codeOf(() => payoutScript('bc1pw508d6qejxtdg4y5r3zarvary0c5xw7kw508d6qejxtdg4y5r3zarvary0c5xw7kt5nd6y', 'main'))).toBe('E_ADDRESS_INVALID');
  });
});
