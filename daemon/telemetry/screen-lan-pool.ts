/** The LAN pool on the status screen: other miners in the house, whose shares are in the rig's counts too. */
import type { ServerState } from './state.ts';
import { formatSi } from './units.ts';

/** @param plain makes text from outside harmless @returns nothing when there is no LAN pool */
export function lanPoolLines(server: ServerState | null, plain: (text: string) => string): string[] {
  if (server === null) return [];
  if (server.status !== 'listening') return [`LAN pool   ${server.status}${server.reason === null ? '' : `: ${plain(server.reason)}`}`];
  const { miners, hashrate_hs, totals, address, refused_connections } = server;
  const parts = [
    `${miners} ${miners === 1 ? 'miner' : 'miners'}`,
    ...(hashrate_hs === null ? [] : [formatSi(hashrate_hs, 'H/s')]),
    `${totals.forwarded} of ${totals.accepted} shares sent on${totals.forwarded_rejected > 0 ? ` (${totals.forwarded_rejected} refused)` : ''}`,
    ...(refused_connections === 0 ? [] : [`${refused_connections} turned away`]),
  ];
  return [`LAN pool   ${parts.join('   ')}   at ${address ?? 'unknown'}`];
}
