/** The Bitaxe driver against simulated boards, which keep a record of how carefully they were treated. */
import { afterEach, describe, expect, it } from 'vitest';
import { disarmLastWill } from '../drivers/safety/last-will.ts';
import { BitaxeBench, CLEAN } from './bitaxe-bench.fixture.ts';

afterEach(() => disarmLastWill('bitaxe-test'));

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

it('the fan runs at full speed for as long as the chips have power and do not run', async () => {
  const bench = new BitaxeBench();
  const started = bench.board.start(new AbortController().signal);
  let slowest = 100;
  let ms = 0;
  while (bench.board.facts === null) {
    await bench.step();
    if (bench.sim.coreV === 0 || bench.board.facts !== null) continue;
    ms += 5;
    slowest = Math.min(slowest, bench.sim.fanPercent);
  }
  await started;
  expect(ms).toBeGreaterThan(6000);
  // The round that ends the start is the first to ask for less.
  expect(slowest).toBe(100);
});

describe('which board it is', () => {
  it.each([
    ['102', '2.2'],
    ['204', '0.11'],
    ['207', '207'],
    ['303', '302'],
    ['401', '400'],
    ['403', '402'],
    ['602', '600'],
    ['650', '650'],
    ['702', '701'],
    ['801', '801'],
  ])('a board %s is found out, as far as it matters (%s), without harm', async (version, taken) => {
    const bench = new BitaxeBench({ sim: { board: version }, options: { board: 'auto' } });
    const facts = await bench.start();
    expect(facts.chips).toBe(bench.sim.model.chips);
    expect(bench.board.readings().detail.board).toBe(taken);
    expect(bench.board.readings().temp_c).toBeCloseTo(bench.sim.physics.chipC, -1);
    expect(bench.sim.history).toMatchObject(CLEAN);
    const { highest_core_v } = bench.sim.history;
    expect(highest_core_v).toBeLessThanOrEqual(bench.sim.model.nominal.volts + 0.02);
    await bench.settle(bench.board.stop());
    expect(bench.safe).toBe(true);
  });

  it.each(['602', '303'])('board %s: whenever the monitor looks while the chips wake, it is no reason to give up', async (version) => {
    const bench = new BitaxeBench({ sim: { board: version } });
    await bench.start();
    // The monitor goes on looking every 2 s; the start comes at another moment of that each time.
    for (let i = 0; i < 9; i++) {
      await bench.settle(bench.board.halt());
      const rest = 2000 - (bench.clock.monotonic() % 2000);
      await bench.pass(rest + i * 225);
      await bench.start();
      expect(bench.troubles).toEqual([]);
    }
    expect(bench.sim.history).toMatchObject(CLEAN);
  }, 60_000);

  it('is found once: starting again takes no second look', async () => {
    const bench = new BitaxeBench({ options: { board: 'auto' } });
    await bench.start();
    const { resets } = bench.sim.history;
    await bench.start();
    expect(bench.sim.history.resets).toBe(resets + 1);
  });

  it('a bus where nothing answers is no board, and the versions to choose from are told', async () => {
    let speedSet = false;
    const bench: BitaxeBench = new BitaxeBench({
      options: { board: 'auto' },
      onRequest(_count, packet) {
        if (speedSet) bench.fault('i2c-error');
        speedSet ||= packet[4] === 5 && packet[5] === 0x10;
      },
    });
    await expect(bench.start()).rejects.toMatchObject({
      code: 'E_DEVICE_CONTROL',
      message: expect.stringMatching(/no chip answers .* it could be 2\.2, 102, .*, 801/) as string,
      hint: expect.stringMatching(/`board`/) as string,
    });
    expect(bench.sim.history.power_ons).toBe(0);
  });

  it('one chip too few is told, not taken for another board', async () => {
    const bench = new BitaxeBench({ sim: { board: '303' }, options: { board: 'auto' } });
    bench.fault('dead-domain=2');
    await expect(bench.start()).rejects.toMatchObject({ code: 'E_DEVICE_SILENT', message: expect.stringMatching(/4 x BM1366/) as string });
    expect(bench.safe).toBe(true);
  });

  it('the wrong version in the configuration powers nothing it should not', async () => {
    const bench = new BitaxeBench({ sim: { board: '602' }, options: { board: '204' } });
    await expect(bench.start()).rejects.toMatchObject({ code: 'E_DEVICE_CONTROL' });
    expect(bench.safe).toBe(true);
    const other = new BitaxeBench({ sim: { board: '602' }, options: { board: '402' } });
    await expect(other.start()).rejects.toMatchObject({ code: 'E_DEVICE_SILENT' });
    expect(other.safe).toBe(true);
  });

  it('EmberOne: its pins and its chips', async () => {
    const bench = new BitaxeBench({ sim: { board: 'ember' } });
    const facts = await bench.start();
    expect(facts).toMatchObject({ chips: 12, chip: 'BM1362' });
    expect(bench.board.limits).toMatchObject({ voltage_v: null, fan_percent: null });
    expect(bench.board.readings().detail.not_known).toMatch(/regulator and fan/);
    bench.work();
    for (let i = 0; i < 20; i++) {
      bench.sim.chain.hash(20);
      await bench.pass(200);
    }
    expect(bench.nonces).toBeGreaterThan(0);
    expect(bench.board.readings().temp_c).toBeGreaterThan(15);
    expect(bench.troubles).toEqual([]);
    expect(bench.sim.history).toMatchObject(CLEAN);
    await bench.settle(bench.board.stop());
    expect(bench.safe).toBe(true);
  });
});

describe('the framing of replies', () => {
  it.each([
    ['v0', 0x0500, 'auto'],
    ['v1', 0x0510, 'auto'],
    ['v0', null, 'auto'],
    ['v1', null, 'auto'],
    ['v0', null, 'v0'],
    ['v0', 0x0510, 'v0'],
  ] as const)('%s, bcdDevice %s, option %s', async (replies, bcdDevice, reply_format) => {
    const bench = new BitaxeBench({ sim: { board: '602', replies }, bcdDevice, options: { reply_format } });
    await bench.start();
    await bench.settle(bench.board.stop());
    expect(bench.safe).toBe(true);
    expect(bench.sim.history).toMatchObject(CLEAN);
  });

  it('a port that does not answer is no board', async () => {
    const bench = new BitaxeBench({ bcdDevice: null });
    bench.fault('control-mute');
    await expect(bench.start()).rejects.toMatchObject({ code: 'E_DEVICE_CONTROL', message: expect.stringMatching(/does not answer as the control port/) as string });
  });
});

describe('settings', () => {
  async function running(options: Record<string, unknown> = {}): Promise<BitaxeBench> {
    const bench = new BitaxeBench({ options });
    await bench.start();
    bench.work();
    await bench.pass(1000);
    return bench;
  }

  it('up and down again, voltage before frequency up and after it down, in small steps', async () => {
    const bench = await running();
    await bench.settle(bench.board.apply({ frequency_mhz: 625, voltage_v: 1.25 }));
    expect(bench.sim.coreV).toBeCloseTo(1.25, 2);
    expect(bench.sim.chain.chips[0]!.frequencyMhz).toBeCloseTo(625, 0);
    expect(bench.board.facts!.frequencyMhz).toBe(625);
    await bench.settle(bench.board.apply({ frequency_mhz: 400, voltage_v: 1.0 }));
    expect(bench.sim.coreV).toBeCloseTo(1.0, 2);
    expect(bench.sim.chain.chips[0]!.frequencyMhz).toBeCloseTo(400, 0);
    expect(bench.sim.history).toMatchObject(CLEAN);
    expect(bench.troubles).toEqual([]);
    // Kept over a restart.
    await bench.start();
    expect(bench.sim.chain.chips[0]!.frequencyMhz).toBeCloseTo(400, 0);
    expect(bench.sim.coreV).toBeCloseTo(1.0, 2);
  });

  it('every step of the voltage is a small one', async () => {
    const bench = await running();
    const set: number[] = [];
    const before = bench.requests.length;
    await bench.settle(bench.board.apply({ voltage_v: 1.25 }));
    for (const hex of bench.requests.slice(before)) if (/^......000520..21/.test(hex)) set.push(Number.parseInt(hex.slice(18, 20) + hex.slice(16, 18), 16) / 512);
    expect(set.length).toBeGreaterThanOrEqual(4);
    expect(Math.max(...set.map((volts, i) => volts - (set[i - 1] ?? 1.15)))).toBeLessThanOrEqual(0.0275);
    expect(set.at(-1)).toBeCloseTo(1.25, 2);
  });

  it('keeps to the limits, and to wider ones only when it is told to', async () => {
    const bench = await running();
    expect(bench.board.limits).toEqual({ frequency_mhz: [400, 625], voltage_v: [1, 1.25], fan_percent: [20, 100] });
    for (const settings of [{ frequency_mhz: 626 }, { frequency_mhz: 399 }, { voltage_v: 1.26 }, { fan_percent: 10 }]) await expect(bench.settle(bench.board.apply(settings))).rejects.toMatchObject({ code: 'E_DEVICE_COMMAND' });
    expect(bench.board.facts).not.toBeNull();
    const bold = await running({ allow_overclock: true });
    expect(bold.board.limits).toMatchObject({ frequency_mhz: [400, 875], voltage_v: [1, 1.35] });
    await bold.settle(bold.board.apply({ frequency_mhz: 700, voltage_v: 1.3 }));
    expect(bold.sim.history).toMatchObject(CLEAN);
    await expect(bold.settle(bold.board.apply({ frequency_mhz: 900 }))).rejects.toMatchObject({ code: 'E_DEVICE_COMMAND' });
    const wrong = new BitaxeBench({ options: { frequency_mhz: 700 } });
    await expect(wrong.start()).rejects.toThrow(/400 to 625/);
    expect(wrong.safe).toBe(true);
    expect(wrong.sim.history.power_ons).toBe(0);
  });

  it('the fan by hand and by itself', async () => {
    const bench = await running();
    await bench.settle(bench.board.apply({ fan_percent: 80 }));
    expect(bench.sim.fanPercent).toBeGreaterThanOrEqual(80);
    expect(bench.sim.fanPercent).toBeLessThan(83);
    await bench.settle(bench.board.apply({ fan_percent: null }));
    expect(bench.sim.fanPercent).toBeLessThan(60);
  });

  it('a change that is ended half way is a board without power', async () => {
    const bench = await running();
    const change = bench.settle(bench.board.apply({ frequency_mhz: 625, voltage_v: 1.25 }));
    change.catch(() => {});
    await bench.pass(700);
    void bench.board.halt();
    await expect(change).rejects.toMatchObject({ code: 'E_DEVICE_COMMAND' });
    expect(bench.safe).toBe(true);
    expect(bench.troubles).toEqual([]);
    expect(bench.sim.history).toMatchObject(CLEAN);
  });

  it('holds the temperature that is wanted', async () => {
    const bench = new BitaxeBench({ sim: { board: '602', heatSpeed: 5 }, options: { target_temp_c: 55, voltage_v: 1.25, frequency_mhz: 625 } });
    await bench.start();
    bench.work();
    await bench.pass(120_000);
    expect(bench.board.readings().temp_c).toBeGreaterThan(50);
    expect(bench.board.readings().temp_c).toBeLessThan(60);
    expect(bench.troubles).toEqual([]);
  }, 60_000);

  it('shows which one it is', async () => {
    const bench = await running();
    await bench.settle(bench.board.identify());
    expect(bench.sim.led).toEqual([255, 255, 255]);
    await bench.pass(600);
    expect(bench.sim.led).toEqual([0, 0, 0]);
    await bench.pass(12_000);
    expect(bench.sim.led).toEqual([0, 0, 0]);
  });
});

describe('made safe by another process', () => {
  it.each([
    ['602', 'off'],
    ['204', 'lowest'],
    ['303', 'off'],
    ['801', 'off'],
    ['ember', 'off'],
  ])('a board %s that was left running', async (version, power) => {
    for (const board of [undefined, 'auto'] as const) {
      const bench = new BitaxeBench({ sim: { board: version } });
      await bench.start();
      bench.work();
      await bench.pass(500);
      await bench.control!.close();
      await bench.data!.close();
      const from = bench.clock.monotonic();
      const report = await bench.makeSafe(board === undefined ? {} : { board });
      expect(report).toEqual({ safe: true, words: expect.stringMatching(power === 'off' ? /held in reset, core power off/ : /lowest .*cannot be switched off/) as string });
      expect(bench.clock.monotonic() - from).toBeLessThan(2000);
      expect(bench.safe).toBe(true);
      expect(bench.sim.fanPercent).toBeGreaterThanOrEqual(50);
    }
  });

  it.each(['v0', 'v1'] as const)('whatever the framing (%s), also where nothing tells it', async (replies) => {
    for (const usb of [{ bcdDevice: replies === 'v0' ? 0x0500 : 0x0510 }, { bcdDevice: null }, null]) {
      const bench = new BitaxeBench({ sim: { board: '602', replies }, bcdDevice: replies === 'v0' ? 0x0500 : 0x0510 });
      await bench.start();
      await bench.control!.close();
      expect(await bench.makeSafe({}, usb)).toMatchObject({ safe: true });
      expect(bench.safe).toBe(true);
    }
  });

  it('says so when it could not be, within 2 s', async () => {
    const bench = new BitaxeBench();
    await bench.start();
    await bench.control!.close();
    bench.fault('control-mute');
    const from = bench.clock.monotonic();
    expect(await bench.makeSafe()).toMatchObject({ safe: false, words: expect.stringMatching(/could not be/) as string });
    expect(await bench.makeSafe({}, null)).toMatchObject({ safe: false });
    expect(bench.clock.monotonic() - from).toBeLessThan(4000);
    bench.plugged = false;
    expect(await bench.makeSafe()).toMatchObject({ safe: false, words: expect.stringMatching(/not plugged in/) as string });
  });
});
