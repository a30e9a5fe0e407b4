import { describe, expect, test } from 'vitest';
import { configSchema } from '../../config/schema.ts';
import { targetFromDifficulty } from '../../protocol/bitcoin/target.ts';
import { fakeDevice, fakePool } from '../telemetry/rig-state.fixture.ts';
import { economyOf, type EconomyFacts } from './economy.ts';

type Config = Record<string, unknown>;
const config = (economy: Config = {}): EconomyFacts['config'] => configSchema.parse({ economy }).economy;
const ALL = { currency: 'USD', btc_price: 100_000, electricity_price_per_kwh: 0.3, pool_fee_percent: 2, block_reward_btc: 3.125 };

function facts(overrides: Partial<EconomyFacts> = {}): EconomyFacts {
  return { config: config(ALL), mode: 'live', job: { networkTarget: targetFromDifficulty(1e14) }, pool: fakePool(), hashrateHs: 1e12, devices: [fakeDevice({ power_w: 20 })], ...overrides };
}

test('the arithmetic of a day', () => {
  const state = economyOf(facts());
  const blocksPerDay = (1e12 * 86_400) / (1e14 * (2 ** 48 / 0xffff));
  expect(state.network_difficulty).toBeCloseTo(1e14, -2);
  expect(state.btc_per_day).toBeCloseTo(blocksPerDay * 3.125 * 0.98, 15);
  expect(state.revenue_per_day).toBeCloseTo(blocksPerDay * 3.125 * 0.98 * 100_000, 9);
  expect(state.cost_per_day).toBeCloseTo(0.02 * 24 * 0.3, 12);
  expect(state.profit_per_day).toBeCloseTo(state.revenue_per_day! - state.cost_per_day!, 12);
  expect(state.days_per_block).toBeCloseTo(1 / blocksPerDay, 3);
  expect(state.currency).toBe('USD');
  expect(state.explanation).toContain("the rig's own devices");
  expect(state.explanation).not.toContain('Not known');
});

describe('nothing is guessed', () => {
  test('without figures there is no estimate, and every one that is missing is named', () => {
    const state = economyOf(facts({ config: config(), devices: [fakeDevice({ power_w: null })] }));
    expect(state).toMatchObject({ btc_per_day: null, revenue_per_day: null, power_w: null, cost_per_day: null, profit_per_day: null });
    expect(state.days_per_block).toBeGreaterThan(0);
    for (const name of ['btc_price', 'electricity_price_per_kwh', 'pool_fee_percent', 'block_reward_btc', 'the power of cpu']) expect(state.explanation).toContain(name);
  });

  test.each([
    ['btc_price', { revenue_per_day: null, profit_per_day: null }],
    ['electricity_price_per_kwh', { cost_per_day: null, profit_per_day: null }],
    ['pool_fee_percent', { btc_per_day: null, revenue_per_day: null }],
    ['block_reward_btc', { btc_per_day: null, revenue_per_day: null }],
  ])('without %s', (name, expected) => {
    const state = economyOf(facts({ config: config(Object.fromEntries(Object.entries(ALL).filter(([key]) => key !== name))) }));
    expect(state).toMatchObject(expected);
    expect(state.explanation).toContain(`Not known: economy.${name}`);
  });

  test('the reward of the present coinbase serves when none is configured', () => {
    const { block_reward_btc: _, ...rest } = ALL;
    const payout = { expected_address: null, expected_from: null, paid_sat: null, total_sat: 312_500_000, paid_percent: null, outputs: [], output_count: 1, tag: null, height: null, verdict: 'pays_pool', explanation: '' } as const;
    expect(economyOf(facts({ config: config(rest), pool: fakePool({ payout }) })).btc_per_day).toBeCloseTo(economyOf(facts()).btc_per_day!, 15);
  });

  test('with no rate or no job there are no earnings', () => {
    expect(economyOf(facts({ hashrateHs: null }))).toMatchObject({ btc_per_day: null, days_per_block: null });
    expect(economyOf(facts({ hashrateHs: 0 }))).toMatchObject({ btc_per_day: null, days_per_block: null });
    expect(economyOf(facts({ job: null }))).toMatchObject({ btc_per_day: null, network_difficulty: null });
  });

  test('power that only some devices tell is not the power of all, unless a figure stands for the rest', () => {
    const devices = [fakeDevice({ power_w: 20 }), fakeDevice({ id: 'stick', power_w: null })];
    expect(economyOf(facts({ devices })).power_w).toBeNull();
    expect(economyOf(facts({ devices, config: config({ ...ALL, extra_power_w: 15 }) })).power_w).toBe(35);
    expect(economyOf(facts({ devices: [fakeDevice({ power_w: 20 }), fakeDevice({ id: 'dead', status: 'fault', power_w: null })] })).power_w).toBe(20);
  });
});

test('the coins of a demo or a test network are worth nothing, and its difficulty means nothing', () => {
  const demo = economyOf(facts({ mode: 'demo' }));
  expect(demo).toMatchObject({ network_difficulty: null, btc_per_day: null, days_per_block: null, power_w: 20 });
  expect(demo.explanation).toContain('demo');
  const regtest = economyOf(facts({ job: { networkTarget: targetFromDifficulty(4.6e-10) } }));
  expect(regtest).toMatchObject({ btc_per_day: null, revenue_per_day: null, days_per_block: null });
  expect(regtest.explanation).toContain('test network');
});

test('a solo miner is told that it is all or nothing, and pays no pool', () => {
  const { pool_fee_percent: _, ...rest } = ALL;
  const state = economyOf(facts({ config: config(rest), pool: fakePool({ kind: 'gbt' }) }));
  expect(state.btc_per_day).toBeGreaterThan(0);
  expect(state.explanation).toMatch(/all or nothing: a block every [\d,]+ years on average/);
});
