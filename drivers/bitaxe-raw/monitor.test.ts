import { expect, it } from 'vitest';
import { silentLog } from '../../protocol/common/log.ts';
import { ManualClock } from '../../protocol/common/manual-clock.ts';
import { RigError } from '../../protocol/common/errors.ts';
import type { TachReading, TemperatureReading } from '../../protocol/board-chips/reading.ts';
import type { BoardTrouble } from '../asic/board.ts';
import type { BoardChips } from './board-chips.ts';
import { Monitor, MONITOR_MS } from './monitor.ts';

const refused = (): RigError => new RigError('E_DEVICE_CONTROL', 'no acknowledge', { context: { failure: 'refused' } });
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const TURNS: TachReading = { rpm: 3000, stopped: false };
const STANDS: TachReading = { rpm: 0, stopped: true };

/** A board that reads as a test says. */
function bench(change: { options?: object; fans?: number } = {}) {
  const says = {
    temperature: (): TemperatureReading => ({ kind: 'ok', celsius: 50 }),
    fault: null as string | null,
    regulatorC: 60,
    tach: [TURNS, TURNS] as TachReading[],
    fanWorks: true,
  };
  const set: number[] = [];
  const chips: BoardChips = {
    sensors: [{ name: 'chip', needsChips: true, read: async () => says.temperature() }],
    standIn: null,
    meter: null,
    fan: {
      name: 'EMC2302',
      fans: change.fans ?? 1,
      setup: async () => {},
      writes: () => [],
      setPercent: async (percent) => {
        if (!says.fanWorks) throw refused();
        set.push(percent);
      },
      tach: async (fan) => says.tach[fan]!,
    },
    regulator: {
      name: 'TPS546',
      switches: true,
      coresInSeries: 1,
      prepare: async () => {},
      setCoreVolts: async () => {},
      on: async () => {},
      faults: async () => says.fault,
      reading: async (what) => (what === 'temp_c' ? says.regulatorC : 1),
    },
  };
  const clock = new ManualClock();
  const troubles: BoardTrouble[] = [];
  const options = { target_temp_c: 60, max_temp_c: 80, fan_percent: 'auto' as const, fan_tach: true, ...change.options };
  const monitor = new Monitor({ chips, options, clock, log: silentLog, trouble: (trouble) => troubles.push(trouble), done: () => {} });
  monitor.phase = 'running';
  monitor.start();
  const rounds = async (count: number): Promise<void> => {
    for (let i = 0; i < count; i++) {
      clock.advance(MONITOR_MS);
      await turn();
    }
  };
  return { says, set, clock, monitor, troubles, rounds };
}

it('a defect of its own is a trouble, not silence', async () => {
  const { says, troubles, rounds } = bench();
  says.temperature = () => {
    throw new TypeError('cannot read properties of undefined');
  };
  await rounds(1);
  expect(troubles).toEqual([{ kind: 'control', reason: expect.stringMatching(/could not be watched any more: cannot read/) as string }]);
});

it('heat of the chip at once, heat of the regulator at 105', async () => {
  const { says, troubles, rounds } = bench();
  await rounds(2);
  says.regulatorC = 104;
  await rounds(1);
  expect(troubles).toEqual([]);
  says.regulatorC = 105;
  await rounds(1);
  expect(troubles.map(({ kind }) => kind)).toEqual(['overheat']);
  says.regulatorC = 60;
  says.temperature = () => ({ kind: 'ok', celsius: 80 });
  await rounds(1);
  expect(troubles.at(-1)).toEqual({ kind: 'overheat', reason: expect.stringMatching(/80 degC, the limit is 80/) as string });
});

it('near the limit the fan runs at full speed, whatever was asked for by hand', async () => {
  const { says, set, rounds } = bench({ options: { fan_percent: 30 } });
  await rounds(1);
  expect(set.at(-1)).toBe(30);
  says.temperature = () => ({ kind: 'ok', celsius: 73 });
  await rounds(1);
  expect(set.at(-1)).toBe(100);
});

it('an unknown temperature is no reason for a slow fan', async () => {
  const { says, set, rounds } = bench();
  await rounds(3);
  expect(set.at(-1)).toBeLessThan(100);
  says.temperature = () => {
    throw refused();
  };
  await rounds(3);
  expect(set.at(-1)).toBe(100);
});

it('a fan that cannot be set three times in a row is a trouble', async () => {
  const { says, troubles, rounds } = bench();
  await rounds(1);
  says.fanWorks = false;
  says.temperature = () => ({ kind: 'ok', celsius: 70 });
  await rounds(2);
  expect(troubles).toEqual([]);
  await rounds(1);
  expect(troubles).toEqual([{ kind: 'control', reason: expect.stringMatching(/fan could not be set 3 times/) as string }]);
});

it('one of two fans that stands is found out; one that never turned is none', async () => {
  const one = bench({ fans: 2 });
  one.says.tach = [TURNS, STANDS];
  await one.rounds(30);
  expect(one.troubles).toEqual([]);
  const both = bench({ fans: 2 });
  await both.rounds(1);
  both.says.tach = [TURNS, STANDS];
  await both.rounds(15);
  expect(both.troubles[0]).toEqual({ kind: 'sensor', reason: expect.stringMatching(/fan does not turn/) as string });
  const wireless = bench({ options: { fan_tach: false } });
  wireless.says.tach = [STANDS];
  await wireless.rounds(30);
  expect(wireless.troubles).toEqual([]);
});

it('what was read partly before and partly after a change counts for neither', async () => {
  const { says, troubles, monitor, clock, rounds } = bench();
  await rounds(1);
  monitor.phase = 'off';
  says.fault = 'output off';
  await rounds(1);
  expect(troubles).toEqual([]);
  clock.advance(MONITOR_MS);
  monitor.phase = 'running';
  await turn();
  expect(troubles).toEqual([]);
  await rounds(1);
  expect(troubles.map(({ kind }) => kind)).toEqual(['power']);
});

it('before the chips are set up an open diode says nothing, afterwards everything', async () => {
  const { says, troubles, monitor, set, rounds } = bench();
  monitor.phase = 'starting';
  says.temperature = () => ({ kind: 'fault', fault: 'open' });
  await rounds(5);
  expect(troubles).toEqual([]);
  expect(set.at(-1)).toBe(100);
  monitor.phase = 'running';
  await rounds(3);
  expect(troubles[0]).toEqual({ kind: 'sensor', reason: expect.stringMatching(/diode \(chip\) is open/) as string });
});

it('looks every 2 s, also when it is off, and not once it is stopped', async () => {
  const { monitor, rounds, clock } = bench();
  monitor.phase = 'off';
  await rounds(5);
  expect(monitor.counts.rounds).toBe(5);
  monitor.stop();
  await rounds(5);
  expect(monitor.counts.rounds).toBe(5);
  expect(clock.pendingTimers).toBe(0);
});
