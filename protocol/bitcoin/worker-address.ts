import { RigError } from '../common/errors.ts';
import { decodeAddress, type DecodedAddress } from './address.ts';

/** The address a worker name begins with: `address.worker`, `address_worker`, `address/worker`, `address+difficulty`. */
export function addressOfWorker(user: string): { readonly address: string; readonly decoded: DecodedAddress } | null {
  const [address = ''] = user.split(/[^a-z0-9]/i, 1);
  try {
    return { address, decoded: decodeAddress(address) };
  } catch (error) {
    if (error instanceof RigError) return null;
    throw error;
  }
}
