import { describe, expect, it } from 'vitest';
import { loadVectors } from '../../test/vectors.ts';
import { jobFor, readAll, W } from '../chips/chips.fixture.ts';
import { BoardBench, request } from './board.fixture.ts';
import { BOARDS } from './models.ts';
import { BOARD_FAULTS } from './faults.ts';

const gamma = (): BoardBench => new BoardBench({ board: '602', zeroBits: 6 });
const fault = (bench: BoardBench, text: string): void => void Object.assign(bench.board.faults, BOARD_FAULTS.parse(text));
const clear = (bench: BoardBench, name: string): void => void Object.assign(bench.board.faults, BOARD_FAULTS.cleared(name));
const diode = (bench: BoardBench): number => ((bench.get('4c', '01') << 3) | (bench.get('4c', '10') >> 5)) / 8;

describe('control port', () => {
  it('answers the published requests', (context) => {
    const { vectors } = loadVectors<{ vectors: { id: string; request: string }[] }>(context, 'asic/bitaxe_raw.json');
    const bench = gamma();
    const answers = vectors.map(({ id, request: hex }) => {
      bench.control = [];
      bench.board.receiveControl(Buffer.from(hex, 'hex'));
      return [id, bench.control.join()];
    });
    const expected: Readonly<Record<string, RegExp>> = { 'i2c-write': /^....01ff/, 'i2c-write-read': /^....01ff/, 'gpio-reset-low': /^0500000000$/, 'fan-50': /^04000011$/ };
    expect(answers.length).toBeGreaterThan(0);
    for (const [id, answer] of answers) expect(answer, id).toMatch(expected[id!] ?? /^....(00|01)/);
  });

  it('frames its replies as the published ones', (context) => {
    const { responses_upstream, responses_derived } = loadVectors<Record<'responses_upstream' | 'responses_derived', { frame?: string; bytes?: string; variant: string; decoded: { data?: string; error?: string } }[]>>(context, 'asic/bitaxe_raw.json');
    const v1 = gamma();
    v1.board.receiveControl(request(0x42, '060001'));
    v1.board.receiveControl(request(0x42, '0f00'));
    for (const { frame, decoded } of responses_upstream) {
      if (frame !== undefined && decoded.data === '01') expect(v1.control[0]).toBe(frame);
      if (frame !== undefined && decoded.error === 'invalid_command') expect(v1.control[1]).toBe(frame);
    }
    const v0 = new BoardBench({ board: '602', replies: 'v0' });
    v0.board.receiveControl(request(1, '0520' + '4c4c2a'));
    v0.board.receiveControl(request(1, '0540' + '4c4c01'));
    fault(v0, 'i2c-timeout');
    v0.board.receiveControl(request(1, '0540' + '4c4c01'));
    for (const { variant, bytes, decoded } of responses_derived) {
      if (variant === 'v0' && decoded.data === '2a') expect(v0.control[1]).toBe(bytes);
      if (variant === 'v0' && decoded.error === 'timeout') expect(v0.control[2]).toBe(bytes);
    }
  });

  it('drops a request that does not go on within 4 ms, and finds the next', () => {
    const bench = gamma();
    const whole = request(5, '0600');
    bench.board.receiveControl(whole.subarray(0, 3), 100);
    bench.board.receiveControl(whole.subarray(3), 103);
    expect(bench.control).toEqual(['0500050000']);
    bench.board.receiveControl(whole.subarray(0, 3), 200);
    bench.board.receiveControl(whole.subarray(3), 205);
    bench.board.receiveControl(whole, 300);
    expect(bench.control).toHaveLength(2);
    expect(bench.board.history.bad_requests).toBeGreaterThan(0);
  });

  it('has room for eight requests at once', () => {
    const bench = gamma();
    bench.board.receiveControl(Buffer.concat(Array.from({ length: 9 }, (_, i) => request(i, '0600'))));
    expect(bench.control.map((hex) => hex.slice(6, 8))).toEqual([...Array.from({ length: 8 }, () => '00'), '12']);
  });

  it('knows its pins, its lamp and its measurements, and nothing else', () => {
    const bench = gamma();
    expect(bench.ask('0600')).toEqual({ status: 0, data: '00' });
    expect(bench.ask('0601').status).toBe(0x11);
    expect(bench.ask('0810ff8000').status).toBe(0);
    expect(bench.board.led).toEqual([255, 128, 0]);
    expect(bench.ask('0751').data).toBe('8813');
    expect(bench.ask('091032').status).toBe(0x11);
    expect(bench.ask('0510a0860100').status).toBe(0);
    expect(bench.ask('0540' + '4cfd01').data).toBe('16');
    expect(bench.ask('0540' + '2f3e01').status).toBe(0xff);
    const ember = new BoardBench({ board: 'ember' });
    ember.ask('060101');
    ember.ask('060201');
    ember.ask('060001');
    ember.tell(readAll(0));
    expect(ember.asic).toHaveLength(12);
    ember.board.receiveControl(request(9, '0901deadbeef'));
    expect([ember.board.coreV, ember.board.resetHigh]).toEqual([0, false]);
  });
});

describe('every board', () => {
  it.each(BOARDS.map(({ version }) => version))('%s has its chips where they belong', (version) => {
    const bench = new BoardBench({ board: version });
    const { fan, regulator, tmp1075 } = bench.board.model;
    const there = Array.from({ length: 128 }, (_, address) => address).filter((address) => bench.ask(`0530${address.toString(16).padStart(2, '0')}01`).status === 0);
    const expected = [...(fan === 'none' ? [] : [{ emc2101: 0x4c, emc2103: 0x2e, emc2302: 0x2f }[fan]]), ...(regulator === 'tps546' ? [0x24] : regulator === 'ds4432u' ? [0x40, 0x48] : []), ...(tmp1075 ? [0x4a, 0x4b] : [])];
    expect(there).toEqual(expected.sort((a, b) => a - b));
  });
});

describe('power and reset', () => {
  it('chips say nothing without voltage, and nothing in reset', () => {
    const bench = gamma();
    bench.tell(readAll(0));
    bench.ask('060001');
    bench.tell(readAll(0));
    expect(bench.asic).toEqual([]);
    expect(bench.board.history.released_without_voltage).toBe(1);
    bench.ask('060000');
    bench.powerOn();
    bench.tell(readAll(0));
    expect(bench.asic).toHaveLength(1);
    bench.ask('060000');
    bench.tell(readAll(0));
    expect(bench.asic).toHaveLength(1);
  });

  it('reset and power off take what the chips knew', () => {
    for (const off of ['060000', '052024' + '0100']) {
      const bench = gamma();
      bench.powerOn();
      bench.startChips();
      expect(bench.board.chain.chips[0]!.frequencyMhz).toBeCloseTo(525, 0);
      bench.ask(off);
      bench.ask(off === '060000' ? '060001' : '052024' + '0180');
      expect(bench.board.chain.chips[0]!.frequencyMhz).toBeCloseTo(50, 0);
    }
  });

  it('a careful driver leaves a clean history', () => {
    const bench = gamma();
    bench.powerOn();
    bench.startChips();
    bench.tell(jobFor('bm1370', 0x18));
    bench.live(60);
    expect(bench.board.history).toMatchObject({ raises_too_large: 0, raises_above_voltage: 0, starved_ms: 0, hangs: 0, power_on_without_fan: 0, power_without_fan_ms: 0, released_without_voltage: 0, store_commands: 0, power_above_80c_ms: 0, power_ons: 1, resets: 1, bad_requests: 0 });
    expect(bench.board.history.unattended_ms).toBeLessThanOrEqual(1010);
    expect(bench.board.history.largest_raise_mhz).toBeGreaterThan(6);
    expect(bench.board.physics.chipC).toBeGreaterThan(40);
    expect(bench.board.physics.chipC).toBeLessThan(55);
    expect(diode(bench)).toBeCloseTo(bench.board.physics.chipC, 0);
    expect(bench.get('4c', '46') | (bench.get('4c', '47') << 8)).toBeCloseTo(900, -1);
  });

  it('a careless one is found out', () => {
    const bench = gamma();
    bench.put('24', '021f');
    bench.put('24', '2900aa');
    bench.put('24', '240004');
    bench.put('24', '210002');
    bench.put('24', '0180');
    bench.ask('060001');
    bench.board.run(10, 0);
    bench.tell(W(0xa4, '9000ffff'), W(0x18, 'f000c100'), W(0x3c, '800082aa'));
    bench.clock(525);
    bench.live(40, false);
    const { history } = bench.board;
    expect(history).toMatchObject({ raises_too_large: 1, raises_above_voltage: 1, power_on_without_fan: 1 });
    expect(history.unattended_ms).toBeGreaterThan(39_000);
    expect(history.power_without_fan_ms).toBeGreaterThan(39_000);
    expect(history.largest_raise_mhz).toBeGreaterThan(470);
    bench.ask('052024' + '15');
    bench.board.run(10, 0);
    expect(history.store_commands).toBe(1);
  });

  it('too little voltage for the clock: first wrong nonces, then silence until a reset', () => {
    const bench = gamma();
    bench.powerOn(1.15);
    bench.startChips(600);
    bench.tell(jobFor('bm1370', 0x18));
    bench.board.run(10, 0);
    expect(bench.board.chain.starved).toBe(false);
    bench.put('24', '213302');
    bench.board.run(10, 0);
    expect(bench.board.chain.starved).toBe(true);
    bench.put('24', '210002');
    bench.board.run(10, 0);
    bench.asic = [];
    bench.tell(readAll(0));
    expect(bench.asic).toEqual([]);
    bench.ask('060000');
    bench.ask('060001');
    bench.tell(readAll(0));
    expect(bench.asic).toHaveLength(1);
  });

  it('gets hot without air, and is above 80 degrees before long', () => {
    const bench = new BoardBench({ board: '602', heatSpeed: 10 });
    bench.powerOn();
    bench.startChips();
    bench.tell(jobFor('bm1370', 0x18));
    fault(bench, 'fan-stalled');
    bench.live(20);
    expect(bench.board.history.hottest_c).toBeGreaterThan(120);
    expect(bench.get('4c', '46') | (bench.get('4c', '47') << 8)).toBe(0xffff);
    expect(bench.board.history.power_above_80c_ms).toBeGreaterThan(5000);
  });
});

describe('regulator', () => {
  const status = (bench: BoardBench): number => bench.get('24', '79', 2);

  it('is off after power-up, makes what it is told, and says so', () => {
    const bench = gamma();
    expect([bench.board.coreV, status(bench) & 0x0840]).toEqual([0, 0x0840]);
    bench.powerOn(1.15);
    bench.startChips();
    bench.tell(jobFor('bm1370', 0x18));
    bench.live(10);
    expect(bench.board.coreV).toBeCloseTo(1.15, 2);
    expect(status(bench)).toBe(0);
    expect(bench.get('24', '8b', 2)).toBe(0x024d);
    expect(linear11(bench.get('24', '88', 2))).toBeCloseTo(5, 1);
    expect(linear11(bench.get('24', '8c', 2))).toBeCloseTo(17 / 1.15, 0);
    expect(bench.ask('054024ad07').data).toBe('065449546d2441');
  });

  it('stays off while a fault is latched; clearing does not switch on', () => {
    const bench = gamma();
    bench.powerOn();
    fault(bench, 'regulator-latched');
    bench.board.run(10, 0);
    expect(status(bench) & 0x4850).toBe(0x4850);
    bench.put('24', '0100');
    bench.put('24', '0180');
    expect(bench.board.coreV).toBe(0);
    bench.put('24', '03');
    expect([status(bench) & 0x4000, bench.board.coreV]).toEqual([0, 0]);
    bench.put('24', '0180');
    expect(bench.board.coreV).toBeCloseTo(1.15, 2);
    fault(bench, 'regulator-broken');
    bench.board.run(10, 0);
    bench.put('24', '03');
    bench.put('24', '0180');
    expect(bench.board.coreV).toBe(0);
    clear(bench, 'regulator-broken');
  });

  it('keeps its limits: highest voltage, input, output', () => {
    const bench = gamma();
    bench.powerOn();
    bench.put('24', '210010');
    expect(bench.board.coreV).toBeCloseTo(2, 2);
    bench.put('24', '21' + '4c02');
    bench.put('24', '55' + '20ca');
    bench.board.run(10, 0);
    expect(bench.board.coreV).toBe(0);
    expect(status(bench) & 0x2000).toBe(0x2000);
  });

  it('three domains in series share what it makes', () => {
    const bench = new BoardBench({ board: '303' });
    for (const step of ['021f', '2900a2', '24000a', '21' + '3307', '0180']) bench.put('24', step);
    expect(bench.board.coreV).toBeCloseTo(1.2, 2);
  });
});

describe('numbers of the parts, against the published conversions', () => {
  it('linear11, ulinear16, DS4432U, tachometers, diodes, INA260', (context) => {
    const file = loadVectors<Record<string, Record<string, any>[]>>(context, 'asic/peripherals.json');
    for (const { raw, value } of file.pmbus_linear11_decode!) expect(linear11(Number.parseInt(raw!, 16))).toBe(value);
    // The limit written in the other encoding of the same number counts the same.
    for (const { volts, register_0xF8 } of file.ds4432u_vcore!) {
      const bench = new BoardBench({ board: '102' });
      bench.put('48', `f8${register_0xF8}`);
      expect(Math.abs(bench.board.coreV - volts!)).toBeLessThan(0.004);
    }
    for (const { vout_mode, volts, raw } of file.pmbus_ulinear16!) {
      const bench = new BoardBench({ board: '303' });
      for (const step of ['021f', volts < 2 ? '2900aa' : '2900a2', `20${vout_mode}`, '400010', '420010', '440000', '430000', '24000a', `21${raw!.slice(2)}${raw!.slice(0, 2)}`, '0180']) bench.put('24', step);
      expect(bench.board.coreV * 3).toBeCloseTo(volts!, 2);
    }
    const bench = gamma();
    bench.powerOn();
    const set = (celsius: number): void => {
      bench.board.physics.chipC = celsius;
      bench.board.run(0, 0);
    };
    for (const { msb, lsb, celsius, fault: broken } of file.emc2101_external_temp! as { msb: string; lsb: string; celsius?: number; fault?: string }[]) {
      const name = broken === 'open' ? 'sensor-open' : 'sensor-short';
      if (celsius === undefined) fault(bench, name);
      else {
        clear(bench, name);
        set(celsius);
      }
      bench.board.run(0, 0);
      expect([bench.get('4c', '01'), bench.get('4c', '10')]).toEqual([msb, lsb].map((text) => Number.parseInt(text, 16)));
    }
    const hex = new BoardBench({ board: '303' });
    for (const { bytes, celsius } of file.tmp1075!) {
      hex.board.physics.chipC = celsius! + 10;
      hex.board.run(0, 0);
      expect(hex.ask('05404a0002').data).toBe(bytes);
    }
    for (const { rpm, tach_lsb, tach_msb } of file.emc2101_rpm!) {
      if (rpm === undefined) continue;
      bench.board.physics.fanRpm = rpm!;
      bench.board.run(0, 0);
      expect([bench.get('4c', '46'), bench.get('4c', '47')]).toEqual([tach_lsb, tach_msb].map((text) => Number.parseInt(text!, 16)));
    }
    const turbo = new BoardBench({ board: '801' });
    for (const { rpm, msb_4e, lsb_4f } of file.emc2103_rpm!) {
      turbo.board.physics.fanRpm = rpm!;
      turbo.board.run(0, 0);
      expect([turbo.get('2e', '4e'), turbo.get('2e', '4f')]).toEqual([msb_4e, lsb_4f].map((text) => Number.parseInt(text!, 16)));
    }
    hex.put('2f', '320b');
    for (const { rpm_mult1, reg_3e, reg_3f } of file.emc2302_rpm!) {
      if (rpm_mult1 === undefined) continue;
      hex.board.physics.fanRpm = rpm_mult1;
      hex.board.run(0, 0);
      expect([hex.get('2f', '3e'), hex.get('2f', '3f')]).toEqual([reg_3e, reg_3f].map((text) => Number.parseInt(text!, 16)));
    }
  });
});

describe('faults', () => {
  it.each(['sensor-open', 'sensor-short'])('%s reads above 126 degrees', (name) => {
    const bench = gamma();
    bench.powerOn();
    fault(bench, name);
    bench.board.run(10, 0);
    expect(diode(bench)).toBeGreaterThan(126);
  });

  it('sensor-stuck', () => {
    const bench = new BoardBench({ board: '602', heatSpeed: 10 });
    bench.powerOn();
    fault(bench, 'sensor-stuck');
    bench.board.run(10, 0);
    const before = diode(bench);
    bench.startChips();
    bench.tell(jobFor('bm1370', 0x18));
    bench.live(10);
    expect(bench.board.physics.chipC).toBeGreaterThan(before + 5);
    expect(diode(bench)).toBe(before);
  });

  it('i2c-error, i2c-timeout, control-error, control-mute, control-cut', () => {
    const bench = gamma();
    const answer = (): number => bench.ask('05404cfd01').status;
    fault(bench, 'i2c-error=2');
    expect([answer(), answer(), answer(), answer()].filter((status) => status === 0xff)).toHaveLength(2);
    clear(bench, 'i2c-error');
    fault(bench, 'i2c-timeout');
    expect([answer(), bench.ask('0600').status]).toEqual([0x10, 0]);
    clear(bench, 'i2c-timeout');
    fault(bench, 'control-error=1');
    expect(bench.ask('0600').status).toBe(0x10);
    clear(bench, 'control-error');
    fault(bench, 'control-cut=1');
    expect(answer).toThrow();
    fault(bench, 'control-mute');
    expect(answer).toThrow(/0 answers/);
  });

  it('under-power drops the voltage below what the clock needs', () => {
    const bench = gamma();
    bench.powerOn();
    bench.startChips();
    fault(bench, 'under-power');
    bench.live(1);
    expect(bench.board.history.hangs).toBe(1);
    bench.asic = [];
    bench.tell(readAll(0));
    expect(bench.asic).toEqual([]);
  });

  it('those of the chips are there too', () => {
    const bench = gamma();
    bench.powerOn();
    fault(bench, 'mute');
    bench.tell(readAll(0));
    expect(bench.asic).toEqual([]);
  });
});

/** Written here again: 5 bits of exponent, 11 of mantissa, both signed. */
function linear11(raw: number): number {
  const exponent = raw >> 11 > 15 ? (raw >> 11) - 32 : raw >> 11;
  const mantissa = (raw & 0x7ff) > 1023 ? (raw & 0x7ff) - 2048 : raw & 0x7ff;
  return mantissa * 2 ** exponent;
}
