/** However and whenever a stick is stopped or pulled, it is left as safe as it can be, and nothing of the driver is left over. */
import { expect, it } from 'vitest';
import { fulfilLastWills } from '../drivers/safety/last-will.ts';
import { STICK_MODELS, triedStick } from './stick-rigs.fixture.ts';

/** Moments after the start, ms: close together where ports are opened and chips counted. */
const MOMENTS = [0, 10, 50, 120, 250, 310, 400, 520, 700, 900, 1100, 1400, 1700, 2100, 2600, 3200, 4000, 5000, 6500, 9000];

it.each(STICK_MODELS)('%s: stopped at any moment of its start', async (model) => {
  for (const ms of MOMENTS) {
    const { bench, problem } = await triedStick(model);
    await bench.device.start(new AbortController().signal);
    await bench.live(ms);
    const before = bench.clock.monotonic();
    await bench.during(bench.device.stop());
    expect(bench.clock.monotonic() - before, `after ${ms} ms`).toBeLessThanOrEqual(1300);
    expect(problem(), `after ${ms} ms`).toBe(null);
    expect(bench.line()?.isOpen ?? false, `after ${ms} ms`).toBe(false);
    expect(bench.line('telemetry')?.isOpen ?? false, `after ${ms} ms`).toBe(false);
    await bench.live(500);
    expect(bench.clock.pendingTimers, `after ${ms} ms`).toBe(0);
    expect(fulfilLastWills(), `after ${ms} ms`).toEqual([]);
  }
});

it.each(STICK_MODELS)('%s: pulled at any moment of its start, it mines when it is back', async (model) => {
  const { bench, problem } = await triedStick(model);
  await bench.device.start(new AbortController().signal);
  for (const ms of [0, 120, 310, 700, 1400, 2600, 4000]) {
    await bench.live(ms);
    bench.unplug();
    await bench.live(1500);
    expect(bench.device.state().status).not.toBe('hashing');
    bench.plug();
    await bench.until(() => bench.device.state().status === 'hashing');
    const before = bench.nonces.length;
    await bench.until(() => bench.nonces.length > before);
  }
  expect(bench.errors).toEqual([]);
  await bench.during(bench.device.stop());
  expect(problem()).toBe(null);
  await bench.live(500);
  expect(bench.clock.pendingTimers).toBe(0);
});
