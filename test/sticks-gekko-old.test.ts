/** The driver of Gekko sticks with BM1384 and BM1387 against the simulated ones: two implementations from the same facts. */
import { describe, expect, it } from 'vitest';
import { fulfilLastWills } from '../drivers/safety/last-will.ts';
import { CHIP_FAULTS } from '../sim/chips/faults.ts';
import type { Bm1387Chain } from '../sim/gekko/bm1387.ts';
import { OLD_STICKS as STICKS, OLD_ZERO_BITS as ZERO_BITS, oldBench as joined, startHashing, type OldBench as Joined, type OldModel as Model } from './stick-rigs.fixture.ts';

const hashing = async (...args: Parameters<typeof joined>): Promise<Joined> => startHashing(await joined(...args));

const wrong = (chain: Joined['chain'], fault: string): void => void Object.assign(chain.faults, CHIP_FAULTS.parse(fault));
const rate = (it: Joined): number => it.chain.chips.reduce((sum, chip) => sum + chip.rate_hs, 0);

describe.each(Object.keys(STICKS) as Model[])('%s', (model) => {
  it('opens its cores, climbs in steps, and finds shares that are right at the rate of the silicon', async () => {
    const it = await hashing(model, STICKS[model], { frequency_mhz: 200 });
    const stats = it.chain.stats();
    expect(stats).toMatchObject({ mhz: 200, largest_raise_mhz: 6.25, bytes_ignored: 0 });
    expect(it.chain.chips.every((chip) => chip.openCores === chip.cores)).toBe(true);
    expect(new Set(it.chain.chips.map((chip) => chip.address)).size).toBe(STICKS[model]);
    const before = it.nonces.length;
    // Of twelve chips a few seconds give as many nonces as half a minute of one.
    const seconds = model === 'r606' ? 5 : 20;
    await it.live(seconds * 1000);
    const found = it.nonces.length - before;
    const ticket = (it.device.state().detail.ticket as number) ?? 1;
    const expected = (seconds * rate(it)) / 2 ** 32 / ticket;
    expect(Math.abs(found - expected)).toBeLessThan(5 * Math.sqrt(expected) + 0.05 * expected);
    expect(it.zeros().every((bits) => bits >= ZERO_BITS)).toBe(true);
    expect([it.errors, it.duplicates()]).toEqual([[], 0]);
    // Each chip has found some, and none of another's part.
    const { per_chip: perChip } = it.device.state().detail as { per_chip: { nonces: number }[] };
    expect(perChip).toHaveLength(STICKS[model]);
    await it.during(it.device.stop());
    expect(it.chain.stats().mhz).toBe(50);
    expect(it.clock.pendingTimers).toBe(0);
  });

  it('mines as before while the clock changes, and halts when it is paused', async () => {
    const it = await hashing(model);
    await it.during(it.device.command({ type: 'set', values: { frequency_mhz: 150 } }));
    expect(it.chain.stats()).toMatchObject({ mhz: 150, largest_raise_mhz: 6.25, bytes_ignored: 0 });
    const before = it.nonces.length;
    await it.live(5000);
    expect(it.nonces.length).toBeGreaterThan(before + 3);
    await it.during(it.device.command({ type: 'pause', reason: 'asked' }));
    expect(it.chain.stats().mhz).toBe(50);
    await it.during(it.device.command({ type: 'resume' }));
    await it.until(() => it.device.state().status === 'hashing');
    expect(it.chain.stats().mhz).toBe(150);
    await it.live(3000);
    expect([it.errors, it.duplicates()]).toEqual([[], 0]);
    await it.during(it.device.stop());
  });

  it('does not run on at full clock when nobody answers to its start', async () => {
    const it = await hashing(model, STICKS[model], { frequency_mhz: 200 });
    wrong(it.chain, 'mute');
    void it.device.command({ type: 'restart' }).catch(() => {});
    await it.until(() => it.device.state().status === 'fault');
    expect(it.chain.stats().mhz).toBe(50);
    await it.during(it.device.stop());
  });

  it('goes and comes back', async () => {
    const it = await hashing(model);
    for (let i = 0; i < 2; i++) {
      it.unplug();
      await it.live(2000);
      expect(it.device.state()).toMatchObject({ status: 'fault', reason: expect.stringContaining('not plugged in') as string });
      it.plug();
      const before = it.nonces.length;
      await it.until(() => it.nonces.length > before + 5);
    }
    expect(it.zeros().every((bits) => bits >= ZERO_BITS)).toBe(true);
    expect(it.errors).toEqual([]);
    await it.during(it.device.stop());
  });
});

describe.each(['2pac', 'newpac'] as const)('%s', (model) => {
  it.each(['lost-byte=5', 'stray-byte=5', 'duplicate-nonces'])('%s: the nonces that are whole are found all the same', async (fault) => {
    const it = await hashing(model, 2, { frequency_mhz: 200 });
    wrong(it.chain, fault);
    const [told, before] = [it.chain.stats().nonces!, it.nonces.length];
    await it.live(30_000);
    const share = (it.nonces.length - before) / (it.chain.stats().nonces! - told);
    expect(share).toBeGreaterThan(0.7);
    expect(it.zeros().every((bits) => bits >= ZERO_BITS)).toBe(true);
    expect(new Set(it.nonces.map(({ workId, nonce, version }) => `${workId} ${nonce} ${version}`)).size).toBe(it.nonces.length);
    if (fault === 'duplicate-nonces') expect(it.duplicates()).toBeGreaterThan(10);
    expect(it.device.state().status).toBe('hashing');
    await it.during(it.device.stop());
  });

  it('wrong nonces are counted as errors and go no further', async () => {
    const it = await hashing(model);
    wrong(it.chain, 'bad-nonce=2');
    await it.live(20_000);
    expect(it.errors.length).toBeGreaterThan(10);
    expect(it.zeros().every((bits) => bits >= ZERO_BITS)).toBe(true);
    await it.during(it.device.stop());
  });

  it('chips that fall silent are noticed within ten seconds, and it mines again when they speak', async () => {
    const it = await hashing(model);
    wrong(it.chain, 'mute');
    const from = it.clock.monotonic();
    await it.until(() => it.device.state().status !== 'hashing');
    expect(it.clock.monotonic() - from).toBeLessThan(10_000);
    await it.live(5000);
    Object.assign(it.chain.faults, CHIP_FAULTS.cleared('mute'));
    const before = it.nonces.length;
    await it.until(() => it.nonces.length > before + 5);
    await it.during(it.device.stop());
  });

  it('chips that lost power for a moment are noticed by their clock, and started anew', async () => {
    const it = await hashing(model, 2, { frequency_mhz: 200 });
    await it.live(3000);
    // They run on at the clock of a reset, without addresses and with their cores closed.
    it.chain.reset();
    if (model === 'newpac') it.chain.hostBaud = null;
    const from = it.clock.monotonic();
    await it.until(() => it.device.state().status !== 'hashing');
    expect(it.clock.monotonic() - from).toBeLessThan(10_000);
    const before = it.nonces.length;
    await it.until(() => it.nonces.length > before + 5);
    expect(it.chain.stats().mhz).toBe(200);
    expect(new Set(it.chain.chips.map((chip) => chip.address))).toEqual(new Set([0, 128]));
    await it.during(it.device.stop());
  });

  it('a chip that has gone is told, and the stick is not used without it', async () => {
    const it = await hashing(model);
    wrong(it.chain, 'dead-domain=1');
    await it.until(() => it.device.state().status === 'fault');
    expect(it.device.state().reason).toMatch(/1 of 2/);
    await it.during(it.device.stop());
  });

  it('is set to its slowest clock from outside, after a kill too', async () => {
    const it = await hashing(model, 2, { frequency_mhz: 200 });
    it.kill();
    expect(it.chain.stats().mhz).toBe(200);
    expect(await it.during(it.descriptor.makeSafe!(it.context))).toMatchObject({ safe: true, words: expect.stringContaining('50 MHz') as string });
    expect(it.chain.stats().mhz).toBe(50);
    fulfilLastWills();
  });
});

it('a 2Pac reports as seldom as the pool takes shares, and none of them is lost', async () => {
  const it = await hashing('2pac', 2, { frequency_mhz: 400 }, { shareZeroBits: ZERO_BITS + 3 });
  expect(it.device.state().detail.ticket).toBe(1);
  await it.until(() => (it.device.state().detail.ticket as number) > 1);
  await it.live(2000);
  const { ticket } = it.device.state().detail as { ticket: number };
  expect(ticket).toBe(8);
  const [told, before] = [it.chain.stats().nonces!, it.nonces.length];
  await it.live(30_000);
  const found = it.zeros().slice(before);
  expect(found.every((bits) => bits >= ZERO_BITS + 3)).toBe(true);
  expect(found.length).toBe(it.chain.stats().nonces! - told);
  const expected = (30 * rate(it)) / 2 ** 32 / ticket;
  expect(Math.abs(found.length - expected)).toBeLessThan(5 * Math.sqrt(expected));
  // The same rate is shown by one in eight of the nonces.
  expect((it.device.state().hashrate_hs! * 2 ** (32 - ZERO_BITS)) / rate(it)).toBeGreaterThan(0.6);
  await it.during(it.device.stop());
});

it('a NewPac that a killed process left at its fast speed is found there', async () => {
  const it = await joined('newpac');
  // What a process before this one has done: chips at 1.5 Mbaud, the port back at 115,200.
  it.chain.hostBaud = null;
  (it.chain as Bm1387Chain).receive(Uint8Array.from([0x58, 0x09, 0x00, 0x1c, 0x00, 0x20, 0x01, 0x00, 0x1b]));
  expect(it.chain.baud).toBe(1_562_500);
  await it.device.start(new AbortController().signal);
  await it.until(() => it.nonces.length > 5);
  expect(it.errors).toEqual([]);
  await it.during(it.device.stop());
  // And leaves them where every program looks for them.
  expect(it.chain.baud / 115_200).toBeCloseTo(1, 1);
});

it('a stick is told by its USB names, and must be named without them', async () => {
  const usb = { vendorId: '10c4', productId: 'ea60', manufacturer: 'GekkoScience', product: '2Pac BM1384 Bitcoin Miner', serial: '10001234', bcdDevice: 0x0100, busPath: '1-1.2' };
  const named = await joined('2pac', 2, { model: undefined }, { usb });
  expect(named.device.title).toBe('GekkoScience 2Pac');
  expect([...named.device.capabilities].sort()).toEqual(['pause', 'restart', 'set_frequency_mhz']);
  await named.device.start(new AbortController().signal);
  await named.until(() => named.device.state().status === 'hashing');
  expect(named.device.state().detail).toMatchObject({ chips: 2, chip: 'BM1384' });
  await named.during(named.device.stop());

  const nameless = await joined('2pac', 2, { model: undefined });
  await nameless.device.start(new AbortController().signal);
  await nameless.until(() => nameless.device.state().status === 'fault');
  expect(nameless.device.state().reason).toMatch(/cannot be told/);
  await nameless.during(nameless.device.stop());
});
