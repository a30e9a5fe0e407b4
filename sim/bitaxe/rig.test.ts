/** The board on real ttys: needs socat. */
import { spawnSync } from 'node:child_process';
import { constants, existsSync, mkdtempSync, readlinkSync, rmSync } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, expect, it } from 'vitest';
import { request } from './board.fixture.ts';
import { startBoardRig } from './rig.ts';

const folder = mkdtempSync(path.join(os.tmpdir(), 'board-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function heard(port: FileHandle, bytes: number): Promise<string> {
  let hex = '';
  for (let i = 0; i < 200 && hex.length < 2 * bytes; i++) {
    await sleep(10);
    const { bytesRead, buffer } = await port.read(Buffer.alloc(1000)).catch(() => ({ bytesRead: 0, buffer: Buffer.alloc(0) }));
    hex += buffer.subarray(0, bytesRead).toString('hex');
  }
  return hex;
}

it('has a control port and a port of the chips, goes and comes back with both, and keeps running when they are closed', async (context) => {
  if (spawnSync('socat', ['-V']).status !== 0) context.skip('socat is not installed (apt install socat)');
  const link = path.join(folder, 'tty');
  const rig = await startBoardRig({ board: '602', link });
  try {
    expect(rig.paths).toEqual({ control: readlinkSync(`${link}-control`), asic: readlinkSync(`${link}-asic`) });
    const control = await open(`${link}-control`, constants.O_RDWR | constants.O_NOCTTY | constants.O_NONBLOCK);
    const say = async (body: string): Promise<string> => {
      await control.write(request(7, body));
      return heard(control, 4);
    };
    expect(await say('0600')).toBe('0500070000');
    for (const step of ['05204c4c3f', '052024021f', '0520242900aa', '052024240004', '052024214c02', '0520240180']) expect(await say(step)).toBe('04000700');
    expect(await say('060001')).toBe('0500070001');
    const asic = await open(`${link}-asic`, constants.O_RDWR | constants.O_NOCTTY | constants.O_NONBLOCK);
    await asic.write(Buffer.from('55aa520500000a', 'hex'));
    expect(await heard(asic, 9)).toMatch(/^aa5513700000.{6}$/);
    await asic.close();
    await control.close();
    expect(rig.stats()).toMatchObject({ core_v: expect.closeTo(1.15, 2) as number, reset_released: true });
    await rig.unplug();
    expect([existsSync(`${link}-control`), existsSync(`${link}-asic`), rig.path]).toEqual([false, false, null]);
    await rig.plug();
    // Its power does not come from USB.
    expect(rig.stats()).toMatchObject({ core_v: expect.closeTo(1.15, 2) as number, reset_released: true });
    rig.powerCycle();
    expect(rig.stats()).toMatchObject({ core_v: 0, reset_released: false });
    expect(existsSync(`${link}-asic`)).toBe(true);
  } finally {
    await rig.close();
  }
});
