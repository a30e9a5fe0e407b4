/** The driver of Icarus devices against the simulated ones: two implementations from the same facts, neither knowing the other. */
import { expect, it } from 'vitest';
import { PLAIN_FAULTS } from '../sim/icarus/faults.ts';
import type { MinerName, VirtualMiner } from '../sim/icarus/miner.ts';
import { icarusBench, OLD_ZERO_BITS, type IcarusBench } from './stick-rigs.fixture.ts';

const ZERO_BITS = OLD_ZERO_BITS;

async function bench(model: MinerName = 'block-erupter'): Promise<IcarusBench> {
  const it = await icarusBench(model);
  await it.device.start(new AbortController().signal);
  await it.until(() => it.device.state().status === 'hashing');
  return it;
}

const wrong = (miner: VirtualMiner, fault: string): void => void Object.assign(miner.faults, PLAIN_FAULTS.parse(fault));

it.each(['block-erupter', 'icarus', 'lancelot', 'antminer-u1'] as const)('%s: finds shares that are right, at the rate of the silicon', async (model) => {
  const { live, nonces, errors, zeros, miner, device, clock } = await bench(model);
  await live(200_000);
  expect(zeros().every((bits) => bits >= ZERO_BITS)).toBe(true);
  expect(errors).toEqual([]);
  expect(miner.stats().nonces! - nonces.length).toBeLessThanOrEqual(1); // the golden one
  const expected = (200_000 * miner.model.rate_hs) / 1000 / 2 ** 32;
  expect(Math.abs(nonces.length - expected)).toBeLessThan(4 * Math.sqrt(expected));
  expect(device.state()).toMatchObject({ status: 'hashing', temp_c: null, power_w: null });
  await device.stop();
  expect(miner.idle || (miner.run(10, 10), miner.idle)).toBe(true);
  expect(clock.pendingTimers).toBe(0);
});

it.each(['lost-byte=3', 'stray-byte=3', 'bad-nonce=3', 'garbage'])('%s: the nonces that are whole are found all the same', async (fault) => {
  const { live, nonces, zeros, errors, miner, device, duplicates } = await bench('antminer-u1');
  wrong(miner, fault);
  await live(200_000);
  const told = miner.stats().nonces!;
  expect(told).toBeGreaterThan(40);
  expect(zeros().every((bits) => bits >= ZERO_BITS)).toBe(true);
  expect(duplicates()).toBe(0);
  // Every third is spoiled: what is left must come through. Garbage before each spoils them all, and is told as errors.
  if (fault !== 'garbage') expect(nonces.length).toBeGreaterThan(0.6 * told);
  if (fault === 'bad-nonce=3') expect(errors.length).toBeGreaterThan(0.25 * told);
  expect(errors.length).toBeLessThan(fault === 'garbage' ? 3 * told : 0.5 * told);
  await device.stop();
});

it('duplicates never come through', async () => {
  const { live, nonces, miner, device, duplicates, zeros } = await bench('antminer-u1');
  wrong(miner, 'duplicate-nonces');
  await live(200_000);
  expect(duplicates()).toBeGreaterThan(20);
  expect(new Set(nonces.map(({ workId, nonce, version }) => `${workId} ${nonce} ${version}`)).size).toBe(nonces.length);
  expect(zeros().every((bits) => bits >= ZERO_BITS)).toBe(true);
  await device.stop();
});

it('a mute device is noticed, and mines again when it speaks', async () => {
  const { until, miner, device, nonces } = await bench('antminer-u1');
  await until(() => nonces.length > 3);
  wrong(miner, 'mute');
  await until(() => device.state().status === 'fault');
  expect(device.state().reason).toMatch(/answers/);
  Object.assign(miner.faults, PLAIN_FAULTS.cleared('mute'));
  const before = nonces.length;
  await until(() => device.state().status === 'hashing' && nonces.length > before + 5);
  await device.stop();
});

it('goes and comes back', async () => {
  const { until, live, device, nonces, unplug, plug, zeros } = await bench('antminer-u1');
  await until(() => nonces.length > 3);
  for (let i = 0; i < 3; i++) {
    unplug();
    await live(3000);
    expect(device.state()).toMatchObject({ status: 'fault', reason: expect.stringContaining('not plugged in') as string });
    plug();
    const before = nonces.length;
    await until(() => nonces.length > before + 3);
  }
  expect(zeros().every((bits) => bits >= ZERO_BITS)).toBe(true);
  await device.stop();
});

it('is idle while it is paused, and after it was made safe from outside', async () => {
  const { live, during, until, device, miner, descriptor, context } = await bench();
  await live(1000);
  expect(miner.idle).toBe(false);
  await during(device.command({ type: 'pause', reason: 'asked' }));
  await live(100);
  expect(miner.idle).toBe(true);
  const jobs = miner.stats().jobs;
  await live(20_000);
  expect(miner.stats().jobs).toBe(jobs);
  await during(device.command({ type: 'resume' }));
  await until(() => !miner.idle);
  await device.stop();

  const killed = await bench();
  await killed.live(1000);
  expect(killed.miner.idle).toBe(false);
  expect(await killed.during(killed.descriptor.makeSafe!(killed.context))).toMatchObject({ safe: true });
  await killed.live(20);
  expect(killed.miner.idle).toBe(true);
  expect(await descriptor.makeSafe!(context)).toMatchObject({ safe: true });
});
