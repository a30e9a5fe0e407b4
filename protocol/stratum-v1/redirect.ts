/** Whether a pool's client.reconnect may be followed. A hijacked connection must not be able to move the hash rate away. */
import { readHostName } from './host-name.ts';

export interface RedirectRequest {
  /** Null = the present one. */
  readonly host: string | null;
  /** Encryption the pool named; null = not said. */
  readonly tls: boolean | null;
}

/**
 * Why a redirect is refused, in plain words; null when it may be followed. It may lead to the configured host itself and to hosts
 * of the same registrable domain, on any port; addresses, .onion and .local lead to nowhere but themselves; TLS is never left.
 * Judged against the configured host, so that many small steps lead no further than one.
 */
export function refuseRedirect(configured: { readonly host: string; readonly tls: boolean }, request: RedirectRequest): string | null {
  if (configured.tls && request.tls === false) return 'it would leave TLS';
  if (request.host === null) return null;
  const to = readHostName(request.host);
  if (to === null) return 'what it names is not a host';
  const from = readHostName(configured.host);
  if (from?.name === to.name) return null;
  if (to.isAddress) return `${shown(request.host)} is an address that is not configured`;
  return from?.domain != null && from.domain === to.domain ? null : `${shown(request.host)} is not in the domain of ${configured.host}`;
}

/** Only after `readHostName` took it, so there is nothing in it that a terminal would act on. */
function shown(host: string): string {
  return host.length > 80 ? `${host.slice(0, 80)}...` : host;
}
