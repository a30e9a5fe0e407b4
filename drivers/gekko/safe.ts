import { messageOf } from '../../protocol/common/errors.ts';
import { GEKKO_STICKS } from '../../protocol/gekko/sticks.ts';
import type { DriverContext, SafeReport } from '../contract.ts';
import type { Transport } from '../transport/contract.ts';
import { DIALECTS, REST_MHZ, SLOW_BAUD } from './dialect.ts';
import { modelOfUsb } from './model.ts';
import type { GekkoOptions } from './options.ts';

/** Sets the slowest clock, or switches the regulator off where there is a controller for it. Never rejects. */
export async function makeGekkoSafe(context: DriverContext<GekkoOptions>): Promise<SafeReport> {
  const located = await context.ports?.locate();
  if (located?.found !== true) return { safe: true, words: `not plugged in${located === undefined ? '' : `: ${located.reason}`}` };
  const model = context.options.model ?? modelOfUsb(located.usb);
  if (model === null) return { safe: false, words: 'which stick it is cannot be told: set `model`' };
  const { chip, baud } = GEKKO_STICKS[model];
  const path = located.ports.asic;
  if (path === undefined) return { safe: false, words: 'it has no serial port' };
  if (chip !== 'BM1384' && chip !== 'BM1387') return { safe: false, words: 'this stick cannot be made safe yet' };
  return quietly(context.ports!.transport(path, SLOW_BAUD), async (transport) => {
    const { rest } = DIALECTS[chip];
    await transport.write(rest);
    if (baud !== SLOW_BAUD) {
      // Nobody knows at which speed a killed process left them.
      await transport.drain();
      await transport.setBaud(baud);
      await transport.write(rest);
    }
    await transport.drain();
    return `set to ${REST_MHZ} MHz on ${path}; it has no power switch`;
  });
}

async function quietly(transport: Transport, act: (transport: Transport) => Promise<string>): Promise<SafeReport> {
  try {
    await transport.open();
    return { safe: true, words: await act(transport) };
  } catch (error) {
    return { safe: false, words: messageOf(error) };
  } finally {
    await transport.close();
  }
}
