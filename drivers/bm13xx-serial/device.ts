import { RESET_BAUD } from '../../protocol/bm13xx/uart.ts';
import { RigError } from '../../protocol/common/errors.ts';
import { AsicDevice } from '../asic/device.ts';
import type { Device, DriverContext } from '../contract.ts';
import { SerialBoard } from './board.ts';
import { SERIAL_CAPABILITIES, SERIAL_ID, SERIAL_TITLE, type SerialOptions } from './options.ts';
import { chainSettings } from './settings.ts';

/** A chain on a serial port; opens nothing. @throws RigError E_CONFIG_INVALID, E_DEVICE_COMMAND when options do not go together */
export function createSerial(context: DriverContext<SerialOptions>): Device {
  chainSettings(context.options);
  return new AsicDevice(context, {
    title: SERIAL_TITLE,
    driver: SERIAL_ID,
    capabilities: SERIAL_CAPABILITIES,
    createBoard({ ports }) {
      const path = ports.asic;
      if (path === undefined) throw new RigError('E_DEVICE_PORT', `${context.id} has no serial port`, { context: { device: context.id }, hint: 'Name it: port: /dev/serial/by-id/...' });
      const { id: deviceId, options, clock, log } = context;
      return new SerialBoard({ deviceId, transport: context.ports!.transport(path, RESET_BAUD), options, clock, log });
    },
  });
}
