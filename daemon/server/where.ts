/** Where the LAN pool can be reached, and by whom. */
import { isIP } from 'node:net';
import { networkInterfaces } from 'node:os';
import { messageOf } from '../../protocol/common/errors.ts';

/** True when only this machine can connect to what listens there. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));
}

/** `host:port`, as URLs have it. */
export function addressText(host: string, port: number): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`;
}

/** What to give miners as the address of their pool. Listening everywhere: the first address of this machine in a network. */
export function minersUrl(host: string, port: number): string {
  const everywhere = host === '0.0.0.0' || host === '::';
  const own = everywhere ? Object.values(networkInterfaces()).flat().find((card) => card !== undefined && !card.internal && card.family === 'IPv4') : undefined;
  return `stratum+tcp://${addressText(own?.address ?? (everywhere ? '127.0.0.1' : host), port)}`;
}

const LISTEN_WORDS: Readonly<Record<string, string>> = {
  EADDRINUSE: 'another program has this port',
  EADDRNOTAVAIL: 'this machine does not have this address',
  EACCES: 'ports below 1024 are not open to this user',
  ENOTFOUND: 'the name is not known',
};

/** Why a port cannot be had, for a person. */
export function listenWords(error: Error & { code?: string }): string {
  const words = LISTEN_WORDS[error.code ?? ''];
  return words === undefined ? messageOf(error) : `${words} (${error.code})`;
}

/** What a person should know about who may mine here; null = nothing. */
export function openness(host: string, hasPassword: boolean): string | null {
  if (isLoopback(host) || hasPassword) return null;
  return `whoever reaches ${host} may mine here: no server.password is set`;
}
