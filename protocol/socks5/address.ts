import { RigError } from '../common/errors.ts';
import { ipv4Bytes, ipv6Bytes } from '../common/ip.ts';

/** Bytes of a host as SOCKS5 carries it: an address in its own form, everything else as a name for the proxy to resolve. */
export interface SocksAddress {
  readonly type: 'ipv4' | 'ipv6' | 'name';
  readonly bytes: Uint8Array;
}

/** @throws RigError E_POOL_URL when it is longer than 255 bytes or has characters no host name has */
export function addressBytes(host: string): SocksAddress {
  const v4 = ipv4Bytes(host);
  if (v4 !== null) return { type: 'ipv4', bytes: v4 };
  if (host.includes(':')) {
    const v6 = ipv6Bytes(host);
    if (v6 === null) throw new RigError('E_POOL_URL', `"${host.slice(0, 60)}" is not an IPv6 address that a proxy could connect to`);
    return { type: 'ipv6', bytes: v6 };
  }
  if (!/^[a-z0-9._-]{1,255}$/i.test(host)) throw new RigError('E_POOL_URL', 'the host is not a host name of 1 to 255 characters');
  return { type: 'name', bytes: Uint8Array.from([...host].map((char) => char.charCodeAt(0))) };
}
