/** Which page is shown: the part of the address behind the `#`, so that the hub has one file to give and every view has an address. */
import { Store } from './store.ts';

/** `#/hunt/ID/job/UUID` -> `['hunt', 'ID', 'job', 'UUID']`. */
export function partsOf(hash: string): readonly string[] {
  return hash.replace(/^#\/?/, '').split('/').filter((part) => part !== '').map(decoded);
}

/** An address that a person mistyped is an unknown page, not an error. */
function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

export const addressOf = (...parts: readonly string[]): string => `#/${parts.map(encodeURIComponent).join('/')}`;

/** Token of an address that the daemon printed (`#token=...`); null for any other. */
export const tokenOf = (hash: string): string | null => /^#(?:.*&)?token=([^&]+)/.exec(hash)?.[1]?.trim() ?? null;

export const route = new Store<readonly string[]>([]);

export function startRouting(): void {
  // An address with a token says who comes, not where to.
  const look = (): void => void (tokenOf(location.hash) === null && route.set(partsOf(location.hash)));
  window.addEventListener('hashchange', look);
  look();
}

/** Takes the token out of the address bar and of the browser's history. */
export function takeToken(): string | null {
  const token = tokenOf(location.hash);
  if (token === null) return null;
  history.replaceState(null, '', location.pathname);
  return decoded(token);
}
