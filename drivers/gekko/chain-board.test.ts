import { expect, it } from 'vitest';
import { silentLog } from '../../protocol/common/log.ts';
import { ManualClock } from '../../protocol/common/manual-clock.ts';
import { FakeLine, passUntil } from '../stick/fake-line.fixture.ts';
import { GekkoChainBoard } from './chain-board.ts';
import { gekkoOptions } from './options.ts';

const ascii = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1');

/** An A1 whose controller answers and whose chips never do. */
function rig() {
  let temp = 120;
  const clock = new ManualClock();
  const [asic, control] = [new FakeLine('/dev/ttyFAKE0'), new FakeLine('/dev/ttyFAKE1')];
  control.onWrite = (bytes) => {
    const answer = { '?v': [0x21], 'G.': [124, 10, 80, 0, 120, 130, 60].map((byte, i) => (i === 4 ? temp : byte)) }[ascii(bytes)];
    if (answer) clock.after(5, () => control.say(Uint8Array.from(answer)));
  };
  const board = new GekkoChainBoard({ deviceId: 'stick', model: 'compac-a1', transport: asic, telemetry: control, options: gekkoOptions.parse({}), clock, log: silentLog });
  return { clock, asic, control, board, heat: (degC: number) => void (temp = Math.round(((degC + 50) * 218) / 175)), power: () => control.written.map(ascii).filter((command) => command.startsWith('B')) };
}

it('stopped at any moment of a start that nobody has called off: the regulator stays off', async () => {
  for (let ms = 0; ms <= 3000; ms += 40) {
    const { clock, asic, control, board, power } = rig();
    const starting = board.start(new AbortController().signal);
    starting.catch(() => {});
    await passUntil(clock, new Promise<void>((resolve) => clock.after(ms, resolve)));
    const before = clock.monotonic();
    await passUntil(clock, board.stop());
    expect(clock.monotonic() - before, `after ${ms} ms`).toBeLessThanOrEqual(1000);
    await expect(passUntil(clock, starting)).rejects.toThrow();
    expect(power().at(-1) ?? 'B-', `after ${ms} ms`).toBe('B-');
    expect([asic.isOpen, control.isOpen]).toEqual([false, false]);
    // Answers that were on their way.
    clock.advance(5);
    expect(clock.pendingTimers, `after ${ms} ms`).toBe(0);
  }
});

it('a board that has been too hot is started when it is cool enough, whenever it was measured last', async () => {
  for (let ms = 0; ms < 2000; ms += 250) {
    const { clock, board, heat } = rig();
    const { signal } = new AbortController();
    const start = (): Promise<unknown> => passUntil(clock, board.start(signal), 10);
    await expect(start()).rejects.toMatchObject({ code: 'E_DEVICE_SILENT' });
    heat(92);
    await passUntil(clock, new Promise<void>((resolve) => clock.after(8000 + ms, resolve)), 10);
    heat(83);
    await expect(start(), `after ${ms} ms`).rejects.toMatchObject({ code: 'E_DEVICE_SILENT' });
    await passUntil(clock, board.stop());
  }
});

it('sensors go on after a start that was called off', async () => {
  const { clock, board, heat } = rig();
  const abort = new AbortController();
  const starting = board.start(abort.signal);
  starting.catch(() => {});
  await passUntil(clock, new Promise<void>((resolve) => clock.after(200, resolve)));
  abort.abort(new Error('paused'));
  await expect(passUntil(clock, starting)).rejects.toThrow('paused');
  heat(70);
  await passUntil(clock, new Promise<void>((resolve) => clock.after(3000, resolve)));
  expect(board.readings().temp_c).toBeCloseTo(70, 0);
  await passUntil(clock, board.stop());
  clock.advance(5);
  expect(clock.pendingTimers).toBe(0);
});

it('a line that hangs does not hold up its stop', async () => {
  const { clock, control, board, power } = rig();
  const starting = board.start(new AbortController().signal);
  starting.catch(() => {});
  await passUntil(clock, new Promise<void>((resolve) => clock.after(2500, resolve)));
  expect(power()).toEqual(['B-', 'BO']);
  control.drain = () => new Promise(() => {});
  control.write = (bytes) => {
    control.written.push(bytes);
    return new Promise(() => {});
  };
  const before = clock.monotonic();
  await passUntil(clock, board.stop());
  expect(clock.monotonic() - before).toBeLessThanOrEqual(1000);
  expect(power().slice(0, 3)).toEqual(['B-', 'BO', 'B-']);
  await expect(passUntil(clock, starting)).rejects.toThrow();
});
