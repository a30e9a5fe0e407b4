/** Anything in any order, silence and plugs included: whatever a stick goes through, it mines again when it can, and its stop leaves it safe in time. */
import { expect, it } from 'vitest';
import { fulfilLastWills } from '../drivers/safety/last-will.ts';
import { xorshift } from '../protocol/common/xorshift.fixture.ts';
import type { StickBench } from './stick-bench.fixture.ts';
import { STICK_MODELS, triedStick } from './stick-rigs.fixture.ts';

const RUNS = Number(process.env.RIGBRAIN_CHAOS_RUNS ?? 30);

function actsOn(bench: StickBench, faults: { mute: boolean }, random: (below: number) => number): Record<string, () => void> {
  const quiet = (promise: Promise<unknown>): void => void promise.catch(() => {});
  const frequency = (): number => 100 + random(200);
  return {
    pause: () => quiet(bench.device.command({ type: 'pause', reason: 'asked' })),
    resume: () => quiet(bench.device.command({ type: 'resume' })),
    restart: () => quiet(bench.device.command({ type: 'restart' })),
    frequency: () => quiet(bench.device.command({ type: 'set', values: { frequency_mhz: frequency() } })),
    point: () => quiet(bench.device.command({ type: 'set', values: { frequency_mhz: frequency(), voltage_v: 0.25 + random(15) / 100 } })),
    mute: () => void (faults.mute = true),
    speak: () => void (faults.mute = false),
    unplug: () => bench.unplug(),
    plug: () => bench.plug(),
    'no work': () => bench.device.assign(null),
  };
}

it.each(STICK_MODELS)('%s', { timeout: 60_000 + 500 * RUNS }, async (model) => {
  for (let seed = 1; seed <= RUNS; seed++) {
    const random = xorshift(seed * 7919);
    const pick = <T>(list: readonly T[]): T => list[random(list.length)]!;
    const { bench, faults, problem } = await triedStick(model);
    const acts = actsOn(bench, faults, random);
    const names = [...Object.keys(acts), 'speak', 'plug', 'resume'];
    const did: string[] = [];
    let plugged = true;
    await bench.device.start(new AbortController().signal);
    for (let i = 0; i < 12; i++) {
      const name = pick(names);
      // Plugging in is the switching on of its power, too.
      if (name === 'plug' && plugged) continue;
      if (name === 'plug' || name === 'unplug') plugged = name === 'plug';
      const ms = pick([0, 10, 50, 300, 1000, 4000]);
      did.push(`${name}, ${ms} ms`);
      acts[name]!();
      await bench.live(ms);
      bench.device.state();
    }
    faults.mute = false;
    const words = `${model}, seed ${seed}: ${did.join('; ')}`;
    if (random(2) === 0) {
      if (!plugged) bench.plug();
      plugged = true;
      await bench.device.command({ type: 'resume' });
      bench.device.assign({ ...bench.works.get(1)!, id: 1_000_000 });
      await bench.until(() => bench.device.state().status === 'hashing').catch((cause: unknown) => Promise.reject(new Error(`it does not mine any more: ${words}`, { cause })));
    }
    const from = bench.clock.monotonic();
    await bench.during(bench.device.stop());
    expect(bench.clock.monotonic() - from, words).toBeLessThanOrEqual(1300);
    await bench.live(700);
    if (plugged && bench.line() !== undefined) expect(problem(), words).toBe(null);
    expect(bench.clock.pendingTimers, words).toBe(0);
    expect([bench.line()?.isOpen ?? false, bench.line('telemetry')?.isOpen ?? false], words).toEqual([false, false]);
    expect(fulfilLastWills(), words).toEqual([]);
    expect(bench.errors, words).toEqual([]);
  }
});
