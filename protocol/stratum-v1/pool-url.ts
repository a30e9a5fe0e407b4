import { decodeBase58Check } from '../bitcoin/base58.ts';
import { RigError } from '../common/errors.ts';

export interface PoolAddress {
  /** Stratum V1, Stratum V2, or a node's getblocktemplate over HTTP. */
  readonly protocol: 'v1' | 'v2' | 'gbt';
  readonly tls: boolean;
  /** Name or address; IPv6 without brackets. */
  readonly host: string;
  readonly port: number;
  /** Stratum V2: 32-byte x-only key of the pool's authority; null when the URL has none. */
  readonly authorityKey: Uint8Array | null;
  /** The same in the form it was written in. */
  readonly authority: string | null;
  /** Onion names can only be resolved by a SOCKS proxy. */
  readonly needs_socks: boolean;
}

type Scheme = Pick<PoolAddress, 'protocol' | 'tls'>;

const V1: Scheme = { protocol: 'v1', tls: false };
const V1_TLS: Scheme = { protocol: 'v1', tls: true };

const SCHEMES: ReadonlyMap<string, Scheme> = new Map([
  ['stratum+tcp', V1],
  ['stratum', V1],
  ['stratum1+tcp', V1],
  ['tcp', V1],
  ['stratum+ssl', V1_TLS],
  ['stratum+tls', V1_TLS],
  ['stratum+tcps', V1_TLS],
  ['stratums', V1_TLS],
  ['stratum1+ssl', V1_TLS],
  ['stratum1+tls', V1_TLS],
  ['ssl', V1_TLS],
  ['tls', V1_TLS],
  ['stratum2+tcp', { protocol: 'v2', tls: false }],
  ['http', { protocol: 'gbt', tls: false }],
  ['https', { protocol: 'gbt', tls: true }],
]);

const LABEL = /^[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?$/i;

function fail(url: string, reason: string, hint?: string): never {
  throw new RigError('E_POOL_URL', `"${url.slice(0, 100)}": ${reason}`, hint === undefined ? {} : { hint });
}

/** Base58Check of 01 00 and the key; an older form leaves the version out. */
function readAuthority(url: string, text: string): Uint8Array {
  const payload = decodeBase58Check(text);
  if (payload === null) fail(url, 'authority key checksum or characters are wrong', 'Copy the key after the last / again from the pool.');
  if (payload.length === 34 && payload[0] === 1 && payload[1] === 0) return payload.slice(2);
  if (payload.length === 32) return payload.slice();
  return fail(url, 'authority key has an unknown version or length');
}

function readHost(url: string, host: string): string {
  const v6 = /^\[([0-9a-f:.]+(?:%[a-z0-9]+)?)\]$/i.exec(host);
  if (v6 !== null) return v6[1]!;
  const name = host.replace(/\.$/, '');
  if (name === '') fail(url, 'host is missing');
  if (name.length > 253 || !name.split('.').every((label) => label.length <= 63 && LABEL.test(label))) fail(url, 'host is not a host name or address');
  return name;
}

function readPort(url: string, text: string | undefined): number {
  if (text === undefined || text === '') return fail(url, 'port is missing', 'Write the port the pool names: stratum+tcp://host:port');
  if (!/^\d+$/.test(text)) return fail(url, 'port is not a number');
  const port = Number(text);
  return port >= 1 && port <= 65_535 ? port : fail(url, 'port out of range', 'Ports are 1 to 65535.');
}

/**
 * Reads the address of a pool or node. Without a scheme, host:port is Stratum V1 over TCP.
 * @throws RigError E_POOL_URL with the part that is wrong; credentials in a URL are refused and not repeated
 */
export function parsePoolUrl(text: string): PoolAddress {
  const url = text.trim();
  const [, schemeText, rest = ''] = /^(?:([a-z][a-z0-9+.-]*):\/\/)?(.*)$/is.exec(url) ?? [];
  const scheme = schemeText === undefined ? V1 : SCHEMES.get(schemeText.toLowerCase());
  const slash = rest.search(/[/?#]/);
  const authorityPart = slash < 0 ? rest : rest.slice(0, slash);
  if (authorityPart.includes('@')) fail(`${schemeText ?? 'stratum+tcp'}://...`, 'credentials do not belong in the URL', 'Use `user` and `password` of the pool.');
  if (scheme === undefined) fail(url, `unknown scheme ${schemeText}`);
  const [, hostText = '', portText] = /^(\[[^\]]*\]|[^:]*)(?::(.*))?$/s.exec(authorityPart) ?? [];
  const path = slash < 0 ? '' : rest.slice(slash).replace(/^\/|\/$/g, '');
  const authority = scheme.protocol === 'v2' && path !== '' ? path : null;
  const host = readHost(url, hostText);
  return {
    ...scheme,
    host,
    port: readPort(url, portText),
    authority,
    authorityKey: authority === null ? null : readAuthority(url, authority),
    needs_socks: /\.onion$/i.test(host),
  };
}
