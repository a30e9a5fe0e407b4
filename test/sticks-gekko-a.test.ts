/** The driver of Gekko sticks with BM13xx chips against the simulated ones: order of power, heat, sensors, ways out. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { armLastWill, fulfilLastWills } from '../drivers/safety/last-will.ts';
import { safePackets } from '../drivers/gekko/chain-stick.ts';
import { GEKKO_STICKS } from '../protocol/gekko/sticks.ts';
import { VirtualChain } from '../sim/chips/chain.ts';
import { CHAIN_STICKS as CHIPS, CHAIN_ZERO_BITS as ZERO_BITS, chainBench as joined, startHashing, TERMINUS_CHIPS, type ChainBench as Joined, type ChainModel as Model } from './stick-rigs.fixture.ts';

const hashing = async (...args: Parameters<typeof joined>): Promise<Joined> => startHashing(await joined(...args));

const clock = ({ chain }: Joined): number => chain.chips[0]!.frequencyMhz;

describe.each(Object.keys(CHIPS) as Model[])('%s', (model) => {
  it('starts in steps, and finds shares that are right', async () => {
    const it = await hashing(model, { frequency_mhz: 250 });
    expect(Math.round(clock(it))).toBe(250);
    expect(it.seen.raise).toBeLessThanOrEqual(50.1); // from nothing to 50 MHz, then in steps of 6.25
    await it.live(model === 'r909' ? 3000 : 10_000);
    expect(it.nonces.length).toBeGreaterThan(20);
    expect(it.zeros().every((bits) => bits >= ZERO_BITS)).toBe(true);
    expect(it.errors).toEqual([]);
    expect(it.device.state().detail).toMatchObject({ chips: GEKKO_STICKS[model].chips ?? TERMINUS_CHIPS, chip: GEKKO_STICKS[model].chip, model });
    await it.during(it.device.stop());
    expect(it.clock.pendingTimers).toBe(0);
    if (CHIPS[model] === 'bm1397') expect([clock(it) < 60, Math.round(it.chain.chips[0]!.baud / 1000)]).toEqual([true, 116]);
    else expect(it.controller.coreV).toBe(0);
  });

  it('goes and comes back', async () => {
    const it = await hashing(model);
    for (let i = 0; i < 2; i++) {
      it.unplug();
      await it.live(2000);
      expect(it.device.state()).toMatchObject({ status: 'fault', reason: expect.stringContaining('not plugged in') as string });
      it.plug();
      const before = it.nonces.length;
      await it.until(() => it.nonces.length > before + 3);
    }
    expect(it.errors).toEqual([]);
    await it.during(it.device.stop());
  });

  it('is made safe from outside, at whatever speed it was left', async () => {
    const it = await hashing(model, { frequency_mhz: 250 });
    it.kill();
    expect(await it.during(it.descriptor.makeSafe!(it.context))).toMatchObject({ safe: true });
    if (CHIPS[model] === 'bm1397') expect(clock(it)).toBeLessThan(60);
    else expect(it.controller.coreV).toBe(0);
    await it.during(it.device.stop());
  });
});

it.each(['compacf', 'r909'] as const)('%s does not run on at full clock when nobody answers to its start', async (model) => {
  const it = await hashing(model, { frequency_mhz: 250 });
  it.chain.faults.mute = true;
  void it.device.command({ type: 'restart' }).catch(() => {});
  await it.until(() => it.device.state().status === 'fault');
  expect(clock(it)).toBeLessThan(60);
  await it.during(it.device.stop());
});

describe.each(['compac-a1', 'compac-a2'] as const)('%s with its controller', (model) => {
  it('tells temperature, power, voltage and fan, and sets them', async () => {
    const it = await hashing(model, { voltage_v: 0.32 });
    await it.live(20_000);
    const { temp_c, power_w, detail } = it.device.state();
    expect(temp_c!).toBeGreaterThan(25);
    expect(temp_c!).toBeLessThan(90);
    expect(power_w!).toBeGreaterThan(1);
    expect(detail.voltage_v as number).toBeCloseTo(0.32, 1);
    expect(detail.fan_rpm as number).toBeGreaterThan(500);
    await it.during(it.device.command({ type: 'set', values: { voltage_v: 0.4, frequency_mhz: 300, fan_percent: 80 } }));
    await it.live(5000);
    expect([it.controller.coreV, Math.round(clock(it)), it.controller.fanPercent]).toEqual([0.4, 300, 80]);
    await it.during(it.device.command({ type: 'set', values: { voltage_v: 0.3, frequency_mhz: 150 } }));
    expect([it.controller.coreV, Math.round(clock(it))]).toEqual([0.3, 150]);
    await expect(it.device.command({ type: 'set', values: { voltage_v: 0.7 } })).rejects.toMatchObject({ code: 'E_DEVICE_COMMAND' });
    await it.during(it.device.command({ type: 'identify' }));
    expect(it.controller.lamp).toBe('H');
    await it.live(31_000);
    expect(it.controller.lamp).toBe('N');
    expect(it.seen.unpowered).toBe(0);
    await it.during(it.device.stop());
  });

  it('is off while it is paused, and its sensors go on', async () => {
    const it = await hashing(model);
    await it.during(it.device.command({ type: 'pause', reason: 'asked' }));
    expect(it.controller.coreV).toBe(0);
    await it.live(10_000);
    expect(it.device.state().temp_c).not.toBe(null);
    await it.during(it.device.command({ type: 'resume' }));
    const before = it.nonces.length;
    await it.until(() => it.nonces.length > before + 3);
    await it.during(it.device.stop());
  });

  it('is switched off by heat, and starts again when it has cooled', async () => {
    const it = await hashing(model, { frequency_mhz: 500, max_temp_c: 45 });
    it.wrong('fan-stalled');
    await it.until(() => it.device.state().status === 'fault');
    expect(it.device.state().reason).toMatch(/the limit is 45|the fan does not turn/);
    expect(it.controller.coreV).toBe(0);
    // Measured every two seconds: it cannot have got far beyond.
    expect(it.controller.history.hottest_c).toBeLessThan(60);
    it.cured('fan-stalled');
    const ons = it.controller.history.regulator_ons;
    await it.until(() => it.device.state().status === 'hashing');
    expect(it.controller.history.regulator_ons).toBe(ons + 1);
    await it.during(it.device.stop());
  });

  it.each([['sensor-open', /sensor/], ['telemetry-mute', /sensor/], ['regulator-broken', /regulator/]] as const)('%s: it is switched off and says so', async (fault, words) => {
    const it = await hashing(model);
    it.wrong(fault);
    await it.until(() => it.device.state().status === 'fault');
    expect(it.device.state().reason).toMatch(words);
    // A mute controller hears nothing, so the regulator cannot be reached: the chips are slowed down instead.
    if (fault === 'telemetry-mute') await it.until(() => clock(it) <= 50.1);
    else expect(it.controller.coreV).toBe(0);
    it.cured(fault);
    await it.until(() => it.device.state().status === 'hashing');
    await it.during(it.device.stop());
    expect(it.controller.coreV).toBe(0);
  });

  it('is slowed down when the port of its controller goes alone', async () => {
    const it = await hashing(model, { frequency_mhz: 250 });
    it.kill('telemetry');
    await it.until(() => clock(it) <= 50.1);
    await it.live(2000);
    expect(it.device.state().status).toBe('fault');
    await it.during(it.device.stop());
  });

  it('is never powered on with a sensor that cannot be believed', async () => {
    const it = await joined(model);
    it.wrong('sensor-open');
    await it.device.start(new AbortController().signal);
    await it.until(() => it.device.state().status === 'fault');
    expect(it.controller.history.regulator_ons).toBe(0);
    await it.during(it.device.stop());
  });

  it('a chip that falls silent is started anew by switching its power', async () => {
    const it = await hashing(model);
    const ons = it.controller.history.regulator_ons;
    it.wrong('mute');
    await it.until(() => it.device.state().status !== 'hashing');
    it.cured('mute');
    await it.until(() => it.device.state().status === 'hashing');
    expect(it.controller.history.regulator_ons).toBeGreaterThan(ons);
    expect(it.controller.history.unattended_ms).toBeLessThan(5000);
    await it.during(it.device.stop());
  });

  it('lowers the frequency before the voltage that its controller had, and raises it after', async () => {
    const it = await hashing(model, { frequency_mhz: 300 });
    const most = it.controller.coreV;
    let settled = false;
    let [lowest, starved] = [most, 0];
    const follow = async (values: Record<string, number>): Promise<void> => {
      settled = false;
      const set = it.device.command({ type: 'set', values }).finally(() => (settled = true));
      while (!settled) {
        await it.live(10);
        lowest = Math.min(lowest, it.controller.coreV);
        if (it.controller.coreV < most - 0.001 && clock(it) > 160) starved++;
      }
      await set;
    };
    await follow({ voltage_v: most - 0.05, frequency_mhz: 150 });
    expect([Math.round(clock(it)), lowest]).toEqual([150, expect.closeTo(most - 0.05, 2)]);
    await follow({ voltage_v: most, frequency_mhz: 300 });
    expect(starved).toBe(0);
    await it.during(it.device.stop());
  });

  it('is not started at a frequency that it never reached', async () => {
    const it = await hashing(model, { voltage_v: 0.32 });
    const before = Math.round(clock(it));
    it.wrong('mute');
    await it.live(3000);
    const set = it.device.command({ type: 'set', values: { voltage_v: 0.4, frequency_mhz: 500 } });
    set.catch(() => {});
    await it.until(() => it.device.state().status !== 'hashing');
    it.cured('mute');
    await it.until(() => it.device.state().status === 'hashing');
    expect(Math.round(clock(it))).toBe(before);
    await it.during(it.device.stop());
  });

  it('is driven without its second port too, and says what is not known', async () => {
    const it = await joined(model, {}, { roles: ['asic'] });
    // Its regulator is on: its controller does that where nobody speaks to it.
    it.controller.receive(new TextEncoder().encode('BO'));
    await it.device.start(new AbortController().signal);
    await it.until(() => it.nonces.length > 5);
    expect(it.device.state()).toMatchObject({ temp_c: null, power_w: null });
    await expect(it.device.command({ type: 'set', values: { voltage_v: 0.3 } })).rejects.toMatchObject({ code: 'E_DEVICE_COMMAND' });
    await it.during(it.device.stop());
    expect(clock(it)).toBeLessThan(60);
  });
});

it('the last will switches the regulator off, or the clock down', () => {
  const dir = mkdtempSync(path.join(os.tmpdir(), 'rb-stick-'));
  const port = path.join(dir, 'port');
  writeFileSync(port, '');
  armLastWill('a1', { path: port, packets: safePackets(GEKKO_STICKS['compac-a1'], true) });
  expect(fulfilLastWills()).toEqual(['a1']);
  expect(readFileSync(port, 'latin1')).toBe('B-');
  const chain = new VirtualChain({ model: 'bm1397' }, () => {});
  chain.receive(Uint8Array.from(Buffer.from('55aa51090008405002250d', 'hex')));
  for (const packet of safePackets(GEKKO_STICKS.compacf, false)) chain.receive(packet);
  expect(chain.chips[0]!.frequencyMhz).toBe(50);
  rmSync(dir, { recursive: true });
});
