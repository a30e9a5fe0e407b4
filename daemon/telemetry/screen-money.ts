/** Earnings and cost on the status screen: only what configured figures give. */
import type { EconomyState } from './state.ts';

/** @returns nothing when no price is configured */
export function moneyLines({ currency, priced, revenue_per_day, cost_per_day, profit_per_day, power_w, explanation }: EconomyState): string[] {
  if (!priced.btc && !priced.electricity) return [];
  const aDay = (value: number): string => `${amount(value)} ${currency} a day`;
  const parts = [
    ...(revenue_per_day === null ? [] : [`earns ${aDay(revenue_per_day)} on average`]),
    ...(cost_per_day === null ? [] : [`power costs ${aDay(cost_per_day)}${power_w === null ? '' : ` (${power_w.toFixed(0)} W)`}`]),
    ...(profit_per_day === null ? [] : [`together ${aDay(profit_per_day)}`]),
  ];
  // Without earnings the reason is what a person wants to know.
  if (revenue_per_day === null && explanation !== '') parts.push(explanation);
  return [`money      ${parts.join('   ')}`];
}

/** Two decimals, and for less than a cent two digits that count. */
function amount(value: number): string {
  return value === 0 || Math.abs(value) >= 0.01 ? value.toFixed(2) : value.toPrecision(2);
}
