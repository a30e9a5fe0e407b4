/** The coinbase transaction of a solo block, cut in two around the extranonces as in Stratum V1. */
import { heightPush } from '../bitcoin/coinbase.ts';
import { concatBytes, hexToBytes, writeU32LE } from '../common/bytes.ts';
import { RigError } from '../common/errors.ts';
import { compactSize } from './compact-size.ts';

export interface CoinbaseOptions {
  readonly height: number;
  /** Reward and fees, in satoshi. */
  readonly value: bigint;
  /** scriptPubKey that gets the whole value. */
  readonly payoutScript: Uint8Array;
  /** Script of the witness commitment output (BIP141); null = no such output. */
  readonly commitmentScript: Uint8Array | null;
  /** Bytes left free for extranonce1 and extranonce2 together, 1..75. */
  readonly extranonceSize: number;
  /** Text in the coinbase script, at most 75 bytes; empty = none. */
  readonly tag: string;
}

export interface CoinbaseParts {
  /** Everything before extranonce1. */
  readonly coinb1: Uint8Array;
  /** Everything after extranonce2. */
  readonly coinb2: Uint8Array;
}

/** Longest data that a push opcode of one byte carries. */
const MAX_SHORT_PUSH = 75;
/** Consensus: a coinbase script has 2 to 100 bytes. */
const MAX_SCRIPT = 100;
const TRANSACTION_VERSION = hexToBytes('02000000');
const NULL_OUTPOINT = hexToBytes(`${'00'.repeat(32)}ffffffff`);
const FINAL_SEQUENCE = hexToBytes('ffffffff');
const LOCK_TIME = new Uint8Array(4);
/** BIP141: marker and flag behind the version. */
const SEGWIT_MARKER = hexToBytes('0001');
/** BIP141: the coinbase's witness is one item, the 32-byte reserved value. */
const COINBASE_WITNESS = hexToBytes(`0120${'00'.repeat(32)}`);

function output(value: bigint, script: Uint8Array): Uint8Array {
  const amount = new Uint8Array(8);
  writeU32LE(amount, Number(value & 0xffff_ffffn), 0);
  writeU32LE(amount, Number(value >> 32n), 4);
  return concatBytes(amount, compactSize(script.length), script);
}

function shortPush(data: Uint8Array): Uint8Array {
  return data.length === 0 ? data : concatBytes(Uint8Array.of(data.length), data);
}

/** Leaves room for the longest height push (6), three push opcodes and 12 bytes of extranonces within the 100 bytes. */
const MAX_TAG = 75;

/** @throws RigError E_CONFIG_INVALID for a tag that is too long or not printable ASCII */
export function checkTag(tag: string): void {
  if (tag.length > MAX_TAG || /[^\x20-\x7e]/.test(tag)) {
    throw new RigError('E_CONFIG_INVALID', `the coinbase tag ${JSON.stringify(tag)} cannot be used`, { hint: `coinbase_tag takes up to ${MAX_TAG} printable ASCII characters.` });
  }
}

/**
 * Builds the coinbase without witness data: height push (BIP34), tag, extranonces; one payout; the witness commitment.
 * @throws RangeError when tag and extranonces do not fit the 100 bytes of a coinbase script
 */
export function buildCoinbase(options: CoinbaseOptions): CoinbaseParts {
  const { height, value, payoutScript, commitmentScript, extranonceSize } = options;
  const tag = new TextEncoder().encode(options.tag);
  if (tag.length > MAX_SHORT_PUSH) throw new RangeError(`the coinbase tag has ${tag.length} bytes, ${MAX_SHORT_PUSH} at most`);
  if (!Number.isInteger(extranonceSize) || extranonceSize < 1 || extranonceSize > MAX_SHORT_PUSH) throw new RangeError(`the extranonces have 1 to ${MAX_SHORT_PUSH} bytes, not ${extranonceSize}`);
  const scriptStart = concatBytes(heightPush(height), shortPush(tag), Uint8Array.of(extranonceSize));
  const scriptLength = scriptStart.length + extranonceSize;
  if (scriptLength > MAX_SCRIPT) throw new RangeError(`the coinbase script would have ${scriptLength} bytes, ${MAX_SCRIPT} at most`);
  const outputs = [output(value, payoutScript), ...(commitmentScript ? [output(0n, commitmentScript)] : [])];
  return {
    coinb1: concatBytes(TRANSACTION_VERSION, Uint8Array.of(1), NULL_OUTPOINT, Uint8Array.of(scriptLength), scriptStart),
    coinb2: concatBytes(FINAL_SEQUENCE, Uint8Array.of(outputs.length), ...outputs, LOCK_TIME),
  };
}

/** The serialisation that goes into a block after segwit: marker, flag and the reserved value as witness (BIP141). */
export function withWitness(coinbase: Uint8Array): Uint8Array {
  return concatBytes(coinbase.subarray(0, 4), SEGWIT_MARKER, coinbase.subarray(4, -4), COINBASE_WITNESS, coinbase.subarray(-4));
}
