/** The bitaxe-raw driver on real ttys, in real time: two ports, speeds, plugs, and packets that are written by nobody who drives. */
import { describe, expect, it } from 'vitest';
import { fulfilLastWills } from '../drivers/safety/last-will.ts';
import { hasSocat } from '../drivers/transport/pty.fixture.ts';
import { SerialTransport } from '../drivers/transport/serial.ts';
import { startBoardRig, type BoardRig } from '../sim/bitaxe/rig.ts';
import { CLEAN } from './bitaxe-bench.fixture.ts';
import { minePty, open, until as untilWithin, ZERO_BITS, type Mining } from './pty-mining.fixture.ts';

const until = (so: () => boolean, ms = 30_000): Promise<void> => untilWithin(so, ms);

const off = (rig: BoardRig): boolean => !rig.board.resetHigh && (rig.board.coreV === 0 || rig.board.model.regulator === 'ds4432u');

const mine = (rig: BoardRig, options: Record<string, unknown> = {}): Promise<Mining> => minePty(rig, 'bitaxe-raw', 'bitaxe-pty', options);

async function rigOf(board: string, more: Partial<Parameters<typeof startBoardRig>[0]> = {}): Promise<BoardRig> {
  const rig = await startBoardRig({ board, zeroBits: ZERO_BITS, ...more });
  open.push(() => rig.close());
  return rig;
}

describe.skipIf(!hasSocat)('on ttys', { timeout: 120_000 }, () => {
  it('a Gamma is found out, mined with, taken over again after it was pulled, and left safe', async () => {
    const rig = await rigOf('602', { replies: 'v0' });
    const { device, nonces, right } = await mine(rig);
    await until(() => nonces.length >= 5);
    expect(device.state()).toMatchObject({ status: 'hashing', temp_c: expect.any(Number) as number, power_w: expect.any(Number) as number, detail: { chip: 'BM1370', board: '600' } });
    await rig.unplug();
    await until(() => device.state().status === 'fault');
    // It has a supply of its own.
    expect(rig.board.coreV).toBeGreaterThan(1);
    await rig.plug();
    const before = nonces.length;
    await until(() => nonces.length >= before + 5);
    expect(right()).toBe(true);
    await device.command({ type: 'set', values: { frequency_mhz: 450, voltage_v: 1.1 } });
    expect(rig.board.chain.chips[0]!.frequencyMhz).toBeCloseTo(450, 0);
    const from = Date.now();
    await device.stop();
    expect(Date.now() - from).toBeLessThan(1200);
    expect(off(rig)).toBe(true);
    expect(rig.board.history).toMatchObject({ ...CLEAN, starved_ms: expect.any(Number) as number });
  });

  it.each(['102', '303', '801'])('a board %s mines, its chips at the speed it needs', async (version) => {
    const rig = await rigOf(version);
    const { device, nonces, right } = await mine(rig, { board: version });
    await until(() => nonces.length >= 5);
    expect(right()).toBe(true);
    await device.command({ type: 'pause', reason: 'test' });
    expect(off(rig)).toBe(true);
    await device.command({ type: 'resume' });
    const before = nonces.length;
    await until(() => nonces.length > before);
    await device.stop();
    expect(off(rig)).toBe(true);
    expect(rig.board.history).toMatchObject({ ...CLEAN, starved_ms: expect.any(Number) as number });
  });

  it('the will is written to the tty that somebody else has open, and does what it says', async () => {
    const rig = await rigOf('602');
    const { nonces } = await mine(rig, { board: '602' });
    await until(() => nonces.length >= 1);
    expect(fulfilLastWills()).toEqual(['bitaxe-pty']);
    await until(() => off(rig), 1000);
  });

  it('a board that was left on by a process that was killed is made safe by the next', async () => {
    const rig = await rigOf('602');
    const { nonces, device, makeSafe } = await mine(rig, { board: '602' });
    await until(() => nonces.length >= 1);
    await device.stop();
    // As it was before: voltage on, chips out of reset.
    const line = new SerialTransport(rig.paths.control!, 115_200);
    await line.open();
    for (const hex of ['09000100052024' + '0180', '07000200060001']) {
      await line.write(Buffer.from(hex, 'hex'));
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    await line.close();
    await until(() => !off(rig), 1000);
    const from = Date.now();
    expect(await makeSafe()).toMatchObject({ safe: true });
    expect(Date.now() - from).toBeLessThan(2000);
    expect(off(rig)).toBe(true);
  });
});
