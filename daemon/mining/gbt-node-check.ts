import { payoutScript, type Chain } from '../../protocol/bitcoin/address.ts';
import { RigError } from '../../protocol/common/errors.ts';
import { NodeRpcError, type Rpc } from './node-rpc.ts';

/** Chain names of `getblockchaininfo`; bcoin writes `testnet` where Bitcoin Core writes `test`. */
const CHAINS: ReadonlyMap<unknown, Chain> = new Map<unknown, Chain>([
  ['main', 'main'],
  ['test', 'test'],
  ['testnet', 'test'],
  ['testnet4', 'testnet4'],
  ['signet', 'signet'],
  ['regtest', 'regtest'],
]);

/**
 * Asks the node for its chain and checks that it may be mined and that the payout address belongs to it.
 * @returns the script the reward is paid to
 * @throws NodeRpcError when the node cannot be asked; RigError E_LIVE_NOT_ENABLED or E_ADDRESS_INVALID
 */
export async function checkNode(rpc: Rpc, options: { payoutAddress: string; allowMainnet: boolean }, signal: AbortSignal): Promise<Uint8Array> {
  const info = await rpc.call('getblockchaininfo', [], { signal });
  const name = typeof info === 'object' && info !== null ? (info as { chain?: unknown }).chain : undefined;
  const chain = CHAINS.get(name);
  if (!chain) throw new NodeRpcError('transport', `the node is on an unknown chain: ${JSON.stringify(name)}`, { method: 'getblockchaininfo' });
  if (chain !== 'regtest' && !options.allowMainnet) {
    throw new RigError('E_LIVE_NOT_ENABLED', `the node is on "${chain}" and only regtest may be mined without the opt-in`, { hint: 'Set `mining.live: true`, or point the source at a regtest node.' });
  }
  return payoutScript(options.payoutAddress, chain);
}
