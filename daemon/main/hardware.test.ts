import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { configSchema, type RigConfigInput } from '../../config/schema.ts';
import type { Device } from '../../drivers/contract.ts';
import { BITAXE, COMPAC, CP2102, FakeUsb } from '../../drivers/discovery/fake-usb.fixture.ts';
import { silentLog, type Log } from '../../protocol/common/log.ts';
import { ManualClock } from '../../protocol/common/manual-clock.ts';
import { TemplateManager } from '../dtm/template-manager.ts';
import { MiningEngine } from '../mining/engine.ts';
import { HandDevice, HandSource, makeJob } from '../mining/mining.fixture.ts';
import { Hardware } from './hardware.ts';
import { Hotplug } from './hotplug.ts';

let usb: FakeUsb;
let clock: ManualClock;
beforeEach(() => {
  usb = new FakeUsb();
  clock = new ManualClock();
});
afterEach(() => usb.remove());

const noSerial = (): never => {
  throw new Error('nothing is opened here');
};
const hardwareOf = (config: RigConfigInput, demo = false): Hardware => new Hardware({ config: configSchema.parse(config), demo, clock, roots: usb.roots, openSerial: noSerial });
const idsOf = async (hardware: Hardware): Promise<string[]> => (await hardware.boards()).map(({ id, driver }) => `${id} ${driver}`);

describe('which boards there are', () => {
  it('lists what the configuration has and what says itself what it is, each once', async () => {
    usb.plug('1-1', BITAXE('AA', 0));
    usb.plug('1-2', COMPAC('77', 0));
    usb.plug('1-3', CP2102(1));
    expect(await idsOf(hardwareOf({}))).toEqual(['cpu cpu', 'bitaxe-raw-aa bitaxe-raw', 'compac-77 gekko']);
    const named = { devices: [{ id: 'axe', driver: 'bitaxe-raw', options: { usb_serial: 'AA' } }] };
    expect(await idsOf(hardwareOf(named))).toEqual(['axe bitaxe-raw', 'compac-77 gekko']);
    expect(await idsOf(hardwareOf({ ...named, discovery: { enabled: false } }))).toEqual(['axe bitaxe-raw']);
    expect(await idsOf(hardwareOf(named, true))).toEqual(['axe bitaxe-raw']);
  });

  it('takes an entry without a place as meaning the device of its driver, and a disabled one as a wish to leave it alone', async () => {
    usb.plug('1-1', BITAXE('AA', 0));
    expect(await idsOf(hardwareOf({ devices: [{ id: 'axe', driver: 'bitaxe-raw' }] }))).toEqual(['axe bitaxe-raw']);
    expect(await idsOf(hardwareOf({ devices: [{ id: 'axe', driver: 'bitaxe-raw', enabled: false }] }))).toEqual([]);
  });

  it('lets an entry with the id of a found device give its settings, and drives a second one beside it', async () => {
    usb.plug('1-1', BITAXE('AA', 0));
    usb.plug('1-2', BITAXE('BB', 2));
    const hardware = hardwareOf({ devices: [{ id: 'bitaxe-raw-aa', driver: 'bitaxe-raw' }] });
    expect(await idsOf(hardware)).toEqual(['bitaxe-raw-aa bitaxe-raw', 'bitaxe-raw-bb bitaxe-raw']);
    const located = await hardware.portsOf({ id: 'bitaxe-raw-aa', driver: 'bitaxe-raw', options: {} }).locate();
    expect(located.found && located.usb?.serial).toBe('AA');
  });
});

describe('a found device', () => {
  it('does not take the ports of another that comes while it is out', async () => {
    usb.plug('1-1', COMPAC('10001', 0));
    const hardware = hardwareOf({});
    const [first] = (await hardware.finder.find(0)).devices;
    const ports = hardware.portsOfFound(first!, 'gekko');
    expect(await ports.locate()).toMatchObject({ found: true });
    usb.unplug('1-1');
    usb.plug('1-2', COMPAC('10002', 0));
    clock.advance(1000);
    expect(await ports.locate()).toMatchObject({ found: false, reason: expect.stringContaining('belongs to another device') });
  });
});

describe('hotplug', () => {
  it('mines with what is plugged in, keeps it through an unplug, and leaves alone what it does not know', async () => {
    const made: HandDevice[] = [];
    const said: string[] = [];
    const log = { ...silentLog, info: (_fields: object, text: string) => said.push(text) } as unknown as Log;
    const source = new HandSource();
    const engine = new MiningEngine({ sources: [source], devices: [], templates: new TemplateManager({ clock, localZeros: 64 }), withhold: () => null, clock, log: silentLog });
    const signal = new AbortController().signal;
    await engine.start(signal);
    source.events.emit('job', makeJob());
    const create = async ({ id }: { id: string }): Promise<Device> => {
      made.push(new HandDevice(id));
      return made.at(-1)!;
    };
    const hotplug = new Hotplug({ hardware: hardwareOf({}), engine, intervalMs: 1000, create, clock, log });
    await hotplug.start(signal);
    usb.plug('1-1', COMPAC('77', 0));
    usb.plug('1-3', CP2102(1));
    await until(() => expect(said).toEqual(expect.arrayContaining(['plugged in: starting to mine with it', 'plugged in, but not driven'])));
    await until(() => expect(made[0]?.work ?? null).not.toBeNull());
    expect(engine.devices.map(({ id }) => id)).toEqual(['compac-77']);
    usb.unplug('1-1');
    await until(() => expect(said).toContain('unplugged'));
    expect(engine.devices.map(({ id }) => id)).toEqual(['compac-77']);
    usb.plug('1-1', COMPAC('77', 3));
    await until(() => expect(said.at(-1)).toBe('plugged in again'));
    expect(made).toHaveLength(1);
    expect(said.filter((text) => text.includes('starting to mine'))).toHaveLength(1);
    await hotplug.stop();
  });

  /** Looks again and again, as the file system answers in its own time. */
  async function until(happened: () => void): Promise<void> {
    await vi.waitFor(() => {
      clock.advance(1000);
      happened();
    }, { timeout: 10_000, interval: 20 });
  }
});
