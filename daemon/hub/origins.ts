/** Whether a browser may ask at all, by where it believes to be: against DNS rebinding and requests forged by other pages. */
import { isIP } from 'node:net';

export interface NameRules {
  /** Names that this hub is asked for by, lower case. */
  readonly names: ReadonlySet<string>;
}

/** @param allowed `hub.allowed_hosts` @param hostname of this machine */
export function nameRules(host: string, allowed: readonly string[], hostname: string): NameRules {
  const own = hostname.toLowerCase();
  const names = ['localhost', own, own.includes('.') ? own : `${own}.local`, host, ...allowed].map((name) => name.toLowerCase().replace(/\.$/, ''));
  return { names: new Set(names.filter((name) => name !== '')) };
}

/** `[::1]:8080` -> `::1`; null for what is no host. */
export function hostOf(header: string): string | null {
  const match = /^(?:\[([0-9a-f:.]+)\]|([a-z0-9._-]+))(?::\d{1,5})?$/i.exec(header);
  return match === null ? null : (match[1] ?? match[2]!).toLowerCase().replace(/\.$/, '');
}

/** An address cannot be rebound: only names are held against the list. */
export function isKnownHost(rules: NameRules, header: string | undefined): boolean {
  const host = header === undefined ? null : hostOf(header);
  return host !== null && (isIP(host) !== 0 || rules.names.has(host));
}

export interface BrowserHeaders {
  readonly host?: string | undefined;
  readonly origin?: string | undefined;
  readonly 'sec-fetch-site'?: string | string[] | undefined;
}

/**
 * Why a request must be another page's doing; null when nothing says so. The scheme is not compared: behind a proxy the browser
 * speaks https and we do not. `same-site` is refused, too: to a browser all ports of a host are one site.
 * @param proven whether headers that browsers send have to be there: of what changes something by a cookie
 */
export function foreignReason(headers: BrowserHeaders, proven: boolean): string | null {
  const site = headers['sec-fetch-site'];
  if (site !== undefined && site !== 'same-origin' && site !== 'none') return 'it comes from another site';
  if (headers.origin !== undefined) return originHost(headers.origin) === headers.host?.toLowerCase() ? null : 'its Origin is another site';
  return proven && site === undefined ? 'it has neither Origin nor Sec-Fetch-Site' : null;
}

/** `host:port` as a browser writes it into Host; null for what is no origin (`null` of a sandbox). */
function originHost(origin: string): string | null {
  try {
    const { protocol, host } = new URL(origin);
    return protocol === 'http:' || protocol === 'https:' ? host : null;
  } catch {
    return null;
  }
}
