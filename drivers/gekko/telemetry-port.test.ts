import { expect, it } from 'vitest';
import { ManualClock } from '../../protocol/common/manual-clock.ts';
import { FakeLine, passUntil } from '../stick/fake-line.fixture.ts';
import { TelemetryPort } from './telemetry-port.ts';

const { signal } = new AbortController();
const MEASURED = Uint8Array.of(124, 10, 80, 0, 120, 130, 60);
const ascii = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1');

async function port(answers: Readonly<Record<string, readonly number[]>>, lateMs = 5) {
  const clock = new ManualClock();
  const line = new FakeLine();
  const gone: string[] = [];
  line.onWrite = (bytes) => {
    const answer = answers[ascii(bytes)] ?? answers[ascii(bytes).slice(0, 1)];
    if (answer) clock.after(lateMs, () => line.say(Uint8Array.from(answer)));
  };
  const telemetry = new TelemetryPort(line, clock, (reason) => gone.push(reason));
  await telemetry.open();
  return { clock, line, telemetry, gone, pass: <T>(promise: Promise<T>) => passUntil(clock, promise) };
}

it('greets, measures and sets, one after the other, whether commands are answered or not', async () => {
  for (const answered of [true, false]) {
    const { line, telemetry, pass } = await port({ '?v': [0x21], 'G.': [...MEASURED], ...(answered ? { V: [0x56], B: [0x4f], F: [0x46], L: [0x4c] } : {}) });
    await pass(telemetry.hello(signal));
    expect(telemetry.version).toBe(0x21);
    const all = Promise.all([telemetry.setMillivolts(325, signal), telemetry.measure(signal), telemetry.regulatorOn(signal), telemetry.setFanPercent(55, signal), telemetry.lamp('N', signal), telemetry.measure(signal)]);
    const [, first, , , , second] = await pass(all);
    expect(first).toEqual(second);
    expect(first!.coreVolts).toBeCloseTo((80 * 2.048) / 255 / 2, 9);
    expect(line.written.map(ascii)).toEqual(['?v', 'VA', 'G.', 'BO', 'F7', 'LN', 'G.']);
  }
});

it('takes nothing for a measurement that is not one', async () => {
  for (const answer of [MEASURED.subarray(1), Uint8Array.of(0x4f, ...MEASURED), new Uint8Array(0)]) {
    const { telemetry, pass } = await port({ 'G.': [...answer] });
    expect(await pass(telemetry.measure(signal))).toBe(null);
  }
});

it('knows a controller without a version by its measurements, and refuses one that is unknown or mute', async () => {
  const nameless = await port({ 'G.': [...MEASURED] });
  await nameless.pass(nameless.telemetry.hello(signal));
  expect(nameless.telemetry.version).toBe(null);
  const other = await port({ '?v': [0x31], 'G.': [...MEASURED] });
  await expect(other.pass(other.telemetry.hello(signal))).rejects.toMatchObject({ code: 'E_DEVICE_CONTROL', message: expect.stringContaining('version 31') as string });
  const mute = await port({});
  await expect(mute.pass(mute.telemetry.hello(signal))).rejects.toMatchObject({ code: 'E_DEVICE_CONTROL', hint: expect.stringContaining('telemetry_port') as string });
  expect(mute.clock.pendingTimers).toBe(0);
});

it('does not send what was called off while it waited for its turn', async () => {
  const { line, telemetry, pass } = await port({ 'G.': [...MEASURED] });
  const abort = new AbortController();
  const measuring = telemetry.measure(signal);
  const on = telemetry.regulatorOn(abort.signal);
  on.catch(() => {});
  abort.abort(new Error('stopped'));
  await pass(measuring);
  await expect(pass(on)).rejects.toThrow('stopped');
  expect(line.written.map(ascii)).toEqual(['G.']);
});

it('switches off without waiting for what is under way', async () => {
  const { line, telemetry, clock } = await port({ 'G.': [...MEASURED] });
  const measuring = telemetry.measure(signal);
  measuring.catch(() => {});
  await Promise.resolve();
  await telemetry.regulatorOff();
  expect(line.written.map(ascii)).toEqual(['G.', 'B-']);
  line.unplug('pulled');
  await expect(passUntil(clock, measuring)).rejects.toMatchObject({ code: 'E_DEVICE_PORT' });
  await telemetry.close();
});
