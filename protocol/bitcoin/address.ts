/** Addresses to output scripts: Base58Check (P2PKH, P2SH), bech32 (BIP173) and bech32m (BIP350). */
import { RigError } from '../common/errors.ts';
import { decodeBase58Check } from './base58.ts';
import { decodeBech32, wordsToBytes } from './bech32.ts';

/** Chain names as `getblockchaininfo` prints them. */
export type Chain = 'main' | 'test' | 'testnet4' | 'signet' | 'regtest';

export type AddressKind = 'p2pkh' | 'p2sh' | 'p2wpkh' | 'p2wsh' | 'p2tr' | 'witness_unknown';

export interface DecodedAddress {
  readonly kind: AddressKind;
  /** The scriptPubKey that pays this address. */
  readonly script: Uint8Array;
  /** The chains whose addresses look like this; several test chains share their prefixes. */
  readonly chains: readonly Chain[];
}

const TEST_CHAINS: readonly Chain[] = ['test', 'testnet4', 'signet'];

const PREFIX_CHAINS: ReadonlyMap<string, readonly Chain[]> = new Map([
  ['bc', ['main']],
  ['tb', TEST_CHAINS],
  ['bcrt', ['regtest']],
] as [string, readonly Chain[]][]);

const VERSION_BYTES: ReadonlyMap<number, { kind: 'p2pkh' | 'p2sh'; chains: readonly Chain[] }> = new Map([
  [0, { kind: 'p2pkh' as const, chains: ['main'] as const }],
  [5, { kind: 'p2sh' as const, chains: ['main'] as const }],
  [111, { kind: 'p2pkh' as const, chains: [...TEST_CHAINS, 'regtest'] as const }],
  [196, { kind: 'p2sh' as const, chains: [...TEST_CHAINS, 'regtest'] as const }],
]);

function invalid(address: string, why: string): RigError {
  return new RigError('E_ADDRESS_INVALID', `"${address}" is not a usable address: ${why}`, { context: { address } });
}

function witnessKind(version: number, length: number): AddressKind {
  if (version === 0) return length === 20 ? 'p2wpkh' : 'p2wsh';
  return version === 1 && length === 32 ? 'p2tr' : 'witness_unknown';
}

function decodeSegwit(address: string, prefix: string, words: readonly number[], encoding: string): DecodedAddress {
  const chains = PREFIX_CHAINS.get(prefix);
  if (!chains) throw invalid(address, `"${prefix}" is not a Bitcoin prefix (bc, tb, bcrt)`);
  const [version, ...data] = words;
  if (version === undefined) throw invalid(address, 'it has no data');
  if (version > 16) throw invalid(address, `there is no witness version ${version}`);
  if (encoding !== (version === 0 ? 'bech32' : 'bech32m')) throw invalid(address, `witness version ${version} has a ${encoding} checksum`);
  const program = wordsToBytes(data);
  if (!program) throw invalid(address, 'its padding is wrong');
  if (program.length < 2 || program.length > 40) throw invalid(address, `a witness program has 2 to 40 bytes, not ${program.length}`);
  if (version === 0 && program.length !== 20 && program.length !== 32) throw invalid(address, `a version 0 program has 20 or 32 bytes, not ${program.length}`);
  // BIP141: OP_0 or OP_1..OP_16, then one push of the program.
  const script = Uint8Array.from([version === 0 ? 0 : 0x50 + version, program.length, ...program]);
  return { kind: witnessKind(version, program.length), script, chains };
}

function decodeLegacy(address: string, payload: Uint8Array): DecodedAddress {
  const version = VERSION_BYTES.get(payload[0] ?? -1);
  if (!version || payload.length !== 21) throw invalid(address, 'it is not a P2PKH or P2SH address of a Bitcoin chain');
  const hash = payload.subarray(1);
  const script = version.kind === 'p2pkh' ? [0x76, 0xa9, 20, ...hash, 0x88, 0xac] : [0xa9, 20, ...hash, 0x87];
  return { kind: version.kind, script: Uint8Array.from(script), chains: version.chains };
}

/**
 * Decodes an address of any chain.
 * @throws RigError E_ADDRESS_INVALID saying what is wrong with it
 */
export function decodeAddress(address: string): DecodedAddress {
  const bech32 = decodeBech32(address);
  if (bech32) return decodeSegwit(address, bech32.prefix, bech32.words, bech32.encoding);
  const payload = decodeBase58Check(address);
  if (payload) return decodeLegacy(address, payload);
  throw invalid(address, 'neither a bech32 nor a Base58 checksum fits (a typing mistake?)');
}

/**
 * The script a block reward is paid to. Stricter than `decodeAddress`: the address must belong to the chain, and must
 * not be of a witness version without rules yet, because anybody could spend such an output.
 * @throws RigError E_ADDRESS_INVALID
 */
export function payoutScript(address: string, chain: Chain): Uint8Array {
  const { kind, script, chains } = decodeAddress(address);
  if (!chains.includes(chain)) throw invalid(address, `it belongs to ${chains.join('/')}, the node is on ${chain}`);
  if (kind === 'witness_unknown') throw invalid(address, 'anybody can spend outputs of its witness version');
  return script;
}
