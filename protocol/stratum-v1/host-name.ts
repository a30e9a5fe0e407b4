/** Host names as other people write them, brought to one form, and who owns them (public suffix list). */
import { parse } from 'tldts';
import { bytesToHex } from '../common/bytes.ts';
import { ipv4Bytes, ipv6Bytes } from '../common/ip.ts';

export interface HostName {
  /** Lower case, without brackets or a last dot; equal for equal hosts. */
  readonly name: string;
  readonly isAddress: boolean;
  /**
   * The part that one owner registered (`pool.co.uk` of `eu.pool.co.uk`), private suffixes such as duckdns.org counted as
   * suffixes. Null for addresses, for suffixes themselves, and for names that stand for one host only: single labels, .onion,
   * .local and other names that no registry gives away.
   */
  readonly domain: string | null;
}

const LABEL = /^[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?$/;
/** Names outside the public DNS (RFC 6761, 6762, 7686, 8375, ICANN's .internal) and those that routers give out. */
const ONE_HOST_ONLY = new Set(['onion', 'local', 'localhost', 'internal', 'lan', 'home', 'arpa', 'localdomain', 'intranet', 'corp']);

/**
 * Reads a host. Null for everything no configuration would have: control characters, user info, ports, empty labels, letters
 * beyond ASCII, over-long names, and numbers that a resolver takes for an address although they do not look like one (`127.1`).
 */
export function readHostName(text: string): HostName | null {
  if (text.length > 255) return null;
  const lower = text.toLowerCase();
  const bracketed = /^\[(.*)\]$/s.exec(lower);
  if (bracketed !== null || lower.includes(':')) {
    const [address = '', zone] = (bracketed?.[1] ?? lower).split('%', 2);
    const bytes = ipv6Bytes(address);
    if (bytes === null || (zone !== undefined && !/^[a-z0-9._-]{1,20}$/.test(zone))) return null;
    return { name: `ipv6 ${bytesToHex(bytes)}${zone === undefined ? '' : `%${zone}`}`, isAddress: true, domain: null };
  }
  const name = lower.replace(/\.$/, '');
  if (ipv4Bytes(name) !== null) return { name, isAddress: true, domain: null };
  const labels = name.split('.');
  if (name.length > 253 || !labels.every((label) => LABEL.test(label))) return null;
  const top = labels.at(-1)!;
  if (/^(\d+|0x[0-9a-f]*)$/.test(top)) return null;
  const single = labels.length === 1 || ONE_HOST_ONLY.has(top);
  return { name, isAddress: false, domain: single ? null : parse(name, { allowPrivateDomains: true, validateHostname: false }).domain };
}
