/** Anything in any order, faults and plugs included: whatever happens to a simulated board, its chips are never treated badly. */
import { afterEach, expect, it } from 'vitest';
import { disarmLastWill, fulfilLastWills } from '../drivers/safety/last-will.ts';
import { xorshift } from '../protocol/common/xorshift.fixture.ts';
import { BitaxeBench } from './bitaxe-bench.fixture.ts';

afterEach(() => disarmLastWill('bitaxe-test'));

const FAULTS = ['sensor-open', 'i2c-error', 'i2c-error=3', 'i2c-timeout=5', 'regulator-latched', 'regulator-broken', 'fan-stalled', 'control-mute', 'control-error=3', 'control-cut=4', 'mute', 'garbage', 'stray-byte=3'];
const BOARDS = ['602', '102', '303', '801', '650', 'ember'];
const RUNS = Number(process.env.RIGBRAIN_CHAOS_RUNS ?? 40);

/** One life of a board, decided by a seed. @returns what was done, for the message of a failure */
async function life(seed: number): Promise<void> {
  const random = xorshift(seed);
  const pick = <T>(list: readonly T[]): T => list[random(list.length)]!;
  const bench = new BitaxeBench({ sim: { board: pick(BOARDS), replies: pick(['v0', 'v1']) }, bcdDevice: null, options: random(3) === 0 ? { board: 'auto' } : {} });
  const did: string[] = [bench.sim.model.version];
  let abort = new AbortController();
  const quiet = (promise: Promise<unknown>): void => void promise.catch(() => {});
  const acts: Record<string, () => void> = {
    start: () => quiet(bench.board.start((abort = new AbortController()).signal)),
    abort: () => abort.abort(new Error('enough')),
    halt: () => quiet(bench.board.halt()),
    work: () => bench.work(),
    ticket: () => bench.board.setTicket(2 ** random(12)),
    apply() {
      // A person who knows what a clock needs.
      const frequency_mhz = 400 + random(100);
      quiet(bench.board.apply({ frequency_mhz, voltage_v: bench.sim.physics.needV(frequency_mhz) * (1.01 + random(50) / 1000) }));
    },
    fan: () => quiet(bench.board.apply({ fan_percent: random(2) === 0 ? null : 20 + random(81) })),
    identify: () => quiet(bench.board.identify()),
    fault: () => bench.fault(pick(FAULTS)),
    unplug: () => bench.unplug(),
  };
  const names = [...Object.keys(acts), 'start', 'start', 'heal', 'heal', 'heal', 'fault', 'work'];
  try {
    for (let i = 0; i < 12; i++) {
      const name = pick(names);
      did.push(name);
      if (name === 'heal') {
        for (const fault of FAULTS) bench.clear(fault.split('=')[0]!);
        bench.plugged = true;
      } else acts[name]!();
      await bench.pass(pick([0, 5, 20, 300, 2000, 13_000]));
      bench.board.readings();
    }
    if (random(2) === 0) {
      did.push('heal');
      for (const fault of FAULTS) bench.clear(fault.split('=')[0]!);
      bench.plugged = true;
    }
    did.push('stop');
    const from = bench.clock.monotonic();
    await bench.settle(bench.board.stop());
    expect(bench.clock.monotonic() - from).toBeLessThanOrEqual(1000);
    if (!bench.safe) {
      // Nobody could reach it: what was written down does, once it can be reached again.
      for (const fault of FAULTS) bench.clear(fault.split('=')[0]!);
      fulfilLastWills();
      bench.keepWill();
    }
    await bench.pass(500);
    expect(bench.safe).toBe(true);
    expect(bench.clock.pendingTimers).toBe(0);
    expect([bench.control?.openCount ?? 0, bench.data?.openCount ?? 0]).toEqual([0, 0]);
    expect(bench.sim.history).toMatchObject({ raises_too_large: 0, raises_above_voltage: 0, power_on_without_fan: 0, released_without_voltage: 0, store_commands: 0 });
  } catch (error) {
    throw new Error(`seed ${seed}: ${did.join(' ')}`, { cause: error });
  }
}

it(`${RUNS} lives`, async () => {
  for (let run = 1; run <= RUNS; run++) {
    await life(run * 7919);
    disarmLastWill('bitaxe-test');
  }
}, 600_000);
