import type { EconomyConfig } from '../../config/schema.ts';
import { difficultyFromTarget, HASHES_AT_DIFFICULTY_ONE } from '../../protocol/bitcoin/target.ts';
import type { Mode } from '../brainstem/contract.ts';
import type { Job } from '../mining/job.ts';
import type { DeviceTelemetry, EconomyState, PoolTelemetry } from '../telemetry/state.ts';

/**
 * Below this the chain is a test network: its coins are worth nothing, whatever a price says. Chains with SHA-256 and coins of
 * some worth are far above it; regtest is far below 1.
 */
const LEAST_WORTH = 1e9;
const SECONDS_A_DAY = 86_400;
const SAT = 1e8;

/** No estimate: nothing it could rest on is known. */
export function noEconomy(currency: string, explanation: string): EconomyState {
  return { currency, priced: { btc: false, electricity: false }, network_difficulty: null, btc_per_day: null, revenue_per_day: null, power_w: null, cost_per_day: null, profit_per_day: null, days_per_block: null, explanation };
}

export interface EconomyFacts {
  readonly config: EconomyConfig;
  readonly mode: Mode;
  /** The newest job of the pool mined for; null = there is none. */
  readonly job: Pick<Job, 'networkTarget'> | null;
  /** The pool mined for; null = none. */
  readonly pool: Pick<PoolTelemetry, 'kind' | 'payout'> | null;
  /** Of the rig's own devices; null = unknown. */
  readonly hashrateHs: number | null;
  readonly devices: readonly Pick<DeviceTelemetry, 'id' | 'status' | 'power_w'>[];
}

/** Mean earnings and cost at the present rate, from figures that are configured or known; what is missing is null and named. */
export function economyOf({ config, mode, job, pool, hashrateHs, devices }: EconomyFacts): EconomyState {
  const priced = { btc: config.btc_price !== undefined, electricity: config.electricity_price_per_kwh !== undefined };
  const missing: string[] = [];
  const notes: string[] = [];
  const need = <T>(value: T | null | undefined, what: string): T | null => {
    if (value === null || value === undefined) missing.push(what);
    return value ?? null;
  };

  const power = powerOf(config, devices, missing);
  const price = need(config.electricity_price_per_kwh, 'economy.electricity_price_per_kwh');
  const cost = power === null || price === null ? null : ((power * 24) / 1000) * price;

  const difficulty = job === null ? null : difficultyFromTarget(job.networkTarget);
  const pretend = mode === 'demo' || (difficulty !== null && difficulty < LEAST_WORTH);
  if (pretend) {
    const { currency } = config;
    return { ...noEconomy(currency, ''), priced, network_difficulty: mode === 'demo' ? null : difficulty, power_w: power, cost_per_day: cost, explanation: [mode === 'demo' ? 'The chain of the demo has no value: nothing is earned.' : 'The chain mined on is a test network: nothing is earned.', ...saysMissing(missing)].join(' ') };
  }

  const solo = pool?.kind === 'gbt';
  const rate = need(hashrateHs === 0 ? null : hashrateHs, 'the hash rate');
  const known = need(difficulty, 'a job that tells the network difficulty');
  const reward = need(config.block_reward_btc ?? (pool?.payout ? pool.payout.total_sat / SAT : null), 'economy.block_reward_btc');
  const fee = solo ? 0 : need(config.pool_fee_percent, 'economy.pool_fee_percent (0 when there is none)');
  const btcPrice = need(config.btc_price, 'economy.btc_price');
  const blocksPerDay = rate === null || known === null ? null : (rate * SECONDS_A_DAY) / (known * HASHES_AT_DIFFICULTY_ONE);
  const btc = blocksPerDay === null || reward === null || fee === null ? null : blocksPerDay * reward * (1 - fee / 100);
  const revenue = btc === null || btcPrice === null ? null : btc * btcPrice;

  if (btc !== null) {
    notes.push(`Mean of many days at the present hash rate of the rig's own devices, ${config.block_reward_btc === undefined ? 'with the reward of the present job' : 'with economy.block_reward_btc'}; miners in the house are not in it.`);
    // A pool whose jobs pay the miner's own address shares nothing with others.
    if (solo || pool?.payout?.verdict === 'pays_expected') notes.push(`Solo mining pays all or nothing: a block every ${sayDays(blocksPerDay as number)} on average, and nothing until then.`);
  }
  return {
    currency: config.currency,
    priced,
    network_difficulty: difficulty,
    btc_per_day: btc,
    revenue_per_day: revenue,
    power_w: power,
    cost_per_day: cost,
    profit_per_day: revenue === null || cost === null ? null : revenue - cost,
    days_per_block: blocksPerDay === null ? null : 1 / blocksPerDay,
    explanation: [...notes, ...saysMissing(missing)].join(' '),
  };
}

/** What devices measure and what is configured for the rest; null when a device draws power that neither knows. */
function powerOf(config: EconomyConfig, devices: EconomyFacts['devices'], missing: string[]): number | null {
  const on = devices.filter(({ status }) => status !== 'stopped' && status !== 'fault');
  const unknown = on.filter((device) => device.power_w === null);
  if (config.extra_power_w === 0 && (unknown.length > 0 || on.length === 0)) {
    missing.push(unknown.length === 0 ? 'the power' : `the power of ${unknown.map(({ id }) => id).join(', ')} (economy.extra_power_w can say it)`);
    return null;
  }
  return on.reduce((sum, device) => sum + (device.power_w ?? 0), config.extra_power_w);
}

function saysMissing(missing: readonly string[]): string[] {
  return missing.length === 0 ? [] : [`Not known: ${missing.join(', ')}.`];
}

function sayDays(blocksPerDay: number): string {
  const days = 1 / blocksPerDay;
  if (days >= 730) return `${Math.round(days / 365).toLocaleString('en')} years`;
  return days >= 2 ? `${Math.round(days)} days` : `${(days * 24).toFixed(1)} hours`;
}
