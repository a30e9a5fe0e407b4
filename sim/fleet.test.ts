/** Many simulated devices in one process. */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, describe, expect, it } from 'vitest';
import { startFleet, type DeviceSpec } from './fleet.ts';

const folder = mkdtempSync(path.join(os.tmpdir(), 'fleet-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const link = (name: string): string => path.join(folder, name);
const SPECS: Readonly<Record<string, DeviceSpec>> = {
  ...Object.fromEntries((['compac', '2pac', 'newpac', 'r606', 'compacf', 'r909', 'compac-a1', 'compac-a2'] as const).map((stick) => [stick, { kind: 'stick', stick, zeroBits: 8, link: link(stick) }])),
  ...Object.fromEntries((['102', '303', '602', '801'] as const).map((board) => [`axe${board}`, { kind: 'bitaxe', board, zeroBits: 8, link: link(`axe${board}`) }])),
  erupter: { kind: 'icarus', model: 'block-erupter', zeroBits: 8, link: link('erupter') },
  u1: { kind: 'icarus', model: 'antminer-u1', zeroBits: 8, link: link('u1') },
  raw: { kind: 'chips', model: 'bm1366', chips: 3, zeroBits: 8, link: link('raw') },
  ember: { kind: 'bitaxe', board: 'ember', zeroBits: 8, link: link('ember') },
};
const children = (): number => execFileSync('ps', ['-o', 'ppid=', '-A'], { encoding: 'utf8' }).split('\n').filter((line) => Number(line) === process.pid).length;

const canMakeTtys = ['perl', 'socat'].some((program) => spawnSync(program, ['-V']).error === undefined);

describe.skipIf(!canMakeTtys)('a fleet', () => {
  it('of sixteen starts, each comes and goes by itself, and nothing is left of it', async () => {
    const before = children();
    const fleet = await startFleet(SPECS, { hashingPercent: 10 });
    try {
      expect([...fleet.rigs.keys()]).toEqual(Object.keys(SPECS));
      const paths = [...fleet.rigs.values()].flatMap((rig) => Object.values(rig.paths));
      expect(new Set(paths).size).toBe(23);
      await fleet.rigs.get('newpac')!.unplug();
      await fleet.rigs.get('axe602')!.unplug();
      expect([existsSync(link('newpac')), existsSync(link('axe602-control')), existsSync(link('2pac'))]).toEqual([false, false, true]);
      await fleet.rigs.get('newpac')!.plug();
      expect(existsSync(link('newpac'))).toBe(true);
      fleet.rigs.get('axe602')!.fault('disappear=0.01:0.05');
      for (const [name, rig] of fleet.rigs) rig.fault(name === 'compac' ? 'lost-byte' : 'mute');
    } finally {
      await fleet.close();
    }
    expect(Object.keys(SPECS).filter((name) => existsSync(link(name)))).toEqual([]);
    for (let i = 0; i < 100 && children() > before; i++) await sleep(20);
    expect(children()).toBeLessThanOrEqual(before);
  });

  it('of which one cannot start does not start at all', async () => {
    writeFileSync(link('taken'), 'x');
    await expect(startFleet({ erupter: SPECS.erupter!, bad: { kind: 'icarus', model: 'icarus', link: link('taken') } })).rejects.toMatchObject({ code: 'E_SIM_TTY' });
    expect(existsSync(link('erupter'))).toBe(false);
  });
});
