/** `mining.trusted_pools`: the hosts that may be mined for. */
import { readHostName } from './host-name.ts';

export interface TrustedPool {
  /** As in `HostName`. */
  readonly name: string;
  /** Also what is below the name. Never for addresses, and never for suffixes under which anybody can register. */
  readonly coversBelow: boolean;
  /** Null = any. */
  readonly port: number | null;
}

/** Reads `example.com`, `example.com:3333`, `10.0.0.5:3333`, `2001:db8::1` or `[2001:db8::1]:3333`; null when it is none of these. */
export function readTrustedPool(text: string): TrustedPool | null {
  const trimmed = text.trim();
  const bareV6 = (trimmed.match(/:/g) ?? []).length > 1 && !trimmed.startsWith('[');
  const [, hostText, portText] = bareV6 ? [null, trimmed, undefined] : (/^(\[[^\]]*\]|[^:]*)(?::(\d{1,5}))?$/.exec(trimmed) ?? []);
  if (hostText === undefined) return null;
  const host = readHostName(hostText);
  const port = portText === undefined ? null : Number(portText);
  if (host === null || (port !== null && (port < 1 || port > 65_535))) return null;
  return { name: host.name, coversBelow: host.domain !== null || /\.(onion|local|lan|internal|arpa)$/.test(host.name), port };
}

/** Whether a host and port are on the list. An empty list trusts nobody: who has none asks nobody. */
export function isTrusted(list: readonly TrustedPool[], host: string, port: number): boolean {
  const asked = readHostName(host);
  if (asked === null) return false;
  return list.some((entry) => (entry.port === null || entry.port === port) && (entry.name === asked.name || (entry.coversBelow && asked.name.endsWith(`.${entry.name}`))));
}
