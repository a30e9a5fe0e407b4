/** Whether a pool's client.reconnect may be followed. A hijacked connection must not be able to move the hash rate away. */

/** Second-level labels under a country that anybody can register below, so that pool.co.uk and evil.co.uk are strangers. */
const PUBLIC_SECOND_LEVEL = new Set(['ac', 'co', 'com', 'edu', 'gov', 'gv', 'ne', 'net', 'or', 'org']);

function isAddress(host: string): boolean {
  return host.includes(':') || /^[\d.]+$/.test(host);
}

/**
 * The part of a host name that one owner registered: the last two labels, three below public suffixes such as co.uk.
 * Addresses and single labels are their own domain.
 */
export function registrableDomain(host: string): string {
  const name = host.toLowerCase().replace(/\.$/, '');
  if (isAddress(name)) return name;
  const labels = name.split('.');
  const isPublicSuffix = labels.at(-1)?.length === 2 && PUBLIC_SECOND_LEVEL.has(labels.at(-2) ?? '');
  return labels.slice(isPublicSuffix ? -3 : -2).join('.');
}

export interface RedirectRequest {
  readonly host: string | null;
  /** Encryption the pool named; null = not said. */
  readonly tls: boolean | null;
}

/** Why a redirect is refused, in plain words; null when it may be followed. */
export function refuseRedirect(configured: { readonly host: string; readonly tls: boolean }, request: RedirectRequest): string | null {
  if (configured.tls && request.tls === false) return 'it would leave TLS';
  if (request.host === null) return null;
  const same = registrableDomain(request.host) === registrableDomain(configured.host);
  return same ? null : `${request.host} is not in the domain of ${configured.host}`;
}
