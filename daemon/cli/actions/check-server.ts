/** The pool for other miners, as `rigbrain check` sees it. Nothing is listened to. */
import { isIP } from 'node:net';
import type { LoadedConfig } from '../../../config/load.ts';
import { describeOrigin, nearestOrigin } from '../../../config/origin.ts';
import { RigError } from '../../../protocol/common/errors.ts';
import { AllowList } from '../../server/allow.ts';
import { isLoopback, openness } from '../../server/where.ts';
import type { CheckFinding } from './check-finding.ts';

export function serverFindings({ config: { server, pools }, origins }: LoadedConfig): CheckFinding[] {
  if (!server.enabled) return [];
  const findings: CheckFinding[] = [];
  const report = (key: string, severity: CheckFinding['severity'], reason: string) =>
    findings.push({ severity, code: severity === 'error' ? 'E_CONFIG_INVALID' : null, message: `${describeOrigin(nearestOrigin(origins, ['server', key]))}: ${reason}` });
  try {
    new AllowList(server.allow);
  } catch (error) {
    if (!(error instanceof RigError)) throw error;
    report('allow', 'error', error.message);
  }
  if (isIP(server.host) === 0 && /^[\d.:]+$/.test(server.host)) report('host', 'error', `server.host: ${server.host} is not an IP address`);
  const open = openness(server.host, server.password !== undefined);
  if (open !== null) report('host', 'warning', `server.host: ${open}`);
  if (isLoopback(server.host)) report('host', 'warning', `server.host: ${server.host} is reachable from this machine only; 0.0.0.0 lets the house in`);
  if (pools.every((pool) => !pool.enabled)) report('enabled', 'warning', 'server.enabled: without a pool there is no work for other miners');
  if (server.max_difficulty !== undefined && server.max_difficulty < server.min_difficulty) report('max_difficulty', 'error', 'server.max_difficulty: is below server.min_difficulty');
  return findings;
}
