/** Decodes a `getblocktemplate` answer (BIP22, BIP23, BIP145): tolerant of unknown members, strict about those we build on. */
import { merkleBranch } from '../bitcoin/merkle.ts';
import { bytesToHex, reverseBytes, tryHexToBytes } from '../common/bytes.ts';
import { RigError } from '../common/errors.ts';
import { isObject } from '../common/json.ts';

/** What is needed of a template to build a block. */
export interface BlockTemplate {
  readonly version: number;
  /** Version bits that must stay as they are (BIP9 `vbrequired`). */
  readonly requiredVersionBits: number;
  /** Header order. */
  readonly prevHash: Uint8Array;
  readonly height: number;
  readonly nbits: number;
  readonly target: bigint;
  /** Seconds since the epoch: the node's time, and the least it accepts. */
  readonly curtime: number;
  readonly mintime: number;
  /** Reward and fees, in satoshi. */
  readonly coinbaseValue: bigint;
  /** Whole script of the witness commitment output; null before segwit. */
  readonly commitmentScript: Uint8Array | null;
  /** Without the coinbase. */
  readonly transactionCount: number;
  /**
   * Their serialisations with witness, in block order, as ASCII hex digits: a full block has megabytes of them, which go
   * back to the node in `submitblock` as they came.
   */
  readonly transactionsHex: Uint8Array;
  /** What the coinbase's hash is folded with to give the merkle root. */
  readonly merkleBranch: readonly Uint8Array[];
  readonly longPollId: string | null;
}

/** Mandatory rules (written `!name`) this code builds correct blocks for. An unknown one means: do not mine (BIP9). */
const KNOWN_RULES = new Set(['csv', 'segwit', 'taproot']);

const MAX_MONEY = 2_100_000_000_000_000;
const U32_MAX = 0xffff_ffff;

type Members = Readonly<Record<string, unknown>>;

function refuse(why: string): RigError {
  return new RigError('E_NODE_RPC', `the block template of the node cannot be used: ${why}`);
}

function integer(members: Members, name: string, max: number): number {
  const value = members[name];
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0 || value > max) throw refuse(`"${name}" is not a number from 0 to ${max}`);
  return value;
}

function hexBytes(value: unknown, name: string, length: number | null): Uint8Array {
  const bytes = typeof value === 'string' ? tryHexToBytes(value) : null;
  if (!bytes || (length !== null && bytes.length !== length)) throw refuse(`"${name}" is not ${length ?? 'whole'} bytes of hex`);
  return bytes;
}

/** Block versions are signed in the RPC; in a header they are the same 32 bits without a sign. */
function versionOf(members: Members): number {
  const value = members.version;
  if (typeof value !== 'number' || !Number.isInteger(value) || value < -0x8000_0000 || value > U32_MAX) throw refuse('"version" is not a 32-bit number');
  return value >>> 0;
}

interface Transactions {
  readonly txids: readonly Uint8Array[];
  /** One of them at least has witness data: its hash with it is another than its id. */
  readonly witness: boolean;
  readonly hex: Uint8Array;
}

function decodeTransactions(list: readonly unknown[]): Transactions {
  const data: string[] = [];
  const txids: Uint8Array[] = [];
  let witness = false;
  for (const [index, value] of list.entries()) {
    if (!isObject(value)) throw refuse(`"transactions[${index}]" is not an object`);
    const hex = value.data;
    if (typeof hex !== 'string' || hex.length === 0 || hex.length % 2 !== 0 || /[^0-9a-fA-F]/.test(hex)) throw refuse(`"transactions[${index}].data" is not hex`);
    data.push(hex);
    witness ||= value.txid !== undefined && value.hash !== undefined && value.txid !== value.hash;
    // Before segwit `hash` was the id; since then it is the hash with witness, and `txid` is always there.
    txids.push(reverseBytes(hexBytes(value.txid ?? value.hash, `transactions[${index}].txid`, 32)));
  }
  return { txids, witness, hex: joinAscii(data) };
}

function joinAscii(texts: readonly string[]): Uint8Array {
  const joined = new Uint8Array(texts.reduce((sum, text) => sum + text.length, 0));
  const encoder = new TextEncoder();
  let at = 0;
  for (const text of texts) at += encoder.encodeInto(text, joined.subarray(at)).written;
  return joined;
}

/** The names of the rules in force, without the `!` of mandatory ones; null when the node does not tell. */
function rulesOf(rules: unknown): ReadonlySet<string> | null {
  if (rules === undefined) return null;
  if (!Array.isArray(rules)) throw refuse('"rules" is not a list');
  const names = rules.filter((rule) => typeof rule === 'string');
  const unknown = names.find((rule) => rule.startsWith('!') && !KNOWN_RULES.has(rule.slice(1)));
  if (unknown !== undefined) throw refuse(`it demands the rule "${unknown.slice(1)}", which this version does not know`);
  return new Set(names.map((rule) => rule.replace(/^!/, '')));
}

/** Null when the block must go without: nodes like bcoin give a commitment also before segwit is active, and would refuse it. */
function commitmentOf(value: unknown, rules: ReadonlySet<string> | null, { witness }: Transactions): Uint8Array | null {
  if (value === undefined || value === null) return null;
  const script = hexBytes(value, 'default_witness_commitment', null);
  return rules === null || rules.has('segwit') || witness ? script : null;
}

/**
 * @param value the `result` of the RPC call
 * @throws RigError E_NODE_RPC naming the member that is missing or wrong
 */
export function decodeTemplate(value: unknown): BlockTemplate {
  if (!isObject(value)) throw refuse('it is not an object');
  const rules = rulesOf(value.rules);
  if (!Array.isArray(value.transactions)) throw refuse('"transactions" is not a list');
  const target = BigInt(`0x${bytesToHex(hexBytes(value.target, 'target', 32))}`);
  if (target === 0n) throw refuse('"target" is zero');
  const transactions = decodeTransactions(value.transactions);
  return {
    version: versionOf(value),
    requiredVersionBits: value.vbrequired === undefined ? 0 : integer(value, 'vbrequired', U32_MAX),
    prevHash: reverseBytes(hexBytes(value.previousblockhash, 'previousblockhash', 32)),
    height: integer(value, 'height', 0x7fff_ffff),
    nbits: parseInt(bytesToHex(hexBytes(value.bits, 'bits', 4)), 16),
    target,
    curtime: integer(value, 'curtime', U32_MAX),
    mintime: value.mintime === undefined ? 0 : integer(value, 'mintime', U32_MAX),
    coinbaseValue: BigInt(integer(value, 'coinbasevalue', MAX_MONEY)),
    commitmentScript: commitmentOf(value.default_witness_commitment, rules, transactions),
    transactionCount: transactions.txids.length,
    transactionsHex: transactions.hex,
    merkleBranch: merkleBranch(transactions.txids),
    longPollId: typeof value.longpollid === 'string' ? value.longpollid : null,
  };
}
