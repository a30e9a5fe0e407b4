/** The pools' addresses, as `rigbrain check` sees them. Nothing is connected to. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describeOrigin, nearestOrigin } from '../../../config/origin.ts';
import type { LoadedConfig } from '../../../config/load.ts';
import { decodeAddress } from '../../../protocol/bitcoin/address.ts';
import { messageOf, RigError } from '../../../protocol/common/errors.ts';
import { parsePoolUrl } from '../../../protocol/stratum-v1/pool-url.ts';
import type { CheckFinding } from './check-finding.ts';

export function poolFindings(loaded: LoadedConfig): CheckFinding[] {
  const findings: CheckFinding[] = [];
  loaded.config.pools.forEach((pool, index) => {
    const report = (key: string, code: CheckFinding['code'], reason: string, severity: CheckFinding['severity'] = 'error') =>
      findings.push({ severity, code, message: `${describeOrigin(nearestOrigin(loaded.origins, ['pools', index, ...key.split('.')]))}: pools.${index}.${key}: ${reason}` });
    if (!pool.enabled) report('enabled', null, 'is false: this pool is not used', 'warning');
    try {
      const { protocol } = parsePoolUrl(pool.url);
      if (protocol === 'v1' && pool.user === '') report('user', null, 'is missing: hardly any pool takes a miner without a worker name', 'warning');
      if (protocol === 'v2') report('url', 'E_POOL_URL', 'Stratum V2 is not available in this version');
      if (protocol === 'gbt' && pool.payout_address === undefined) report('payout_address', 'E_ADDRESS_INVALID', 'is missing: solo mining needs the address the reward is paid to');
    } catch (error) {
      if (!(error instanceof RigError)) throw error;
      report('url', error.code, error.message);
    }
    if (pool.tls?.insecure === true) report('tls.insecure', null, 'certificates are not checked: anybody on the way can take over the hash rate', 'warning');
    if (pool.tls?.ca !== undefined) reportCa(pool.tls.ca, (reason) => report('tls.ca', 'E_POOL_TLS', reason));
    if (pool.payout_address !== undefined) reportAddress(pool.payout_address, (reason) => report('payout_address', 'E_ADDRESS_INVALID', reason));
  });
  const { config } = loaded;
  if (config.pools.length === 0) findings.push({ severity: 'warning', code: null, message: 'no pool is configured: only demo mode can mine' });
  else if (config.pools.every(({ enabled }) => !enabled)) findings.push({ severity: 'warning', code: null, message: 'every pool has enabled: false: only demo mode can mine' });
  else if (config.mining.mode === 'live' && !config.mining.live) findings.push({ severity: 'warning', code: 'E_LIVE_NOT_ENABLED', message: 'mining.live is not set: in live mode nothing but regtest is submitted to' });
  return findings;
}

/** It is read anew at every connect, so it may also be put there later; but a name is mistyped more often. */
function reportCa(file: string, report: (reason: string) => void): void {
  try {
    readFileSync(file);
  } catch (error) {
    report(`the CA file ${path.resolve(file)} cannot be read: ${messageOf(error)}`);
  }
}

/** Whether it is an address of any chain: which one the node is on is only known once it answers. */
function reportAddress(address: string, report: (reason: string) => void): void {
  try {
    decodeAddress(address);
  } catch (error) {
    if (!(error instanceof RigError)) throw error;
    report(error.message);
  }
}
