/** Drivers of sticks on real ttys, in real time: ports, speeds and plugs as the system has them. */
import { describe, expect, it } from 'vitest';
import { loadDriver } from '../drivers/registry.ts';
import type { PortAccess } from '../drivers/transport/contract.ts';
import { hasSocat } from '../drivers/transport/pty.fixture.ts';
import { SerialTransport } from '../drivers/transport/serial.ts';
import { systemClock } from '../protocol/common/clock.ts';
import { silentLog } from '../protocol/common/log.ts';
import { bm1387MiscControl, BM1387_REGISTER, encodeBm1387Command } from '../protocol/gekko/bm1387-command.ts';
import { bm1387PllValue } from '../protocol/gekko/bm1387-pll.ts';
import { startStickRig } from '../sim/gekko/rig.ts';
import { startMinerRig } from '../sim/icarus/rig.ts';
import type { SimRig } from '../sim/tty/rig.ts';
import { minePty, open, until as untilWithin, ZERO_BITS, type Mining } from './pty-mining.fixture.ts';

const until = (so: () => boolean, ms = 15_000): Promise<void> => untilWithin(so, ms);
const mine = (rig: SimRig, driver: 'icarus' | 'gekko', options: Record<string, unknown>): Promise<Mining> => minePty(rig, driver, 'stick', options);

/** A program before: it leaves the chips at 1.5 Mbaud and 200 MHz, and its port closed. */
async function leaveFast(rig: Awaited<ReturnType<typeof startStickRig>>): Promise<void> {
  const pause = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 300));
  const line = new SerialTransport(rig.path!, 115_200);
  await line.open();
  const write = (register: number, value: number): Promise<void> => line.write(encodeBm1387Command({ kind: 'write', address: null, register, value }));
  await write(BM1387_REGISTER.miscControl, bm1387MiscControl(1));
  // A pseudo terminal is drained when the bytes lie there, not when the chips have read them.
  await pause();
  await line.setBaud(1_500_000);
  await pause();
  await write(BM1387_REGISTER.pll, bm1387PllValue(200));
  await line.drain();
  await until(() => rig.stats().mhz === 200);
  await line.close();
}

describe.skipIf(!hasSocat)('on ttys', { timeout: 60_000 }, () => {
  it('an Antminer U1 is found, mined with, and back after it was pulled', async () => {
    const rig = await startMinerRig({ model: 'antminer-u1', zeroBits: ZERO_BITS });
    open.push(() => rig.close());
    const { device, nonces, right, errors } = await mine(rig, 'icarus', { model: 'antminer-u' });
    await until(() => nonces.length >= 1);
    await rig.unplug();
    await until(() => device.state().status === 'fault');
    await rig.plug();
    await until(() => device.state().status === 'hashing');
    const before = nonces.length;
    await until(() => nonces.length > before);
    expect([right(), errors]).toEqual([true, []]);
  });

  it.each([['2pac', 115_200], ['newpac', 1_500_000]] as const)('a %s mines at %d baud, and is back after it was pulled', async (stick, baud) => {
    const rig = await startStickRig({ stick, zeroBits: ZERO_BITS });
    open.push(() => rig.close());
    const { device, nonces, right, errors } = await mine(rig, 'gekko', { model: stick, frequency_mhz: 150 });
    await until(() => nonces.length >= 5);
    expect(device.state().detail).toMatchObject({ baud, chips: 2 });
    await rig.unplug();
    await until(() => device.state().status === 'fault');
    await rig.plug();
    const before = nonces.length;
    await until(() => nonces.length >= before + 5);
    expect([right(), errors]).toEqual([true, []]);
    await device.stop();
    await until(() => rig.stats().mhz === 50, 1000);
  });

  it('a NewPac whose process was killed is found at its fast speed', async () => {
    const rig = await startStickRig({ stick: 'newpac', zeroBits: ZERO_BITS });
    open.push(() => rig.close());
    await leaveFast(rig);
    const { nonces, right, makeSafe, device } = await mine(rig, 'gekko', { model: 'newpac' });
    await until(() => nonces.length >= 5);
    expect(right()).toBe(true);
    expect(rig.stats().mhz).toBe(100);
    await device.stop();
    expect(await makeSafe()).toMatchObject({ safe: true });
    await until(() => rig.stats().mhz === 50, 1000);
  });

  it('a NewPac that a killed program left at its fast speed is slowed down there', async () => {
    const rig = await startStickRig({ stick: 'newpac', zeroBits: ZERO_BITS });
    open.push(() => rig.close());
    await leaveFast(rig);
    const descriptor = await loadDriver('gekko');
    const ports: PortAccess = { locate: async () => ({ found: true, ports: { asic: rig.path! }, usb: null }), transport: (path, baud) => new SerialTransport(path, baud) };
    const context = { id: 'stick', options: descriptor.options.parse({ model: 'newpac' }) as never, clock: systemClock, log: silentLog, ports };
    expect(await descriptor.makeSafe!(context)).toMatchObject({ safe: true });
    await until(() => rig.stats().mhz === 50, 1000);
  });

  it.each(['compac-a2', 'compacf'] as const)('a %s mines, and is off or slow after it was stopped', async (stick) => {
    const rig = await startStickRig({ stick, zeroBits: ZERO_BITS });
    open.push(() => rig.close());
    const { device, nonces, right, errors } = await mine(rig, 'gekko', { model: stick });
    await until(() => nonces.length >= 10);
    await rig.unplug();
    await until(() => device.state().status === 'fault');
    await rig.plug();
    const before = nonces.length;
    await until(() => nonces.length >= before + 5);
    expect([right(), errors]).toEqual([true, []]);
    if (stick !== 'compacf') {
      expect(device.state().temp_c).toBeGreaterThan(20);
      expect(rig.stats().core_v).toBeGreaterThan(0.1);
    }
    await device.stop();
    // The last bytes are still on their way through the tty.
    await until(() => (stick === 'compacf' ? (rig.stats().jobs as number) > 0 : rig.stats().core_v === 0), 1000);
  });
});
