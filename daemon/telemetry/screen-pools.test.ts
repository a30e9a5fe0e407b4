import { expect, test } from 'vitest';
import { fakePool, fakeRigState } from './rig-state.fixture.ts';
import { poolLines } from './screen-pools.ts';

const state = fakeRigState();
const now = state.node.started_at + state.node.uptime_secs * 1000;
const plain = (text: string): string => text;

test('one pool alone is shown without what it is to the rig', () => {
  expect(poolLines(state, plain)).toEqual(['pool       demo   stratum+tcp://127.0.0.1:3333   demo.rig1', '           difficulty 0.00100, more than one share a second']);
});

test('of several each says what it is, since when and why', () => {
  const pools = [
    fakePool({ id: 'first', role: 'returning', role_reason: 'works again, mined for again in 55 s', role_since: now - 5000, work_share: 0.75 }),
    fakePool({ id: 'demo', role: 'active', role_reason: 'first has to prove itself', role_since: now - 65_000, work_share: 0.25 }),
    fakePool({ id: 'third', role: 'down', role_reason: 'no answer; next attempt in 3 s', role_since: now - 9000, work_share: 0 }),
  ];
  expect(poolLines({ ...state, pools }, plain).slice(2)).toEqual([
    '           first: returning 0m 05s, 75 % of work: works again, mined for again in 55 s',
    '           demo: active 1m 05s, 25 % of work: first has to prove itself',
    '           third: down 0m 09s: no answer; next attempt in 3 s',
  ]);
});

test('when no pool works each says why', () => {
  const pools = [fakePool({ role: 'down', role_reason: 'no answer', role_since: now - 9000, work_share: 1 })];
  expect(poolLines({ ...state, pools, mining: { ...state.mining, pool: null } }, plain)).toEqual(['pool       none', '           demo: down 0m 09s, 100 % of work: no answer']);
});

test('whom the pool pays stands below it, and cannot move the cursor', () => {
  const pool = fakePool({
    id: 'p',
    payout: { expected_address: 'bc1qme', expected_from: 'user', paid_sat: 98, total_sat: 100, paid_percent: 98, outputs: [], output_count: 2, tag: null, height: null, verdict: 'pays_expected', explanation: 'pays you 98 % (bc1qme)\u001b[2J' },
  });
  expect(poolLines({ ...state, pools: [pool], mining: { ...state.mining, pool: 'p' } }, (text) => text.replaceAll('\u001b', '?'))).toContain('           pays you 98 % (bc1qme)?[2J');
});

test('of a pool that keeps accounts this is said before the address it is paid at', () => {
  const pool = fakePool({
    id: 'p',
    payout: { expected_address: null, expected_from: null, paid_sat: null, total_sat: 100, paid_percent: null, outputs: [{ address: 'bc1qpool', script: '0014', value_sat: 100 }], output_count: 2, tag: null, height: null, verdict: 'pays_pool', explanation: 'pays bc1qpool 100 %; the pool keeps your share on account' },
  });
  expect(poolLines({ ...state, pools: [pool], mining: { ...state.mining, pool: 'p' } }, plain)).toContain('           the pool keeps your share on account; jobs pay bc1qpool');
});
