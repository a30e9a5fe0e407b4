/** The board of bare chips on a serial port against simulated chips: what it leaves behind on every way out. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { SerialBoard } from '../drivers/bm13xx-serial/board.ts';
import { serialOptions } from '../drivers/bm13xx-serial/options.ts';
import { makeSerialSafe } from '../drivers/bm13xx-serial/safe.ts';
import { fulfilLastWills } from '../drivers/safety/last-will.ts';
import { MemoryTransport } from '../drivers/transport/memory.fixture.ts';
import type { PortAccess } from '../drivers/transport/contract.ts';
import { silentLog } from '../protocol/common/log.ts';
import { ManualClock } from '../protocol/common/manual-clock.ts';
import { VirtualChain, type ChainOptions } from '../sim/chips/chain.ts';
import { settle, workOf } from './simulated-chain.fixture.ts';

const { signal } = new AbortController();

function bench(chain: ChainOptions, options: Record<string, unknown> = {}, name = '/dev/ttyTEST') {
  const clock = new ManualClock();
  const chips = new VirtualChain({ zeroBits: 6, ...chain }, (bytes) => line.feed(bytes));
  let held = false;
  let resets = 0;
  let line = new MemoryTransport(name);
  plugged();
  function plugged(): MemoryTransport {
    const transport = new MemoryTransport(name);
    chips.hostBaud = transport.baud;
    transport.onWrite = (bytes) => (held ? undefined : chips.receive(bytes));
    transport.onBaud = (baud) => (chips.hostBaud = baud);
    transport.onLines = ({ rts }) => {
      if (rts === true && !held) {
        chips.reset();
        resets += 1;
      }
      held = rts === true;
    };
    line = transport;
    return transport;
  }
  const parsed = serialOptions.parse({ nonce_zero_bits: 6, ...options });
  const board = new SerialBoard({ deviceId: 'bench', transport: line, options: parsed, clock, log: silentLog });
  const troubles: string[] = [];
  board.events.on('trouble', ({ kind, reason }) => troubles.push(`${kind}: ${reason}`));
  const ports: PortAccess = { locate: async () => ({ found: true, ports: { asic: '/dev/ttyTEST' }, usb: null }), transport: () => plugged() };
  return { clock, chips, board, troubles, ports, options: parsed, line: () => line, held: () => held, resets: () => resets };
}

const clocks = (chips: VirtualChain): number[] => chips.chips.map(({ frequencyMhz }) => Math.round(frequencyMhz));

describe('SerialBoard', () => {
  it('starts at the clock of its chip, sets another, and leaves it slow and at the speed of a reset', async () => {
    const { clock, chips, board, line } = bench({ model: 'bm1366', chips: 2 }, { chips: 2 });
    expect(board.limits).toEqual({ frequency_mhz: [50, 625], voltage_v: null, fan_percent: null });
    expect(await settle(clock, board.start(signal))).toMatchObject({ chips: 2, chipsExpected: 2, chip: 'BM1366' });
    expect(board.limits.frequency_mhz).toEqual([50, 575]);
    expect(clocks(chips)).toEqual([485, 485]);
    expect(line().baud).toBe(1_000_000);
    board.send(workOf(1));
    await settle(clock, board.apply({ frequency_mhz: 550 }));
    expect(clocks(chips)).toEqual([550, 550]);
    await expect(board.apply({ frequency_mhz: 900 })).rejects.toMatchObject({ code: 'E_DEVICE_COMMAND' });
    await expect(board.apply({ voltage_v: 1 })).rejects.toMatchObject({ code: 'E_DEVICE_COMMAND' });
    await expect(board.identify()).rejects.toMatchObject({ code: 'E_DEVICE_COMMAND' });
    const before = clock.monotonic();
    await settle(clock, board.stop());
    expect(clock.monotonic() - before).toBeLessThan(1000);
    expect(clocks(chips)).toEqual([50, 50]);
    expect(chips.chips[0]!.baud / 115_200).toBeCloseTo(1, 1);
    expect(line().openCount).toBe(0);
    expect(clock.pendingTimers).toBe(0);
    await board.stop();
  });

  it('holds the reset line where there is one', async () => {
    const { clock, board, held, resets } = bench({ model: 'bm1370' }, { reset: 'rts', chip: 'BM1370' });
    await settle(clock, board.start(signal));
    expect([held(), resets()]).toEqual([false, 1]);
    // A second start is the reset of the chips.
    await settle(clock, board.start(signal));
    expect([held(), resets()]).toEqual([false, 2]);
    await settle(clock, board.halt());
    expect(held()).toBe(true);
    await settle(clock, board.start(signal));
    await settle(clock, board.stop());
    expect(held()).toBe(true);
  });

  it('is safe again after a start that was cut short, or failed', async () => {
    const { clock, board, chips } = bench({ model: 'bm1366', chips: 2 });
    const abort = new AbortController();
    const starting = board.start(abort.signal);
    const cut = expect(settle(clock, starting)).rejects.toThrow('enough');
    clock.after(4000, () => abort.abort(new Error('enough')));
    await cut;
    for (const mhz of clocks(chips)) expect(mhz).toBeLessThanOrEqual(57);
    await settle(clock, board.stop());
    const few = bench({ model: 'bm1366', chips: 2 }, { chips: 3 });
    await expect(settle(few.clock, few.board.start(signal))).rejects.toMatchObject({ code: 'E_DEVICE_SILENT' });
    const hot = bench({ model: 'bm1366' }, { frequency_mhz: 620 });
    await expect(settle(hot.clock, hot.board.start(signal))).rejects.toMatchObject({ code: 'E_DEVICE_COMMAND', hint: expect.stringContaining('575') as string });
  });

  it('does not leave chips at full clock that run, have no reset line, and do not answer when they are started anew', async () => {
    const { clock, chips, board, line } = bench({ model: 'bm1366', chips: 2 });
    await settle(clock, board.start(signal));
    expect(clocks(chips)).toEqual([485, 485]);
    chips.faults.mute = true;
    await expect(settle(clock, board.start(signal))).rejects.toMatchObject({ code: 'E_DEVICE_SILENT' });
    await settle(clock, board.halt());
    expect(clocks(chips)).toEqual([50, 50]);
    chips.faults.mute = false;
    await settle(clock, board.start(signal));
    expect([clocks(chips), line().baud]).toEqual([[485, 485], 1_000_000]);
    await settle(clock, board.stop());
  });

  it.each([['bm1366', 'abort'], ['bm1366', 'stop'], ['bm1397', 'abort'], ['bm1397', 'stop']] as const)('%s is slow after its start was ended by %s, at any moment', async (model, how) => {
    let running = false;
    // The change of speed is near the end, and short.
    for (let ms = 0; !running; ms += ms > 9000 ? 30 : 900) {
      const { board, chips, clock, line } = bench({ model, chips: 2 });
      const abort = new AbortController();
      const starting = board.start(abort.signal).then(() => (running = true), () => {});
      await settle(clock, new Promise<void>((resolve) => clock.after(ms, resolve)), 10);
      if (how === 'abort') abort.abort(new Error('called off'));
      if (how === 'abort') await settle(clock, starting, 10);
      const before = clock.monotonic();
      await settle(clock, board.stop(), 10);
      expect(clock.monotonic() - before, `after ${ms} ms`).toBeLessThanOrEqual(1000);
      await settle(clock, starting, 10);
      expect(Math.max(...clocks(chips)), `after ${ms} ms`).toBeLessThan(57);
      expect(line().isOpen).toBe(false);
      expect(clock.pendingTimers, `after ${ms} ms`).toBe(0);
    }
  });

  it('tells trouble once, after it has made itself safe', async () => {
    const silent = bench({ model: 'bm1366', chips: 2 });
    await settle(silent.clock, silent.board.start(signal));
    silent.chips.faults.mute = true;
    for (let i = 0; i < 40 && silent.troubles.length === 0; i++) await settle(silent.clock, new Promise<void>((resolve) => silent.clock.after(500, resolve)));
    expect(silent.troubles).toEqual(['silent: none of 2 chips answers any more on /dev/ttyTEST']);
    expect(clocks(silent.chips)).toEqual([50, 50]);
    expect(silent.board.facts).toBeNull();
    const gone = bench({ model: 'bm1366' });
    await settle(gone.clock, gone.board.start(signal));
    gone.line().unplug();
    await settle(gone.clock, gone.board.stop());
    expect(gone.troubles).toEqual(['gone: /dev/ttyTEST went away']);
    await expect(gone.board.start(signal)).rejects.toMatchObject({ code: 'E_DEVICE_PORT' });
  });

  it('leaves a last will while it runs, and only then', async () => {
    const folder = await mkdtemp(path.join(tmpdir(), 'will-'));
    try {
      const file = path.join(folder, 'tty');
      await writeFile(file, '');
      const { clock, board, chips } = bench({ model: 'bm1366', chips: 2 }, {}, file);
      await settle(clock, board.start(signal));
      expect(clocks(chips)).toEqual([485, 485]);
      expect(fulfilLastWills()).toEqual(['bench']);
      chips.receive(await readFile(file));
      expect(clocks(chips)).toEqual([50, 50]);
      await settle(clock, board.start(signal));
      await settle(clock, board.stop());
      expect(fulfilLastWills()).toEqual([]);
      // In the middle of a ramp, too.
      await writeFile(file, '');
      const raising = bench({ model: 'bm1366', chips: 2 }, {}, file);
      const starting = raising.board.start(signal);
      await settle(raising.clock, new Promise<void>((resolve) => raising.clock.every(5, () => clocks(raising.chips)[0]! > 200 && resolve())));
      expect(fulfilLastWills()).toEqual(['bench']);
      raising.chips.receive(await readFile(file));
      expect(clocks(raising.chips)).toEqual([50, 50]);
      await settle(raising.clock, Promise.all([raising.board.stop(), expect(starting).rejects.toThrow()]));
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it('refuses options that do not go together', () => {
    expect(() => serialOptions.parse({ chip: 'BM1' })).toThrow();
    expect(() => bench({ model: 'bm1366' }, { domains: 2, chips: 3 })).toThrow(/multiple/);
    expect(() => bench({ model: 'bm1366' }, { domains: 2, chips: 4 })).toThrow(/BM1362 and BM1366/);
    expect(() => bench({ model: 'bm1366' }, { chip: 'BM1366', frequency_mhz: 620 })).toThrow(/620/);
  });
});

describe('makeSerialSafe', () => {
  it.each(['bm1362', 'bm1366', 'bm1368', 'bm1370', 'bm1397'] as const)('slows %s chips down that a daemon left behind', async (model) => {
    const { clock, chips, board, ports, options } = bench({ model, chips: 3 });
    await settle(clock, board.start(signal));
    board.send(workOf(1));
    const before = clock.monotonic();
    const report = await settle(clock, makeSerialSafe({ id: 'bench', options, clock, log: silentLog, ports }));
    expect(report).toMatchObject({ safe: true, words: expect.stringContaining(`3 ${model.toUpperCase()}`) as string });
    expect(clock.monotonic() - before).toBeLessThan(2000);
    for (const mhz of clocks(chips)) expect(mhz).toBe(50);
    expect(chips.chips[0]!.baud / 115_200).toBeCloseTo(1, 1);
  });

  it('uses the reset line, and says when nobody answers or nothing is there', async () => {
    const wired = bench({ model: 'bm1366' }, { reset: 'rts' });
    expect(await settle(wired.clock, makeSerialSafe({ id: 'bench', options: wired.options, clock: wired.clock, log: silentLog, ports: wired.ports }))).toMatchObject({ safe: true });
    expect(wired.held()).toBe(true);
    const mute = bench({ model: 'bm1366' });
    mute.chips.faults.mute = true;
    expect(await settle(mute.clock, makeSerialSafe({ id: 'bench', options: mute.options, clock: mute.clock, log: silentLog, ports: mute.ports }))).toMatchObject({ safe: false });
    expect(mute.line().openCount).toBe(0);
    const none = { locate: async () => ({ found: false as const, reason: 'not plugged in' }), transport: () => mute.line() };
    expect(await makeSerialSafe({ id: 'bench', options: mute.options, clock: mute.clock, log: silentLog, ports: none })).toEqual({ safe: true, words: 'not plugged in' });
  });
});
