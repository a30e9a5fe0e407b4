/** The Bitaxe driver against simulated boards, which keep a record of how carefully they were treated. */
import { afterEach, describe, expect, it } from 'vitest';
import { disarmLastWill } from '../drivers/safety/last-will.ts';
import { BitaxeBench } from './bitaxe-bench.fixture.ts';

afterEach(() => disarmLastWill('bitaxe-test'));

const CLEAN = { raises_too_large: 0, raises_above_voltage: 0, starved_ms: 0, hangs: 0, power_on_without_fan: 0, power_without_fan_ms: 0, released_without_voltage: 0, store_commands: 0, power_above_80c_ms: 0 };

describe('bring-up', () => {
  it.each(['102', '204', '207', '303', '402', '602', '650', '801'])('starts a board %s, hashes on it, and leaves it safe', async (version) => {
    const bench = new BitaxeBench({ sim: { board: version } });
    const facts = await bench.start();
    expect(facts).toMatchObject({ chips: bench.sim.model.chips, chip: bench.sim.model.chip.toUpperCase() });
    bench.work();
    for (let i = 0; i < 20; i++) {
      bench.sim.chain.hash(20);
      await bench.pass(200);
    }
    expect(bench.nonces).toBeGreaterThan(0);
    expect(bench.troubles).toEqual([]);
    const { temp_c, power_w, fan_rpm, fan_percent } = bench.board.readings();
    expect(temp_c).toBeGreaterThan(20);
    expect(power_w).toBeGreaterThan(1);
    expect(fan_rpm).toBeGreaterThan(500);
    expect(fan_percent).toBeLessThan(100);
    expect(bench.sim.history).toMatchObject({ ...CLEAN, power_ons: 1, resets: 1, bad_requests: 0 });
    await bench.settle(bench.board.stop());
    expect(bench.safe).toBe(true);
    expect(bench.sim.history).toMatchObject(CLEAN);
  });
});
