/** A pool whose jobs do not pay whom they should is left for the next one, with real sources and real pools. */
import { once } from 'node:events';
import { afterEach, expect, test, vi } from 'vitest';
import { poolSchema } from '../config/schema.ts';
import { TemplateManager } from '../daemon/dtm/template-manager.ts';
import { createSources, payoutRules } from '../daemon/main/sources.ts';
import { MiningEngine } from '../daemon/mining/engine.ts';
import { HandDevice } from '../daemon/mining/mining.fixture.ts';
import { PayoutWatch } from '../daemon/mining/payout/payout-watch.ts';
import { systemClock } from '../protocol/common/clock.ts';
import { silentLog } from '../protocol/common/log.ts';
import { startSimPool } from '../sim/pool/pool.ts';

const STRANGER = 'bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4';

/** P2WSH of OP_TRUE: what the demo chain pays. */
const DEMO_PAYEE = 'bcrt1qft5p2uhsdcdc3l2ua4ap5qqfg4pjaqlp250x7us7a8qqhrxrxfsqseac85';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function mine(first: Record<string, unknown>) {
  const [one, two] = [await startSimPool(), await startSimPool()];
  cleanups.push(() => one.close(), () => two.close());
  const pools = [
    { id: 'one', url: one.url, user: 'acc.rig', ...first },
    { id: 'two', url: two.url, user: 'acc.rig' },
  ].map((pool) => poolSchema.parse(pool));
  const payouts = new PayoutWatch(payoutRules(pools), { clock: systemClock, log: silentLog });
  const sources = createSources(pools, { clock: systemClock, log: silentLog, live: true, resolveSecret: () => null });
  const engine = new MiningEngine({ sources, devices: [new HandDevice()], templates: new TemplateManager({ clock: systemClock, localZeros: 64 }), withhold: () => 'a test', inspect: (job) => payouts.inspect(job), clock: systemClock, log: silentLog });
  cleanups.push(() => engine.stop());
  await engine.start(new AbortController().signal);
  await vi.waitFor(() => expect([payouts.payoutOf('one') !== null, engine.jobOf('two') !== null]).toEqual([true, true]), { timeout: 20_000 });
  return { engine, payouts, one };
}

test('with payout_action: leave the next pool is mined for, and the reason is told', async () => {
  const { engine, payouts, one } = await mine({ payout_address: STRANGER, payout_action: 'leave' });
  await vi.waitFor(() => expect(engine.activeSource).toBe('two'), { timeout: 20_000 });
  expect(engine.jobOf('one')).toBeNull();
  expect(payouts.payoutOf('one')!.verdict).toBe('does_not_pay_expected');
  expect(engine.roles().get('one')).toMatchObject({ role: 'down', role_reason: expect.stringContaining('E_POOL_PAYOUT') });
  // It stays connected, and its next job is looked at as well.
  const lost = once(engine.events, 'sourceLost');
  one.broadcast.job();
  expect(await lost).toEqual(['one', expect.stringContaining(STRANGER)]);
  expect(engine.activeSource).toBe('two');
});

test('with payout_action: alarm it is mined for all the same', async () => {
  const { engine, payouts } = await mine({ payout_address: STRANGER });
  expect([engine.activeSource !== null, engine.jobOf('one') !== null, payouts.payoutOf('one')!.verdict]).toEqual([true, true, 'does_not_pay_expected']);
});

test('one that pays the address is mined for with leave, too', async () => {
  const { payouts } = await mine({});
  expect(payouts.payoutOf('one')).toMatchObject({ verdict: 'pays_pool', outputs: [{ address: DEMO_PAYEE }, {}] });
  const { engine, payouts: strict } = await mine({ payout_address: DEMO_PAYEE, payout_action: 'leave' });
  expect(engine.jobOf('one')).not.toBeNull();
  expect(strict.payoutOf('one')).toMatchObject({ verdict: 'pays_expected', paid_percent: 100 });
});
