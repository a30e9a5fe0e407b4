/** Everything that goes wrong on a simulated board ends with its chips in reset and without power. */
import { afterEach, describe, expect, it } from 'vitest';
import { disarmLastWill, fulfilLastWills } from '../drivers/safety/last-will.ts';
import { BitaxeBench, CLEAN, type BenchOptions } from './bitaxe-bench.fixture.ts';
import { silentLog } from '../protocol/common/log.ts';

afterEach(() => disarmLastWill('bitaxe-test'));

async function running(parts: BenchOptions = {}): Promise<BitaxeBench> {
  const bench = new BitaxeBench(parts);
  await bench.start();
  bench.work();
  await bench.pass(4000);
  expect(bench.troubles).toEqual([]);
  return bench;
}

/** Lets time pass until it says that something is wrong. @returns how long that took, ms */
async function untilTrouble(bench: BitaxeBench, mostMs: number): Promise<number> {
  const from = bench.clock.monotonic();
  while (bench.troubles.length === 0 && bench.clock.monotonic() - from < mostMs) await bench.step();
  return bench.clock.monotonic() - from;
}

describe('while it runs', () => {
  it.each(['602', '204', '303', '801'])('a board %s that gets no air is switched off at 80 degrees, and cools', async (version) => {
    const bench = await running({ sim: { board: version, heatSpeed: 10 }, options: { fan_tach: false } });
    bench.fault('fan-stalled');
    await untilTrouble(bench, 60_000);
    expect(bench.troubles).toEqual([{ kind: 'overheat', reason: expect.stringMatching(/limit is 80/) as string }]);
    expect(bench.safe).toBe(true);
    expect(bench.board.facts).toBeNull();
    expect(bench.sim.fanPercent).toBe(100);
    // Ten times faster than a real one, and looked at every 2 s.
    expect(bench.sim.history.power_above_80c_ms).toBeLessThanOrEqual(2100);
    bench.clear('fan-stalled');
    await bench.pass(20_000);
    expect(bench.troubles).toHaveLength(1);
    expect(bench.board.readings().temp_c).toBeLessThan(45);
  });

  it.each(['sensor-open', 'sensor-short'])('a diode that is %s is no temperature', async (fault) => {
    const bench = await running();
    bench.fault(fault);
    expect(await untilTrouble(bench, 20_000)).toBeLessThanOrEqual(6500);
    expect(bench.troubles).toEqual([{ kind: 'sensor', reason: expect.stringMatching(/diode .* is (open|short)/) as string }]);
    expect(bench.safe).toBe(true);
    expect(bench.board.readings().temp_c).toBeNull();
    expect(bench.sim.fanPercent).toBe(100);
  });

  it('a sensor that goes on showing the same is found out', async () => {
    const bench = new BitaxeBench();
    bench.fault('sensor-stuck');
    await bench.start();
    bench.work();
    await untilTrouble(bench, 400_000);
    expect(bench.troubles).toEqual([{ kind: 'sensor', reason: expect.stringMatching(/since before the chips began/) as string }]);
    expect(bench.safe).toBe(true);
  }, 60_000);

  it('a sensor that stops moving while the chips work is found out by the fan', async () => {
    const bench = await running();
    await bench.pass(90_000);
    bench.fault('sensor-stuck');
    await untilTrouble(bench, 900_000);
    expect(bench.troubles).toEqual([{ kind: 'sensor', reason: expect.stringMatching(/while the fan went from/) as string }]);
    expect(bench.safe).toBe(true);
    expect(bench.sim.history.hottest_c).toBeLessThan(85);
  }, 60_000);

  it('three failed reads switch it off, two do not', async () => {
    const bench = await running();
    bench.fault('i2c-error');
    await bench.pass(4000);
    bench.clear('i2c-error');
    await bench.pass(10_000);
    expect(bench.troubles).toEqual([]);
    const { detail } = bench.board.readings();
    expect(detail.reads_failed).toBeGreaterThan(5);
    bench.fault('i2c-error');
    expect(await untilTrouble(bench, 20_000)).toBeLessThanOrEqual(6500);
    expect(bench.troubles[0]!.kind).toBe('sensor');
    // The bus is dead: reset is held, but the regulator hears nothing until it is back.
    expect(bench.sim.resetHigh).toBe(false);
    expect(bench.board.readings()).toMatchObject({ temp_c: null, power_w: null, voltage_v: null, fan_rpm: null });
    bench.clear('i2c-error');
    await bench.pass(2500);
    expect(bench.safe).toBe(true);
  });

  it.each(['regulator-latched', 'regulator-broken'])('%s is told and ends in safety', async (fault) => {
    const bench = await running();
    bench.fault(fault);
    expect(await untilTrouble(bench, 20_000)).toBeLessThanOrEqual(2500);
    expect(bench.troubles).toEqual([{ kind: 'power', reason: expect.stringMatching(/output off/) as string }]);
    expect(bench.safe).toBe(true);
  });

  it('a regulator that tripped once starts again; one that always trips does not', async () => {
    const bench = await running();
    bench.fault('regulator-latched');
    await untilTrouble(bench, 20_000);
    await bench.start();
    expect(bench.board.facts).not.toBeNull();
    bench.fault('regulator-broken');
    await untilTrouble(bench, 20_000);
    await expect(bench.start()).rejects.toMatchObject({ code: 'E_DEVICE_UNSAFE', context: { trouble: 'power' } });
    expect(bench.safe).toBe(true);
  });

  it('a fan that stands still is not waited for until it is hot', async () => {
    const bench = await running({ options: { fan_percent: 100 } });
    bench.fault('fan-stalled');
    await untilTrouble(bench, 60_000);
    expect(bench.troubles).toEqual([{ kind: 'sensor', reason: expect.stringMatching(/fan does not turn/) as string }]);
    expect(bench.sim.history.hottest_c).toBeLessThan(80);
    expect(bench.safe).toBe(true);
  });

  it('a control port that says nothing any more: it is told within 9 s, and the board is safe once it hears again', async () => {
    const bench = await running();
    bench.fault('control-mute');
    expect(await untilTrouble(bench, 20_000)).toBeLessThanOrEqual(8500);
    expect(bench.troubles[0]!.kind).toBe('control');
    // It hears nothing: at least the chips were slowed down over their own line.
    expect(bench.sim.chain.chips[0]!.frequencyMhz).toBeLessThan(60);
    bench.clear('control-mute');
    await bench.pass(3500);
    expect(bench.safe).toBe(true);
    expect(bench.troubles).toHaveLength(1);
  });

  it.each(['i2c-error=7', 'i2c-timeout=7', 'control-error=9', 'control-cut=9'])('lives with %s', async (fault) => {
    const bench = await running();
    bench.fault(fault);
    await bench.pass(60_000);
    expect(bench.troubles).toEqual([]);
    expect(bench.board.readings().temp_c).not.toBeUndefined();
    bench.clear(fault.split('=')[0]!);
    await bench.settle(bench.board.stop());
    expect(bench.safe).toBe(true);
  });

  it.each(['i2c-error=5', 'i2c-timeout=6', 'control-error=4', 'control-cut=7'])('starts in spite of %s', async (fault) => {
    for (const replies of ['v0', 'v1'] as const) {
      const bench = new BitaxeBench({ sim: { board: '602', replies }, bcdDevice: replies === 'v0' ? 0x0500 : 0x0510 });
      bench.fault(fault);
      await bench.start();
      expect(bench.sim.history).toMatchObject(CLEAN);
      bench.clear(fault.split('=')[0]!);
      await bench.settle(bench.board.stop());
      expect(bench.safe).toBe(true);
    }
  });

  it('is found out in spite of replies that are cut', async () => {
    for (const replies of ['v0', 'v1'] as const) {
      const bench = new BitaxeBench({ sim: { board: '402', replies }, bcdDevice: replies === 'v0' ? 0x0500 : 0x0510, options: { board: 'auto' } });
      bench.fault('control-cut=6');
      await bench.start();
      expect(bench.board.readings().detail.board).toBe('402');
    }
  });

  it('chips that fall silent are told, after reset and power', async () => {
    const bench = await running();
    bench.fault('mute');
    await untilTrouble(bench, 30_000);
    expect(bench.troubles.map(({ kind }) => kind)).toEqual(['silent']);
    expect(bench.safe).toBe(true);
  });

  it('too little voltage for the core is no voltage to start with', async () => {
    const bench = new BitaxeBench();
    bench.fault('under-power');
    await expect(bench.start()).rejects.toMatchObject({ code: 'E_DEVICE_UNSAFE', context: { trouble: 'power' } });
    expect(bench.safe).toBe(true);
    expect(bench.sim.history).toMatchObject(CLEAN);
  });

  it('fewer chips than the board has are not started', async () => {
    const bench = new BitaxeBench({ sim: { board: '303' } });
    bench.fault('dead-domain=1');
    await expect(bench.start()).rejects.toMatchObject({ code: 'E_DEVICE_SILENT' });
    expect(bench.safe).toBe(true);
  });
});

describe('the end', () => {
  it('stops within a second when the control port is mute, hung or gone, and leaves its will where it could not keep it', async () => {
    for (const how of ['mute', 'stuck', 'unplugged'] as const) {
      const bench = await running();
      if (how === 'mute') bench.fault('control-mute');
      if (how === 'stuck') bench.control!.stuck = true;
      if (how === 'unplugged') bench.unplug();
      await bench.pass(50);
      const from = bench.clock.monotonic();
      await bench.settle(bench.board.stop());
      expect(bench.clock.monotonic() - from).toBeLessThanOrEqual(1000);
      expect(fulfilLastWills()).toEqual(['bitaxe-test']);
      bench.clear('control-mute');
      bench.keepWill();
      expect(bench.safe).toBe(true);
    }
  });

  it('after a stop nothing is armed, nothing is open and no timer runs', async () => {
    const bench = await running();
    await bench.settle(bench.board.stop());
    await bench.settle(bench.board.stop());
    expect(bench.safe).toBe(true);
    expect(fulfilLastWills()).toEqual([]);
    expect([bench.control!.openCount, bench.data!.openCount]).toEqual([0, 0]);
    await bench.pass(1000);
    expect(bench.clock.pendingTimers).toBe(0);
    expect(bench.sim.fanPercent).toBeCloseTo(50, -1);
    await expect(bench.board.start(new AbortController().signal)).rejects.toMatchObject({ code: 'E_DEVICE_PORT' });
  });

  it.each(['102', '303', '602', '801', 'ember'])('a crash of the process leaves a board %s safe', async (version) => {
    const bench = await running({ sim: { board: version } });
    expect(bench.safe).toBe(false);
    expect(fulfilLastWills()).toEqual(['bitaxe-test']);
    bench.keepWill();
    expect(bench.safe).toBe(true);
    expect(bench.sim.fanPercent).toBe(100);
    expect(bench.sim.history).toMatchObject(CLEAN);
  });

  it.each(['gone while it runs', 'gone and back'])('unplugged: %s', async (how) => {
    const bench = await running();
    bench.unplug();
    await bench.pass(100);
    expect(bench.troubles.map(({ kind }) => kind)).toEqual(['gone']);
    if (how === 'gone and back') {
      bench.plugged = true;
      await bench.start();
      expect(bench.board.facts).not.toBeNull();
    }
    await bench.settle(bench.board.stop());
    expect(bench.troubles).toHaveLength(1);
    if (how === 'gone and back') expect(bench.safe).toBe(true);
  });

  it('unplugged: says what is known, and calls nothing an error', async () => {
    const lines: string[] = [];
    const note = (level: string) => (_: object, message = '') => void lines.push(`${level} ${message}`);
    const bench = await running({ log: { ...silentLog, warn: note('warn'), error: note('error') } });
    bench.unplug();
    await bench.pass(5000);
    await bench.settle(bench.board.stop());
    expect(lines).toEqual([expect.stringMatching(/^warn the board went away with its chips running/)]);
  });

  it('halts: no power, but watched and cooled', async () => {
    const bench = await running();
    await bench.settle(bench.board.halt());
    expect(bench.safe).toBe(true);
    expect(bench.board.facts).toBeNull();
    const before = bench.board.readings().temp_c!;
    await bench.pass(30_000);
    expect(bench.board.readings().temp_c).toBeLessThan(before);
    expect(bench.troubles).toEqual([]);
    expect(bench.safe).toBe(true);
    await bench.start();
    expect(bench.board.facts).not.toBeNull();
  });
});

describe('ended at any moment of the bring-up', () => {
  type End = 'abort' | 'stop' | 'halt' | 'unplug' | 'mute';
  const last = { '602': 0, '102': 0, '303': 0, auto: 0 };

  async function endAt(version: string, auto: boolean, request: number, end: End): Promise<BitaxeBench> {
    const abort = new AbortController();
    let stopped: Promise<void> = Promise.resolve();
    const bench: BitaxeBench = new BitaxeBench({
      sim: { board: version },
      ...(auto ? { options: { board: 'auto' } } : {}),
      onRequest(count) {
        if (count !== request) return;
        if (end === 'abort') abort.abort(new Error('enough'));
        if (end === 'stop') stopped = bench.board.stop();
        if (end === 'halt') stopped = bench.board.halt();
        if (end === 'unplug') bench.unplug();
        if (end === 'mute') bench.fault('control-mute');
      },
    });
    const ended = await bench.start(abort.signal).then(() => 'it runs', () => 'it failed');
    // Struck dumb at the very last request, it is found out by the next ones.
    if (end === 'mute' && ended === 'it runs') await untilTrouble(bench, 10_000);
    else expect(ended).toBe('it failed');
    await bench.settle(stopped);
    return bench;
  }

  it.each(['602', '102', '303'] as const)('counts the requests of a board %s', async (version) => {
    const bench = new BitaxeBench({ sim: { board: version } });
    await bench.start();
    last[version] = bench.requests.length;
    const auto = new BitaxeBench({ sim: { board: version }, options: { board: 'auto' } });
    await auto.start();
    if (version === '602') last.auto = auto.requests.length;
  });

  it.each([
    ['602', 1, ['abort', 'stop']],
    ['102', 2, ['abort']],
    ['303', 5, ['abort', 'halt']],
  ] as const)('%s: at every request, or one in %i', async (version, every, ends) => {
    for (let request = 1; request <= last[version]; request += every) {
      for (const end of ends) {
        const bench = await endAt(version, false, request, end);
        expect([version, request, end, bench.safe]).toEqual([version, request, end, true]);
        await bench.pass(200);
        expect([version, request, end, bench.safe]).toEqual([version, request, end, true]);
        expect(bench.sim.history).toMatchObject(CLEAN);
        expect(bench.troubles).toEqual([]);
      }
    }
  }, 240_000);

  it('at every 250 ms of it, the ramp of the chips included', async () => {
    for (let at = 0; at < 12_000; at += 250) {
      const bench = new BitaxeBench();
      const abort = new AbortController();
      bench.clock.after(at, () => abort.abort(new Error('enough')));
      const ended = await bench.start(abort.signal).then(() => 'it runs', (error: Error) => error.message);
      if (ended === 'it runs') {
        expect(at).toBeGreaterThan(8000);
        return;
      }
      expect(ended).toBe('enough');
      expect([at, bench.safe]).toEqual([at, true]);
      expect(bench.sim.history).toMatchObject(CLEAN);
    }
  }, 240_000);

  it('while it finds out which board it is', async () => {
    for (let request = 1; request <= last.auto; request += 3) {
      const bench = await endAt('602', true, request, 'abort');
      expect([request, bench.safe]).toEqual([request, true]);
      expect(bench.sim.history).toMatchObject(CLEAN);
    }
  }, 240_000);

  it('unplugged or struck dumb: the will does what nobody else could', async () => {
    for (let request = 1; request <= last['602']; request += 5) {
      for (const end of ['unplug', 'mute'] as const) {
        const bench = await endAt('602', false, request, end);
        bench.clear('control-mute');
        if (!bench.safe) {
          expect(fulfilLastWills()).toEqual(['bitaxe-test']);
          bench.keepWill();
        }
        expect([request, end, bench.safe]).toEqual([request, end, true]);
        disarmLastWill('bitaxe-test');
        await bench.settle(bench.board.stop());
      }
    }
  }, 240_000);
});
