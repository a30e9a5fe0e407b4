import { describe, expect, it } from 'vitest';
import { poolSchema } from '../../../config/schema.ts';
import { decodeAddress } from '../../../protocol/bitcoin/address.ts';
import { bytesToHex, concatBytes, hexToBytes } from '../../../protocol/common/bytes.ts';
import { silentLog, type Log } from '../../../protocol/common/log.ts';
import { ManualClock } from '../../../protocol/common/manual-clock.ts';
import { makeJob } from '../mining.fixture.ts';
import { ADOPT_AFTER_MS } from './payee-memory.ts';
import { payoutRule } from './payout-rule.ts';
import { PayoutWatch } from './payout-watch.ts';

const ME = 'bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4';
const POOL = '3P14159f73E4gFr7JterCCQh9QjiTjiZrG';
const OTHER = '1BgGZ9tcN4rm9KBzDn7KprQz87SZ26SAMH';
const THIRD = 'bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqzk5jj0';
const COMMITMENT = `6a24aa21a9ed${'ab'.repeat(32)}`;
/** As hard as the main network, so that addresses are shown as its own. */
const MAIN_TARGET = 1n << 180n;

function le(value: bigint, bytes: number): Uint8Array {
  return Uint8Array.from({ length: bytes }, (_, index) => Number((value >> BigInt(8 * index)) & 0xffn));
}

let jobs = 0;
/** A job whose coinbase pays these addresses so many satoshi. */
function job(pays: readonly (readonly [address: string, sat: number])[], sourceId = 'p') {
  const scripts = [...pays.map(([address, sat]) => [decodeAddress(address).script, sat] as const), [hexToBytes(COMMITMENT), 0] as const];
  const outputs = scripts.flatMap(([script, sat]) => [le(BigInt(sat), 8), Uint8Array.of(script.length), script]);
  return makeJob({ sourceId, poolJobId: String(++jobs), networkTarget: MAIN_TARGET, coinb1: hexToBytes(`0100000001${'00'.repeat(32)}ffffffff0b020801`), coinb2: concatBytes(hexToBytes('ffffffff'), Uint8Array.of(scripts.length), ...outputs, new Uint8Array(4)) });
}

function watch(pool: Record<string, unknown> = {}, log: Log = silentLog) {
  const clock = new ManualClock();
  const rules = new Map([['p', payoutRule(poolSchema.parse({ url: 'stratum+tcp://pool.example:3333', ...pool }))]]);
  const payouts = new PayoutWatch(rules, { clock, log });
  const verdictOn = (...pays: [string, number][]) => {
    const refusal = payouts.inspect(job(pays));
    return { refusal, ...payouts.payoutOf('p')! };
  };
  return { clock, payouts, verdictOn };
}

describe('payout watch', () => {
  it('says what part of a solo block is yours, by the address in the worker name', () => {
    const { verdictOn } = watch({ user: `${ME}.rig1` });
    expect(verdictOn([POOL, 6_250_000], [ME, 306_250_000])).toMatchObject({ verdict: 'pays_expected', expected_from: 'user', paid_sat: 306_250_000, total_sat: 312_500_000, paid_percent: 98, output_count: 3, refusal: null, explanation: `pays you 98 % (${ME})` });
    expect(verdictOn([ME, 312_500_000]).outputs.map(({ address, value_sat }) => [address, value_sat])).toEqual([
      [ME, 312_500_000],
      [null, 0],
    ]);
  });

  it('does not alarm at a pool that never had the address of the worker name in its jobs', () => {
    const { verdictOn } = watch({ user: `${ME}.rig1` });
    for (let i = 0; i < 3; i++) expect(verdictOn([POOL, 312_500_000])).toMatchObject({ verdict: 'pays_pool', paid_percent: 0, refusal: null });
    expect(verdictOn([POOL, 312_500_000]).explanation).toMatch(/pays 3P1.* 100 %; bc1q.* is not in it: the pool keeps your share on account/);
  });

  it('tells when a pool stops paying the address it did pay, until that has been so for six hours', () => {
    const { verdictOn, clock } = watch({ user: ME });
    verdictOn([ME, 100]);
    expect(verdictOn([OTHER, 100])).toMatchObject({ verdict: 'does_not_pay_expected', refusal: null, explanation: expect.stringMatching(/do not pay bc1q.*, which earlier jobs did; they pay 1Bg.* 100 %/) });
    expect(verdictOn([ME, 100]).verdict).toBe('pays_expected');
    verdictOn([OTHER, 100]);
    clock.advance(ADOPT_AFTER_MS - 1);
    expect(verdictOn([OTHER, 100]).verdict).toBe('does_not_pay_expected');
    clock.advance(1);
    // It is known by now that it goes elsewhere; that elsewhere is new is a thing of its own.
    expect(verdictOn([OTHER, 100]).verdict).toBe('payee_changed');
    clock.advance(ADOPT_AFTER_MS);
    expect(verdictOn([OTHER, 100]).verdict).toBe('pays_pool');
  });

  it('holds a pool to the address in the configuration from the first job on', () => {
    const { verdictOn } = watch({ user: 'me', payout_address: ME, payout_action: 'leave' });
    expect(verdictOn([POOL, 100])).toMatchObject({ verdict: 'does_not_pay_expected', refusal: expect.stringMatching(/^E_POOL_PAYOUT: its jobs do not pay bc1q/) });
    expect(verdictOn([ME, 1], [POOL, 99])).toMatchObject({ verdict: 'pays_expected', refusal: null, paid_percent: 1 });
  });

  it('holds it to the least part, too', () => {
    const { verdictOn } = watch({ user: 'me', payout_address: ME, payout_min_percent: 98, payout_action: 'leave' });
    expect(verdictOn([ME, 98], [POOL, 2]).refusal).toBeNull();
    expect(verdictOn([ME, 979], [POOL, 21])).toMatchObject({ verdict: 'does_not_pay_expected', refusal: expect.stringMatching(/only 97\.9 %, less than the 98 %/) });
  });

  it('holds it to the address in the worker name as firmly when it is said what is to be done', () => {
    const leaving = watch({ user: `${ME}.rig1`, payout_action: 'leave' });
    expect(leaving.verdictOn([POOL, 100])).toMatchObject({ verdict: 'does_not_pay_expected', expected_from: 'user', refusal: expect.stringMatching(/^E_POOL_PAYOUT: its jobs do not pay bc1q[^,]*; they pay/) });
    expect(leaving.verdictOn([ME, 100]).refusal).toBeNull();
    expect(watch({ user: ME, payout_min_percent: 50 }).verdictOn([ME, 49], [POOL, 51])).toMatchObject({ verdict: 'does_not_pay_expected', refusal: null });
  });

  it('only alarms with payout_action: alarm', () => {
    expect(watch({ payout_address: ME }).verdictOn([POOL, 100])).toMatchObject({ verdict: 'does_not_pay_expected', refusal: null });
  });

  it('finds the address again on whatever chain it is written for', () => {
    const { verdictOn } = watch({ user: 'bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080.w' });
    expect(verdictOn([ME, 100])).toMatchObject({ verdict: 'pays_expected', outputs: [{ address: 'bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080' }, {}] });
  });

  it('tells when the main payee of a pool changes, and takes it for the usual one after six hours', () => {
    const { verdictOn, clock } = watch();
    expect(verdictOn([POOL, 100]).verdict).toBe('pays_pool');
    expect(verdictOn([OTHER, 100])).toMatchObject({ verdict: 'payee_changed', explanation: expect.stringMatching(/somebody new most: 1Bg.*; before it was 3P1/) });
    clock.advance(ADOPT_AFTER_MS / 2);
    // Another new one does not hide the first, nor does it start its time anew.
    expect(verdictOn([THIRD, 100]).verdict).toBe('payee_changed');
    clock.advance(ADOPT_AFTER_MS / 2);
    expect(verdictOn([OTHER, 100]).verdict).toBe('pays_pool');
    expect(verdictOn([POOL, 100]).verdict).toBe('pays_pool');
    expect(verdictOn([THIRD, 100]).verdict).toBe('payee_changed');
  });

  it('does not alarm when those who are paid in the coinbase only change places', () => {
    const { verdictOn } = watch();
    verdictOn([POOL, 60], [OTHER, 30], [THIRD, 10]);
    expect(verdictOn([THIRD, 50], [POOL, 30], [OTHER, 20]).verdict).toBe('pays_pool');
  });

  it('tells when your part of the reward falls, even in small steps', () => {
    const { verdictOn, clock } = watch({ user: ME });
    verdictOn([ME, 980], [POOL, 20]);
    expect(verdictOn([ME, 950], [POOL, 50]).verdict).toBe('pays_expected');
    expect(verdictOn([ME, 920], [POOL, 80])).toMatchObject({ verdict: 'payee_changed', explanation: expect.stringContaining('92 %, before it was 98 %') });
    clock.advance(ADOPT_AFTER_MS);
    expect(verdictOn([ME, 920], [POOL, 80]).verdict).toBe('pays_expected');
  });

  it('takes a coinbase that cannot be read for a verdict of its own, which `leave` does not mine', () => {
    const { payouts } = watch({ payout_address: ME, payout_action: 'leave' });
    const broken = { ...job([[ME, 100]]), coinb2: hexToBytes('ffffffff00') };
    expect(payouts.inspect(broken)).toMatch(/cannot be read/);
    expect(payouts.payoutOf('p')).toMatchObject({ verdict: 'unreadable', total_sat: 0 });
    expect(watch().payouts.inspect(broken)).toBeNull();
  });

  it('keeps pools apart, and knows nothing before the first job', () => {
    const { payouts } = watch({ user: ME });
    expect(payouts.payoutOf('p')).toBeNull();
    payouts.inspect(job([[ME, 100]]));
    payouts.inspect(job([[POOL, 100]], 'q'));
    expect([payouts.payoutOf('p')!.verdict, payouts.payoutOf('q')!.verdict, payouts.payoutOf('q')!.expected_address]).toEqual(['pays_expected', 'pays_pool', null]);
  });

  it('does not fill the log for a pool that changes its mind every second', () => {
    let lines = 0;
    const count = (): void => void (lines += 1);
    const log: Log = { trace: count, debug: count, info: count, warn: count, error: count, child: () => log };
    const { verdictOn } = watch({ user: ME }, log);
    for (let i = 0; i < 1000; i++) verdictOn([i % 2 === 0 ? ME : OTHER, 100]);
    expect(lines).toBeLessThan(30);
  });

  it('shows 16 outputs of many, largest first', () => {
    const { verdictOn } = watch();
    const scripts = Array.from({ length: 40 }, (_, i) => [i % 2 === 0 ? POOL : OTHER, i + 1] as [string, number]);
    const { outputs, output_count } = verdictOn(...scripts);
    expect([outputs.length, output_count, outputs[0]!.value_sat, outputs[15]!.value_sat]).toEqual([16, 41, 40, 25]);
    expect(outputs[0]!.script).toBe(bytesToHex(decodeAddress(OTHER).script));
  });
});
