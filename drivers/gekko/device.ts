import { RigError } from '../../protocol/common/errors.ts';
import { GEKKO_STICKS } from '../../protocol/gekko/sticks.ts';
import type { Board } from '../asic/board.ts';
import { AsicDevice } from '../asic/device.ts';
import type { FoundPorts } from '../asic/parts.ts';
import type { Device, DriverContext } from '../contract.ts';
import { GekkoBoard } from './board.ts';
import { GekkoChainBoard } from './chain-board.ts';
import { SLOW_BAUD } from './dialect.ts';
import { chooseModel, modelOfUsb } from './model.ts';
import { CONTROLLED_CAPABILITIES, GEKKO_ID, type GekkoOptions, STICK_CAPABILITIES } from './options.ts';

/** A GekkoScience stick; opens nothing. */
export async function createGekko(context: DriverContext<GekkoOptions>): Promise<Device> {
  const located = await context.ports?.locate();
  const model = context.options.model ?? (located?.found === true ? modelOfUsb(located.usb) : null);
  const stick = model === null ? null : GEKKO_STICKS[model];
  return new AsicDevice(context, {
    title: stick?.title ?? 'GekkoScience stick',
    driver: GEKKO_ID,
    // A stick that is not there yet may be any: what it cannot do it refuses.
    capabilities: stick?.telemetryPort === false ? STICK_CAPABILITIES : CONTROLLED_CAPABILITIES,
    createBoard: (found) => boardFor(context, found),
  });
}

function boardFor(context: DriverContext<GekkoOptions>, { ports, usb }: FoundPorts): Board {
  const model = chooseModel(context.options.model, usb);
  const { title, chip, telemetryPort, frequencyMhz } = GEKKO_STICKS[model];
  if (ports.asic === undefined) throw new RigError('E_DEVICE_PORT', `the ${title} has no serial port`, { context: { device: context.id } });
  const { id: deviceId, options, clock, log } = context;
  const wanted = options.frequency_mhz;
  if (wanted !== undefined && (wanted < frequencyMhz.min || wanted > frequencyMhz.max)) {
    log.warn({ frequency_mhz: wanted }, `a ${title} runs at ${frequencyMhz.min} to ${frequencyMhz.max} MHz: the nearest of these is used`);
  }
  const transport = context.ports!.transport(ports.asic, SLOW_BAUD);
  const common = { deviceId, model, transport, options, clock, log };
  if (chip === 'BM1384' || chip === 'BM1387') return new GekkoBoard(common);
  const path = telemetryPort ? ports.telemetry : undefined;
  if (telemetryPort && path === undefined) log.warn({}, `the telemetry port of the ${title} is not known: neither temperature nor voltage are, and it cannot be switched off`);
  return new GekkoChainBoard({ ...common, telemetry: path === undefined ? null : context.ports!.transport(path, SLOW_BAUD) });
}
