import type { PoolConfig } from '../../../config/schema.ts';
import { decodeAddress, type DecodedAddress } from '../../../protocol/bitcoin/address.ts';
import { RigError } from '../../../protocol/common/errors.ts';

/** What is expected of the coinbases of one pool. */
export interface PayoutRule {
  /** Null = nobody in particular. */
  readonly expected: { readonly address: string; readonly decoded: DecodedAddress; readonly from: 'config' | 'user' } | null;
  /** Least part that address must get, percent; null = anything above nothing. */
  readonly minPercent: number | null;
  /** Jobs that do not pay it are not mined. */
  readonly leave: boolean;
}

/**
 * The rule a pool's configuration means. `user` counts when it begins with an address, as solo pools want it.
 * @throws RigError E_ADDRESS_INVALID for a payout_address that is none
 */
export function payoutRule(pool: Pick<PoolConfig, 'user' | 'payout_address' | 'payout_min_percent' | 'payout_action'>): PayoutRule {
  const { payout_address, payout_min_percent, payout_action } = pool;
  if (payout_address !== undefined) {
    return { expected: { address: payout_address, decoded: decodeAddress(payout_address), from: 'config' }, minPercent: payout_min_percent ?? null, leave: payout_action === 'leave' };
  }
  const named = addressOfUser(pool.user);
  return { expected: named === null ? null : { ...named, from: 'user' }, minPercent: null, leave: false };
}

/** The address a worker name begins with: `address.worker`, `address_worker`, `address/worker`, `address+difficulty`. */
export function addressOfUser(user: string): { readonly address: string; readonly decoded: DecodedAddress } | null {
  const [address = ''] = user.split(/[^a-z0-9]/i, 1);
  try {
    return { address, decoded: decodeAddress(address) };
  } catch (error) {
    if (error instanceof RigError) return null;
    throw error;
  }
}
