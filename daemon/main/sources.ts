import type { PoolConfig } from '../../config/schema.ts';
import type { Clock } from '../../protocol/common/clock.ts';
import { RigError } from '../../protocol/common/errors.ts';
import type { Log } from '../../protocol/common/log.ts';
import { parsePoolUrl } from '../../protocol/stratum-v1/pool-url.ts';
import { isTrusted, readTrustedPool, type TrustedPool } from '../../protocol/stratum-v1/trusted-pools.ts';
import { GbtSource } from '../mining/gbt-source.ts';
import type { JobSource } from '../mining/job.ts';
import { StratumV1Source } from '../mining/stratum-v1-source.ts';
import type { SecretRef } from '../../config/schema.ts';
import { version } from '../version.ts';

export interface SourceContext {
  readonly clock: Clock;
  readonly log: Log;
  /** `mining.live`: real networks may be mined for. */
  readonly live: boolean;
  resolveSecret(ref: SecretRef | undefined): string | null;
  /** `mining.proxy`. */
  readonly proxy?: string | undefined;
  /** `mining.trusted_pools`; empty or left out: no list. */
  readonly trustedPools?: readonly string[];
}

/**
 * Makes a job source of each configured pool, in order. Connects to nothing.
 * @throws RigError E_POOL_URL, E_POOL_PROXY, E_POOL_UNTRUSTED, E_ADDRESS_INVALID
 */
export function createSources(pools: readonly PoolConfig[], context: SourceContext): JobSource[] {
  const used = new Set<string>();
  const trustedPools = trustedList(context.trustedPools ?? []);
  return pools.map((pool, index) => {
    const url = parsePoolUrl(pool.url);
    const id = uniqueId(pool.id ?? url.host, used);
    const password = context.resolveSecret(pool.password);
    const versionMask = pool.version_rolling ? Number.parseInt(pool.version_mask, 16) : 0;
    if (url.protocol === 'gbt') {
      if (!pool.payout_address) throw new RigError('E_ADDRESS_INVALID', `pools[${index}] (${id}) is a Bitcoin node: it needs payout_address`);
      return new GbtSource(
        { id, url: pool.url, user: pool.user, password: password ?? '', cookieFile: pool.cookie_file ?? null, payoutAddress: pool.payout_address, allowMainnet: context.live, versionMask },
        { clock: context.clock, log: context.log },
      );
    }
    if (url.protocol !== 'v1') throw new RigError('E_POOL_URL', `pools[${index}].url "${pool.url}": this version speaks Stratum V1 and getblocktemplate`);
    if (trustedPools !== null && !isTrusted(trustedPools, url.host, url.port)) throw new RigError('E_POOL_UNTRUSTED', `pools[${index}] (${id}): ${url.host}:${url.port} is not in mining.trusted_pools`);
    return new StratumV1Source(
      {
        proxy: pool.proxy ?? context.proxy ?? null,
        proxyIsolation: pool.proxy_isolation,
        trustedPools,
        id,
        url: pool.url,
        user: pool.user,
        password: password ?? 'x',
        tls: pool.tls ?? null,
        versionMask,
        suggestDifficulty: pool.suggest_difficulty ?? null,
        subscribeExtranonce: pool.subscribe_extranonce,
        userAgent: `rigbrain/${version()}`,
      },
      { clock: context.clock, log: context.log },
    );
  });
}

/** Null = there is no list, everybody is trusted. @throws RigError E_CONFIG_INVALID */
function trustedList(entries: readonly string[]): TrustedPool[] | null {
  if (entries.length === 0) return null;
  return entries.map((entry, index) => {
    const read = readTrustedPool(entry);
    if (read === null) throw new RigError('E_CONFIG_INVALID', `mining.trusted_pools[${index}] is not a host, domain or host:port`);
    return read;
  });
}

/** `Pool.Example.com` -> `pool-example-com`, made unique by a number. */
function uniqueId(name: string, used: Set<string>): string {
  const base = name.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-').replaceAll(/^-+|-+$/g, '').slice(0, 56) || 'pool';
  let id = base;
  for (let n = 2; used.has(id); n++) id = `${base}-${n}`;
  used.add(id);
  return id;
}
