import type { PoolConfig } from '../../../config/schema.ts';
import { decodeAddress, type DecodedAddress } from '../../../protocol/bitcoin/address.ts';
import { addressOfWorker } from '../../../protocol/bitcoin/worker-address.ts';

/** What is expected of the coinbases of one pool. */
export interface PayoutRule {
  /** Null = nobody in particular. */
  readonly expected: { readonly address: string; readonly decoded: DecodedAddress; readonly from: 'config' | 'user' } | null;
  /** It has to be paid from the first job on; else only to be paid still when it has been once. */
  readonly firm: boolean;
  /** Least part that address must get, percent; null = anything above nothing. */
  readonly minPercent: number | null;
  /** Jobs that do not pay it are not mined. */
  readonly leave: boolean;
}

/**
 * The rule a pool's configuration means. Without payout_address `user` counts when it begins with an address, as solo pools want it.
 * @throws RigError E_ADDRESS_INVALID for a payout_address that is none
 */
export function payoutRule(pool: Pick<PoolConfig, 'user' | 'payout_address' | 'payout_min_percent' | 'payout_action'>): PayoutRule {
  const { payout_address, payout_min_percent, payout_action } = pool;
  const leave = payout_action === 'leave';
  const minPercent = payout_min_percent ?? null;
  if (payout_address !== undefined) {
    return { expected: { address: payout_address, decoded: decodeAddress(payout_address), from: 'config' }, firm: true, minPercent, leave };
  }
  const named = addressOfWorker(pool.user);
  // Who says what is to be done when it is not paid, or how much of it, means that it has to be.
  return { expected: named === null ? null : { ...named, from: 'user' }, firm: leave || minPercent !== null, minPercent, leave };
}
