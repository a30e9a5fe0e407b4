import { RigError } from '../../protocol/common/errors.ts';
import { ICARUS_MODELS } from '../../protocol/icarus/timing.ts';
import { AsicDevice } from '../asic/device.ts';
import type { Device, DriverContext } from '../contract.ts';
import { IcarusBoard } from './board.ts';
import { ICARUS_CAPABILITIES, ICARUS_ID, type IcarusOptions } from './options.ts';

/** A device of the Icarus kind; opens nothing. */
export function createIcarus(context: DriverContext<IcarusOptions>): Device {
  const model = ICARUS_MODELS[context.options.model];
  return new AsicDevice(context, {
    title: model.title,
    driver: ICARUS_ID,
    capabilities: ICARUS_CAPABILITIES,
    createBoard({ ports }) {
      const path = ports.asic;
      if (path === undefined) throw new RigError('E_DEVICE_PORT', `the ${model.title} has no serial port`, { context: { device: context.id } });
      const { id: deviceId, options, clock, log } = context;
      return new IcarusBoard({ deviceId, transport: context.ports!.transport(path, model.baud), options, clock, log });
    },
  });
}
