/** The web page and its API, as `rigbrain check` sees them. Nothing is listened to. */
import { accessSync, constants } from 'node:fs';
import type { LoadedConfig } from '../../../config/load.ts';
import { describeOrigin, nearestOrigin, type ConfigPath } from '../../../config/origin.ts';
import { isLoopback } from '../../server/where.ts';
import type { CheckFinding } from './check-finding.ts';

export function hubFindings({ config: { hub, server }, origins }: LoadedConfig): CheckFinding[] {
  if (!hub.enabled) return [];
  const findings: CheckFinding[] = [];
  const report = (at: ConfigPath, severity: CheckFinding['severity'], reason: string) =>
    findings.push({ severity, code: severity === 'error' ? 'E_HUB' : null, message: `${describeOrigin(nearestOrigin(origins, ['hub', ...at]))}: hub.${at.join('.')}: ${reason}` });
  if (!isLoopback(hub.host) && hub.tls === undefined) report(['host'], 'warning', `without hub.tls whoever listens in the network of ${hub.host} can read the token`);
  if (server.enabled && hub.port !== 0 && hub.port === server.port) report(['port'], 'error', `${hub.port} is the port of server.port, too`);
  for (const key of ['cert', 'key'] as const) {
    if (hub.tls === undefined) break;
    try {
      accessSync(hub.tls[key], constants.R_OK);
    } catch {
      report(['tls', key], 'error', `${hub.tls[key]} cannot be read`);
    }
  }
  return findings;
}
