import type { EconomyState } from '../telemetry/state.ts';

/** No estimate: nothing it could rest on is known. */
export function noEconomy(currency: string, explanation: string): EconomyState {
  return { currency, network_difficulty: null, btc_per_day: null, revenue_per_day: null, power_w: null, cost_per_day: null, profit_per_day: null, days_per_block: null, explanation };
}
