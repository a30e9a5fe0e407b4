import { RigError } from '../common/errors.ts';
import { ipv6Bytes } from '../common/ip.ts';

export interface ProxyAddress {
  /** Name or address of the proxy; IPv6 without brackets. */
  readonly host: string;
  readonly port: number;
}

const TOR = 'Tor listens at socks5h://127.0.0.1:9050.';

function fail(reason: string, hint = TOR): never {
  throw new RigError('E_POOL_PROXY', `the address of the proxy cannot be used: ${reason}`, { hint });
}

/**
 * Reads `socks5h://host:port`. Nothing of the text is repeated in errors: a password may stand in it.
 * @throws RigError E_POOL_PROXY saying what is wrong
 */
export function parseProxyUrl(text: string): ProxyAddress {
  const [, scheme = '', rest = ''] = /^([a-z0-9+.-]*):\/\/(.*)$/is.exec(text.trim()) ?? [];
  if (rest.includes('@')) fail('user and password do not belong in it', 'Leave them out. With proxy_isolation (the default) every pool gets random ones of its own, which is what Tor needs.');
  if (/^socks5$/i.test(scheme)) fail('socks5:// would look names up on this machine, which tells everybody on the way which pool is meant', 'Write socks5h://host:port: then the proxy looks them up.');
  if (/^(socks4a?|http|https|socks)$/i.test(scheme)) fail(`${scheme.toLowerCase()} proxies are not supported`, 'Only socks5h://host:port is.');
  if (!/^socks5h$/i.test(scheme)) fail('it does not begin with socks5h://');
  const [, bracketed, name, portText] = /^(?:\[([^\]]*)\]|([^:/?#]*)):(\d{1,5})\/?$/.exec(rest) ?? [];
  const port = Number(portText);
  if (portText === undefined || port < 1 || port > 65_535) fail('it must end with a port from 1 to 65535');
  if (bracketed !== undefined) return ipv6Bytes(bracketed) === null ? fail('the address in brackets is not IPv6') : { host: bracketed, port };
  if (name === undefined || !/^[a-z0-9_]([a-z0-9._-]*[a-z0-9])?$/i.test(name) || name.length > 253) return fail('the host is not a host name or address');
  return { host: name, port };
}
