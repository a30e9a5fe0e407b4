import { expect, test } from 'vitest';
import type { DeviceCommand } from '../../drivers/contract.ts';
import { RigError } from '../../protocol/common/errors.ts';
import { silentLog, type Log } from '../../protocol/common/log.ts';
import { ManualClock } from '../../protocol/common/manual-clock.ts';
import { TemplateManager } from '../dtm/template-manager.ts';
import { MiningEngine } from '../mining/engine.ts';
import { HandDevice } from '../mining/mining.fixture.ts';
import { RigCommands } from './rig-commands.ts';

function setup(carryOut: (command: DeviceCommand) => Promise<void>) {
  const clock = new ManualClock();
  const warned: string[] = [];
  const log: Log = { ...silentLog, warn: (fields: { err?: string }) => void warned.push(fields.err ?? '') } as Log;
  const device = new HandDevice('axe');
  const given: DeviceCommand[] = [];
  device.command = (command) => {
    given.push(command);
    return carryOut(command);
  };
  const engine = new MiningEngine({ sources: [], devices: [device], templates: new TemplateManager({ clock, localZeros: 64 }), withhold: () => null, clock, log: silentLog });
  return { commands: new RigCommands(engine, { clock, log }), clock, warned, given };
}

test('what takes longer than an answer may is answered as pending, and told when it fails later', async () => {
  let fail = (_error: Error): void => {};
  const { commands, clock, warned } = setup(() => new Promise((_resolve, reject) => (fail = reject)));
  const answer = commands.restart('axe');
  await Promise.resolve();
  clock.advance(4000);
  expect(await answer).toMatchObject({ device: 'axe', pending: true });
  fail(new RigError('E_DEVICE_SILENT', 'no chip answers'));
  await Promise.resolve();
  await Promise.resolve();
  expect(warned).toEqual(['no chip answers']);
});

test('settings reach the driver as numbers, an automatic fan too; what is refused is an error to the caller', async () => {
  const { commands, given } = setup(async (command) => {
    if (command.type === 'identify') throw new RigError('E_DEVICE_COMMAND', 'it has no lamp');
  });
  expect(await commands.set('axe', { frequency_mhz: 500, fan_percent: 'auto' })).toMatchObject({ pending: false });
  expect(given).toEqual([{ type: 'set', values: { frequency_mhz: 500, fan_percent: -1 } }]);
  await expect(commands.set('axe', { frequency_mhz: 'fast' })).rejects.toMatchObject({ code: 'E_COMMAND_INVALID' });
  await expect(commands.identify('axe')).rejects.toThrow('it has no lamp');
  await expect(commands.restart('other')).rejects.toThrow('there is no device');
});
