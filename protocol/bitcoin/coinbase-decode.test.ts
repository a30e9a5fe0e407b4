import { describe, expect, it, test } from 'vitest';
import { loadVectors } from '../../test/vectors.ts';
import { bytesToHex, concatBytes, hexToBytes } from '../common/bytes.ts';
import { xorshift } from '../common/xorshift.fixture.ts';
import { buildCoinbase, withWitness } from '../gbt/coinbase.ts';
import { decodeAddress } from './address.ts';
import { decodeCoinbase, decodeJobCoinbase } from './coinbase-decode.ts';
import { addressOfScript, scriptKind } from './script-address.ts';

const KEY_HASH = '751e76e8199196d454941c45d1b3a323f1433bd6';
const PAYOUT = hexToBytes(`0014${KEY_HASH}`);
const COMMITMENT = hexToBytes(`6a24aa21a9ed${'ab'.repeat(32)}`);

function coinbase(options: Partial<Parameters<typeof buildCoinbase>[0]> = {}): Uint8Array {
  const { coinb1, coinb2 } = buildCoinbase({ height: 840_000, value: 312_500_000n, payoutScript: PAYOUT, commitmentScript: COMMITMENT, extranonceSize: 8, tag: '/rigbrain/', ...options });
  return concatBytes(coinb1, new Uint8Array(8), coinb2);
}

describe('coinbase', () => {
  it('is read with its outputs, height and tag', () => {
    const decoded = decodeCoinbase(coinbase());
    expect(decoded).toMatchObject({ kind: 'coinbase', total_sat: 312_500_000, height: 840_000, tag: '/rigbrain/' });
    if (decoded.kind !== 'coinbase') return expect.unreachable();
    expect(decoded.outputs.map(({ value_sat, script }) => [value_sat, scriptKind(script)])).toEqual([
      [312_500_000, 'p2wpkh'],
      [0, 'commitment'],
    ]);
  });

  it('is read the same with marker, flag and witness', () => {
    expect(decodeCoinbase(withWitness(coinbase()))).toEqual(decodeCoinbase(coinbase()));
  });

  it.each<[string, (bytes: Uint8Array) => Uint8Array, RegExp]>([
    ['nothing', () => new Uint8Array(0), /ends within the version/],
    ['a byte too few', (bytes) => bytes.subarray(0, -1), /ends within the lock time/],
    ['a byte too many', (bytes) => concatBytes(bytes, Uint8Array.of(0)), /1 bytes follow its end/],
    ['two inputs', (bytes) => bytes.with(4, 2), /exactly one input/],
    ['an input that spends', (bytes) => bytes.with(10, 1), /spends another/],
    ['an endless script', (bytes) => bytes.with(41, 101), /101 bytes, not 2 to 100/],
    ['more coins than there are', (bytes) => bytes.with(bytes.length - 4 - 47 - 31 + 7, 0x7f), /more than all coins/],
  ])('is not read when it is %s', (_, change, words) => {
    expect(decodeCoinbase(change(Uint8Array.from(coinbase())))).toEqual({ kind: 'unreadable', reason: expect.stringMatching(words) });
  });

  it('is never read by throwing, whatever is cut out of it or put into it', () => {
    const good = [coinbase(), withWitness(coinbase())];
    for (const bytes of good) for (let end = 0; end < bytes.length; end++) expect(decodeCoinbase(bytes.subarray(0, end)).kind).toBe('unreadable');
    const random = xorshift(0xc01b);
    let readable = 0;
    for (let round = 0; round < 50_000; round++) {
      const bytes = Uint8Array.from(good[random(2)]!);
      for (let flips = 1 + random(4); flips > 0; flips--) bytes[random(bytes.length)] = [0, 1, 0xfd, 0xfe, 0xff, random(256)][random(6)]!;
      const decoded = decodeCoinbase(random(4) === 0 ? bytes.subarray(0, random(bytes.length)) : bytes);
      if (decoded.kind === 'unreadable') continue;
      readable += 1;
      expect(decoded.total_sat).toBeLessThanOrEqual(2_100_000_000_000_000);
      expect(decoded.tag ?? '').toMatch(/^[\x20-\x7e]{0,100}$/);
      for (const { script } of decoded.outputs) addressOfScript(script, 'main');
    }
    expect(readable).toBeGreaterThan(1000);
  });

  it('of a real pool is read, with its tag and whom it pays', (context) => {
    const { vectors } = loadVectors<{ vectors: { name: string; lines: { dir: string; line: string }[] }[] }>(context, 'stratum/v1_transcripts.json');
    const seen: string[] = [];
    for (const { name, lines } of vectors) {
      let extranonce: [string, number] | null = null;
      for (const { dir, line } of lines) {
        if (dir !== 's2c' || !line.startsWith('{')) continue;
        const message = JSON.parse(line) as { method?: string; params?: unknown[]; result?: unknown };
        if (Array.isArray(message.result) && typeof message.result[1] === 'string') extranonce = [message.result[1], Number(message.result[2])];
        if (message.method !== 'mining.notify' || extranonce === null) continue;
        const [coinb1, coinb2] = [message.params![2], message.params![3]] as string[];
        const decoded = decodeJobCoinbase({ coinb1: hexToBytes(coinb1!), extranonce1: hexToBytes(extranonce[0]), extranonce2Size: extranonce[1], coinb2: hexToBytes(coinb2!) });
        expect([name, decoded.kind]).toEqual([name, 'coinbase']);
        if (decoded.kind === 'coinbase') seen.push(...decoded.outputs.map(({ script }) => addressOfScript(script, 'regtest') ?? scriptKind(script)), decoded.tag ?? '');
      }
    }
    expect(seen).toContain('bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080');
    expect(seen).toContain('commitment');
    expect(seen.some((text) => text.includes('ckpool'))).toBe(true);
  });

  it('of a real node is read', (context) => {
    const { vectors } = loadVectors<{ vectors: { coinbase_legacy: string; getblocktemplate: { height: number; coinbasevalue: number } }[] }>(context, 'stratum/gbt_regtest.json');
    for (const { coinbase_legacy, getblocktemplate } of vectors) {
      expect(decodeCoinbase(hexToBytes(coinbase_legacy))).toMatchObject({ kind: 'coinbase', height: getblocktemplate.height, total_sat: getblocktemplate.coinbasevalue });
    }
  });
});

describe('addresses of scripts', () => {
  it.each([
    ['1BgGZ9tcN4rm9KBzDn7KprQz87SZ26SAMH', 'p2pkh'],
    ['3P14159f73E4gFr7JterCCQh9QjiTjiZrG', 'p2sh'],
    ['bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4', 'p2wpkh'],
    ['bc1qrp33g0q5c5txsp9arysrx4k6zdkfs4nce4xj0gdcccefvpysxf3qccfmv3', 'p2wsh'],
    ['bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqzk5jj0', 'p2tr'],
    ['bc1zw508d6qejxtdg4y5r3zarvaryvaxxpcs', 'witness_unknown'],
  ])('%s is a %s', (address, kind) => {
    const { script } = decodeAddress(address);
    expect([scriptKind(script), addressOfScript(script, 'main')]).toEqual([kind, address]);
  });

  it.each([
    ['bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080', 'regtest'],
    ['tb1qw508d6qejxtdg4y5r3zarvary0c5xw7kxpjzsx', 'signet'],
    ['mrCDrCybB6J1vRfbwM5hemdJz73FwDBC8r', 'test'],
    ['1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN2', 'main'],
  ] as const)('%s belongs to %s', (address, chain) => {
    expect(addressOfScript(decodeAddress(address).script, chain)).toBe(address);
  });

  it.each(['', '6a', '6a0568656c6c6f', `21${'02'.repeat(33)}ac`, '51', '0014', `0015${'00'.repeat(21)}`, `76a914${KEY_HASH}88`])('there is none for %s', (hex) => {
    expect(addressOfScript(hexToBytes(hex), 'main')).toBeNull();
  });

  test('every valid payout address comes back', (context) => {
    const { vectors } = loadVectors<{ vectors: { address: string; script?: string; valid: boolean; network?: string }[] }>(context, 'stratum/payout_addresses.json');
    for (const { address, script, valid } of vectors) {
      if (!valid || script === undefined) continue;
      const { chains } = decodeAddress(address);
      expect(addressOfScript(hexToBytes(script), chains[0]!)).toBe(/^(bc|tb|bcrt)1/i.test(address) ? address.toLowerCase() : address);
      expect(bytesToHex(decodeAddress(address).script)).toBe(script);
    }
  });
});
