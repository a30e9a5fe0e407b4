import { payoutScript, type Chain } from '../../protocol/bitcoin/address.ts';
import { messageOf, RigError } from '../../protocol/common/errors.ts';
import { isObject } from '../../protocol/common/json.ts';
import { NodeRpcError, type Rpc } from './node-rpc.ts';
import { sanitizeText } from '../../protocol/stratum-v1/text.ts';

/** Chain names of `getblockchaininfo`; bcoin writes `testnet` where Bitcoin Core writes `test`. */
const CHAINS: ReadonlyMap<unknown, Chain> = new Map<unknown, Chain>([
  ['main', 'main'],
  ['test', 'test'],
  ['testnet', 'test'],
  ['testnet4', 'testnet4'],
  ['signet', 'signet'],
  ['regtest', 'regtest'],
]);

/** Error codes of Bitcoin Core's rpc/protocol.h that mean "not now". */
const RPC_NOT_CONNECTED = -9;
const RPC_IN_INITIAL_DOWNLOAD = -10;
const RPC_IN_WARMUP = -28;
const NOT_NOW: ReadonlySet<number | null> = new Set([RPC_NOT_CONNECTED, RPC_IN_INITIAL_DOWNLOAD, RPC_IN_WARMUP]);

interface ChainInfo {
  readonly chain: Chain;
  readonly initialDownload: boolean;
  /** How far it is, e.g. `block 500000 of 925000`; empty when the node does not tell. */
  readonly progress: string;
}

async function chainInfo(rpc: Rpc, signal: AbortSignal): Promise<ChainInfo> {
  const info = await rpc.call('getblockchaininfo', [], { signal });
  const members = isObject(info) ? info : {};
  const chain = CHAINS.get(members.chain);
  if (!chain) throw new NodeRpcError('transport', `the node is on an unknown chain: ${sanitizeText(JSON.stringify(members.chain) ?? 'none', 60)}`, { method: 'getblockchaininfo' });
  const { blocks, headers } = members;
  const progress = typeof blocks === 'number' && typeof headers === 'number' ? `block ${blocks} of ${headers}` : '';
  return { chain, initialDownload: members.initialblockdownload === true, progress };
}

/** The chain the node is on. @throws NodeRpcError */
export async function chainOf(rpc: Rpc, signal: AbortSignal): Promise<Chain> {
  return (await chainInfo(rpc, signal)).chain;
}

/**
 * Asks the node for its chain and checks that it may be mined and that the payout address belongs to it.
 * @returns the chain, and the script the reward is paid to
 * @throws NodeRpcError when the node cannot be asked, or downloads mainnet's chain; RigError E_LIVE_NOT_ENABLED or E_ADDRESS_INVALID
 */
export async function checkNode(rpc: Rpc, options: { payoutAddress: string; allowMainnet: boolean }, signal: AbortSignal): Promise<{ chain: Chain; payoutScript: Uint8Array }> {
  const { chain, initialDownload, progress } = await chainInfo(rpc, signal);
  if (chain !== 'regtest' && !options.allowMainnet) {
    throw new RigError('E_LIVE_NOT_ENABLED', `the node is on "${chain}" and only regtest may be mined without the opt-in`, { hint: 'Set `mining.live: true`, or point the source at a regtest node.' });
  }
  const script = payoutScript(options.payoutAddress, chain);
  // Test chains stand still for days, which looks like a download: there the node itself decides.
  if (initialDownload && chain === 'main') throw new NodeRpcError('answer', `getblockchaininfo: ${progress}`, { method: 'getblockchaininfo', rpcCode: RPC_IN_INITIAL_DOWNLOAD });
  return { chain, payoutScript: script };
}

/** True for errors that pass by themselves: the node starts, downloads the chain, or has nobody to hear from. */
export function isNotNow(error: unknown): boolean {
  return error instanceof NodeRpcError && error.failure === 'answer' && NOT_NOW.has(error.rpcCode);
}

/** Why the node gives no work, for a person; the node's own words are kept. */
export function plainWords(error: unknown): string {
  const words = messageOf(error);
  switch (error instanceof NodeRpcError ? error.rpcCode : null) {
    case RPC_NOT_CONNECTED:
      return `the node is not connected to any other node (${words})`;
    case RPC_IN_INITIAL_DOWNLOAD:
      return `the node is still downloading the chain (${words})`;
    case RPC_IN_WARMUP:
      return `the node is starting (${words})`;
    default:
      return words;
  }
}
