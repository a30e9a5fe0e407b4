import type { PoolConfig, RigConfig } from '../../config/schema.ts';
import type { Clock } from '../../protocol/common/clock.ts';
import { RigError } from '../../protocol/common/errors.ts';
import type { Log } from '../../protocol/common/log.ts';
import { parsePoolUrl } from '../../protocol/stratum-v1/pool-url.ts';
import { isTrusted, readTrustedPool, type TrustedPool } from '../../protocol/stratum-v1/trusted-pools.ts';
import { BlockRelay } from '../mining/block-relay.ts';
import type { ChoiceOptions } from '../mining/choice/pool-choice.ts';
import { GbtSource } from '../mining/gbt-source.ts';
import type { JobSource } from '../mining/job.ts';
import { payoutRule, type PayoutRule } from '../mining/payout/payout-rule.ts';
import { StratumV1Source, type StratumV1SourceOptions } from '../mining/stratum-v1-source.ts';
import type { UnsentBlocks } from '../mining/unsent-blocks.ts';
import type { SecretRef } from '../../config/secret-ref.ts';
import { version } from '../version.ts';

export interface SourceContext {
  readonly clock: Clock;
  readonly log: Log;
  /** `mining.live`: real networks may be mined for. */
  readonly live: boolean;
  resolveSecret(ref: SecretRef | undefined): string | null;
  /** Where found blocks go that no node takes. */
  readonly unsentBlocks?: UnsentBlocks;
  /** `mining.proxy`. */
  readonly proxy?: string | undefined;
  /** `mining.trusted_pools`; empty or left out: no list. */
  readonly trustedPools?: readonly string[];
}

/**
 * Makes a job source of each enabled pool, in order. Connects to nothing.
 * @throws RigError E_POOL_URL, E_POOL_PROXY, E_POOL_UNTRUSTED, E_ADDRESS_INVALID
 */
export function createSources(pools: readonly PoolConfig[], context: SourceContext): JobSource[] {
  const ids = poolIds(pools);
  const trustedPools = trustedList(context.trustedPools ?? []);
  const relay = new BlockRelay({ clock: context.clock, log: context.log, ...(context.unsentBlocks ? { unsent: context.unsentBlocks } : {}) });
  return pools.flatMap((pool, index) => {
    const id = ids[index]!;
    if (!pool.enabled) {
      context.log.info({ pool: id }, 'this pool is not used: enabled is false');
      return [];
    }
    const url = parsePoolUrl(pool.url);
    const password = context.resolveSecret(pool.password);
    const versionMask = pool.version_rolling ? Number.parseInt(pool.version_mask, 16) : 0;
    if (url.protocol === 'gbt') {
      if (!pool.payout_address) throw new RigError('E_ADDRESS_INVALID', `pools[${index}] (${id}) is a Bitcoin node: it needs payout_address`);
      if (url.tls && pool.tls?.insecure === true) context.log.warn({ pool: id, url: pool.url }, 'TLS CERTIFICATES ARE NOT CHECKED (tls.insecure): anybody on the way can read the password of your node');
      return new GbtSource(
        {
          id,
          url: pool.url,
          user: pool.user,
          password: password ?? '',
          cookieFile: pool.cookie_file ?? null,
          tls: pool.tls ?? null,
          payoutAddress: pool.payout_address,
          allowMainnet: context.live,
          versionMask,
          longPoll: pool.long_poll,
          zmq: pool.zmq ?? null,
          ...(pool.coinbase_tag === undefined ? {} : { tag: pool.coinbase_tag }),
        },
        { clock: context.clock, log: context.log, relay },
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
        ...deadlinesOf(pool),
        suggestDifficulty: pool.suggest_difficulty ?? null,
        subscribeExtranonce: pool.subscribe_extranonce,
        userAgent: `rigbrain/${version()}`,
      },
      { clock: context.clock, log: context.log },
    );
  });
}

/** Whom the jobs of each pool should pay, by id. @throws RigError E_ADDRESS_INVALID */
export function payoutRules(pools: readonly PoolConfig[]): Map<string, PayoutRule> {
  const ids = poolIds(pools);
  return new Map(pools.flatMap((pool, index) => (pool.enabled ? [[ids[index]!, payoutRule(pool)] as const] : [])));
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

/** What a person has set; everything else keeps its default. Half of the longest silence is when it is warned of. */
function deadlinesOf({ deadlines = {} }: PoolConfig): Pick<StratumV1SourceOptions, 'deadlines' | 'connectTimeoutMs'> {
  const { connect_seconds, handshake_seconds, first_job_seconds, silence_seconds, submit_seconds } = deadlines;
  return {
    ...(connect_seconds !== undefined && { connectTimeoutMs: connect_seconds * 1000 }),
    deadlines: {
      ...(handshake_seconds !== undefined && { subscribeMs: handshake_seconds * 1000, authorizeMs: handshake_seconds * 1000 }),
      ...(first_job_seconds !== undefined && { firstJobMs: first_job_seconds * 1000 }),
      ...(silence_seconds !== undefined && { silenceMs: silence_seconds * 1000, silenceWarnMs: silence_seconds * 500 }),
      ...(submit_seconds !== undefined && { submitMs: submit_seconds * 1000 }),
    },
  };
}

/** How the pool to mine for is chosen, as the configuration wants it. */
export function choiceOf({ pool_strategy, rotate_seconds, return_seconds }: RigConfig['mining'], pools: readonly PoolConfig[]): ChoiceOptions {
  const ids = poolIds(pools);
  return { strategy: pool_strategy, rotateMs: rotate_seconds * 1000, returnMs: return_seconds * 1000, quotas: new Map(pools.map(({ quota }, index) => [ids[index]!, quota])) };
}

/**
 * Opens another connection to the pool with this id, for somebody who needs one alone; null for a node, which has no need of it.
 * @throws what createSources throws
 */
export function createOwnSource(poolId: string, pools: readonly PoolConfig[], context: SourceContext): JobSource | null {
  const pool = pools[poolIds(pools).indexOf(poolId)];
  if (pool === undefined || parsePoolUrl(pool.url).protocol !== 'v1') return null;
  return createSources([{ ...pool, id: poolId }], context)[0] ?? null;
}

/** The id of each pool. One that is switched off keeps its own, so that those of the others stay what they are. */
function poolIds(pools: readonly PoolConfig[]): string[] {
  const used = new Set<string>();
  return pools.map((pool) => uniqueId(pool.id ?? hostOf(pool.url), used));
}

function hostOf(url: string): string {
  try {
    return parsePoolUrl(url).host;
  } catch {
    // Said when it is opened, if it is.
    return 'pool';
  }
}

/** `Pool.Example.com` -> `pool-example-com`, made unique by a number. */
function uniqueId(name: string, used: Set<string>): string {
  const base = name.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-').replaceAll(/^-+|-+$/g, '').slice(0, 56) || 'pool';
  let id = base;
  for (let n = 2; used.has(id); n++) id = `${base}-${n}`;
  used.add(id);
  return id;
}
