import { expect, test } from 'vitest';
import { noEconomy } from '../economy/economy.ts';
import { moneyLines } from './screen-money.ts';

const none = noEconomy('EUR', 'Not known: economy.btc_price.');

test('without prices there is no line', () => {
  expect(moneyLines(none)).toEqual([]);
});

test('earnings, cost and what is left of them, in words and a day', () => {
  const economy = { ...none, priced: { btc: true, electricity: true }, revenue_per_day: 0.00000123, cost_per_day: 0.08064, profit_per_day: -0.08064, power_w: 12 };
  expect(moneyLines(economy)).toEqual(['money      earns 0.0000012 EUR a day on average   power costs 0.08 EUR a day (12 W)   together -0.08 EUR a day']);
});

test('where earnings are not known the reason stands there', () => {
  expect(moneyLines({ ...none, priced: { btc: false, electricity: true }, cost_per_day: 1.5, power_w: 200 })).toEqual(['money      power costs 1.50 EUR a day (200 W)   Not known: economy.btc_price.']);
});
