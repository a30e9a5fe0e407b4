import { chmod, mkdtemp, readdir, readFile, rm, symlink, writeFile, mkdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { ManualClock } from '../../protocol/common/manual-clock.ts';
import { soon, transportContract } from './contract.fixture.ts';
import { shortenLatencyTimer } from './latency-timer.ts';
import { hasSocat, testPty, type TestPty } from './pty.fixture.ts';
import { SerialTransport } from './serial.ts';

const openFiles = async (): Promise<number> => (await readdir('/proc/self/fd')).length;

if (hasSocat) {
  transportContract('SerialTransport on a pseudo terminal', async () => {
    const pty = await testPty();
    return { transport: new SerialTransport(pty.path, 115_200), received: () => pty.received(), say: (bytes) => pty.say(bytes), unplug: () => pty.unplug(), hang: () => pty.hang(), close: () => pty.unplug() };
  });
}

describe.skipIf(!hasSocat)(`SerialTransport${hasSocat ? '' : ' (skipped: socat is not installed)'}`, () => {
  let pty: TestPty | null = null;
  const open: SerialTransport[] = [];
  const opened = async (baud = 115_200): Promise<SerialTransport> => {
    pty ??= await testPty();
    const transport = new SerialTransport(pty.path, baud);
    open.push(transport);
    await transport.open();
    return transport;
  };
  afterEach(async () => {
    for (const transport of open.splice(0)) await transport.close();
    await pty?.unplug();
    pty = null;
  });

  it('tells a byte that came in within milliseconds', async () => {
    const echo = await testPty((bytes) => echo.say(bytes));
    pty = echo;
    const transport = await opened();
    const times: number[] = [];
    for (let i = 0; i < 200; i++) {
      const start = performance.now();
      const back = new Promise((resolve) => transport.events.once('data', resolve));
      void transport.write(Uint8Array.of(i));
      await back;
      times.push(performance.now() - start);
    }
    times.sort((a, b) => a - b);
    // There and back through another process: what a pause in some buffer would cost shows in the middle of them.
    expect(times[100]!).toBeLessThan(5);
  });

  it('takes usual and unusual speeds', async () => {
    const transport = await opened(115_200);
    for (const baud of [1_000_000, 3_125_000, 250_000, 115_200]) await transport.setBaud(baud);
    expect(transport.isOpen).toBe(true);
  });

  it('lets nobody else have the port, and says who should let go', async () => {
    const first = await opened();
    await expect(opened()).rejects.toMatchObject({ code: 'E_DEVICE_PORT', message: expect.stringContaining('held by another program') as string, hint: expect.stringContaining(first.name) as string });
    await first.close();
    await expect(opened()).resolves.toBeInstanceOf(SerialTransport);
  });

  it('gives up a write that never ends, and a drain behind it', async () => {
    pty = await testPty();
    const clock = new ManualClock();
    const transport = new SerialTransport(pty.path, 115_200, { clock });
    open.push(transport);
    await transport.open();
    const gone: string[] = [];
    transport.events.on('gone', (reason) => gone.push(reason));
    pty.hang();
    // Fills what the pty and its other end hold, up to a write that waits.
    let waiting = false;
    let last: Promise<void> = Promise.resolve();
    for (let i = 0; i < 1000 && !waiting; i++) {
      let done = false;
      last = transport.write(new Uint8Array(512));
      void last.then(() => (done = true));
      await new Promise((resolve) => setImmediate(resolve));
      waiting = !done;
    }
    expect(waiting).toBe(true);
    let drained = false;
    void transport.drain().then(() => (drained = true));
    clock.advance(2000);
    await soon('the end of the drain', () => drained);
    expect(gone).toEqual([]);
    clock.advance(1000);
    await last;
    expect(gone).toEqual([`${pty.path} has taken no byte for 3 s`]);
    expect(transport.isOpen).toBe(false);
    expect(clock.pendingTimers).toBe(0);
  });

  it('leaves no open file behind after a hundred unplugs', { timeout: 60_000 }, async () => {
    await (await opened()).close();
    await pty!.unplug();
    const before = await openFiles();
    for (let i = 0; i < 100; i++) {
      pty = await testPty();
      const transport = new SerialTransport(pty.path, 115_200);
      let gone = 0;
      transport.events.on('gone', () => (gone += 1));
      await transport.open();
      void transport.write(new Uint8Array(200));
      await pty.unplug();
      await soon('gone', () => gone === 1);
      await transport.close();
    }
    expect(await openFiles()).toBeLessThanOrEqual(before);
  });

  it('says what is wrong with a port that cannot be opened', async () => {
    const folder = await mkdtemp(path.join(tmpdir(), 'port-'));
    try {
      const file = path.join(folder, 'no-tty');
      await writeFile(file, '');
      await expect(new SerialTransport(path.join(folder, 'none'), 115_200).open()).rejects.toMatchObject({ code: 'E_DEVICE_PORT', message: expect.stringContaining('is not there') as string });
      await expect(new SerialTransport(file, 115_200).open()).rejects.toMatchObject({ code: 'E_DEVICE_PORT', message: expect.stringContaining('is not a serial port') as string });
      await chmod(file, 0);
      if (process.getuid?.() !== 0) await expect(new SerialTransport(file, 115_200).open()).rejects.toMatchObject({ hint: expect.stringContaining('dialout') as string });
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});

describe('SerialTransport without a port', () => {
  it('waits for this very process to let a port go, instead of calling it held', async () => {
    const clock = new ManualClock();
    const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
    let held = false;
    const closings: (() => void)[] = [];
    const poller = { on: () => {}, poll: () => {}, stop: () => {}, removeAllListeners: () => {} };
    const open = async (): Promise<unknown> => {
      if (held) throw new Error('Error Resource temporarily unavailable Cannot lock port');
      held = true;
      return { fd: -1, poller, flush: async () => {}, set: async () => {}, close: () => new Promise<void>((done) => closings.push(() => ((held = false), done()))) };
    };
    const made = (): SerialTransport => new SerialTransport('/dev/ttyX', 115_200, { clock, loadBinding: async () => ({ open }) });
    const first = made();
    await first.open();
    const closed = first.close();
    await turn();
    clock.advance(500);
    await closed;
    // A machine that is too busy to close it in time.
    expect(held).toBe(true);
    const second = made();
    const opened = second.open();
    await turn();
    closings[0]!();
    await opened;
    expect(second.isOpen).toBe(true);
    void second.close();
    await turn();
    const never = made().open();
    await turn();
    clock.advance(3000);
    await expect(never).rejects.toMatchObject({ code: 'E_DEVICE_PORT', message: expect.stringContaining('held') as string });
    closings[1]!();
    await turn();
    expect(clock.pendingTimers).toBe(0);
  });

  it('gives a port back that opens after it was closed', async () => {
    let answer: (port: { close(): Promise<void> }) => void = () => {};
    let closed = 0;
    const transport = new SerialTransport('/dev/ttyY', 115_200, { clock: new ManualClock(), loadBinding: async () => ({ open: () => new Promise((resolve) => (answer = resolve)) }) });
    const opening = transport.open();
    await new Promise((resolve) => setImmediate(resolve));
    const closing = transport.close();
    answer({ close: async () => void (closed += 1) });
    await closing;
    await expect(opening).rejects.toMatchObject({ code: 'E_DEVICE_PORT', message: expect.stringContaining('was closed while it opened') as string });
    expect(closed).toBe(1);
  });

  it('gives up an open that hangs, and closes what opens after all', async () => {
    const clock = new ManualClock();
    let answer: (port: { close(): Promise<void> }) => void = () => {};
    let closed = 0;
    const transport = new SerialTransport('/dev/ttyX', 115_200, { clock, loadBinding: async () => ({ open: () => new Promise((resolve) => (answer = resolve)) }) });
    const opening = transport.open();
    await new Promise((resolve) => setImmediate(resolve));
    clock.advance(5000);
    await expect(opening).rejects.toMatchObject({ code: 'E_DEVICE_PORT', message: expect.stringContaining('did not open within 5 s') as string });
    answer({ close: async () => void (closed += 1) });
    await new Promise((resolve) => setImmediate(resolve));
    expect(closed).toBe(1);
    expect(clock.pendingTimers).toBe(0);
  });

  it.each([
    ['Error: Permission denied, cannot open /dev/ttyX', 'may not be opened by this user', 'dialout'],
    ['Error Resource temporarily unavailable Cannot lock port', 'is held by another program', '/dev/ttyX'],
    ['Error: Device or resource busy, cannot open /dev/ttyX', 'is held by another program', 'ModemManager'],
    ['Error: No such device or address, cannot open /dev/ttyX', 'does not answer', 'power'],
    ['something else', 'something else', 'dialout'],
  ])('explains "%s"', async (text, message, hint) => {
    const transport = new SerialTransport('/dev/ttyX', 115_200, { loadBinding: async () => ({ open: () => Promise.reject(new Error(text)) }) });
    await expect(transport.open()).rejects.toMatchObject({ code: 'E_DEVICE_PORT', message: expect.stringContaining(message) as string, hint: expect.stringContaining(hint) as string });
  });
});

describe('shortenLatencyTimer', () => {
  it('sets a timer that is longer than a millisecond', async () => {
    const sysfs = await mkdtemp(path.join(tmpdir(), 'sysfs-'));
    try {
      const folder = path.join(sysfs, 'class/tty/ttyUSB7/device');
      await mkdir(folder, { recursive: true });
      const file = path.join(folder, 'latency_timer');
      await writeFile(file, '16\n');
      await writeFile(path.join(sysfs, 'ttyUSB7'), '');
      await symlink(path.join(sysfs, 'ttyUSB7'), path.join(sysfs, 'by-id'));
      expect(await shortenLatencyTimer(path.join(sysfs, 'by-id'), sysfs)).toBe('set');
      expect(await readFile(file, 'utf8')).toBe('1');
      expect(await shortenLatencyTimer('/dev/ttyUSB7', sysfs)).toBe('short');
      expect(await shortenLatencyTimer('/dev/ttyACM0', sysfs)).toBe('none');
    } finally {
      await rm(sysfs, { recursive: true });
    }
  });
});
