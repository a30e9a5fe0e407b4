import { AsicDevice } from '../asic/device.ts';
import { Bm13xxChain } from '../bm13xx/chain.ts';
import type { Device, DriverContext } from '../contract.ts';
import { BitaxeBoard } from './board.ts';
import { firmwareOf, portPath } from './control-side.ts';
import { BITAXE_RAW_CAPABILITIES, BITAXE_RAW_ID, BITAXE_RAW_TITLE, type BitaxeRawOptions } from './options.ts';
import { boardPlan } from './plan.ts';

export function createBitaxeRaw(context: DriverContext<BitaxeRawOptions>): Device {
  const { id, options, clock, log, ports } = context;
  return new AsicDevice(context, {
    title: boardPlan(options.board)?.title ?? BITAXE_RAW_TITLE,
    driver: BITAXE_RAW_ID,
    capabilities: BITAXE_RAW_CAPABILITIES,
    createBoard: (found) =>
      new BitaxeBoard({
        deviceId: id,
        options,
        firmware: firmwareOf(found.usb, options.board),
        bcdDevice: found.usb?.bcdDevice ?? null,
        paths: { control: portPath(found, 'control'), asic: portPath(found, 'asic') },
        transport: (path, baud) => ports!.transport(path, baud),
        createChain: (parts) => new Bm13xxChain(parts),
        clock,
        log,
      }),
  });
}
