/** Rules between keys, which the schema of each key cannot see. */
import { addressOfWorker } from '../protocol/bitcoin/worker-address.ts';
import { RigError, type ErrorCode } from '../protocol/common/errors.ts';
import { parseProxyUrl } from '../protocol/socks5/proxy-url.ts';
import { parsePoolUrl, type PoolAddress } from '../protocol/stratum-v1/pool-url.ts';
import { isTrusted, readTrustedPool } from '../protocol/stratum-v1/trusted-pools.ts';
import { nearestOrigin, pathKey, type ConfigPath, type Origins } from './origin.ts';
import type { ConfigProblem } from './problem.ts';
import type { RigConfig } from './schema.ts';

export function semanticProblems(config: RigConfig, origins: Origins): ConfigProblem[] {
  const problems: ConfigProblem[] = [];
  const report: Report = (path, reason, code) => problems.push({ origin: nearestOrigin(origins, path), path: pathKey(path), reason, suggestion: null, ...(code === undefined ? {} : { code }) });

  for (const list of ['pools', 'devices'] as const) {
    const seen = new Map<string, number>();
    config[list].forEach(({ id }, index) => {
      if (id === undefined) return;
      const first = seen.get(id);
      if (first === undefined) seen.set(id, index);
      else report([list, index, 'id'], `the same id as ${list}.${first}; ids must be different`);
    });
  }
  config.pools.forEach((pool, index) => {
    if (pool.cookie_file !== undefined && pool.password !== undefined) report(['pools', index, 'cookie_file'], 'give either cookie_file or user and password, not both');
    if (pool.tls?.insecure === true && pool.tls.fingerprint_sha256 !== undefined) report(['pools', index, 'tls', 'insecure'], 'a pinned fingerprint and insecure exclude each other');
  });
  if (config.mqtt.tls?.insecure === true && config.mqtt.tls.fingerprint_sha256 !== undefined) report(['mqtt', 'tls', 'insecure'], 'a pinned fingerprint and insecure exclude each other');
  checkProxies(config, report);
  checkPayouts(config, report);
  checkTrust(config, report);
  checkNodeKeys(config, report);
  checkTls(config, report);
  return problems;
}

type Report = (path: ConfigPath, reason: string, code?: ErrorCode) => void;

function checkProxies(config: RigConfig, report: Report): void {
  const check = (path: ConfigPath, proxy: string | undefined): void => {
    if (proxy === undefined) return;
    try {
      parseProxyUrl(proxy);
    } catch (error) {
      if (!(error instanceof RigError)) throw error;
      report(path, `${error.message}. ${error.hint}`, 'E_POOL_PROXY');
    }
  };
  check(['mining', 'proxy'], config.mining.proxy);
  config.pools.forEach((pool, index) => {
    check(['pools', index, 'proxy'], pool.proxy);
    const address = addressOf(pool.url);
    if (address?.protocol === 'gbt' && pool.proxy !== undefined) report(['pools', index, 'proxy'], 'your own node is never reached through a proxy; take it out', 'E_POOL_PROXY');
    if (address?.protocol === 'v1' && address.needs_socks && pool.enabled && (pool.proxy ?? config.mining.proxy) === undefined) {
      report(['pools', index, 'url'], 'onion addresses can only be reached through a proxy: set proxy (Tor: socks5h://127.0.0.1:9050)', 'E_POOL_PROXY');
    }
  });
}

/** What is to be done about a job that does not pay an address needs an address. */
function checkPayouts(config: RigConfig, report: Report): void {
  config.pools.forEach((pool, index) => {
    if (pool.payout_address !== undefined || addressOfWorker(pool.user) !== null) return;
    const why = 'needs payout_address, or a user that begins with the address';
    if (pool.payout_action === 'leave') report(['pools', index, 'payout_action'], `leave ${why}`);
    if (pool.payout_min_percent !== undefined) report(['pools', index, 'payout_min_percent'], why);
  });
}

/** Own nodes need not be on the list: what they pay is decided here, not there. */
function checkTrust(config: RigConfig, report: Report): void {
  const entries = config.mining.trusted_pools.map((text, index) => {
    const entry = readTrustedPool(text);
    if (entry === null) report(['mining', 'trusted_pools', index], 'must be a host, a domain or host:port, without a scheme');
    return entry;
  });
  if (entries.length === 0) return;
  const list = entries.filter((entry) => entry !== null);
  config.pools.forEach((pool, index) => {
    const address = addressOf(pool.url);
    if (address === null || address.protocol === 'gbt' || !pool.enabled || isTrusted(list, address.host, address.port)) return;
    report(['pools', index, 'url'], `${address.host}:${address.port} is not in mining.trusted_pools; add it there, or take this pool out`, 'E_POOL_UNTRUSTED');
  });
}

/** Keys that only mean something for your own node, and would be taken for done under a pool. */
const NODE_KEYS = ['cookie_file', 'zmq', 'coinbase_tag'] as const;

function checkNodeKeys(config: RigConfig, report: Report): void {
  config.pools.forEach((pool, index) => {
    const address = addressOf(pool.url);
    if (address === null || address.protocol === 'gbt') return;
    for (const key of NODE_KEYS) if (pool[key] !== undefined) report(['pools', index, key], 'is for your own node (url: http://...); take it out');
  });
}

/** Who pins a certificate takes the connection for safe; without TLS nothing would be looked at. */
function checkTls(config: RigConfig, report: Report): void {
  config.pools.forEach(({ url, tls }, index) => {
    const address = addressOf(url);
    if (tls === undefined || address === null || address.tls) return;
    const secure = address.protocol === 'gbt' ? 'https://' : 'stratum+ssl://';
    for (const key of ['ca', 'fingerprint_sha256', 'insecure'] as const) if (tls[key] !== undefined && tls[key] !== false) report(['pools', index, 'tls', key], `does nothing without TLS: write ${secure} in url, or take it out`);
  });
}

/** Null = it cannot be read, which is told where it is used. */
function addressOf(url: string): PoolAddress | null {
  try {
    return parsePoolUrl(url);
  } catch {
    return null;
  }
}
