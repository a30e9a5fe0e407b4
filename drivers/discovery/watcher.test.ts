import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { silentLog } from '../../protocol/common/log.ts';
import { xorshift } from '../../protocol/common/xorshift.fixture.ts';
import { ManualClock } from '../../protocol/common/manual-clock.ts';
import { BITAXE, COMPAC, eventually, FakeUsb } from './fake-usb.fixture.ts';
import { DeviceFinder } from './finder.ts';
import { DeviceWatcher } from './watcher.ts';

let usb: FakeUsb;
let clock: ManualClock;
let watcher: DeviceWatcher;
let told: string[];
beforeEach(() => {
  usb = new FakeUsb();
  clock = new ManualClock();
  // A clock of its own, so that timers of the one below are the watcher's.
  const finder = new DeviceFinder({ roots: usb.roots, clock: new ManualClock() });
  watcher = new DeviceWatcher({ finder, clock, log: silentLog });
  told = [];
  watcher.events.on('added', ({ id }) => told.push(`+${id}`));
  watcher.events.on('removed', ({ id }) => told.push(`-${id}`));
});
afterEach(async () => {
  await watcher.stop();
  usb.remove();
});

/** Lets `ms` pass and the look that falls due end. */
async function pass(ms = 1000): Promise<void> {
  clock.advance(ms);
  await eventually(() => clock.pendingTimers > 0);
}

describe('DeviceWatcher', () => {
  it('tells what is there, what comes and what goes', async () => {
    usb.plug('1-1', BITAXE('A'));
    await watcher.start(new AbortController().signal);
    expect(told).toEqual(['+bitaxe-raw-a']);
    usb.plug('1-2', COMPAC('10002', 5));
    await pass();
    usb.unplug('1-1');
    await pass();
    await pass();
    expect(told).toEqual(['+bitaxe-raw-a', '+compac-10002', '-bitaxe-raw-a']);
    expect(watcher.devices().map(({ id }) => id)).toEqual(['compac-10002']);
  });

  it('waits for udev before it tells of a device, and tells after 2 s all the same', async () => {
    await watcher.start(new AbortController().signal);
    const stick = { ...COMPAC('10001', 0), withoutNodes: true };
    usb.plug('1-1', stick);
    usb.plug('1-2', { ...COMPAC('10002', 1), withoutNodes: true });
    await pass();
    for (let i = 0; i < 5; i++) await pass(100);
    expect(told).toEqual([]);
    usb.settle('1-1', stick);
    await pass(100);
    expect(told).toEqual(['+compac-10001']);
    for (let i = 0; i < 13; i++) await pass(100);
    expect(told).toEqual(['+compac-10001']);
    await pass(100);
    expect(told).toEqual(['+compac-10001', '+compac-10002']);
    expect(clock.monotonic()).toBe(3000);
  });

  it('is silent about a device that was out and in between two looks, but knows its new port', async () => {
    usb.plug('1-1', COMPAC('10001', 0));
    await watcher.start(new AbortController().signal);
    usb.unplug('1-1');
    usb.plug('1-1', COMPAC('10001', 1));
    await pass();
    expect(told).toEqual(['+compac-10001']);
    expect(watcher.devices()[0]!.ports[0]!.node).toBe(`${usb.roots.dev}/ttyUSB1`);
  });

  it('tells each coming once and each going once, whatever is plugged in and out, and forgets the rest', async () => {
    const random = xorshift(7);
    const present = new Map<string, string>();
    await watcher.start(new AbortController().signal);
    const alive = new Set<string>();
    const wrong: string[] = [];
    watcher.events.on('added', ({ id }) => void (alive.has(id) ? wrong.push(`${id} came twice`) : alive.add(id)));
    watcher.events.on('removed', ({ id }) => void (alive.delete(id) || wrong.push(`${id} went twice`)));
    for (let look = 0; look < 150; look++) {
      for (const socket of ['1-1', '1-2', '1-3', '1-4']) {
        if (random(3) !== 0) continue;
        if (present.delete(socket)) usb.unplug(socket);
        else {
          const serial = `${1000 + (random(3))}${socket.at(-1)}`;
          usb.plug(socket, COMPAC(serial, look * 4 + Number(socket.at(-1))));
          present.set(socket, `compac-${serial}`);
        }
      }
      await pass();
      const expected = [...present.values()].sort();
      expect([...alive].sort()).toEqual(expected);
      expect(watcher.devices().map(({ id }) => id).sort()).toEqual(expected);
    }
    expect(wrong).toEqual([]);
    expect(told.length).toBeGreaterThan(100);
  });

  it('outlives a listener that fails, and tells nothing after stop', async () => {
    watcher.events.on('added', () => {
      throw new Error('of the listener');
    });
    usb.plug('1-1', COMPAC('10001', 0));
    await watcher.start(new AbortController().signal);
    usb.unplug('1-1');
    await pass();
    expect(told).toEqual(['+compac-10001', '-compac-10001']);
    await watcher.stop();
    expect(clock.pendingTimers).toBe(0);
  });

  it('does not start when that was given up before', async () => {
    await expect(watcher.start(AbortSignal.abort())).rejects.toThrow();
    expect(clock.pendingTimers).toBe(0);
  });
});
